// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --etrace-bind-memory | FileCheck %s

// Two buffers in one array: rows of e and f in turn. Each is a view with strides; the block has
// room for both.
// CHECK: offset = 0 : i64, path = "e"
// CHECK: offset = 16 : i64, path = "f"
// CHECK: size = 64 : i64
// CHECK: func.func private @m_step.body(%{{.*}}: memref<2x4xf32, strided<[8, 1]>> {llvm.noalias}, %{{.*}}: memref<2x4xf32, strided<[8, 1]>> {llvm.noalias})
// CHECK: func.func @m_step(%[[BLOCK:.*]]: memref<64xi8>
// CHECK: %[[E:.*]] = memref.view %[[BLOCK]][%c0{{.*}}][] : memref<64xi8> to memref<12xf32>
// CHECK: %[[VIEW:.*]] = memref.reinterpret_cast %[[E]] to offset: [0], sizes: [2, 4], strides: [8, 1]
// CHECK: memref.view %[[BLOCK]][%c16{{.*}}][]
// CHECK: call @m_step.body(%[[VIEW]],
etrace.buffer @e kind(trace) path "e" : tensor<2x4xf32> {etrace.layout = {array = @e, members = 2 : i64, start = 0 : i64, stored_strides = array<i64: 8, 1>, shape = array<i64: 2, 4>}}
etrace.buffer @f kind(trace) path "f" : tensor<2x4xf32> {etrace.layout = {array = @e, members = 2 : i64, start = 4 : i64, stored_strides = array<i64: 8, 1>, shape = array<i64: 2, 4>}}
func.func @m_step(%e: tensor<2x4xf32> {etrace.buffer = "e"}, %f: tensor<2x4xf32> {etrace.buffer = "f"})
    -> (tensor<2x4xf32> {etrace.buffer = "e"}, tensor<2x4xf32> {etrace.buffer = "f"})
    attributes {etrace.entry = "step"} {
  %0 = arith.addf %e, %f : tensor<2x4xf32>
  %1 = arith.subf %e, %f : tensor<2x4xf32>
  return %0, %1 : tensor<2x4xf32>, tensor<2x4xf32>
}
