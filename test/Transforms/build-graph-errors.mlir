// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s -split-input-file -verify-diagnostics -o /dev/null \
// RUN:   -pass-pipeline='builtin.module(etrace.model(etrace-build-graph))'
// RUN: not etrace-opt %S/../../examples/gru.mlir -etrace-analyze=compat=jax 2>&1 | FileCheck %s

// CHECK: error: {{.*}}has no compatibility mode 'jax'; modes are 'none' and 'braintrace' [unknown-compat]

etrace.model @control_flow {
  etrace.param @w : tensor<3x3xf32>
  etrace.step @update(%x: tensor<3xf32>, %c: tensor<i1>, %w: tensor<3x3xf32> {etrace.param = "w"})
      -> tensor<3xf32> {
    %b = tensor.extract %c[] : tensor<i1>
    // expected-note @+1 {{move the primitive out of this operation; out of 'scf.for', 'scf.while', 'scf.if' and 'scf.index_switch' 'etrace-expose-primitives' moves it}}
    %r = scf.if %b -> tensor<3xf32> {
      // expected-error @+1 {{is in a region of 'scf.if', where it cannot have a trace [primitive-in-region]}}
      %y = etrace.matmul %x, %w : tensor<3xf32>, tensor<3x3xf32> -> tensor<3xf32>
      scf.yield %y : tensor<3xf32>
    } else {
      scf.yield %x : tensor<3xf32>
    }
    etrace.yield %r : tensor<3xf32>
  }
}

// -----

etrace.model @varies {
  etrace.param @w : tensor<3x3xf32>
  etrace.hidden @h : tensor<3xf32>
  etrace.step @update(%x: tensor<3xf32>,
                      // expected-note @+1 {{the changing value}}
                      %m: tensor<3x3xf32>, %h: tensor<3xf32> {etrace.hidden = "h"},
                      %w: tensor<3x3xf32> {etrace.param = "w"})
      -> (tensor<3xf32> {etrace.hidden = "h"}) {
    %mw = arith.mulf %m, %w : tensor<3x3xf32>
    // expected-note @+2 {{apply the changing factor to the result of the primitive, or use an ordinary operation}}
    // expected-error @+1 {{has a trainable operand that depends on a parameter and on a value that changes every step [operand-chain-varies]}}
    %y = etrace.matmul %x, %mw : tensor<3xf32>, tensor<3x3xf32> -> tensor<3xf32>
    etrace.yield %y : tensor<3xf32>
  }
}

// -----

etrace.model @written {
  etrace.hidden @h : tensor<3xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<3xf32> {
    // expected-error @+1 {{remains in the step; run 'etrace-functionalize' first}}
    %h = etrace.get @h : tensor<3xf32>
    etrace.yield %h : tensor<3xf32>
  }
}

// -----

// An operation without a derivative between a hidden state and its new value.
etrace.model @no_rule {
  etrace.hidden @h : tensor<3xf32>
  // expected-note @+1 {{the path enters by this value}}
  etrace.step @update(%h: tensor<3xf32> {etrace.hidden = "h"}) -> (tensor<3xf32> {etrace.hidden = "h"}) {
    // expected-note @+2 {{write the operation in terms of supported ones, give it a derivative by 'etrace.custom_derivative', or cut the path by 'etrace.stop_gradient'}}
    // expected-error @+1 {{no derivative rule for 'arith.bitcast' on a path from a differentiated value [no-derivative-rule]}}
    %n = arith.bitcast %h : tensor<3xf32> to tensor<3xf32>
    etrace.yield %n : tensor<3xf32>
  }
}

// -----

// expected-error @+1 {{has no 'etrace.step' to derive a learner from; it holds states of functions only [no-step]}}
etrace.model @states {
  etrace.param @w : tensor<3xf32>
}

// -----

// A constant index outside the table.
etrace.model @outside {
  etrace.param @t : tensor<7x4xf32>
  etrace.hidden @h : tensor<2x4xf32>
  etrace.step @update(%h: tensor<2x4xf32> {etrace.hidden = "h"}, %t: tensor<7x4xf32> {etrace.param = "t"})
      -> (tensor<2x4xf32> {etrace.hidden = "h"}) {
    // expected-note @+1 {{indices count from 0}}
    %i = arith.constant dense<[6, 7]> : tensor<2xi32>
    // expected-error @+1 {{has the index 7 into a dimension of extent 7 [index-out-of-range]}}
    %y = etrace.embedding %i, %t : tensor<2xi32>, tensor<7x4xf32> -> tensor<2x4xf32>
    %h1 = arith.addf %h, %y : tensor<2x4xf32>
    etrace.yield %h1 : tensor<2x4xf32>
  }
}

// -----

// A constant column that is negative.
etrace.model @negative {
  etrace.param @w : tensor<3xf32>
  etrace.hidden @h : tensor<4xf32>
  etrace.step @update(%h: tensor<4xf32> {etrace.hidden = "h"}, %w: tensor<3xf32> {etrace.param = "w"})
      -> (tensor<4xf32> {etrace.hidden = "h"}) {
    %r = arith.constant dense<[0, 1, 3]> : tensor<3xi64>
    // expected-note @+1 {{indices count from 0}}
    %c = arith.constant dense<[0, -1, 3]> : tensor<3xi64>
    // expected-error @+1 {{has the index -1 into a dimension of extent 4 [index-out-of-range]}}
    %y = etrace.sparse_matmul %h, %w at(%r, %c) : tensor<4xf32>, tensor<3xf32>, tensor<3xi64>, tensor<3xi64> -> tensor<4xf32>
    %h1 = arith.addf %h, %y : tensor<4xf32>
    etrace.yield %h1 : tensor<4xf32>
  }
}
