// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// S000-02, S000-03, S000-04, S000-05, S000-06: position shape and number of states of the kinds of hidden state.
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
// TEXT: Container 0: n  (group state, 2 states)  V ?x4, I ?x4
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

// -----

// S000-04: the report of the neuron with four named leaves prints 4. S000-05: leaves of unequal
// shape are in groups of their own. S000-06: containers nest, and a position is a name.
// CHECK: etrace.recurrence @tree::@syn::@"0" read written(always)
// CHECK: etrace.group @group0 members ["tree.V", "tree.syn.g"] positions [5]
// CHECK: etrace.group @group1 members ["tree.syn.0"] positions [2]
// TEXT: Group 0: [tree.V, tree.syn.g]  positions 5, 2 states
// TEXT-NEXT: Group 1: [tree.syn.0]  positions 2, 1 state
// TEXT: The group and tree states are:
// TEXT: Container 0: state  (tree state, 4 states)  I1 3, I2 3, V 3, V_th 3
// TEXT-NEXT: Container 1: tree  (tree state, 3 states)  V 5, syn.g 5, syn.0 2
// JSON: "containers": [
// JSON: "components": [
// JSON: "name": "syn.0",
// JSON-NEXT: "positions": [
// JSON-NEXT: 2
// JSON: "kind": "tree state",
// JSON-NEXT: "name": "tree",
// JSON-NEXT: "states": 3
etrace.model @tree {
  etrace.tree_state @state {
    etrace.component @I1 : tensor<3xf32>
    etrace.component @I2 : tensor<3xf32>
    etrace.component @V : tensor<3xf32>
    etrace.component @V_th : tensor<3xf32> init #etrace.constant<value = 1.0>
  }
  etrace.tree_state @tree {
    etrace.component @V : tensor<5xf32>
    etrace.tree_state @syn {
      etrace.component @g : tensor<5xf32>
      etrace.component @"0" : tensor<2xf32>
    }
  }
  etrace.step @update(%x: tensor<5xf32>) -> tensor<5xf32> {
    %v = etrace.get @tree::@V : tensor<5xf32>
    %g = etrace.get @tree::@syn::@g : tensor<5xf32>
    %p = etrace.get @tree::@syn::@"0" : tensor<2xf32>
    %g1 = arith.addf %g, %x : tensor<5xf32>
    %v1 = arith.addf %v, %g1 : tensor<5xf32>
    %p1 = arith.negf %p : tensor<2xf32>
    etrace.set @tree::@V, %v1 : tensor<5xf32>
    etrace.set @tree::@syn::@g, %g1 : tensor<5xf32>
    etrace.set @tree::@syn::@"0", %p1 : tensor<2xf32>
    etrace.yield %v1 : tensor<5xf32>
  }
}
