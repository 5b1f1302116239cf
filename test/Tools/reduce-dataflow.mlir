// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-reduce %s -reduce-dataflow=test=%S/Inputs/has-spike.sh | FileCheck %s
// RUN: not etrace-reduce %s -reduce-dataflow=test=/bin/true 2>&1 | FileCheck %s --check-prefix=DULL
// DULL: the module is not interesting to begin with

// The path to the spike and behind it becomes as short as types allow.
// CHECK: func.func @spiking(%[[X:.*]]: tensor<4xf32>)
// CHECK-NEXT: %[[S:.*]] = etrace.spike %[[X]]
// CHECK-NEXT: return %[[S]]
func.func @spiking(%x: tensor<4xf32>) -> tensor<4xf32> {
  %a = etrace.logistic %x : tensor<4xf32>
  %b = tensor.expand_shape %a [[0, 1]] output_shape [2, 2] : tensor<4xf32> into tensor<2x2xf32>
  %c = tensor.collapse_shape %b [[0, 1]] : tensor<2x2xf32> into tensor<4xf32>
  %y = etrace.spike %c surrogate(#etrace.sigmoid_grad) : tensor<4xf32>
  %z = arith.mulf %y, %a : tensor<4xf32>
  return %z : tensor<4xf32>
}
