// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --etrace-lower-derivatives -split-input-file -verify-diagnostics

// S003-35: wrong use of states is an error at the operation, and says what to do.

etrace.model @store {
  etrace.param @scale : tensor<f64>
}
func.func @f(%x: tensor<f64>) -> tensor<f64> {
  %s = etrace.get @store::@scale : tensor<f64>
  %0 = arith.mulf %x, %s : tensor<f64>
  return %0 : tensor<f64>
}
func.func @main(%x: tensor<f64>) -> tensor<f64> {
  // expected-error@+1 {{'etrace.grad' op needs 'states', because '@f' uses @store::@scale; list those with respect to which it is differentiated, or say 'states []' [derivative-states]}}
  %0 = etrace.grad @f(%x) : (tensor<f64>) -> tensor<f64>
  return %0 : tensor<f64>
}

// -----

etrace.model @store {
  etrace.param @scale : tensor<f64>
  // expected-note@+1 {{declared here}}
  etrace.param @other : tensor<f64>
}
func.func @f(%x: tensor<f64>) -> tensor<f64> {
  %s = etrace.get @store::@scale : tensor<f64>
  %0 = arith.mulf %x, %s : tensor<f64>
  return %0 : tensor<f64>
}
func.func @main(%x: tensor<f64>) -> tensor<f64> {
  // expected-error@+1 {{names @store::@other in states, which '@f' does not use; leave it out, or say 'allow_unused' for a derivative of zero [derivative-states]}}
  %0 = etrace.grad @f(%x) states [@store::@other] : (tensor<f64>) -> tensor<f64>
  return %0 : tensor<f64>
}

// -----

etrace.model @store {
  // expected-note@+1 {{declared here}}
  etrace.state @cache : tensor<f64>
}
func.func @f(%x: tensor<f64>) -> tensor<f64> {
  etrace.set @store::@cache, %x : tensor<f64>
  return %x : tensor<f64>
}
func.func @main(%x: tensor<f64>) -> tensor<f64> {
  // expected-error@+1 {{names @store::@cache in states, which '@f' only writes: its value before the call has no effect; leave it out, or say 'allow_unused' for a derivative of zero}}
  %0 = etrace.grad @f(%x) states [@store::@cache] : (tensor<f64>) -> tensor<f64>
  return %0 : tensor<f64>
}

// -----

// Something that is not a state.
func.func @f(%x: tensor<f64>) -> tensor<f64> {
  return %x : tensor<f64>
}
func.func @main(%x: tensor<f64>) -> tensor<f64> {
  // expected-error@+1 {{names @f in states, which no 'etrace.model' beside '@f' declares; name the model and the state (@model::@state) [derivative-states]}}
  %0 = etrace.grad @f(%x) states [@f] : (tensor<f64>) -> tensor<f64>
  return %0 : tensor<f64>
}

// -----

etrace.model @store {
  // expected-note@+1 {{declared here}}
  etrace.state @count : tensor<i64>
}
func.func @f(%x: f64) -> f64 {
  %n = etrace.get @store::@count : tensor<i64>
  %m = tensor.extract %n[] : tensor<i64>
  %y = arith.sitofp %m : i64 to f64
  %0 = arith.mulf %x, %y : f64
  return %0 : f64
}
func.func @main(%x: f64) -> tensor<i64> {
  // expected-error@+1 {{cannot differentiate with respect to @store::@count, which holds integers; leave it out of states}}
  %0 = etrace.grad @f(%x) states [@store::@count] : (f64) -> tensor<i64>
  return %0 : tensor<i64>
}

// -----

