// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --etrace-functionalize-functions -canonicalize -cse | FileCheck %s
// RUN: etrace-opt %s | etrace-opt | FileCheck %s --check-prefix=ROUND

etrace.model @cell {
  etrace.param @w : tensor<3xf64>
  etrace.hidden @h : tensor<3xf64>
  etrace.state @last : tensor<3xf64>
  etrace.group_state @neuron {
    etrace.component @V : tensor<3xf64>
  }
}

// Arguments for what is read, results for what is written, each with its path. A read behind a
// write is the written value; a parameter may be written.
// CHECK-LABEL: func.func @update(
// CHECK-SAME: %[[H:[a-z0-9]+]]: tensor<3xf64> {etrace.hidden = "cell.h"},
// CHECK-SAME: %[[W:[a-z0-9]+]]: tensor<3xf64> {etrace.param = "cell.w"},
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<3xf64> {etrace.name = "x"})
// CHECK-SAME: -> (tensor<3xf64>, tensor<3xf64> {etrace.hidden = "cell.h"}, tensor<3xf64> {etrace.param = "cell.w"}, tensor<3xf64> {etrace.state = "cell.last"})
// CHECK: %[[N:.*]] = arith.addf %[[H]], %[[X]]
// CHECK: %[[M:.*]] = arith.mulf %[[N]], %[[W]]
// CHECK: return %[[M]], %[[N]], %[[M]], %[[X]]
// ROUND: etrace.get @cell::@h : tensor<3xf64>
// ROUND: etrace.set @cell::@h, %{{.*}} : tensor<3xf64>
func.func @update(%x: tensor<3xf64> {etrace.name = "x"}) -> tensor<3xf64> {
  %h = etrace.get @cell::@h : tensor<3xf64>
  %n = arith.addf %h, %x : tensor<3xf64>
  etrace.set @cell::@h, %n : tensor<3xf64>
  %r = etrace.get @cell::@h : tensor<3xf64>
  %w = etrace.get @cell::@w : tensor<3xf64>
  %m = arith.mulf %r, %w : tensor<3xf64>
  etrace.set @cell::@w, %m : tensor<3xf64>
  etrace.set @cell::@last, %x : tensor<3xf64>
  return %m : tensor<3xf64>
}

// A state that is written on one branch only keeps its value on the other: it is taken though it
// is not read.
// CHECK-LABEL: func.func @sometimes(
// CHECK-SAME: %[[L:[a-z0-9]+]]: tensor<3xf64> {etrace.state = "cell.last"}, %[[C:[a-z0-9]+]]: i1, %[[X:[a-z0-9]+]]: tensor<3xf64>)
// CHECK: %[[S:.*]] = arith.select %[[C]], %[[X]], %[[L]]
// CHECK: return %[[S]]
func.func @sometimes(%c: i1, %x: tensor<3xf64>) {
  scf.if %c {
    etrace.set @cell::@last, %x : tensor<3xf64>
  }
  return
}

// Calls hand states on, in loops too. A callee that reads a component only returns no state.
// CHECK-LABEL: func.func @voltage(
// CHECK-SAME: %[[V:[a-z0-9]+]]: tensor<3xf64> {etrace.hidden = "cell.neuron.V"}) -> tensor<3xf64>
func.func @voltage() -> tensor<3xf64> {
  %v = etrace.get @cell::@neuron::@V : tensor<3xf64>
  return %v : tensor<3xf64>
}
// CHECK-LABEL: func.func @repeat(
// CHECK-SAME: %[[V:[a-z0-9]+]]: tensor<3xf64> {etrace.hidden = "cell.neuron.V"},
// CHECK-SAME: %[[H:[a-z0-9]+]]: tensor<3xf64> {etrace.hidden = "cell.h"},
// CHECK-SAME: %[[W:[a-z0-9]+]]: tensor<3xf64> {etrace.param = "cell.w"},
// CHECK-SAME: %[[LAST:[a-z0-9]+]]: tensor<3xf64> {etrace.state = "cell.last"}, %[[N:[a-z0-9]+]]: index)
// CHECK: scf.for {{.*}} iter_args(%[[A:.*]] = %[[H]], %[[B:.*]] = %[[W]], %{{.*}} = %[[LAST]])
// CHECK: %[[X:.*]] = func.call @voltage(%[[V]])
// CHECK: %[[R:.*]]:4 = func.call @update(%[[A]], %[[B]], %[[X]])
// CHECK: scf.yield %[[R]]#1, %[[R]]#2, %[[R]]#3
func.func @repeat(%n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    %x = func.call @voltage() : () -> tensor<3xf64>
    %y = func.call @update(%x) : (tensor<3xf64>) -> tensor<3xf64>
  }
  return
}

// What uses no state is left alone.
// CHECK-LABEL: func.func @plain(
// CHECK-SAME: %[[X:[a-z0-9]+]]: f64) -> f64 {
func.func @plain(%x: f64) -> f64 {
  return %x : f64
}
