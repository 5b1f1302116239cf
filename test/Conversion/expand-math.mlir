// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --etrace-expand-math | FileCheck %s

// f32: polynomials, nothing left to call.
// CHECK-LABEL: func.func @single
// CHECK-NOT: math.tanh
// CHECK-NOT: math.exp
// CHECK-NOT: call
// CHECK: math.fma
func.func @single(%x: f32) -> f32 {
  %0 = math.tanh %x : f32
  %1 = math.exp %0 : f32
  return %1 : f32
}

// f64: calls of libm.
// CHECK-LABEL: func.func @double
// CHECK: call @tanh(%{{.*}}) : (f64) -> f64
// CHECK: call @exp
func.func @double(%x: f64) -> f64 {
  %0 = math.tanh %x : f64
  %1 = math.exp %0 : f64
  return %1 : f64
}
