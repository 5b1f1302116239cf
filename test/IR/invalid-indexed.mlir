// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s -split-input-file -verify-diagnostics

// P1: the table and the rows have one width.
func.func @f(%i: tensor<3xi32>, %t: tensor<7x4xf32>) {
  // expected-error @+1 {{result has extent 5 along axis 1, expected 4}}
  %y = etrace.embedding %i, %t : tensor<3xi32>, tensor<7x4xf32> -> tensor<3x5xf32>
  return
}

// -----

// P1: an index for each row.
func.func @f(%i: tensor<3xi32>, %t: tensor<7x4xf32>) {
  // expected-error @+1 {{result has extent 2 along axis 0, expected 3}}
  %y = etrace.embedding %i, %t : tensor<3xi32>, tensor<7x4xf32> -> tensor<2x4xf32>
  return
}

// -----

// P1: rank of the table.
func.func @f(%i: tensor<3xi32>, %t: tensor<7xf32>) {
  // expected-error @+1 {{operand #1 must have rank 2, found 'tensor<7xf32>'}}
  %y = etrace.embedding %i, %t : tensor<3xi32>, tensor<7xf32> -> tensor<3x4xf32>
  return
}

// -----

// P1: one element type.
func.func @f(%i: tensor<3xi32>, %t: tensor<7x4xf32>) {
  // expected-error @+1 {{expects one element type, found 'f32' and 'f64'}}
  %y = etrace.embedding %i, %t : tensor<3xi32>, tensor<7x4xf32> -> tensor<3x4xf64>
  return
}

// -----

// P3: nothing to clamp an index into.
func.func @f(%i: tensor<3xi32>, %t: tensor<0x4xf32>) {
  // expected-error @+1 {{has an index into a dimension of extent 0}}
  %y = etrace.embedding %i, %t : tensor<3xi32>, tensor<0x4xf32> -> tensor<3x4xf32>
  return
}

// -----

// Indices are integers.
func.func @f(%i: tensor<3xf32>, %t: tensor<7x4xf32>) {
  // expected-error @+1 {{operand #0 must be ranked tensor of 32-bit signless integer or 64-bit signless integer or index values, but got 'tensor<3xf32>'}}
  %y = etrace.embedding %i, %t : tensor<3xf32>, tensor<7x4xf32> -> tensor<3x4xf32>
  return
}

// -----

// IC1: a map for everything.
func.func @f(%y: tensor<3x4xf32>, %i: tensor<3xi32>, %t: tensor<7x4xf32>) {
  // expected-error @+1 {{expects a map for each factor, each index and the result, and a dimension for each index}}
  %g = etrace.indexed_contraction factors(%y : tensor<3x4xf32>) indices(%i : tensor<3xi32>) dims [1] maps [affine_map<(b, v, d) -> (b, d)>] init(%t) : tensor<7x4xf32>
  return
}

// -----

// IC1: a dimension for each index.
func.func @f(%y: tensor<3x4xf32>, %i: tensor<3xi32>, %t: tensor<7x4xf32>) {
  // expected-error @+1 {{expects a map for each factor, each index and the result, and a dimension for each index}}
  %g = etrace.indexed_contraction factors(%y : tensor<3x4xf32>) indices(%i : tensor<3xi32>) dims [] maps [affine_map<(b, v, d) -> (b, d)>, affine_map<(b, v, d) -> (b)>, affine_map<(b, v, d) -> (v, d)>] init(%t) : tensor<7x4xf32>
  return
}

// -----

// IC1: maps select dimensions.
func.func @f(%y: tensor<3x4xf32>, %i: tensor<3xi32>, %t: tensor<7x4xf32>) {
  // expected-error @+1 {{expects maps that select dimensions of one iteration space, found affine_map<(d0, d1, d2) -> (d0 + d1, d2)>}}
  %g = etrace.indexed_contraction factors(%y : tensor<3x4xf32>) indices(%i : tensor<3xi32>) dims [1] maps [affine_map<(b, v, d) -> (b + v, d)>, affine_map<(b, v, d) -> (b)>, affine_map<(b, v, d) -> (v, d)>] init(%t) : tensor<7x4xf32>
  return
}

// -----

// IC1: one iteration space.
func.func @f(%y: tensor<3x4xf32>, %i: tensor<3xi32>, %t: tensor<7x4xf32>) {
  // expected-error @+1 {{expects maps that select dimensions of one iteration space, found affine_map<(d0, d1) -> (d0)>}}
  %g = etrace.indexed_contraction factors(%y : tensor<3x4xf32>) indices(%i : tensor<3xi32>) dims [1] maps [affine_map<(b, v, d) -> (b, d)>, affine_map<(b, v) -> (b)>, affine_map<(b, v, d) -> (v, d)>] init(%t) : tensor<7x4xf32>
  return
}

// -----

