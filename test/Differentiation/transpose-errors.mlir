// RUN: etrace-opt %s -test-etrace-transpose -split-input-file -verify-diagnostics

// The tangent reads a table from the body: forward mode only.
func.func @gather(%i: tensor<3xindex>, %t: tensor<9xf32>) -> tensor<3xf32> {
  %e = tensor.empty() : tensor<3xf32>
  // expected-error@+1 {{no transpose rule for 'linalg.generic' whose body reads 'tensor<9xf32>' from outside; pass it as an operand [no-transpose-rule]}}
  %0 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>],
      iterator_types = ["parallel"]} ins(%i : tensor<3xindex>) outs(%e : tensor<3xf32>) {
  ^bb0(%k: index, %o: f32):
    %v = tensor.extract %t[%k] : tensor<9xf32>
    linalg.yield %v : f32
  } -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

func.func @generate(%x: tensor<3xf32>) -> tensor<3xf32> {
  // expected-error@+1 {{no transpose rule for 'tensor.generate' on a reverse path [no-transpose-rule]}}
  %0 = tensor.generate {
  ^bb0(%i: index):
    %v = tensor.extract %x[%i] : tensor<3xf32>
    tensor.yield %v : f32
  } : tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

// Overlapping windows.
func.func @window(%x: tensor<6xf32>, %k: tensor<3xf32>) -> tensor<4xf32> {
  %z = arith.constant dense<0.0> : tensor<4xf32>
  // expected-error@+1 {{no transpose rule for 'linalg.generic' with the indexing map affine_map<(d0, d1) -> (d0 + d1)>, which is not a projected permutation [no-transpose-rule]}}
  %0 = linalg.conv_1d ins(%x, %k : tensor<6xf32>, tensor<3xf32>) outs(%z : tensor<4xf32>)
      -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @decayed_sum(%x: tensor<5xf32>) -> tensor<f32> {
  %z = arith.constant dense<0.0> : tensor<f32>
  %k = arith.constant 0.9 : f32
  // expected-error@+1 {{no transpose rule for 'linalg.generic' that accumulates other than by addition [no-transpose-rule]}}
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
