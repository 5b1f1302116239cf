// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s -etrace-analyze -etrace-print-graph -o /dev/null | FileCheck %s
// RUN: etrace-opt %s -etrace-analyze -etrace-print-graph="format=json output=%t.json" -o /dev/null
// RUN: %python %S/Inputs/read_graph.py %t.json %s
// RUN: etrace-opt %s -etrace-analyze -etrace-print-graph="format=dot output=%t.dot" -o /dev/null
// RUN: FileCheck %s --check-prefix=DOT --input-file=%t.dot
// RUN: dot -Tsvg %t.dot -o %t.svg
// RUN: FileCheck %s --check-prefix=SVG --input-file=%t.svg
// RUN: etrace-opt %s -etrace-analyze -etrace-print-graph="format=svg output=%t.picture" -o /dev/null
// RUN: %python %S/Inputs/read_picture.py %t.picture
// The same model gives the same bytes.
// RUN: etrace-opt %s -etrace-analyze -etrace-print-graph="format=svg output=%t.again" -o /dev/null
// RUN: cmp %t.picture %t.again
// RUN: etrace-opt %s -etrace-analyze -etrace-print-graph="format=dot output=%t.again" -o /dev/null
// RUN: cmp %t.dot %t.again

// CHECK: Model @net
// CHECK: The hidden groups are:
// CHECK: Group 0: [n.V, n.I]  positions 4, 2 states
// CHECK-NEXT: Group 1: [h]  positions 2x4, 1 state, no recurrence left (D = 0)
// CHECK: The dynamic (non-hidden) states are:
// CHECK: Dynamic state 0: trace.of.x
// CHECK: The weight parameters which are associated with the hidden states are:
// CHECK: Weight 0: w, b  is associated with hidden group 0  (matmul0, exact)
// CHECK-NEXT: from w: math.absf [[#@LINE+50]]:11
// CHECK-NEXT: to n.V, n.I: arith.addf [[#@LINE+54]]:11, arith.addf [[#@LINE+55]]:11
// CHECK-NEXT: trace: weight 3x4 for 2 states, bias 4 for 2 states: 128 bytes (pp-prop: 44)
// CHECK-NEXT: Weight 1: d  is associated with hidden groups [0, 1]  (elementwise0, approximate: 'h' recurs through a product of weights)
// CHECK-NEXT: to n.V, n.I: arith.mulf [[#@LINE+50]]:11, arith.addf [[#@LINE+51]]:11, arith.addf [[#@LINE+52]]:11
// CHECK-NEXT: to h: linalg.broadcast [[#@LINE+59]]:13, arith.addf [[#@LINE+60]]:11
// CHECK-NEXT: trace: weight 4 for 2 states, weight 2x4: 64 bytes (pp-prop: 64)
// CHECK: Traces take 192 bytes with D-RTRL, 108 with pp-prop; a step of D-RTRL 156 multiply-adds on them.
// CHECK: The non-etrace weight parameters are:
// CHECK: Weight 0: r  (excluded: relation-excluded-ordinary)
// CHECK-NEXT: Weight 1: out  (excluded: relation-excluded-non-temporal)
// CHECK: relation-excluded-ordinary: has no primitive that reads it; learns by its gradient within a step
// CHECK-NEXT: relation-excluded-non-temporal: reaches outputs only; its gradient within a step is all of it

// DOT: digraph "net" {
// DOT: subgraph cluster_0 {
// DOT-NEXT: label="group0: 4";
// DOT: "state n.V" [label="n.V"
// DOT: "state n.I" -> "state n.V"
// DOT: subgraph cluster_1 {
// DOT: "relation relation0" -> "state n.I" [{{.*}}label="exact"]
// DOT: "relation relation1" -> "state h" [{{.*}}label="approximate"]
// DOT: "param out" [label="out
// DOT-NEXT: relation-excluded-non-temporal"
// DOT: "state trace.of.x" [label="trace.of.x
// DOT-NEXT: written, never read: nothing is carried", {{.*}}style=dashed]

// SVG: <svg
// SVG: group0: 4
etrace.model @net {
  etrace.param @w : tensor<3x4xf32>
  etrace.param @b : tensor<4xf32>
  etrace.param @d : tensor<4xf32>
  etrace.param @r : tensor<4x4xf32>
  etrace.param @out : tensor<4x2xf32>
  etrace.group_state @n {
    etrace.component @V : tensor<4xf32>
    etrace.component @I : tensor<4xf32>
  }
  etrace.hidden @h : tensor<2x4xf32>
  etrace.state @"trace.of.x" : tensor<3xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<2xf32> {
    %v = etrace.get @n::@V : tensor<4xf32>
    %i = etrace.get @n::@I : tensor<4xf32>
    %w = etrace.get @w : tensor<3x4xf32>
    %b = etrace.get @b : tensor<4xf32>
    %d = etrace.get @d : tensor<4xf32>
    %r = etrace.get @r : tensor<4x4xf32>
    %out = etrace.get @out : tensor<4x2xf32>
    etrace.set @"trace.of.x", %x : tensor<3xf32>
    %aw = math.absf %w : tensor<3x4xf32>
    %y = etrace.matmul %x, %aw bias %b
        : tensor<3xf32>, tensor<3x4xf32>, tensor<4xf32> -> tensor<4xf32>
    %k = etrace.elementwise %d : tensor<4xf32>
    %ki = arith.mulf %k, %i : tensor<4xf32>
    %i1 = arith.addf %ki, %y : tensor<4xf32>
    %v1 = arith.addf %v, %i1 : tensor<4xf32>
    etrace.set @n::@I, %i1 : tensor<4xf32>
    etrace.set @n::@V, %v1 : tensor<4xf32>
    %h = etrace.get @h : tensor<2x4xf32>
    %e = arith.constant dense<0.0> : tensor<2x4xf32>
    %hr = linalg.matmul ins(%h, %r : tensor<2x4xf32>, tensor<4x4xf32>)
        outs(%e : tensor<2x4xf32>) -> tensor<2x4xf32>
    %t = tensor.empty() : tensor<2x4xf32>
    %rows = linalg.broadcast ins(%k : tensor<4xf32>) outs(%t : tensor<2x4xf32>) dimensions = [0]
    %h1 = arith.addf %hr, %rows : tensor<2x4xf32>
    etrace.set @h, %h1 : tensor<2x4xf32>
    %o = etrace.matmul %v1, %out : tensor<4xf32>, tensor<4x2xf32> -> tensor<2xf32>
    etrace.yield %o : tensor<2xf32>
  }
}