// IC1: ranks.
func.func @f(%y: tensor<3x4xf32>, %i: tensor<3xi32>, %t: tensor<7x4xf32>) {
  // expected-error @+1 {{operand #0 must have rank 1, found 'tensor<3x4xf32>'}}
  %g = etrace.indexed_contraction factors(%y : tensor<3x4xf32>) indices(%i : tensor<3xi32>) dims [1] maps [affine_map<(b, v, d) -> (b)>, affine_map<(b, v, d) -> (b)>, affine_map<(b, v, d) -> (v, d)>] init(%t) : tensor<7x4xf32>
  return
}

// -----

// IC1: extents.
func.func @f(%y: tensor<3x4xf32>, %i: tensor<3xi32>, %t: tensor<7x4xf32>) {
  // expected-error @+1 {{operand #1 has extent 3 along axis 0, expected 4}}
  %g = etrace.indexed_contraction factors(%y : tensor<3x4xf32>) indices(%i : tensor<3xi32>) dims [1] maps [affine_map<(b, v, d) -> (b, d)>, affine_map<(b, v, d) -> (d)>, affine_map<(b, v, d) -> (v, d)>] init(%t) : tensor<7x4xf32>
  return
}

// -----

// IC1: every dimension has an extent.
func.func @f(%y: tensor<3x4xf32>, %i: tensor<3xi32>, %t: tensor<7x4xf32>) {
  // expected-error @+1 {{has a dimension without an extent: 3}}
  %g = etrace.indexed_contraction factors(%y : tensor<3x4xf32>) indices(%i : tensor<3xi32>) dims [1] maps [affine_map<(b, v, d, e) -> (b, d)>, affine_map<(b, v, d, e) -> (b)>, affine_map<(b, v, d, e) -> (v, d)>] init(%t) : tensor<7x4xf32>
  return
}

// -----

// IC2: the dimension exists.
func.func @f(%y: tensor<3x4xf32>, %i: tensor<3xi32>, %t: tensor<7x4xf32>) {
  // expected-error @+1 {{gives dimension 3, but the iteration space has 3}}
  %g = etrace.indexed_contraction factors(%y : tensor<3x4xf32>) indices(%i : tensor<3xi32>) dims [3] maps [affine_map<(b, v, d) -> (b, d)>, affine_map<(b, v, d) -> (b)>, affine_map<(b, v, d) -> (v, d)>] init(%t) : tensor<7x4xf32>
  return
}

// -----

// IC2: once.
func.func @f(%y: tensor<3x4xf32>, %i: tensor<3xi32>, %t: tensor<7x4xf32>) {
  // expected-error @+1 {{gives dimension 1 twice}}
  %g = etrace.indexed_contraction factors(%y : tensor<3x4xf32>) indices(%i, %i : tensor<3xi32>, tensor<3xi32>) dims [1, 1] maps [affine_map<(b, v, d) -> (b, d)>, affine_map<(b, v, d) -> (b)>, affine_map<(b, v, d) -> (b)>, affine_map<(b, v, d) -> (v, d)>] init(%t) : tensor<7x4xf32>
  return
}

// -----

// IC2: no index of an index.
func.func @f(%y: tensor<3x4xf32>, %i: tensor<3xi32>, %t: tensor<7x4xf32>) {
  // expected-error @+1 {{has an index that depends on the given dimension 0}}
  %g = etrace.indexed_contraction factors(%y : tensor<3x4xf32>) indices(%i : tensor<3xi32>) dims [0] maps [affine_map<(b, v, d) -> (b, d)>, affine_map<(b, v, d) -> (b)>, affine_map<(b, v, d) -> (v, d)>] init(%t) : tensor<7x4xf32>
  return
}

// -----

// IC2: a dimension to clamp into.
func.func @f(%y: tensor<3x4xf32>, %i: tensor<3xi32>, %t: tensor<0x4xf32>) {
  // expected-error @+1 {{has an index into a dimension of extent 0}}
  %g = etrace.indexed_contraction factors(%y : tensor<3x4xf32>) indices(%i : tensor<3xi32>) dims [1] maps [affine_map<(b, v, d) -> (b, d)>, affine_map<(b, v, d) -> (b)>, affine_map<(b, v, d) -> (v, d)>] init(%t) : tensor<0x4xf32>
  return
}

// -----

// P1: one element type.
func.func @f(%y: tensor<3x4xf64>, %i: tensor<3xi32>, %t: tensor<7x4xf32>) {
  // expected-error @+1 {{expects one element type, found 'f64' and 'f32'}}
  %g = etrace.indexed_contraction factors(%y : tensor<3x4xf64>) indices(%i : tensor<3xi32>) dims [1] maps [affine_map<(b, v, d) -> (b, d)>, affine_map<(b, v, d) -> (b)>, affine_map<(b, v, d) -> (v, d)>] init(%t) : tensor<7x4xf32>
  return
}
