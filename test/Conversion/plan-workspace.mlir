// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --etrace-bind-memory --one-shot-bufferize --canonicalize --etrace-plan-workspace | FileCheck %s

// Temporaries become views behind the buffers; the block grows by them.
// CHECK: module attributes {etrace.abi = {
// CHECK-SAME: offset = 0 : i64, path = "w"
// CHECK-SAME: size = {{[0-9]+}} : i64
// CHECK-NOT: memref.alloc
// CHECK: memref.view %{{.*}} : memref<{{[0-9]+}}xi8> to memref<4x8xf32>
// CHECK-NOT: memref.alloc
#row = affine_map<(i, j) -> (i, j)>
#turn = affine_map<(i, j) -> (j, i)>
etrace.buffer @param.w kind(param) path "w" : tensor<8x4xf32>
func.func @m_step(%x: tensor<4x8xf32> {etrace.name = "x"}, %w: tensor<8x4xf32> {etrace.buffer = "param.w"})
    -> (tensor<4x4xf32> {etrace.name = "out"}) attributes {etrace.entry = "step"} {
  %e = tensor.empty() : tensor<4x8xf32>
  %s = linalg.generic {indexing_maps = [#row, #turn, #row], iterator_types = ["parallel", "parallel"]}
      ins(%x, %w : tensor<4x8xf32>, tensor<8x4xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %0 = arith.addf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<4x8xf32>
  %z = arith.constant 0.0 : f32
  %o = tensor.empty() : tensor<4x4xf32>
  %f = linalg.fill ins(%z : f32) outs(%o : tensor<4x4xf32>) -> tensor<4x4xf32>
  %r = linalg.matmul ins(%s, %w : tensor<4x8xf32>, tensor<8x4xf32>) outs(%f : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %r : tensor<4x4xf32>
}
