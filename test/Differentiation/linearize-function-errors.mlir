// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --etrace-linearize=function=f -split-input-file -verify-diagnostics

// expected-error@+1 {{the module has no function '@f' to linearise [derivative-callee]}}
module {
}

// -----

// expected-error@+1 {{etrace-linearize names no argument in wrt, and '@f' takes no float [derivative-wrt]}}
func.func @f(%n: i32) -> i32 {
  return %n : i32
}

// -----

// expected-error@+1 {{etrace-linearize needs the body of '@f', which is declared only [derivative-callee]}}
func.func private @f(%x: f64) -> f64
// expected-note@-1 {{write the function here, or link its module in before}}

// -----

// expected-note@+1 {{the path enters by this value}}
func.func @f(%x: f64) -> f64 {
  // expected-error@+2 {{no derivative rule for 'arith.bitcast'}}
  // expected-note@+1 {{write the operation in terms of supported ones}}
  %i = arith.bitcast %x : f64 to f64
  return %i : f64
}
