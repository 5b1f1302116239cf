// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s | etrace-opt | FileCheck %s --check-prefix=SAME
// RUN: etrace-opt %s -mlir-print-op-generic | etrace-opt | FileCheck %s --check-prefix=SAME
// RUN: etrace-opt %s -test-etrace-linearize -canonicalize -cse | FileCheck %s --check-prefix=JVP
// RUN: etrace-opt %s -test-etrace-transpose -canonicalize -cse | FileCheck %s
// RUN: not etrace-opt %s -test-etrace-linearize -convert-etrace-to-linalg 2>&1 | FileCheck %s --check-prefix=ERROR

// A jvp is inlined; its transpose is reverse mode. The integer passes.
// SAME-LABEL: func.func @forward
// SAME: etrace.custom_derivative(%{{.*}}, %{{.*}}) {
// SAME: } jvp {
// SAME-NOT: vjp
// SAME: } : (f64, i64) -> f64
// JVP-LABEL: func.func @forward_jvp(
// JVP-SAME: %[[X:[a-z0-9]+]]: f64, %[[N:[a-z0-9]+]]: i64, %[[D:[a-z0-9]+]]: f64)
// JVP: %[[S:.*]] = arith.mulf %[[D]], %{{.*}} : f64
// JVP: return %[[S]]
// CHECK-LABEL: func.func @forward_vjp(
// CHECK-SAME: %[[X:[a-z0-9]+]]: f64, %[[N:[a-z0-9]+]]: i64, %[[C:[a-z0-9]+]]: f64)
// CHECK: %[[S:.*]] = arith.mulf %[[C]], %{{.*}} : f64
// CHECK: return %[[S]]
func.func @forward(%x: f64, %n: i64) -> f64 {
  %0 = etrace.custom_derivative(%x, %n) {
  ^bb0(%a: f64, %k: i64):
    %f = arith.sitofp %k : i64 to f64
    %m = arith.mulf %a, %f : f64
    etrace.yield %m : f64
  } jvp {
  ^bb0(%a: f64, %k: i64, %d: f64):
    %seven = arith.constant 7.0 : f64
    %m = arith.mulf %d, %seven : f64
    etrace.yield %m : f64
  } : (f64, i64) -> f64
  return %0 : f64
}

// A vjp alone: reverse mode is what it says, forward mode an error.
// SAME-LABEL: func.func @reverse
// SAME: etrace.custom_derivative(%{{.*}}) {
// SAME: } vjp {
// JVP-LABEL: func.func @reverse_jvp(
// JVP: etrace.custom_linear(%{{.*}}) residuals(%{{.*}}) transpose {
// CHECK-LABEL: func.func @reverse_vjp(
// CHECK-SAME: %[[X:[a-z0-9]+]]: f64, %[[C:[a-z0-9]+]]: f64)
// CHECK-NEXT: %[[S:.*]] = arith.mulf %[[X]], %[[C]] : f64
// CHECK-NEXT: return %[[S]]
func.func @reverse(%x: f64) -> f64 {
  // ERROR: custom-derivatives.mlir:[[#@LINE+1]]:8: error: forward mode of a custom derivative that has a region 'vjp' only; add a region 'jvp' [no-derivative-rule]
  %0 = etrace.custom_derivative(%x) {
  ^bb0(%a: f64):
    %m = math.sin %a : f64
    etrace.yield %m : f64
  } vjp {
  ^bb0(%a: f64, %c: f64):
    %m = arith.mulf %a, %c : f64
    etrace.yield %m : f64
  } : (f64) -> f64
  return %0 : f64
}

// The second input is not differentiated: its tangent is a zero that is linear in anything.
// JVP-LABEL: func.func @partly_jvp(
// JVP: etrace.zero_tangent
// CHECK-LABEL: func.func @partly_vjp(
// CHECK-SAME: %[[X:[a-z0-9]+]]: f64, %[[C:[a-z0-9]+]]: f64)
// CHECK: %[[K:.*]] = arith.constant 3.000000e+00 : f64
// CHECK-NEXT: %[[S:.*]] = arith.mulf %[[C]], %[[K]]
// CHECK-NEXT: return %[[S]]
func.func @partly(%x: f64) -> f64 {
  %k = arith.constant 3.0 : f64
  %0 = etrace.custom_derivative(%x, %k) {
  ^bb0(%a: f64, %b: f64):
    %m = arith.mulf %a, %b : f64
    etrace.yield %m : f64
  } jvp {
  ^bb0(%a: f64, %b: f64, %da: f64, %db: f64):
    %p = arith.mulf %da, %b : f64
    %q = arith.mulf %a, %db : f64
    %s = arith.addf %p, %q : f64
    etrace.yield %s : f64
  } : (f64, f64) -> f64
  return %0 : f64
}
