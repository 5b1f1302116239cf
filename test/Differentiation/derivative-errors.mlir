// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --etrace-lower-derivatives -split-input-file -verify-diagnostics

// S003-35: wrong use is an error at the operation, and says what to do.

func.func @vector(%x: tensor<3xf64>) -> tensor<3xf64> {
  return %x : tensor<3xf64>
}
func.func @main(%x: tensor<3xf64>) -> tensor<3xf64> {
  // expected-error@+1 {{'etrace.grad' op needs one scalar result, but '@vector' returns 'tensor<3xf64>'; use 'etrace.vector_grad' (the gradient of the sum) or 'etrace.jacrev' (a row for each element) [derivative-result]}}
  %0 = etrace.grad @vector(%x) : (tensor<3xf64>) -> tensor<3xf64>
  return %0 : tensor<3xf64>
}

// -----

// One element is not a scalar.
func.func @one(%x: tensor<1xf64>) -> tensor<1xf64> {
  return %x : tensor<1xf64>
}
func.func @main(%x: tensor<1xf64>) -> tensor<1xf64> {
  // expected-error@+1 {{needs one scalar result, but '@one' returns 'tensor<1xf64>'}}
  %0 = etrace.grad @one(%x) : (tensor<1xf64>) -> tensor<1xf64>
  return %0 : tensor<1xf64>
}

// -----

func.func @pair(%x: f64) -> (f64, f64) {
  return %x, %x : f64, f64
}
func.func @main(%x: f64) -> f64 {
  // expected-error@+1 {{'etrace.grad' op needs one scalar result, but '@pair' returns 2 results; say 'has_aux' if those behind the first are auxiliary, or use 'etrace.vector_grad' (their sum) or 'etrace.jacrev' [derivative-result]}}
  %0 = etrace.grad @pair(%x) : (f64) -> f64
  return %0 : f64
}

// -----

func.func @nothing(%x: f64) {
  return
}
func.func @main(%x: f64) -> f64 {
  // expected-error@+1 {{'etrace.jacrev' op needs a result to differentiate, but '@nothing' returns nothing [derivative-result]}}
  %0 = etrace.jacrev @nothing(%x) : (f64) -> f64
  return %0 : f64
}

// -----

func.func @count(%x: f64) -> i64 {
  %0 = arith.fptosi %x : f64 to i64
  return %0 : i64
}
func.func @main(%x: f64) -> f64 {
  // expected-error@+1 {{'etrace.grad' op cannot differentiate result 0 of '@count', of type 'i64'; return it behind the first result and say 'has_aux' [derivative-result]}}
  %0 = etrace.grad @count(%x) : (f64) -> f64
  return %0 : f64
}

// -----

func.func @double(%n: i64) -> f64 {
  %0 = arith.sitofp %n : i64 to f64
  return %0 : f64
}
func.func @main(%n: i64) -> i64 {
  // expected-error@+1 {{'etrace.grad' op cannot differentiate with respect to argument 0 of '@double', of type 'i64'; a float or a ranked tensor of floats has derivatives: leave the argument out of wrt, or make it a float [derivative-argument]}}
  %0 = etrace.grad @double(%n) : (i64) -> i64
  return %0 : i64
}

// -----

// Buffers are no values.
func.func @buffer(%m: memref<3xf64>, %x: f64) -> f64 {
  return %x : f64
}
func.func @main(%m: memref<3xf64>, %x: f64) -> memref<3xf64> {
  // expected-error@+1 {{cannot differentiate with respect to argument 0 of '@buffer', of type 'memref<3xf64>'; a float or a ranked tensor of floats has derivatives}}
  %0 = etrace.grad @buffer(%m, %x) : (memref<3xf64>, f64) -> memref<3xf64>
  return %0 : memref<3xf64>
}

// -----

func.func @unranked(%m: tensor<*xf64>, %x: f64) -> f64 {
  return %x : f64
}
func.func @main(%m: tensor<*xf64>, %x: f64) -> tensor<*xf64> {
  // expected-error@+1 {{cannot differentiate with respect to argument 0 of '@unranked', of type 'tensor<*xf64>'}}
  %0 = etrace.grad @unranked(%m, %x) : (tensor<*xf64>, f64) -> tensor<*xf64>
  return %0 : tensor<*xf64>
}

// -----

func.func @f(%x: f64, %y: f64) -> f64 {
  return %x : f64
}
func.func @main(%x: f64) -> f64 {
  // expected-error@+1 {{'etrace.grad' op names argument 2 in wrt, but '@f' has 2 arguments, counted from 0 [derivative-wrt]}}
  %0 = etrace.grad @f(%x, %x) wrt [2] : (f64, f64) -> f64
  return %0 : f64
}

