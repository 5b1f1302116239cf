// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: split-file %s %t
// RUN: etrace-opt %t/models.mlir -split-input-file -verify-diagnostics -etrace-derive -o /dev/null
// RUN: not etrace-opt %t/good.mlir -etrace-derive=rule=bptt 2>&1 | FileCheck %s --check-prefix=RULE
// RUN: not etrace-opt %t/good.mlir -etrace-derive=window=2 2>&1 | FileCheck %s --check-prefix=WINDOW
// RUN: not etrace-opt %t/good.mlir -etrace-derive=decay=1.0 2>&1 | FileCheck %s --check-prefix=DECAY
// RUN: not etrace-opt %t/good.mlir -etrace-derive=decay=-0.5 2>&1 | FileCheck %s --check-prefix=DECAY
// RUN: not etrace-opt %t/good.mlir -etrace-derive=optimizer=rmsprop 2>&1 | FileCheck %s --check-prefix=OPTIMIZER
// RUN: not etrace-opt %t/good.mlir -etrace-derive=slots=few 2>&1 | FileCheck %s --check-prefix=SLOTS
// RUN: etrace-opt %t/good.mlir -etrace-derive -o /dev/null

// RULE: good.mlir:1:1: error: {{.*}}cannot learn by the rule 'bptt'; rules are 'd-rtrl', 'pp-prop' [unknown-rule]
// WINDOW: good.mlir:1:1: error: {{.*}}cannot learn with the window '2'; windows are 'single-step' and '1' [unknown-window]
// DECAY: good.mlir:1:1: error: {{.*}}needs a decay in [0, 1), found {{.*}} [decay]
// OPTIMIZER: good.mlir:1:1: error: {{.*}}has no optimiser 'rmsprop'; optimisers are 'sgd' and 'adam' [unknown-optimizer]
// SLOTS: good.mlir:1:1: error: {{.*}}has no slots 'few'; slots are 'minimal' and 'all' [unknown-slots]

//--- good.mlir
etrace.model @good {
  etrace.hidden @h : tensor<3xf32>
  etrace.step @update(%h: tensor<3xf32> {etrace.hidden = "h"}) -> (tensor<3xf32>, tensor<3xf32> {etrace.hidden = "h"}) {
    etrace.yield %h, %h : tensor<3xf32>, tensor<3xf32>
  }
  etrace.group @group0 members ["h"] positions [3] edges [0, 0]
}

//--- models.mlir
// expected-error @+1 {{has no 'etrace.model' to derive a learner from [no-model]}}
module {
}

// -----

etrace.model @first {
  etrace.step @update(%x: tensor<3xf32>) -> tensor<3xf32> {
    etrace.yield %x : tensor<3xf32>
  }
}
// expected-error @+1 {{is a second model; derive one model of a module at a time [one-model]}}
etrace.model @second {
  etrace.step @update(%x: tensor<3xf32>) -> tensor<3xf32> {
    etrace.yield %x : tensor<3xf32>
  }
}

// -----

etrace.model @dynamic {
  // expected-error @+1 {{argument #0 has the dynamic type 'tensor<?xf32>'; derivation needs static shapes [dynamic-shape]}}
  etrace.step @update(%x: tensor<?xf32>) -> tensor<?xf32> {
    etrace.yield %x : tensor<?xf32>
  }
}

// -----

etrace.model @random {
  // expected-error @+1 {{starts at random values, which a compiled reset cannot make; start it at a constant and load the values [initial-state]}}
  etrace.hidden @h : tensor<3xf32> init #etrace.normal
  etrace.step @update(%h: tensor<3xf32> {etrace.hidden = "h"}) -> (tensor<3xf32> {etrace.hidden = "h"}) {
    etrace.yield %h : tensor<3xf32>
  }
  etrace.group @group0 members ["h"] positions [3] edges [0, 0]
}

// -----

etrace.model @types {
  etrace.hidden @h : tensor<3xf32>
  // expected-error @+1 {{has another element type than the hidden states before it; a learner has one [element-type]}}
  etrace.hidden @g : tensor<3xf64>
  etrace.step @update(%h: tensor<3xf32> {etrace.hidden = "h"}, %g: tensor<3xf64> {etrace.hidden = "g"})
      -> (tensor<3xf32> {etrace.hidden = "h"}, tensor<3xf64> {etrace.hidden = "g"}) {
    etrace.yield %h, %g : tensor<3xf32>, tensor<3xf64>
  }
  etrace.group @group0 members ["h"] positions [3] edges [0, 0]
  etrace.group @group1 members ["g"] positions [3] edges [0, 0]
}

// -----

etrace.model @no_gradient {
  etrace.step @update(%x: tensor<3xf32>) -> tensor<3xf32> {
    etrace.yield %x : tensor<3xf32>
  }
  // expected-error @+1 {{does not depend on the outputs of the step in a differentiable way; nothing would be learnt [loss-without-gradient]}}
  etrace.loss @constant(%out: tensor<3xf32>) -> f32 {
    %k = arith.constant 1.0 : f32
    etrace.yield %k : f32
  }
}

