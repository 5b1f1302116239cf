// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --convert-etrace-to-linalg | FileCheck %s

// A look-up reads; no zeros are added up. An index is taken into the table.
// CHECK-LABEL: func.func @gather
// CHECK-SAME: %[[T:.*]]: tensor<7x4xf32>, %[[I:.*]]: tensor<3xi32>
// CHECK: linalg.fill
// CHECK: %[[OUT:.*]] = tensor.empty() : tensor<3x4xf32>
// CHECK-NEXT: linalg.generic {{.*}}["parallel", "parallel"]} ins(%[[I]] : tensor<3xi32>) outs(%[[OUT]]
// CHECK: ^bb0(%[[IN:.*]]: i32,
// CHECK: %[[D:.*]] = linalg.index 1
// CHECK: %[[INDEX:.*]] = arith.index_cast %[[IN]] : i32 to index
// CHECK: %[[FIRST:.*]] = arith.constant 0
// CHECK: %[[LAST:.*]] = arith.constant 6
// CHECK: %[[RAISED:.*]] = arith.maxsi %[[INDEX]], %[[FIRST]]
// CHECK: %[[ROW:.*]] = arith.minsi %[[RAISED]], %[[LAST]]
// CHECK: %[[READ:.*]] = tensor.extract %[[T]][%[[ROW]], %[[D]]]
// CHECK-NEXT: linalg.yield %[[READ]]
func.func @gather(%t: tensor<7x4xf32>, %i: tensor<3xi32>) -> tensor<3x4xf32> {
  %y = etrace.embedding %i, %t : tensor<3xi32>, tensor<7x4xf32> -> tensor<3x4xf32>
  return %y : tensor<3x4xf32>
}

// Its transpose writes; two samples may add to one row, so one after the other.
// CHECK-LABEL: func.func @scatter
// CHECK-SAME: %[[DY:.*]]: tensor<3x4xf32>, %[[I:.*]]: tensor<3xi32>, %[[T:.*]]: tensor<7x4xf32>
// CHECK: scf.for %[[B:.*]] = {{.*}} iter_args(%[[OUTER:.*]] = %[[T]])
// CHECK-NEXT: scf.for %[[D:.*]] = {{.*}} iter_args(%[[TOTAL:.*]] = %[[OUTER]])
// CHECK: tensor.extract %[[I]][%[[B]]]
// CHECK: %[[ROW:.*]] = arith.minsi
// CHECK-DAG: %[[PART:.*]] = tensor.extract %[[DY]][%[[B]], %[[D]]]
// CHECK-DAG: %[[OLD:.*]] = tensor.extract %[[TOTAL]][%[[ROW]], %[[D]]]
// CHECK: %[[SUM:.*]] = arith.addf %[[OLD]], %[[PART]]
// CHECK: tensor.insert %[[SUM]] into %[[TOTAL]][%[[ROW]], %[[D]]]
func.func @scatter(%dy: tensor<3x4xf32>, %i: tensor<3xi32>, %t: tensor<7x4xf32>) -> tensor<7x4xf32> {
  %g = etrace.indexed_contraction factors(%dy : tensor<3x4xf32>) indices(%i : tensor<3xi32>) dims [1]
      maps [affine_map<(b, v, d) -> (b, d)>, affine_map<(b, v, d) -> (b)>, affine_map<(b, v, d) -> (v, d)>]
      init(%t) : tensor<7x4xf32>
  return %g : tensor<7x4xf32>
}

// The gradient of stored entries: a sum over the batch, whose extent no operand of linalg has.
// CHECK-LABEL: func.func @reduce
// CHECK-SAME: %[[X:.*]]: tensor<3x6xf32>, %[[DY:.*]]: tensor<3x5xf32>, %[[R:.*]]: tensor<9xindex>, %[[C:.*]]: tensor<9xi64>, %[[G:.*]]: tensor<9xf32>
// CHECK: %[[EXTENT:.*]] = tensor.empty() : tensor<3xf32>
// CHECK: linalg.generic {{.*}}["reduction", "parallel"]} ins(%[[R]], %[[C]], %[[EXTENT]] : {{.*}}) outs(%[[G]]
// CHECK: %[[B:.*]] = linalg.index 0
// CHECK-DAG: %[[ROW:.*]] = tensor.extract %[[X]][%[[B]], %{{.*}}]
// CHECK-DAG: %[[COL:.*]] = tensor.extract %[[DY]][%[[B]], %{{.*}}]
// CHECK: arith.mulf %[[ROW]], %[[COL]]
func.func @reduce(%x: tensor<3x6xf32>, %dy: tensor<3x5xf32>, %r: tensor<9xindex>, %c: tensor<9xi64>, %g: tensor<9xf32>) -> tensor<9xf32> {
  %s = etrace.indexed_contraction factors(%x, %dy : tensor<3x6xf32>, tensor<3x5xf32>) indices(%r, %c : tensor<9xindex>, tensor<9xi64>) dims [1, 2]
      maps [affine_map<(b, i, o, e) -> (b, i)>, affine_map<(b, i, o, e) -> (b, o)>, affine_map<(b, i, o, e) -> (e)>, affine_map<(b, i, o, e) -> (e)>, affine_map<(b, i, o, e) -> (e)>]
      init(%g) : tensor<9xf32>
  return %s : tensor<9xf32>
}