// -----

func.func @f(%x: f64, %y: f64) -> f64 {
  return %x : f64
}
func.func @main(%x: f64) -> f64 {
  // expected-error@+1 {{'etrace.grad' op names argument -1 in wrt, but '@f' has 2 arguments, counted from 0 [derivative-wrt]}}
  %0 = etrace.grad @f(%x, %x) wrt [-1] : (f64, f64) -> f64
  return %0 : f64
}

// -----

func.func @f(%x: f64, %y: f64) -> f64 {
  return %x : f64
}
func.func @main(%x: f64) -> f64 {
  // expected-error@+1 {{'etrace.grad' op names argument 1 in wrt twice [derivative-wrt]}}
  %0:2 = etrace.grad @f(%x, %x) wrt [1, 1] : (f64, f64) -> (f64, f64)
  return %0#0 : f64
}

// -----

func.func @f(%x: f64, %y: f64) -> f64 {
  return %x : f64
}
func.func @main(%x: f64) {
  // expected-error@+1 {{'etrace.grad' op names no argument in wrt; leave wrt out for the first [derivative-wrt]}}
  etrace.grad @f(%x, %x) wrt [] : (f64, f64) -> ()
  return
}

// -----

func.func @main(%x: f64) -> f64 {
  // expected-error@+1 {{'etrace.grad' op names '@g', which is not a 'func.func' beside the function that asks [derivative-callee]}}
  %0 = etrace.grad @g(%x) : (f64) -> f64
  return %0 : f64
}

// -----

// expected-note@+1 {{write the function here, or link its module in before}}
func.func private @outside(f64) -> f64
func.func @main(%x: f64) -> f64 {
  // expected-error@+1 {{'etrace.grad' op needs the body of '@outside', which is declared only [derivative-callee]}}
  %0 = etrace.grad @outside(%x) : (f64) -> f64
  return %0 : f64
}

// -----

func.func @branches(%x: f64, %c: i1) -> f64 {
  cf.cond_br %c, ^a, ^b
^a:
  return %x : f64
^b:
  %0 = arith.mulf %x, %x : f64
  return %0 : f64
}
func.func @main(%x: f64, %c: i1) -> f64 {
  // expected-error@+1 {{'etrace.grad' op cannot differentiate '@branches', which branches between blocks; use 'scf' for control flow [derivative-callee]}}
  %0 = etrace.grad @branches(%x, %c) : (f64, i1) -> f64
  return %0 : f64
}

// -----

func.func @f(%x: f64) -> f64 {
  return %x : f64
}
func.func @main(%x: f64) -> f64 {
  // expected-error@+1 {{'etrace.grad' op has 'has_aux', but '@f' returns nothing behind its first result; return the auxiliary values there, or leave 'has_aux' out [derivative-aux]}}
  %0 = etrace.grad @f(%x) has_aux : (f64) -> f64
  return %0 : f64
}

// -----

func.func @f(%x: f64) -> f64 {
  return %x : f64
}
func.func @main(%x: f32) -> f32 {
  // expected-error@+1 {{'etrace.grad' op takes a point of types ('f32'), expected ('f64') [derivative-types]}}
  %0 = etrace.grad @f(%x) : (f32) -> f32
  return %0 : f32
}

// -----

func.func @f(%x: tensor<2xf64>) -> tensor<3xf64> {
  %0 = tensor.empty() : tensor<3xf64>
  return %0 : tensor<3xf64>
}
func.func @main(%x: tensor<2xf64>) -> tensor<2x3xf64> {
  // expected-error@+1 {{'etrace.jacrev' op returns ('tensor<2x3xf64>'), expected ('tensor<3x2xf64>') [derivative-types]}}
  %0 = etrace.jacrev @f(%x) : (tensor<2xf64>) -> tensor<2x3xf64>
  return %0 : tensor<2x3xf64>
}

// -----

func.func @f(%x: f64, %y: tensor<2xf64>) -> f64 {
  return %x : f64
}
func.func @main(%x: f64, %y: tensor<2xf64>) -> f64 {
  // expected-error@+1 {{'etrace.jvp' op takes seeds of types ('f64'), expected ('f64', 'tensor<2xf64>') [derivative-types]}}
  %0 = etrace.jvp @f(%x, %y) tangents(%x) wrt [0, 1] : (f64, tensor<2xf64>), (f64) -> (f64)
  return %0 : f64
}

