// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s -test-etrace-transpose -canonicalize -cse | FileCheck %s

// CHECK: #[[SUM:.*]] = affine_map<(d0, d1) -> (d0 + d1)>

// One pass counts the ties; no loop over pairs of elements.
// CHECK-LABEL: func.func @maximum_vjp
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<4x5xf32>, %[[DY:[a-z0-9]+]]: tensor<4xf32>)
// CHECK: %[[Y:.*]] = linalg.reduce { arith.maximumf } ins(%[[X]]
// CHECK: %[[TIES:.*]] = linalg.generic {{.*}}["parallel", "reduction"]} ins(%[[X]], %[[Y]] :
// CHECK: arith.cmpf oeq
// CHECK: %[[SHARE:.*]] = arith.divf %[[DY]], %[[TIES]]
// CHECK: linalg.generic {{.*}}["parallel", "parallel"]}
// CHECK-NOT: linalg.generic
// CHECK: return
func.func @maximum(%x: tensor<4x5xf32>) -> tensor<4xf32> {
  %i = arith.constant dense<0xFF800000> : tensor<4xf32>
  %0 = linalg.reduce { arith.maximumf } ins(%x : tensor<4x5xf32>) outs(%i : tensor<4xf32>)
      dimensions = [1]
  return %0 : tensor<4xf32>
}

// Overlapping windows are added up.
// CHECK-LABEL: func.func @window_vjp
// CHECK: linalg.generic {indexing_maps = [{{.*}}, #[[SUM]]], iterator_types = ["reduction", "reduction"]}
// CHECK: arith.addf
func.func @window(%x: tensor<6xf32>) -> tensor<4xf32> {
  %k = arith.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %z = arith.constant dense<0.0> : tensor<4xf32>
  %0 = linalg.conv_1d ins(%x, %k : tensor<6xf32>, tensor<3xf32>) outs(%z : tensor<4xf32>)
      -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// A row of a table is added to in place: one element an iteration.
// CHECK-LABEL: func.func @table_vjp
// CHECK: scf.for {{.*}} iter_args(%[[TOTAL:.*]] = %{{.*}}) -> (tensor<9xf32>)
// CHECK: %[[OLD:.*]] = tensor.extract %[[TOTAL]]
// CHECK: %[[NEW:.*]] = arith.addf %[[OLD]]
// CHECK: %[[NEXT:.*]] = tensor.insert %[[NEW]] into %[[TOTAL]]
// CHECK: scf.yield %[[NEXT]]
func.func @table(%i: tensor<3xindex>, %t: tensor<9xf32>) -> tensor<3xf32> {
  %e = tensor.empty() : tensor<3xf32>
  %0 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>],
      iterator_types = ["parallel"]} ins(%i : tensor<3xindex>) outs(%e : tensor<3xf32>) {
  ^bb0(%k: index, %o: f32):
    %v = tensor.extract %t[%k] : tensor<9xf32>
    linalg.yield %v : f32
  } -> tensor<3xf32>
  return %0 : tensor<3xf32>
}
