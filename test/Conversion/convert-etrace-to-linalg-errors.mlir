// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --convert-etrace-to-linalg --split-input-file --verify-diagnostics

func.func @dynamic(%x: tensor<?x3xf32>, %w: tensor<3x5xf32>) -> tensor<?x5xf32> {
  // expected-error @below {{expected static shapes, found 'tensor<?x5xf32>'}}
  // expected-error @below {{failed to legalize operation 'etrace.matmul'}}
  %y = etrace.matmul %x, %w : tensor<?x3xf32>, tensor<3x5xf32> -> tensor<?x5xf32>
  return %y : tensor<?x5xf32>
}

// -----

func.func @dynamic_look_up(%t: tensor<?x4xf32>, %i: tensor<3xi32>) -> tensor<3x4xf32> {
  // expected-error @below {{expected static shapes, found 'tensor<?x4xf32>'}}
  // expected-error @below {{failed to legalize operation 'etrace.embedding'}}
  %y = etrace.embedding %i, %t : tensor<3xi32>, tensor<?x4xf32> -> tensor<3x4xf32>
  return %y : tensor<3x4xf32>
}

// -----

func.func @dynamic_pointers(%p: tensor<?xi32>) -> tensor<5xi32> {
  // expected-error @below {{expected static shapes, found 'tensor<5xi32>' of 'tensor<?xi32>'}}
  // expected-error @below {{failed to legalize operation 'etrace.expand_pointers'}}
  %r = etrace.expand_pointers %p : tensor<?xi32> -> tensor<5xi32>
  return %r : tensor<5xi32>
}

// -----

func.func @too_few() -> tensor<5xi32> {
  %p = arith.constant dense<[0, 2, 4]> : tensor<3xi32>
  // expected-error @below {{expects pointers that rise from 0 to the number of entries, 5 [compressed-pointers]}}
  // expected-error @below {{failed to legalize operation 'etrace.expand_pointers'}}
  %r = etrace.expand_pointers %p : tensor<3xi32> -> tensor<5xi32>
  return %r : tensor<5xi32>
}

// -----

func.func @falling() -> tensor<5xi32> {
  %p = arith.constant dense<[0, 3, 2, 5]> : tensor<4xi32>
  // expected-error @below {{expects pointers that rise from 0 to the number of entries, 5 [compressed-pointers]}}
  // expected-error @below {{failed to legalize operation 'etrace.expand_pointers'}}
  %r = etrace.expand_pointers %p : tensor<4xi32> -> tensor<5xi32>
  return %r : tensor<5xi32>
}
