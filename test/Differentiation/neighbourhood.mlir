// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --etrace-neighbourhood="function=window hops=2" | FileCheck %s

// What a change of one position reaches in two applications: two to the left, itself.
// CHECK-LABEL: func.func @window.neighbourhood_2() -> (tensor<4x3xi64>, tensor<4x3xi1>)
// CHECK-DAG: dense<{{\[\[}}0, 0, 0], [1, 0, 1], [2, 0, 1], [3, 1, 2]]> : tensor<4x3xi64>
// CHECK-DAG: dense<{{\[\[}}true, false, false], [true, true, false], [true, true, true], [true, true, true]]>
func.func @window(%h: tensor<4xf64>) -> (tensor<4xf64>, i32) {
  %n = arith.constant 7 : i32
  %s = tensor.extract_slice %h[1] [3] [1] : tensor<4xf64> to tensor<3xf64>
  %0 = tensor.insert_slice %s into %h[0] [3] [1] : tensor<3xf64> into tensor<4xf64>
  %1 = arith.mulf %0, %h : tensor<4xf64>
  return %1, %n : tensor<4xf64>, i32
}