etrace.model @store {
  etrace.param @scale : tensor<f64>
}
func.func @f(%x: tensor<f64>) -> tensor<f64> {
  %s = etrace.get @store::@scale : tensor<f64>
  %0 = arith.mulf %x, %s : tensor<f64>
  return %0 : tensor<f64>
}
func.func @main(%x: tensor<f64>) -> (tensor<f64>, tensor<f64>) {
  // expected-error@+1 {{names @store::@scale in states twice [derivative-states]}}
  %0:2 = etrace.grad @f(%x) states [@store::@scale, @store::@scale] : (tensor<f64>) -> (tensor<f64>, tensor<f64>)
  return %0#0, %0#1 : tensor<f64>, tensor<f64>
}

// -----

etrace.model @store {
  etrace.param @scale : tensor<f64>
}
func.func @f(%x: tensor<f64>) -> tensor<f64> {
  %s = etrace.get @store::@scale : tensor<f64>
  %0 = arith.mulf %x, %s : tensor<f64>
  return %0 : tensor<f64>
}
func.func @main(%x: tensor<f64>) -> tensor<f64> {
  // expected-error@+1 {{returns ('tensor<f64>'), expected ('tensor<f64>', 'tensor<f64>') [derivative-types]}}
  %0 = etrace.grad @f(%x) states [@store::@scale] wrt [0] : (tensor<f64>) -> tensor<f64>
  return %0 : tensor<f64>
}

// -----

// A set that has no way out of its region.
etrace.model @store {
  etrace.state @s : tensor<f64>
}
func.func @f(%x: tensor<f64>, %c: i1) -> tensor<f64> {
  %s = etrace.get @store::@s : tensor<f64>
  // expected-note@+1 {{only scf.if and scf.for return what they set}}
  scf.while : () -> () {
    scf.condition(%c)
  } do {
    // expected-error@+1 {{cannot be carried out of 'scf.while' [set-in-region]}}
    etrace.set @store::@s, %x : tensor<f64>
    scf.yield
  }
  return %s : tensor<f64>
}
func.func @main(%x: tensor<f64>, %c: i1) -> tensor<f64> {
  // expected-note@+1 {{in 'etrace.grad' of '@f'}}
  %0 = etrace.grad @f(%x, %c) states [@store::@s] : (tensor<f64>, i1) -> tensor<f64>
  return %0 : tensor<f64>
}

// -----

// The written language in a function.
etrace.model @store {
  etrace.state @s : tensor<f64>
  etrace.group_state @n {
    etrace.component @V : tensor<2xf64>
  }
}
func.func @f() -> tensor<f64> {
  // expected-error@+1 {{names @store::@t, which the model 'store' does not declare}}
  %0 = etrace.get @store::@t : tensor<f64>
  return %0 : tensor<f64>
}

// -----

etrace.model @store {
  // expected-note@+1 {{declared here}}
  etrace.state @s : tensor<f64>
  etrace.group_state @n {
    etrace.component @V : tensor<2xf64>
  }
}
func.func @f() -> tensor<f32> {
  // expected-error@+1 {{has type 'tensor<f32>', but 's' has 'tensor<f64>'}}
  %0 = etrace.get @store::@s : tensor<f32>
  return %0 : tensor<f32>
}

// -----

etrace.model @store {
  etrace.state @s : tensor<f64>
  // expected-note@+1 {{the group state 'n' has the components @store::@n::@V}}
  etrace.group_state @n {
    etrace.component @V : tensor<2xf64>
  }
}
func.func @f() -> tensor<2xf64> {
  // expected-error@+1 {{names @store::@n, which the model 'store' does not declare}}
  %0 = etrace.get @store::@n : tensor<2xf64>
  return %0 : tensor<2xf64>
}

// -----

etrace.model @store {
  etrace.state @s : tensor<f64>
  etrace.group_state @n {
    etrace.component @V : tensor<2xf64>
  }
}
func.func @f() -> tensor<f64> {
  // expected-error@+1 {{names @s, which is not an 'etrace.model' beside the function; a function names the model first (@model::@state)}}
  %0 = etrace.get @s : tensor<f64>
  return %0 : tensor<f64>
}