// -----

// No rule on the way: the operation, the path to it, the ways out, and who asked.
// expected-note@+1 {{the path enters by this value}}
func.func @no_rule(%x: tensor<3xf64>) -> f64 {
  // expected-note@+1 {{the path leads through 'math.sin'}}
  %y = math.sin %x : tensor<3xf64>
  // expected-note@+1 {{the path leads through 'math.exp'}}
  %z = math.exp %y : tensor<3xf64>
  // expected-error@+2 {{no derivative rule for 'tensor.bitcast' on a path from a differentiated value [no-derivative-rule]}}
  // expected-note@+1 {{write the operation in terms of supported ones, give it a derivative by 'etrace.custom_derivative', or cut the path by 'etrace.stop_gradient'}}
  %b = tensor.bitcast %z : tensor<3xf64> to tensor<3xf64>
  %c0 = arith.constant 0 : index
  %0 = tensor.extract %b[%c0] : tensor<3xf64>
  return %0 : f64
}
func.func @main(%x: tensor<3xf64>) -> tensor<3xf64> {
  // expected-note@+1 {{in 'etrace.grad' of '@no_rule'}}
  %0 = etrace.grad @no_rule(%x) : (tensor<3xf64>) -> tensor<3xf64>
  return %0 : tensor<3xf64>
}

// -----

// A long path is shown from its end.
// expected-note@+1 {{the path enters by this value}}
func.func @long(%x: tensor<1xf64>) -> tensor<1xf64> {
  %1 = math.sin %x : tensor<1xf64>
  // expected-note@+1 {{and through 2 operations before, the last of them here}}
  %2 = math.sin %1 : tensor<1xf64>
  // expected-note@+1 {{the path leads through 'math.sin'}}
  %3 = math.sin %2 : tensor<1xf64>
  // expected-note@+1 {{the path leads through 'math.sin'}}
  %4 = math.sin %3 : tensor<1xf64>
  // expected-note@+1 {{the path leads through 'math.sin'}}
  %5 = math.sin %4 : tensor<1xf64>
  // expected-note@+1 {{the path leads through 'math.sin'}}
  %6 = math.sin %5 : tensor<1xf64>
  // expected-note@+1 {{the path leads through 'math.sin'}}
  %7 = math.sin %6 : tensor<1xf64>
  // expected-note@+1 {{the path leads through 'math.sin'}}
  %8 = math.sin %7 : tensor<1xf64>
  // expected-note@+1 {{the path leads through 'math.sin'}}
  %9 = math.sin %8 : tensor<1xf64>
  // expected-note@+1 {{the path leads through 'math.sin'}}
  %10 = math.sin %9 : tensor<1xf64>
  // expected-error@+2 {{no derivative rule for 'tensor.bitcast'}}
  // expected-note@+1 {{write the operation}}
  %b = tensor.bitcast %10 : tensor<1xf64> to tensor<1xf64>
  return %b : tensor<1xf64>
}
func.func @main(%x: tensor<1xf64>) -> tensor<1xf64> {
  // expected-note@+1 {{in 'etrace.vector_grad' of '@long'}}
  %0 = etrace.vector_grad @long(%x) : (tensor<1xf64>) -> tensor<1xf64>
  return %0 : tensor<1xf64>
}

// -----

func.func private @log(f64)
func.func @effects(%x: f64) -> f64 {
  // expected-error@+1 {{no derivative rule for 'func.call' with side effects [no-derivative-rule]}}
  call @log(%x) : (f64) -> ()
  return %x : f64
}
func.func @main(%x: f64) -> f64 {
  // expected-note@+1 {{in 'etrace.grad' of '@effects'}}
  %0 = etrace.grad @effects(%x) : (f64) -> f64
  return %0 : f64
}

// -----

func.func @itself(%x: f64) -> f64 {
  // expected-error@+1 {{asks for a derivative of '@itself', which depends on the result of this operation [derivative-recursion]}}
  %0 = etrace.grad @itself(%x) : (f64) -> f64
  return %0 : f64
}

// -----

// Through a call as well.
func.func @outer(%x: f64) -> f64 {
  %0 = func.call @inner(%x) : (f64) -> f64
  return %0 : f64
}
func.func @inner(%x: f64) -> f64 {
  // expected-error@+1 {{asks for a derivative of '@outer', which depends on the result of this operation [derivative-recursion]}}
  %0 = etrace.grad @outer(%x) : (f64) -> f64
  return %0 : f64
}
