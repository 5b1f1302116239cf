// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --etrace-bind-memory --split-input-file --verify-diagnostics

// expected-error @+1 {{expected a learner: the module has no function with 'etrace.entry'}}
module {}

// -----

// expected-error @+1 {{argument #0: there is no buffer 'hidden.h'}}
func.func @m_step(%h: tensor<5xf32> {etrace.buffer = "hidden.h"}) attributes {etrace.entry = "step"} {
  return
}

// -----

etrace.buffer @hidden.h kind(hidden) path "h" : tensor<4xf32>
// expected-error @+1 {{argument #0: buffer 'hidden.h' has type 'tensor<4xf32>', found 'tensor<5xf32>'}}
func.func @m_step(%h: tensor<5xf32> {etrace.buffer = "hidden.h"}) attributes {etrace.entry = "step"} {
  return
}

// -----

// expected-error @+1 {{argument #0: expected one of 'etrace.buffer' and 'etrace.name'}}
func.func @m_step(%x: tensor<5xf32>) attributes {etrace.entry = "step"} {
  return
}

// -----

// expected-error @+1 {{arrays of unknown length need an index argument named 'steps'}}
func.func @m_step(%x: tensor<?x5xf32> {etrace.name = "x"}) attributes {etrace.entry = "step"} {
  return
}

// -----

// expected-error @+1 {{expected the name '<model>_step'}}
func.func @other(%x: tensor<5xf32> {etrace.name = "x"}) attributes {etrace.entry = "step"} {
  return
}

// -----

// expected-error @+1 {{expected the layout to have members, start and one stored stride for each dimension, behind the buffer 'e' that is the first in its array}}
etrace.buffer @f kind(trace) path "f" : tensor<2x4xf32> {etrace.layout = {array = @e, members = 2 : i64, start = 4 : i64, stored_strides = array<i64: 8, 1>}}
etrace.buffer @e kind(trace) path "e" : tensor<2x4xf32> {etrace.layout = {array = @e, members = 2 : i64, start = 0 : i64, stored_strides = array<i64: 8, 1>}}
func.func @m_step(%e: tensor<2x4xf32> {etrace.buffer = "e"}) attributes {etrace.entry = "step"} {
  return
}
