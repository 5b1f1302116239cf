// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --etrace-neighbourhood=function=step -split-input-file -verify-diagnostics
// RUN: echo 'func.func @f(%h: f64) -> f64 { return %h : f64 }' | not etrace-opt - \
// RUN:   --etrace-neighbourhood="function=f hops=-1" 2>&1 | FileCheck %s
// CHECK: needs a number of hops that is not negative, got -1 [neighbourhood-hops]

// expected-error@+1 {{the module has no function '@step' [derivative-callee]}}
module {
}

// -----

// expected-error@+1 {{etrace-neighbourhood needs states of static extents, but argument 0 of '@step' is of type 'tensor<?xf64>' [jacobian-states]}}
func.func @step(%h: tensor<?xf64>) -> tensor<?xf64> {
  return %h : tensor<?xf64>
}

// -----

// expected-error@+1 {{etrace-neighbourhood needs states of one type, but argument 0 of '@step' is of type 'tensor<2xf64>', its new value of type 'tensor<3xf64>', and argument 0 of type 'tensor<2xf64>' [jacobian-states]}}
func.func @step(%h: tensor<2xf64>, %x: tensor<3xf64>) -> tensor<3xf64> {
  return %x : tensor<3xf64>
}

// -----

// expected-note@+1 {{the path enters by this value}}
func.func @step(%h: tensor<2xf64>) -> tensor<2xf64> {
  // expected-error@+2 {{no derivative rule for 'arith.bitcast'}}
  // expected-note@+1 {{write the operation in terms of supported ones}}
  %0 = arith.bitcast %h : tensor<2xf64> to tensor<2xf64>
  return %0 : tensor<2xf64>
}
