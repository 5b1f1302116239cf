// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s -split-input-file -verify-diagnostics -etrace-analyze -etrace-outline-graph -o /dev/null
// RUN: not etrace-opt %S/../../examples/gru.mlir -etrace-analyze -etrace-outline-graph=window=3 2>&1 | FileCheck %s --check-prefix=WINDOW
// RUN: not etrace-opt %S/../../examples/gru.mlir -etrace-analyze -etrace-outline-graph -etrace-outline-graph 2>&1 | FileCheck %s --check-prefix=TWICE

// WINDOW: gru.mlir:{{.*}}: error: {{.*}}cannot learn with the window '3'; windows are 'single-step' and '1' [unknown-window]
// TWICE: gru.mlir:{{.*}}: error: {{.*}}needs the name 'gru.group0.transition' for a function of its graph [symbol-taken]

// expected-error @+1 {{needs the name 'cell.group0.jacobian' for a function of its graph [symbol-taken]}}
etrace.model @cell {
  etrace.hidden @h : tensor<4xf64>
  etrace.step @update(%x: tensor<4xf64>) -> tensor<4xf64> {
    %h = etrace.get @h : tensor<4xf64>
    %h1 = arith.addf %h, %x : tensor<4xf64>
    etrace.set @h, %h1 : tensor<4xf64>
    etrace.yield %h1 : tensor<4xf64>
  }
}
// expected-note @+1 {{what has it}}
func.func @cell.group0.jacobian() {
  return
}

// -----

etrace.model @dynamic {
  etrace.hidden @h : tensor<?xf64>
  // expected-error @+1 {{argument #0 has the dynamic type 'tensor<?xf64>'; derivation needs static shapes [dynamic-shape]}}
  etrace.step @update(%x: tensor<?xf64>) -> tensor<?xf64> {
    %h = etrace.get @h : tensor<?xf64>
    %h1 = arith.addf %h, %x : tensor<?xf64>
    etrace.set @h, %h1 : tensor<?xf64>
    etrace.yield %h1 : tensor<?xf64>
  }
}
