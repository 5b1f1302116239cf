// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s -test-etrace-linearize -canonicalize -cse | FileCheck %s --check-prefix=JVP
// RUN: etrace-opt %s -test-etrace-transpose -canonicalize -cse | FileCheck %s

// One derived function for each callee and set of differentiated arguments.
// JVP-DAG: func.func private @product_jvp_wrt_0(
// JVP-DAG: func.func private @product_jvp_wrt_1(
// JVP-NOT: func.func private @product_jvp_wrt
// JVP-LABEL: func.func @twice_jvp(
// JVP-SAME: %[[X:[a-z0-9]+]]: f64, %[[DX:[a-z0-9]+]]: f64)
// JVP: %[[P:.*]] = call @product(%[[X]], %[[K:[a-z0-9_]+]])
// JVP: %[[A:.*]] = call @product_jvp_wrt_0(%[[X]], %[[K]], %[[DX]])
// JVP: call @product_jvp_wrt_0(%[[P]], %[[K]], %[[A]])
// CHECK-LABEL: func.func @twice_vjp(
// CHECK-SAME: %[[X:[a-z0-9]+]]: f64, %[[C:[a-z0-9]+]]: f64)
// CHECK: %[[B:.*]] = call @product_jvp_wrt_0_transpose(%{{.*}}, %{{.*}}, %[[C]])
// CHECK: %[[A:.*]] = call @product_jvp_wrt_0_transpose(%[[X]], %{{.*}}, %[[B]])
// CHECK: return %[[A]]
func.func private @product(%x: f64, %y: f64) -> f64 {
  %0 = arith.mulf %x, %y : f64
  return %0 : f64
}
func.func @twice(%x: f64) -> f64 {
  %k = arith.constant 3.0 : f64
  %0 = func.call @product(%x, %k) : (f64, f64) -> f64
  %1 = func.call @product(%0, %k) : (f64, f64) -> f64
  return %1 : f64
}
func.func @other(%y: f64) -> f64 {
  %k = arith.constant 3.0 : f64
  %0 = func.call @product(%k, %y) : (f64, f64) -> f64
  return %0 : f64
}
