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

// P1: a row for each stored entry.
func.func @f(%x: tensor<6xf32>, %w: tensor<4xf32>, %r: tensor<5xi32>, %c: tensor<4xi32>) {
  // expected-error @+1 {{operand #2 has extent 5 along axis 0, expected 4}}
  %y = etrace.sparse_matmul %x, %w at(%r, %c) : tensor<6xf32>, tensor<4xf32>, tensor<5xi32>, tensor<4xi32> -> tensor<3xf32>
  return
}

// -----

// P1: a column for each stored entry.
func.func @f(%x: tensor<6xf32>, %w: tensor<4xf32>, %r: tensor<4xi32>, %c: tensor<3xi32>) {
  // expected-error @+1 {{operand #3 has extent 3 along axis 0, expected 4}}
  %y = etrace.sparse_matmul %x, %w at(%r, %c) : tensor<6xf32>, tensor<4xf32>, tensor<4xi32>, tensor<3xi32> -> tensor<3xf32>
  return
}

// -----

// P1: stored entries are a vector.
func.func @f(%x: tensor<6xf32>, %w: tensor<6x3xf32>, %r: tensor<4xi32>, %c: tensor<4xi32>) {
  // expected-error @+1 {{operand #1 must have rank 1, found 'tensor<6x3xf32>'}}
  %y = etrace.sparse_matmul %x, %w at(%r, %c) : tensor<6xf32>, tensor<6x3xf32>, tensor<4xi32>, tensor<4xi32> -> tensor<3xf32>
  return
}

// -----

// P1: x has rank 1 at least.
func.func @f(%x: tensor<f32>, %w: tensor<4xf32>, %r: tensor<4xi32>) {
  // expected-error @+1 {{operand #0 must have rank 1, found 'tensor<f32>'}}
  %y = etrace.sparse_matmul %x, %w at(%r, %r) : tensor<f32>, tensor<4xf32>, tensor<4xi32>, tensor<4xi32> -> tensor<3xf32>
  return
}

// -----

// P1: the bias.
func.func @f(%x: tensor<6xf32>, %w: tensor<4xf32>, %r: tensor<4xi32>, %b: tensor<2xf32>) {
  // expected-error @+1 {{result has extent 3 along axis 0, expected 2}}
  %y = etrace.sparse_matmul %x, %w at(%r, %r) bias %b : tensor<6xf32>, tensor<4xf32>, tensor<4xi32>, tensor<4xi32>, tensor<2xf32> -> tensor<3xf32>
  return
}

// -----

// P1: one element type.
func.func @f(%x: tensor<6xf64>, %w: tensor<4xf32>, %r: tensor<4xi32>) {
  // expected-error @+1 {{expects one element type, found 'f64' and 'f32'}}
  %y = etrace.sparse_matmul %x, %w at(%r, %r) : tensor<6xf64>, tensor<4xf32>, tensor<4xi32>, tensor<4xi32> -> tensor<3xf32>
  return
}

// -----

// P3: a matrix without rows.
func.func @f(%x: tensor<0xf32>, %w: tensor<4xf32>, %r: tensor<4xi32>) {
  // expected-error @+1 {{has an index into a dimension of extent 0}}
  %y = etrace.sparse_matmul %x, %w at(%r, %r) : tensor<0xf32>, tensor<4xf32>, tensor<4xi32>, tensor<4xi32> -> tensor<3xf32>
  return
}

// -----

// EP1: ranks.
func.func @f(%p: tensor<2x2xi32>) {
  // expected-error @+1 {{expects pointers and rows of rank 1}}
  %r = etrace.expand_pointers %p : tensor<2x2xi32> -> tensor<3xi32>
  return
}

// -----

// EP1: one row.
func.func @f(%p: tensor<1xi32>) {
  // expected-error @+1 {{expects two pointers or more, found 1}}
  %r = etrace.expand_pointers %p : tensor<1xi32> -> tensor<3xi32>
  return
}

// -----

// One type of integers.
func.func @f(%p: tensor<4xi32>) {
  // expected-error @+1 {{requires the same element type for all operands and results}}
  %r = etrace.expand_pointers %p : tensor<4xi32> -> tensor<3xi64>
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
