// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s -etrace-lower-derivatives -canonicalize -cse | FileCheck %s

// The transpose of a convolution of unknown extent: cotangents of overlapping windows meet in x with
// its zeros, 3 n + 1 elements, of which every third is one of x.
// CHECK-DAG: #[[X:.*]] = affine_map<(d0, d1, d2, d3) -> (d0 * 2 + d1, d2)>
// CHECK-DAG: #[[Y:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d3)>
// CHECK-DAG: #[[K:.*]] = affine_map<(d0, d1, d2, d3) -> (d1, d2, d3)>
// CHECK-LABEL: func.func private @windows.vjp_0_1(
// CHECK-SAME: %[[ARG:.*]]: tensor<?x2xf64>, %[[W:.*]]: tensor<3x2x4xf64>, %[[C:.*]]: tensor<?x4xf64>)
// CHECK-DAG: %[[C1:.*]] = arith.constant 1 : index
// CHECK-DAG: %[[C3:.*]] = arith.constant 3 : index
// CHECK: %[[N:.*]] = tensor.dim %[[ARG]]
// CHECK-NEXT: %[[M:.*]] = arith.muli %[[N]], %[[C3]] : index
// CHECK-NEXT: %[[E:.*]] = arith.addi %[[M]], %[[C1]] : index
// CHECK-NEXT: %[[Z:.*]] = tensor.splat %{{.*}}[%[[E]]] : tensor<?x2xf64>
// CHECK: %[[P:.*]] = tensor.insert_slice %[[ARG]] into %[[Z]][1, 0] [%[[N]], 2] [3, 1]
// CHECK: %[[DW:.*]] = linalg.generic {indexing_maps = [#[[X]], #[[Y]], #[[K]]], iterator_types = ["reduction", "parallel", "parallel", "parallel"]} ins(%[[P]], %[[C]]
// CHECK: %[[DP:.*]] = linalg.generic {indexing_maps = [#[[K]], #[[Y]], #[[X]]], iterator_types = ["reduction", "reduction", "parallel", "reduction"]} ins(%[[W]], %[[C]]
// CHECK: %[[DX:.*]] = tensor.extract_slice %[[DP]][1, 0] [%[[N]], 2] [3, 1]
// CHECK: return %[[DX]], %[[DW]]
func.func @windows(%x: tensor<?x2xf64>, %w: tensor<3x2x4xf64>) -> tensor<?x4xf64> {
  %y = etrace.conv "Hi,Hio->Ho" %x, %w strides [2] low [1] high [2] input_dilation [3]
      : tensor<?x2xf64>, tensor<3x2x4xf64> -> tensor<?x4xf64>
  return %y : tensor<?x4xf64>
}
func.func @main(%x: tensor<?x2xf64>, %w: tensor<3x2x4xf64>, %c: tensor<?x4xf64>)
    -> (tensor<?x2xf64>, tensor<3x2x4xf64>) {
  %a, %b = etrace.vjp @windows(%x, %w) cotangents(%c) wrt [0, 1]
      : (tensor<?x2xf64>, tensor<3x2x4xf64>), (tensor<?x4xf64>)
      -> (tensor<?x2xf64>, tensor<3x2x4xf64>)
  return %a, %b : tensor<?x2xf64>, tensor<3x2x4xf64>
}
