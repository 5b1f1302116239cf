// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --convert-etrace-to-linalg | FileCheck %s

// CHECK-LABEL: func.func @spike
// CHECK-SAME: %[[U:.*]]: tensor<5xf32>
// CHECK: %[[ZERO:.*]] = arith.constant dense<0.0
// CHECK: %[[FIRES:.*]] = arith.cmpf oge, %[[U]], %[[ZERO]]
// CHECK: arith.uitofp %[[FIRES]] : tensor<5xi1> to tensor<5xf32>
func.func @spike(%u: tensor<5xf32>) -> tensor<5xf32> {
  %s = etrace.spike %u surrogate(#etrace.relu_grad<alpha = 0.3>) : tensor<5xf32>
  return %s : tensor<5xf32>
}

// CHECK-LABEL: func.func @logistic
// CHECK-SAME: %[[X:.*]]: f64
// CHECK: %[[ONE:.*]] = arith.constant 1.0
// CHECK: %[[N:.*]] = arith.negf %[[X]]
// CHECK: %[[E:.*]] = math.exp %[[N]]
// CHECK: %[[S:.*]] = arith.addf %[[ONE]], %[[E]]
// CHECK: arith.divf %[[ONE]], %[[S]]
func.func @logistic(%x: f64) -> f64 {
  %y = etrace.logistic %x : f64
  return %y : f64
}

// CHECK-LABEL: func.func @identities
// CHECK-SAME: %[[X:.*]]: tensor<5xf32>
// CHECK-NEXT: return %[[X]]
func.func @identities(%x: tensor<5xf32>) -> tensor<5xf32> {
  %a = etrace.stop_gradient %x : tensor<5xf32>
  %b = etrace.fresh %a state "h" : tensor<5xf32>
  return %b : tensor<5xf32>
}

// CHECK-LABEL: func.func @matmul
// CHECK-SAME: %[[X:.*]]: tensor<4x3xf32>, %[[W:.*]]: tensor<3x5xf32>, %[[B:.*]]: tensor<5xf32>
// CHECK: %[[INIT:.*]] = linalg.generic {{.*}}["parallel", "parallel"]{{.*}} ins(%[[B]]
// CHECK: linalg.generic {{.*}} ins(%[[X]], %[[W]] : {{.*}}) outs(%[[INIT]]
// CHECK: %[[P:.*]] = arith.mulf
// CHECK: arith.addf %{{.*}}, %[[P]]
func.func @matmul(%x: tensor<4x3xf32>, %w: tensor<3x5xf32>, %b: tensor<5xf32>) -> tensor<4x5xf32> {
  %y = etrace.matmul %x, %w bias %b
      : tensor<4x3xf32>, tensor<3x5xf32>, tensor<5xf32> -> tensor<4x5xf32>
  return %y : tensor<4x5xf32>
}

// The model is not touched.
// CHECK: etrace.model
// CHECK: etrace.elementwise
etrace.model @m {
  etrace.param @w : tensor<5xf32>
  etrace.hidden @h : tensor<5xf32>
  etrace.step @update(%x: tensor<5xf32>) -> tensor<5xf32> {
    %w = etrace.get @w : tensor<5xf32>
    %y = etrace.elementwise %w : tensor<5xf32>
    etrace.set @h, %y : tensor<5xf32>
    etrace.yield %y : tensor<5xf32>
  }
}