// -----

// The graph says that y reaches the second member; it does not any more.
etrace.model @stale {
  etrace.param @w : tensor<3x4xf32>
  etrace.hidden @a : tensor<4xf32>
  etrace.hidden @b : tensor<4xf32>
  etrace.step @update(%x: tensor<3xf32>, %a: tensor<4xf32> {etrace.hidden = "a"},
                      %b: tensor<4xf32> {etrace.hidden = "b"}, %w: tensor<3x4xf32> {etrace.param = "w"})
      -> (tensor<4xf32> {etrace.hidden = "a"}, tensor<4xf32> {etrace.hidden = "b"}) {
    // expected-note @+1 {{the primitive; run 'etrace-build-graph' anew}}
    %y = etrace.matmul %x, %w id "cell" : tensor<3xf32>, tensor<3x4xf32> -> tensor<4xf32>
    %a1 = arith.addf %a, %y : tensor<4xf32>
    %b1 = arith.addf %b, %a : tensor<4xf32>
    etrace.yield %a1, %b1 : tensor<4xf32>, tensor<4xf32>
  }
  etrace.group @group0 members ["a", "b"] positions [4] edges [0, 0, 1, 0, 1, 1]
  // expected-error @+1 {{does not agree with the step about what 'cell' reaches in @group0 [stale-graph]}}
  etrace.relation @relation0 primitive "cell" groups [@group0] reach [array<i64: 0, 1>]
      leaves ["weight"] params [["w"]] chains [[]] tails [[]] direct exact
}

// -----

etrace.model @renamed {
  etrace.param @w : tensor<3x4xf32>
  etrace.hidden @a : tensor<4xf32>
  etrace.step @update(%x: tensor<3xf32>, %a: tensor<4xf32> {etrace.hidden = "a"},
                      %w: tensor<3x4xf32> {etrace.param = "w"}) -> (tensor<4xf32> {etrace.hidden = "a"}) {
    %y = etrace.matmul %x, %w id "other" : tensor<3xf32>, tensor<3x4xf32> -> tensor<4xf32>
    %a1 = arith.addf %a, %y : tensor<4xf32>
    etrace.yield %a1 : tensor<4xf32>
  }
  etrace.group @group0 members ["a"] positions [4] edges [0, 0]
  // expected-error @+1 {{names the primitive 'cell', which the step does not have [stale-graph]}}
  etrace.relation @relation0 primitive "cell" groups [@group0] reach [array<i64: 0>]
      leaves ["weight"] params [["w"]] chains [[]] tails [[]] direct exact
}

// -----

// The graph says that nothing reads the state.
etrace.model @recurrence {
  etrace.hidden @h : tensor<3xf32>
  etrace.step @update(%x: tensor<3xf32>,
                      // expected-note @+1 {{'h' is read before it is written; run 'etrace-build-graph' anew}}
                      %h: tensor<3xf32> {etrace.hidden = "h"}) -> (tensor<3xf32> {etrace.hidden = "h"}) {
    %h1 = arith.addf %h, %x : tensor<3xf32>
    etrace.yield %h1 : tensor<3xf32>
  }
  // expected-error @+1 {{does not agree with the step [stale-graph]}}
  etrace.recurrence @h written(always)
  etrace.group @group0 members ["h"] positions [3] edges [0, 0]
}

// -----

// The graph says that the state is always written; it keeps its value.
etrace.model @kept {
  etrace.hidden @h : tensor<3xf32>
  // expected-note @+1 {{'h' is neither read nor written; run 'etrace-build-graph' anew}}
  etrace.step @update(%h: tensor<3xf32> {etrace.hidden = "h"}) -> (tensor<3xf32> {etrace.hidden = "h"}) {
    etrace.yield %h : tensor<3xf32>
  }
  // expected-error @+1 {{does not agree with the step [stale-graph]}}
  etrace.recurrence @h read written(always)
  etrace.group @group0 members ["h"] positions [3] edges [0, 0]
}

// -----

// expected-error @+1 {{needs the hidden state 'h' in one group, found it in 0; run 'etrace-analyze' first [stale-graph]}}
etrace.model @no_group {
  etrace.hidden @h : tensor<3xf32>
  etrace.step @update(%h: tensor<3xf32> {etrace.hidden = "h"}) -> (tensor<3xf32> {etrace.hidden = "h"}) {
    etrace.yield %h : tensor<3xf32>
  }
}

// -----

// expected-error @+1 {{needs the hidden state 'h' in one group, found it in 2; run 'etrace-analyze' first [stale-graph]}}
etrace.model @two_groups {
  etrace.hidden @h : tensor<3xf32>
  etrace.step @update(%h: tensor<3xf32> {etrace.hidden = "h"}) -> (tensor<3xf32> {etrace.hidden = "h"}) {
    etrace.yield %h : tensor<3xf32>
  }
  etrace.group @group0 members ["h"] positions [3] edges [0, 0]
  etrace.group @group1 members ["h"] positions [3] edges [0, 0]
}
