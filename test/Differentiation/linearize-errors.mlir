// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s -test-etrace-linearize -split-input-file -verify-diagnostics

func.func private @print(f32)

// A side effect in a body that is differentiated: in the loop, or in a function that it calls.
func.func @loop(%x: f32, %n: index) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // expected-error@+1 {{no derivative rule for 'scf.for' with side effects [no-derivative-rule]}}
  %0 = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x) -> f32 {
    %b = func.call @shows(%a) : (f32) -> f32
    scf.yield %b : f32
  }
  return %0 : f32
}
func.func private @shows(%x: f32) -> f32 {
  func.call @print(%x) : (f32) -> ()
  return %x : f32
}

// -----

// The loop reads the value from outside only; the operation without a rule is in its body.
func.func @captured(%x: f32, %n: index) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %k = arith.constant 1.0 : f32
  %0 = scf.for %i = %c0 to %n step %c1 iter_args(%a = %k) -> f32 {
    // expected-error@+3 {{no derivative rule for 'arith.bitcast'}}
    // expected-note@-6 {{the path enters by this value}}
    // expected-note@+1 {{write the operation}}
    %b = arith.bitcast %x : f32 to f32
    scf.yield %b : f32
  }
  return %0 : f32
}

// -----

// expected-note@+1 {{wrap the call in an 'etrace.custom_derivative' that says what its derivative is, or cut the path by 'etrace.stop_gradient'}}
func.func private @other(f32) -> f32
func.func @call(%x: f32) -> f32 {
  // expected-error@+1 {{no derivative of a call of 'other', whose body is not known [no-derivative-rule]}}
  %0 = func.call @other(%x) : (f32) -> f32
  return %0 : f32
}

// -----

func.func private @even(%x: f32, %n: i32) -> f32 {
  %c = arith.constant 1 : i32
  %m = arith.subi %n, %c : i32
  // expected-error@+1 {{no derivative of a call of 'odd', which is recursive [no-derivative-rule]}}
  %0 = func.call @odd(%x, %m) : (f32, i32) -> f32
  return %0 : f32
}
// expected-note@+1 {{wrap the call}}
func.func private @odd(%x: f32, %n: i32) -> f32 {
  %0 = func.call @even(%x, %n) : (f32, i32) -> f32
  return %0 : f32
}

// -----

// expected-note@+1 {{wrap the call}}
func.func private @blocks(%x: f32) -> f32 {
  cf.br ^bb1
^bb1:
  return %x : f32
}
func.func @call_of_blocks(%x: f32) -> f32 {
  // expected-error@+1 {{no derivative of a call of 'blocks', which branches between blocks; use 'scf' for control flow [no-derivative-rule]}}
  %0 = func.call @blocks(%x) : (f32) -> f32
  return %0 : f32
}

// -----

func.func private @print(f32)
func.func @call_with_effect(%x: f32) -> f32 {
  // expected-error@+1 {{no derivative of a call of 'prints', which has side effects [no-derivative-rule]}}
  %0 = func.call @prints(%x) : (f32) -> f32
  return %0 : f32
}
// expected-note@+1 {{wrap the call}}
func.func private @prints(%x: f32) -> f32 {
  func.call @print(%x) : (f32) -> ()
  return %x : f32
}

// -----

// An operation without a rule in the body of another.
func.func @body(%x: tensor<4xf32>) -> tensor<4xf32> {
  %e = tensor.empty() : tensor<4xf32>
  // expected-note@+1 {{the path enters by this value}}
  %0 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>],
      iterator_types = ["parallel"]} ins(%x : tensor<4xf32>) outs(%e : tensor<4xf32>) {
  ^bb0(%a: f32, %o: f32):
    // expected-error@+2 {{no derivative rule for 'arith.bitcast'}}
    // expected-note@+1 {{write the operation}}
    %i = arith.bitcast %a : f32 to f32
    linalg.yield %i : f32
  } -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
