// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --etrace-narrow-slices | FileCheck %s

#d = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (n, k)>
#y = affine_map<(m, n, k) -> (m, n)>

// Rows of w that only the dropped part needs are not read.
// CHECK-LABEL: func.func @one_slice(
// CHECK-SAME: %[[D:.*]]: tensor<32x64xf32>, %[[W:.*]]: tensor<156x64xf32>)
// CHECK: %[[V:.*]] = tensor.extract_slice %[[W]][28, 0] [128, 64] [1, 1]
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %[[V]] : tensor<32x64xf32>, tensor<128x64xf32>) outs(%{{.*}} : tensor<32x128xf32>)
func.func @one_slice(%d: tensor<32x64xf32>, %w: tensor<156x64xf32>) -> tensor<32x128xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<32x156xf32>
  %z = linalg.fill ins(%zero : f32) outs(%empty : tensor<32x156xf32>) -> tensor<32x156xf32>
  %y = linalg.generic {indexing_maps = [#d, #w, #y],
                       iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%d, %w : tensor<32x64xf32>, tensor<156x64xf32>) outs(%z : tensor<32x156xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %c, %p : f32
    linalg.yield %s : f32
  } -> tensor<32x156xf32>
  %h = tensor.extract_slice %y[0, 28] [32, 128] [1, 1] : tensor<32x156xf32> to tensor<32x128xf32>
  return %h : tensor<32x128xf32>
}

// Both parts are read: one contraction, as before.
// CHECK-LABEL: func.func @two_slices
// CHECK: linalg.generic {{.*}} outs(%{{.*}} : tensor<32x156xf32>)
// CHECK-NOT: linalg.generic
// CHECK: tensor.extract_slice {{.*}} [32, 28]
// CHECK: tensor.extract_slice {{.*}} [32, 128]
func.func @two_slices(%d: tensor<32x64xf32>, %w: tensor<156x64xf32>, %z: tensor<32x156xf32>)
    -> (tensor<32x28xf32>, tensor<32x128xf32>) {
  %y = linalg.generic {indexing_maps = [#d, #w, #y],
                       iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%d, %w : tensor<32x64xf32>, tensor<156x64xf32>) outs(%z : tensor<32x156xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %c, %p : f32
    linalg.yield %s : f32
  } -> tensor<32x156xf32>
  %x = tensor.extract_slice %y[0, 0] [32, 28] [1, 1] : tensor<32x156xf32> to tensor<32x28xf32>
  %h = tensor.extract_slice %y[0, 28] [32, 128] [1, 1] : tensor<32x156xf32> to tensor<32x128xf32>
  return %x, %h : tensor<32x28xf32>, tensor<32x128xf32>
}
