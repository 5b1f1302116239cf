// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --etrace-transpose="function=g wrt=1" | FileCheck %s
// RUN: etrace-opt %s --etrace-transpose="function=dynamic wrt=0" | FileCheck %s --check-prefix=DYNAMIC
// RUN: etrace-opt %s --etrace-transpose="function=decay wrt=0 checkpoint=none" \
// RUN:   | FileCheck %s --check-prefix=NONE
// RUN: etrace-opt %s --etrace-transpose="function=decay wrt=0" | FileCheck %s --check-prefix=DECAY

// g = W t: the transpose is W' c. The linear argument goes, a cotangent comes.
// CHECK-LABEL: func.func @g_transpose_wrt_1(
// CHECK-SAME: %[[W:.*]]: tensor<2x3xf64>, %[[C:.*]]: tensor<2xf64>) -> tensor<3xf64>
// CHECK: linalg.generic
// CHECK-SAME: ins(%[[W]], %[[C]] : tensor<2x3xf64>, tensor<2xf64>)
func.func @g(%w: tensor<2x3xf64>, %t: tensor<3xf64>) -> tensor<2xf64> {
  %z = arith.constant dense<0.0> : tensor<2xf64>
  %0 = linalg.matvec ins(%w, %t : tensor<2x3xf64>, tensor<3xf64>) outs(%z : tensor<2xf64>)
      -> tensor<2xf64>
  return %0 : tensor<2xf64>
}

// DYNAMIC-LABEL: func.func @dynamic_transpose_wrt_0(
// DYNAMIC-SAME: %[[A:.*]]: tensor<?xf64>, %[[C:.*]]: tensor<?xf64>) -> tensor<?xf64>
// DYNAMIC: arith.mulf %[[A]], %[[C]]
func.func @dynamic(%t: tensor<?xf64>, %a: tensor<?xf64>) -> tensor<?xf64> {
  %0 = arith.mulf %t, %a : tensor<?xf64>
  return %0 : tensor<?xf64>
}

// t <- s t, s <- s s: the pass says what is kept of the loop where the loop does not.
// DECAY-LABEL: func.func @decay_transpose_wrt_0(
// DECAY: tensor.empty() : tensor<9xf64>
// NONE-LABEL: func.func @decay_transpose_wrt_0(
// NONE-NOT: tensor.empty
func.func @decay(%t: f64, %s: f64) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c9 = arith.constant 9 : index
  %0:2 = scf.for %i = %c0 to %c9 step %c1 iter_args(%u = %t, %v = %s) -> (f64, f64) {
    %1 = arith.mulf %u, %v : f64
    %2 = arith.mulf %v, %v : f64
    scf.yield %1, %2 : f64, f64
  }
  return %0#0 : f64
}
