// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s -split-input-file -etrace-functionalize | FileCheck %s
// RUN: etrace-opt %s -split-input-file -etrace-functionalize -etrace-functionalize | FileCheck %s
// RUN: etrace-opt %s -split-input-file -etrace-functionalize -verify-diagnostics -o /dev/null

// A get is the last set before it; a read after a write of a hidden state is marked.
// CHECK-LABEL: etrace.model @last_set
// CHECK: etrace.step @update(%[[X:.*]]: tensor<3xf32> {etrace.name = "x"}, %[[H:.*]]: tensor<3xf32> {etrace.hidden = "h"})
// CHECK-SAME: -> (tensor<3xf32>, tensor<3xf32> {etrace.hidden = "h"})
// CHECK-NEXT: %[[A:.*]] = arith.addf %[[X]], %[[H]]
// CHECK-NEXT: %[[F:.*]] = etrace.fresh %[[A]]
// CHECK-NEXT: %[[B:.*]] = arith.mulf %[[F]], %[[X]]
// CHECK-NEXT: %[[G:.*]] = etrace.fresh %[[B]]
// CHECK-NEXT: etrace.yield %[[G]], %[[B]] :
// CHECK-NOT: etrace.get
// CHECK-NOT: etrace.set
etrace.model @last_set {
  etrace.hidden @h : tensor<3xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<3xf32> {
    %h = etrace.get @h : tensor<3xf32>
    %a = arith.addf %x, %h : tensor<3xf32>
    etrace.set @h, %a : tensor<3xf32>
    %f = etrace.get @h : tensor<3xf32>
    %b = arith.mulf %f, %x : tensor<3xf32>
    etrace.set @h, %b : tensor<3xf32>
    %g = etrace.get @h : tensor<3xf32>
    etrace.yield %g : tensor<3xf32>
  }
}

// -----

// States come in the order of first access, then parameters; a plain state that is
// only read keeps its value and needs no warning; a component has a dotted path.
// CHECK-LABEL: etrace.model @order
// CHECK: etrace.step @update(%[[X:[^:]*]]: tensor<2xf32> {etrace.name = "x"},
// CHECK-SAME: %[[C:[^:]*]]: tensor<2xf32> {etrace.state = "c"},
// CHECK-SAME: %[[I:[^:]*]]: tensor<2xf32> {etrace.hidden = "n.I"},
// CHECK-SAME: %[[V:[^:]*]]: tensor<2xf32> {etrace.hidden = "n.V"},
// CHECK-SAME: %[[W:[^:]*]]: tensor<2xf32> {etrace.param = "w"})
// CHECK: %[[Y:.*]] = etrace.elementwise %[[W]]
// CHECK: etrace.yield %[[Y]], %[[C]], %[[Y]], %[[C]] :
etrace.model @order {
  etrace.param @w : tensor<2xf32>
  etrace.group_state @n {
    etrace.component @V : tensor<2xf32>
    etrace.component @I : tensor<2xf32>
  }
  etrace.state @c : tensor<2xf32>
  etrace.step @update(%x: tensor<2xf32>) -> tensor<2xf32> {
    %w = etrace.get @w : tensor<2xf32>
    %c = etrace.get @c : tensor<2xf32>
    %y = etrace.elementwise %w : tensor<2xf32>
    etrace.set @n::@I, %y : tensor<2xf32>
    etrace.set @n::@V, %c : tensor<2xf32>
    etrace.yield %y : tensor<2xf32>
  }
}

// -----

// A hidden state that is not set keeps its value; the other one is not used at all.
// CHECK-LABEL: etrace.model @unset
// CHECK: etrace.step @update(%[[H:.*]]: tensor<3xf32> {etrace.hidden = "h"})
// CHECK-NEXT: etrace.yield %[[H]], %[[H]]
etrace.model @unset {
  // expected-warning @+1 {{hidden state 'h' is read but never set in the step; it keeps its value [state-not-set]}}
  etrace.hidden @h : tensor<3xf32>
  // expected-warning @+1 {{'g' is declared but the step does not use it [state-mismatch]}}
  etrace.hidden @g : tensor<3xf32>
  // expected-warning @+1 {{'w' is declared but the step does not use it [state-mismatch]}}
  etrace.param @w : tensor<3xf32>
  etrace.step @update() -> tensor<3xf32> {
    %h = etrace.get @h : tensor<3xf32>
    etrace.yield %h : tensor<3xf32>
  }
}

// -----

