// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --etrace-lower-derivatives -remarks-filter=etrace-differentiation -remark-policy=all 2>&1 >/dev/null | FileCheck %s

// Of the forward pass the slope 1 - t^2 alone is kept (4 x 8 bytes), neither the product nor what
// follows it linearly. Arguments are there anyway, and zeros to add to are no one's result.
// CHECK: the reverse pass of 'layer.vjp{{.*}}' keeps 32 bytes: arith.subf 32 bytes [residuals]
func.func @layer(%x: tensor<3xf64>, %w: tensor<3x4xf64>) -> tensor<4xf64> {
  %z = arith.constant dense<0.0> : tensor<4xf64>
  %two = arith.constant dense<2.0> : tensor<4xf64>
  %y = linalg.vecmat ins(%x, %w : tensor<3xf64>, tensor<3x4xf64>) outs(%z : tensor<4xf64>) -> tensor<4xf64>
  %t = math.tanh %y : tensor<4xf64>
  %r = arith.mulf %two, %t : tensor<4xf64>
  return %r : tensor<4xf64>
}

// Two operations, the larger one first.
// CHECK: the reverse pass of 'both.vjp{{.*}}' keeps 72 bytes: math.exp 40 bytes, arith.subf 32 bytes [residuals]
func.func @both(%x: tensor<5xf64>, %y: tensor<4xf64>) -> (tensor<5xf64>, tensor<4xf64>) {
  %e = math.exp %x : tensor<5xf64>
  %t = math.tanh %y : tensor<4xf64>
  return %e, %t : tensor<5xf64>, tensor<4xf64>
}

// A sum needs nothing.
// CHECK: the reverse pass of 'sum.vjp{{.*}}' keeps nothing but arguments [residuals]
func.func @sum(%x: tensor<5xf64>, %y: tensor<5xf64>) -> tensor<5xf64> {
  %s = arith.addf %x, %y : tensor<5xf64>
  return %s : tensor<5xf64>
}

// CHECK: the reverse pass of 'dynamic.vjp{{.*}}' keeps 1 values, some of dynamic extents [residuals]
func.func @dynamic(%x: tensor<?xf64>) -> tensor<?xf64> {
  %e = math.exp %x : tensor<?xf64>
  return %e : tensor<?xf64>
}

func.func @use(%x: tensor<3xf64>, %w: tensor<3x4xf64>, %c: tensor<4xf64>, %v: tensor<5xf64>, %d: tensor<?xf64>)
    -> (tensor<3xf64>, tensor<3x4xf64>, tensor<5xf64>, tensor<4xf64>, tensor<5xf64>, tensor<?xf64>) {
  %0:2 = etrace.vjp @layer(%x, %w) cotangents(%c) wrt [0, 1] : (tensor<3xf64>, tensor<3x4xf64>), (tensor<4xf64>) -> (tensor<3xf64>, tensor<3x4xf64>)
  %1:2 = etrace.vjp @both(%v, %c) cotangents(%v, %c) wrt [0, 1] : (tensor<5xf64>, tensor<4xf64>), (tensor<5xf64>, tensor<4xf64>) -> (tensor<5xf64>, tensor<4xf64>)
  %2 = etrace.vjp @sum(%v, %v) cotangents(%v) : (tensor<5xf64>, tensor<5xf64>), (tensor<5xf64>) -> (tensor<5xf64>)
  %3 = etrace.vjp @dynamic(%d) cotangents(%d) : (tensor<?xf64>), (tensor<?xf64>) -> (tensor<?xf64>)
  return %0#0, %0#1, %1#0, %1#1, %2, %3 : tensor<3xf64>, tensor<3x4xf64>, tensor<5xf64>, tensor<4xf64>, tensor<5xf64>, tensor<?xf64>
}
