// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-reduce %s -reduction-tree='traversal-mode=0 test=%S/Inputs/has-spike.sh' 2>/dev/null | FileCheck %s

// The reducer keeps what the script finds interesting, a spike, and drops the rest.
// CHECK-NOT: func.func @other
// CHECK: func.func @spiking
// CHECK: etrace.spike
// CHECK-NOT: func.func @other
func.func @other(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = etrace.logistic %x : tensor<4xf32>
  return %y : tensor<4xf32>
}
func.func @spiking(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = etrace.spike %x surrogate(#etrace.sigmoid_grad) : tensor<4xf32>
  return %y : tensor<4xf32>
}