// A set in one branch: the other branch yields the value from before.
// CHECK-LABEL: etrace.model @branches
// CHECK: etrace.step @update(%[[X:[^:]*]]: tensor<3xf32> {{.*}}, %[[C:[^:]*]]: tensor<i1> {{.*}}, %[[H:[^:]*]]: tensor<3xf32> {etrace.hidden = "h"})
// CHECK: %[[R:.*]] = scf.if %{{.*}} -> (tensor<3xf32>) {
// CHECK-NEXT: %[[A:.*]] = arith.addf %[[X]], %[[H]]
// CHECK-NEXT: scf.yield %[[A]]
// CHECK-NEXT: } else {
// CHECK-NEXT: scf.yield %[[H]]
// CHECK: %[[F:.*]] = etrace.fresh %[[R]]
// CHECK: %[[S:.*]]:2 = scf.if %{{.*}} -> (tensor<3xf32>, tensor<3xf32>) {
// CHECK: %[[M:.*]] = arith.mulf %[[F]], %[[X]]
// CHECK-NEXT: scf.yield %[[M]], %[[M]]
// CHECK: } else {
// CHECK-NEXT: scf.yield %[[X]], %[[X]]
// CHECK: etrace.yield %[[S]]#0, %[[S]]#1
etrace.model @branches {
  etrace.hidden @h : tensor<3xf32>
  etrace.step @update(%x: tensor<3xf32>, %c: tensor<i1>) -> tensor<3xf32> {
    %b = tensor.extract %c[] : tensor<i1>
    scf.if %b {
      %h = etrace.get @h : tensor<3xf32>
      %a = arith.addf %x, %h : tensor<3xf32>
      etrace.set @h, %a : tensor<3xf32>
    }
    %f = etrace.get @h : tensor<3xf32>
    %r = scf.if %b -> tensor<3xf32> {
      %m = arith.mulf %f, %x : tensor<3xf32>
      etrace.set @h, %m : tensor<3xf32>
      scf.yield %m : tensor<3xf32>
    } else {
      etrace.set @h, %x : tensor<3xf32>
      scf.yield %x : tensor<3xf32>
    }
    etrace.yield %r : tensor<3xf32>
  }
}

// -----

// A loop carries what it sets, beside what it carries already.
// CHECK-LABEL: etrace.model @loop
// CHECK: etrace.step @update(%[[X:[^:]*]]: tensor<3xf32> {{.*}}, %[[H:[^:]*]]: tensor<3xf32> {etrace.hidden = "h"})
// CHECK: %[[R:.*]]:2 = scf.for {{.*}} iter_args(%[[S:.*]] = %[[X]], %[[C:.*]] = %[[H]])
// CHECK-NEXT: %[[F:.*]] = etrace.fresh %[[C]]
// CHECK-NEXT: %[[A:.*]] = arith.addf %[[F]], %[[S]]
// CHECK-NEXT: scf.yield %[[X]], %[[A]]
// CHECK: etrace.yield %[[R]]#0, %[[R]]#1
etrace.model @loop {
  etrace.hidden @h : tensor<3xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<3xf32> {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c4 = arith.constant 4 : index
    %r = scf.for %i = %c0 to %c4 step %c1 iter_args(%s = %x) -> tensor<3xf32> {
      %h = etrace.get @h : tensor<3xf32>
      %a = arith.addf %h, %s : tensor<3xf32>
      etrace.set @h, %a : tensor<3xf32>
      scf.yield %x : tensor<3xf32>
    }
    etrace.yield %r : tensor<3xf32>
  }
}

// -----

// Ids: kept where written, else family and number, skipping those in use.
// CHECK-LABEL: etrace.model @ids
// CHECK: etrace.matmul {{.*}} id "matmul1"
// CHECK: etrace.matmul {{.*}} id "matmul0"
// CHECK: etrace.matmul {{.*}} id "cell"
// CHECK: etrace.matmul {{.*}} id "matmul2"
// CHECK: etrace.elementwise {{.*}} id "elementwise0"
etrace.model @ids {
  etrace.param @w : tensor<3x3xf32>
  etrace.param @d : tensor<3xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<3xf32> {
    %w = etrace.get @w : tensor<3x3xf32>
    %d = etrace.get @d : tensor<3xf32>
    %0 = etrace.matmul %x, %w id "matmul1" : tensor<3xf32>, tensor<3x3xf32> -> tensor<3xf32>
    %1 = etrace.matmul %0, %w : tensor<3xf32>, tensor<3x3xf32> -> tensor<3xf32>
    %2 = etrace.matmul %1, %w id "cell" : tensor<3xf32>, tensor<3x3xf32> -> tensor<3xf32>
    %3 = etrace.matmul %2, %w : tensor<3xf32>, tensor<3x3xf32> -> tensor<3xf32>
    %4 = etrace.elementwise %d : tensor<3xf32>
    %5 = arith.addf %3, %4 : tensor<3xf32>
    etrace.yield %5 : tensor<3xf32>
  }
}
