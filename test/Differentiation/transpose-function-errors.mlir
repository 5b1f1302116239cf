// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --etrace-transpose="function=f wrt=0" -split-input-file -verify-diagnostics
// RUN: echo 'func.func @f(%x: f64) -> f64 { return %x : f64 }' > %t.mlir
// RUN: not etrace-opt %t.mlir --etrace-transpose=function=f 2>&1 | FileCheck %s --check-prefix=WRT
// WRT: etrace-transpose needs the numbers of the arguments in which '@f' is linear; only those of a function that etrace-linearize made are known [derivative-wrt]
// RUN: not etrace-opt %t.mlir --etrace-transpose="function=f wrt=0 checkpoint=some" 2>&1 \
// RUN:   | FileCheck %s --check-prefix=POLICY
// POLICY: unknown checkpoint policy 'some', expected all, sqrt or none [checkpoint-policy]

// expected-error@+1 {{the module has no function '@f' to transpose [derivative-callee]}}
module {
}

// -----

func.func @f(%x: f64) -> f64 {
  // expected-error@+1 {{no transpose rule for 'math.sin' on a reverse path [no-transpose-rule]}}
  %0 = math.sin %x : f64
  return %0 : f64
}

// -----

func.func @f(%x: f64) -> f64 {
  // expected-error@+1 {{'arith.mulf' is not linear in the values that depend on the inputs of the program to transpose [not-linear]}}
  %0 = arith.mulf %x, %x : f64
  return %0 : f64
}

// -----

// expected-error@+1 {{etrace-transpose cannot differentiate with respect to argument 0 of '@f', of type 'i32'}}
func.func @f(%x: i32) -> i32 {
  return %x : i32
}

// -----

// Nothing has the extents of a linear argument once it is gone.
// expected-error@+1 {{no transpose rule for a function that reads extents of differentiated values [no-transpose-rule]}}
func.func @f(%x: tensor<?xf64>) -> tensor<f64> {
  %z = arith.constant dense<0.0> : tensor<f64>
  %0 = linalg.reduce { arith.addf } ins(%x : tensor<?xf64>) outs(%z : tensor<f64>) dimensions = [0]
  return %0 : tensor<f64>
}
