// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --etrace-bind-memory | FileCheck %s

// Buffers lie in order of declaration at multiples of 64 bytes; an entry becomes a body over
// memory and a C function that checks the block.
// CHECK: module attributes {etrace.abi = {
// CHECK-SAME: offset = 0 : i64, path = "w"
// CHECK-SAME: offset = 64 : i64, path = "h"
// CHECK-SAME: model = "m"
// CHECK-SAME: size = 128 : i64
// CHECK: func.func private @m_step.body(%{{.*}}: memref<3xf32> {llvm.noalias}, %{{.*}}: memref<5xf32> {llvm.noalias}, %{{.*}}: memref<5xf32> {llvm.noalias}, %{{.*}}: memref<5xf32> {llvm.noalias})
// CHECK: bufferization.to_tensor {{.*}} restrict :
// CHECK: bufferization.to_tensor {{.*}} restrict writable
// CHECK: bufferization.materialize_in_destination
// CHECK: func.func @m_step(%[[BLOCK:.*]]: memref<128xi8>, %{{.*}}: memref<5xf32>, %{{.*}}: memref<5xf32>) -> i32
// CHECK: memref.extract_aligned_pointer_as_index %[[BLOCK]]
// CHECK: scf.if
// CHECK: memref.view %[[BLOCK]]
// CHECK: call @m_step.body
etrace.buffer @param.w kind(param) path "w" : tensor<3xf32>
etrace.buffer @hidden.h kind(hidden) path "h" : tensor<5xf32>
func.func @m_step(%x: tensor<5xf32> {etrace.name = "x"},
    %w: tensor<3xf32> {etrace.buffer = "param.w"}, %h: tensor<5xf32> {etrace.buffer = "hidden.h"})
    -> (tensor<5xf32> {etrace.name = "out"}, tensor<5xf32> {etrace.buffer = "hidden.h"})
    attributes {etrace.entry = "step"} {
  %0 = arith.addf %x, %h : tensor<5xf32>
  return %0, %0 : tensor<5xf32>, tensor<5xf32>
}
