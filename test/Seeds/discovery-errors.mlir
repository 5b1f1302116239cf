// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s -split-input-file -verify-diagnostics -etrace-functionalize -o /dev/null
// RUN: not etrace-opt %S/Inputs/gif-separate.mlir -etrace-print-graph -o /dev/null 2>&1 | FileCheck %s --check-prefix=EARLY
// RUN: not etrace-opt %S/Inputs/gif-separate.mlir -etrace-derive -o /dev/null 2>&1 | FileCheck %s --check-prefix=DERIVE
// RUN: not etrace-opt %S/Inputs/gif-separate.mlir -etrace-outline-graph -o /dev/null 2>&1 | FileCheck %s --check-prefix=DERIVE

// S000-39: whoever asks for the graph before there is one gets an error at the model.
// EARLY: gif-separate.mlir:4:1: error: 'etrace.model' op has no graph to print; run 'etrace-analyze' first [no-graph]
// DERIVE: gif-separate.mlir:11:11: error: 'etrace.get' op remains in the step; run 'etrace-functionalize' first

// S000-40: a step may read parameters, not write them.
etrace.model @writes {
  // expected-note @+1 {{declared here; use 'etrace.state' for a value that the step carries}}
  etrace.param @w : tensor<3x3xf32>
  etrace.hidden @h : tensor<3xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<3xf32> {
    %w = etrace.get @w : tensor<3x3xf32>
    %half = arith.constant dense<0.5> : tensor<3x3xf32>
    %w1 = arith.mulf %half, %w : tensor<3x3xf32>
    // expected-error @+1 {{writes the parameter 'w'; parameters are read only in a step, the optimiser changes them between steps}}
    etrace.set @w, %w1 : tensor<3x3xf32>
    etrace.yield %x : tensor<3xf32>
  }
}
