// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --etrace-build-entries | FileCheck %s
// RUN: etrace-opt %s --etrace-lower-to-linalg --etrace-to-llvm | FileCheck %s --check-prefix=LLVM

// States of every kind become buffers; entries, and what they call, take and return them.
// CHECK: etrace.buffer @param.w kind(param) path "w" : tensor<3xf32> init #etrace.normal
// CHECK: etrace.buffer @hidden.neuron.V kind(hidden) path "neuron.V" : tensor<3xf32>
// CHECK: etrace.buffer @state.count kind(state) path "count" : tensor<i64>
// CHECK-NOT: etrace.model
// CHECK: func.func @cell_reset(
// CHECK: func.func @cell_init(
// CHECK: func.func private @advance(
// CHECK-SAME: {etrace.param = "cell.w"}
// CHECK: func.func @cell_run(
// CHECK-SAME: tensor<i64> {etrace.buffer = "state.count"},
// CHECK-SAME: tensor<3xf32> {etrace.buffer = "param.w"},
// CHECK-SAME: tensor<3xf32> {etrace.buffer = "hidden.neuron.V"},
// CHECK-SAME: tensor<3xf32> {etrace.name = "x"})
// CHECK-SAME: -> (f32 {etrace.name = "y"}, tensor<i64> {etrace.buffer = "state.count"}, tensor<3xf32> {etrace.buffer = "hidden.neuron.V"})
// LLVM: llvm.func @cell_run(
etrace.model @cell {
  etrace.param @w : tensor<3xf32> init #etrace.normal
  etrace.group_state @neuron {
    etrace.component @V : tensor<3xf32>
  }
  etrace.state @count : tensor<i64>
}
func.func private @advance(%x: tensor<3xf32>) -> tensor<3xf32> {
  %w = etrace.get @cell::@w : tensor<3xf32>
  %v = etrace.get @cell::@neuron::@V : tensor<3xf32>
  %wx = arith.mulf %w, %x : tensor<3xf32>
  %n = arith.addf %v, %wx : tensor<3xf32>
  etrace.set @cell::@neuron::@V, %n : tensor<3xf32>
  return %n : tensor<3xf32>
}
func.func @cell_run(%x: tensor<3xf32> {etrace.name = "x"}) -> (f32 {etrace.name = "y"})
    attributes {etrace.entry = "run"} {
  %c = etrace.get @cell::@count : tensor<i64>
  %one = arith.constant dense<1> : tensor<i64>
  %m = arith.addi %c, %one : tensor<i64>
  etrace.set @cell::@count, %m : tensor<i64>
  %n = func.call @advance(%x) : (tensor<3xf32>) -> tensor<3xf32>
  %c0 = arith.constant 0 : index
  %y = tensor.extract %n[%c0] : tensor<3xf32>
  return %y : f32
}
