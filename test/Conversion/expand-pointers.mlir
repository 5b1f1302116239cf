// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --convert-etrace-to-linalg | FileCheck %s

// Known pointers; row 1 is empty.
// CHECK-LABEL: func.func @known
// CHECK: arith.constant dense<[0, 0, 2, 2, 2]> : tensor<5xi32>
func.func @known() -> tensor<5xi32> {
  %p = arith.constant dense<[0, 2, 2, 5]> : tensor<4xi32>
  %r = etrace.expand_pointers %p : tensor<4xi32> -> tensor<5xi32>
  return %r : tensor<5xi32>
}

// Pointers of 5 rows are searched by steps of 8, 4, 2 and 1.
// CHECK-LABEL: func.func @searched
// CHECK-SAME: %[[P:.*]]: tensor<6xi64>
// CHECK: linalg.generic {{.*}}["parallel"]} outs(
// CHECK-COUNT-4: tensor.extract %[[P]]
// CHECK-NOT: tensor.extract
// CHECK: %[[ROW:.*]] = arith.index_cast %{{.*}} : index to i64
// CHECK: linalg.yield %[[ROW]]
func.func @searched(%p: tensor<6xi64>) -> tensor<9xi64> {
  %r = etrace.expand_pointers %p : tensor<6xi64> -> tensor<9xi64>
  return %r : tensor<9xi64>
}
