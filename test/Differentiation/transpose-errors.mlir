// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s -test-etrace-transpose -split-input-file -verify-diagnostics

func.func @decayed_sum(%x: tensor<5xf32>) -> tensor<f32> {
  %z = arith.constant dense<0.0> : tensor<f32>
  %k = arith.constant 0.9 : f32
  // expected-error@+1 {{no transpose rule for 'linalg.generic' that accumulates other than by addition, as a product, a maximum or a minimum; write the reduction as a loop [no-transpose-rule]}}
  %0 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> ()>],
      iterator_types = ["reduction"]} ins(%x : tensor<5xf32>) outs(%z : tensor<f32>) {
  ^bb0(%a: f32, %o: f32):
    %d = arith.mulf %o, %k : f32
    %s = arith.addf %d, %a : f32
    linalg.yield %s : f32
  } -> tensor<f32>
  return %0 : tensor<f32>
}

// -----

func.func @unbounded(%x: f32) -> f32 {
  %c = arith.constant 10.0 : f32
  // expected-error@+2 {{no transpose rule for 'scf.while' without a bound of its trip count [no-transpose-rule]}}
  // expected-note@+1 {{state one: etrace.max_trips = 100 : i64}}
  %0 = scf.while (%a = %x) : (f32) -> f32 {
    %k = arith.cmpf olt, %a, %c : f32
    scf.condition(%k) %a : f32
  } do {
  ^bb0(%a: f32):
    %b = arith.mulf %a, %a : f32
    scf.yield %b : f32
  }
  return %0 : f32
}

// -----

// What the loop carries grows: cotangents of one iteration do not fit another.
func.func @grows(%x: tensor<?xf32>, %n: index) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // expected-error@+1 {{no transpose rule for 'scf.for' that carries 'tensor<?xf32>', whose extents may change from one iteration to the next; expected static extents [no-transpose-rule]}}
  %0 = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x) -> tensor<?xf32> {
    %b = tensor.concat dim(0) %a, %x : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
    scf.yield %b : tensor<?xf32>
  }
  return %0 : tensor<?xf32>
}

// -----

// Each result alone is a sum, but the second counts what the first has so far.
func.func @coupled(%x: tensor<5xf32>) -> tensor<f32> {
  %z = arith.constant dense<0.0> : tensor<f32>
  // expected-error@+1 {{no transpose rule for 'linalg.generic' that accumulates other than by addition}}
  %0:2 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> ()>,
      affine_map<(i) -> ()>], iterator_types = ["reduction"]} ins(%x : tensor<5xf32>)
      outs(%z, %z : tensor<f32>, tensor<f32>) {
  ^bb0(%a: f32, %o: f32, %p: f32):
    %s = arith.addf %o, %a : f32
    %t = arith.addf %p, %s : f32
    linalg.yield %s, %t : f32, f32
  } -> (tensor<f32>, tensor<f32>)
  return %0#1 : tensor<f32>
}

// -----

// Forward mode carries the maximum along; the transpose would have to run backwards.
func.func @selection(%x: tensor<5xf32>, %i: tensor<f32>) -> tensor<f32> {
  // expected-error@+1 {{'linalg.generic' is not linear in the values that depend on the inputs of the program to transpose [not-linear]}}
  %0 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> ()>],
      iterator_types = ["reduction"]} ins(%x : tensor<5xf32>) outs(%i : tensor<f32>) {
  ^bb0(%a: f32, %o: f32):
    %c = arith.cmpf ogt, %a, %o : f32
    %s = arith.select %c, %a, %o : f32
    linalg.yield %s : f32
  } -> tensor<f32>
  return %0 : tensor<f32>
}
