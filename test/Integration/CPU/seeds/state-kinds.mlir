// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// S000-02, S000-03: position shape and number of states of the kinds of hidden state.
// S000-11: a single array may be a scalar; an extent may be unknown to the analysis.
// RUN: etrace-opt %s --split-input-file --etrace-analyze | FileCheck %s
// RUN: etrace-opt %s --split-input-file --etrace-analyze | etrace-opt --split-input-file | FileCheck %s
// RUN: etrace-opt %s --split-input-file --etrace-analyze --etrace-print-graph -o /dev/null | FileCheck %s --check-prefix=TEXT
// RUN: etrace-opt %s --split-input-file --etrace-analyze --etrace-print-graph=format=json -o /dev/null | FileCheck %s --check-prefix=JSON

// S000-02: a single array of any rank: position shape (4, 5), one state.
// CHECK: etrace.group @group0 members ["h"] positions [4, 5]
etrace.model @single {
  etrace.param @w : tensor<5x5xf32>
  etrace.hidden @h : tensor<4x5xf32>
  etrace.step @update(%x: tensor<4x5xf32>) -> tensor<4x5xf32> {
    %h = etrace.get @h : tensor<4x5xf32>
    %w = etrace.get @w : tensor<5x5xf32>
    %y = etrace.matmul %x, %w : tensor<4x5xf32>, tensor<5x5xf32> -> tensor<4x5xf32>
    %h1 = arith.addf %h, %y : tensor<4x5xf32>
    etrace.set @h, %h1 : tensor<4x5xf32>
    etrace.yield %h1 : tensor<4x5xf32>
  }
}

// -----

// S000-03: V and I of one neuron, declared together by name: position shape (32), two states.
// CHECK: etrace.group @group0 members ["neuron.V", "neuron.I"] positions [32]
etrace.model @group {
  etrace.param @w : tensor<32x32xf32>
  etrace.group_state @neuron {
    etrace.component @V : tensor<32xf32>
    etrace.component @I : tensor<32xf32>
  }
  etrace.step @update(%x: tensor<32xf32>) -> tensor<32xf32> {
    %v = etrace.get @neuron::@V : tensor<32xf32>
    %i = etrace.get @neuron::@I : tensor<32xf32>
    %w = etrace.get @w : tensor<32x32xf32>
    %y = etrace.matmul %x, %w : tensor<32xf32>, tensor<32x32xf32> -> tensor<32xf32>
    %i1 = arith.addf %i, %y : tensor<32xf32>
    etrace.set @neuron::@I, %i1 : tensor<32xf32>
    %v1 = arith.addf %v, %i : tensor<32xf32>
    etrace.set @neuron::@V, %v1 : tensor<32xf32>
    etrace.yield %v1 : tensor<32xf32>
  }
}

// -----

// CHECK: etrace.group @group0 members ["h"] positions []
// TEXT: Group 0: [h]  positions scalar, 1 state
etrace.model @scalar {
  etrace.hidden @h : tensor<f32>
  etrace.step @update(%x: tensor<f32>) -> tensor<f32> {
    %h = etrace.get @h : tensor<f32>
    %h1 = arith.addf %h, %x : tensor<f32>
    etrace.set @h, %h1 : tensor<f32>
    etrace.yield %h1 : tensor<f32>
  }
}

// -----

// CHECK: etrace.group @group0 members ["n.V", "n.I"] positions [?, 4]
// TEXT: Group 0: [n.V, n.I]  positions ?x4, 2 states
// JSON: "n.I"
// JSON: "positions": [
// JSON-NEXT: null,
// JSON-NEXT: 4
etrace.model @unknown_extent {
  etrace.group_state @n {
    etrace.component @V : tensor<?x4xf32>
    etrace.component @I : tensor<?x4xf32>
  }
  etrace.step @update(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
    %v = etrace.get @n::@V : tensor<?x4xf32>
    %i = etrace.get @n::@I : tensor<?x4xf32>
    %i1 = arith.addf %i, %x : tensor<?x4xf32>
    %v1 = arith.addf %v, %i : tensor<?x4xf32>
    etrace.set @n::@I, %i1 : tensor<?x4xf32>
    etrace.set @n::@V, %v1 : tensor<?x4xf32>
    etrace.yield %v1 : tensor<?x4xf32>
  }
}
