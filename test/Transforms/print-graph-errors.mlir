// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s -split-input-file -verify-diagnostics -etrace-print-graph
// RUN: not etrace-opt %S/../../examples/gru.mlir -etrace-analyze -etrace-print-graph=format=png 2>&1 | FileCheck %s --check-prefix=FORMAT
// RUN: not etrace-opt %S/../../examples/gru.mlir -etrace-analyze -etrace-print-graph=output=%t.no/such/graph.txt 2>&1 | FileCheck %s --check-prefix=OUTPUT

// FORMAT: error: unknown report format 'png'; formats are 'text', 'json', 'dot' and 'svg' [unknown-format]
// OUTPUT: error: cannot write the report: {{.*}}graph.txt

// expected-error @+1 {{has no graph to print; run 'etrace-analyze' first [no-graph]}}
etrace.model @early {
  etrace.hidden @h : tensor<3xf32>
  etrace.step @update(%h: tensor<3xf32> {etrace.hidden = "h"}) -> (tensor<3xf32> {etrace.hidden = "h"}) {
    etrace.yield %h : tensor<3xf32>
  }
}

// -----

// The graph of another step is not printed.
etrace.model @stale {
  etrace.param @w : tensor<3x4xf32>
  etrace.hidden @h : tensor<4xf32>
  etrace.step @update(%x: tensor<3xf32>, %h: tensor<4xf32> {etrace.hidden = "h"},
                      %w: tensor<3x4xf32> {etrace.param = "w"}) -> (tensor<4xf32> {etrace.hidden = "h"}) {
    %y = etrace.matmul %x, %w id "other" : tensor<3xf32>, tensor<3x4xf32> -> tensor<4xf32>
    %h1 = arith.addf %h, %y : tensor<4xf32>
    etrace.yield %h1 : tensor<4xf32>
  }
  etrace.group @group0 members ["h"] positions [4] edges [0, 0]
  // expected-error @+1 {{names the primitive 'cell', which the step does not have [stale-graph]}}
  etrace.relation @relation0 primitive "cell" groups [@group0] reach [array<i64: 0>]
      leaves ["weight"] params [["w"]] chains [[]] tails [["arith.addf"]] direct exact
}
