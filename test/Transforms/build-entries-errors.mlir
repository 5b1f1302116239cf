// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --etrace-build-entries -split-input-file -verify-diagnostics

etrace.model @a {
  etrace.state @s : tensor<f64>
}
// expected-error@+1 {{is a second model; the entries of a module use the states of one [one-model]}}
etrace.model @b {
  etrace.state @s : tensor<f64>
}
func.func @a_run() attributes {etrace.entry = "run"} {
  return
}

// -----

// expected-error@+1 {{has a step, so its entries are derived from it; the functions of a module become entries with a model of states alone [entry-model]}}
etrace.model @a {
  etrace.state @s : tensor<f64>
  // expected-note@+1 {{the step}}
  etrace.step @step() {
    etrace.yield
  }
}
func.func @a_run() attributes {etrace.entry = "run"} {
  return
}

// -----

etrace.model @a {
  // expected-error@+1 {{starts at random values, which a compiled reset cannot make; start it at a constant and load the values [initial-state]}}
  etrace.state @s : tensor<3xf64> init #etrace.normal
}
func.func @a_run() attributes {etrace.entry = "run"} {
  return
}

// -----

etrace.model @a {
  etrace.state @s : tensor<f64>
}
// expected-error@+1 {{has the name of an entry that is made for the model [entry-name]}}
func.func @a_reset() attributes {etrace.entry = "reset"} {
  return
}
