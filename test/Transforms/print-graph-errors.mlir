// RUN: etrace-opt %s -split-input-file -verify-diagnostics -etrace-print-graph
// RUN: not etrace-opt %S/../../examples/gru.mlir -etrace-analyze -etrace-print-graph=format=svg 2>&1 | FileCheck %s --check-prefix=FORMAT
// RUN: not etrace-opt %S/../../examples/gru.mlir -etrace-analyze -etrace-print-graph=output=%t.no/such/graph.txt 2>&1 | FileCheck %s --check-prefix=OUTPUT

// FORMAT: error: unknown report format 'svg'; formats are 'text', 'json' and 'dot' [unknown-format]
// OUTPUT: error: cannot write the report: {{.*}}graph.txt

// expected-error @+1 {{has no graph to print; run 'etrace-analyze' first [no-graph]}}
etrace.model @early {
  etrace.hidden @h : tensor<3xf32>
  etrace.step @update(%h: tensor<3xf32> {etrace.hidden = "h"}) -> (tensor<3xf32> {etrace.hidden = "h"}) {
    etrace.yield %h : tensor<3xf32>
  }
}
