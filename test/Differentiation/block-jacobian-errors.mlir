// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --etrace-lower-derivatives -split-input-file -verify-diagnostics

func.func @pair(%a: tensor<3xf64>, %b: tensor<3xf64>) -> tensor<3xf64> {
  %0 = arith.addf %a, %b : tensor<3xf64>
  return %0 : tensor<3xf64>
}
func.func @main(%a: tensor<3xf64>, %b: tensor<3xf64>) -> tensor<3x2x2xf64> {
  // expected-error@+1 {{'etrace.block_jacobian' op needs the new value of each of the 2 states in wrt, but '@pair' returns 1 results; name all states in wrt, and say 'has_aux' if results behind their new values are auxiliary [jacobian-states]}}
  %0 = etrace.block_jacobian @pair(%a, %b) wrt [0, 1]
      : (tensor<3xf64>, tensor<3xf64>) -> tensor<3x2x2xf64>
  return %0 : tensor<3x2x2xf64>
}

// -----

func.func @types(%a: tensor<3xf64>, %b: tensor<2xf64>) -> (tensor<3xf64>, tensor<2xf64>) {
  return %a, %b : tensor<3xf64>, tensor<2xf64>
}
func.func @main(%a: tensor<3xf64>, %b: tensor<2xf64>) -> tensor<3x2x2xf64> {
  // expected-error@+1 {{'etrace.block_jacobian' op needs states of one type, but argument 1 of '@types' is of type 'tensor<2xf64>', its new value of type 'tensor<2xf64>', and argument 0 of type 'tensor<3xf64>' [jacobian-states]}}
  %0 = etrace.block_jacobian @types(%a, %b) wrt [0, 1]
      : (tensor<3xf64>, tensor<2xf64>) -> tensor<3x2x2xf64>
  return %0 : tensor<3x2x2xf64>
}

// -----

func.func @dynamic(%a: tensor<?xf64>) -> tensor<?xf64> {
  return %a : tensor<?xf64>
}
func.func @main(%a: tensor<?xf64>) -> tensor<?x1x?x1xf64> {
  // expected-error@+1 {{'etrace.full_jacobian' op needs states of static extents, but argument 0 of '@dynamic' is of type 'tensor<?xf64>' [jacobian-states]}}
  %0 = etrace.full_jacobian @dynamic(%a) : (tensor<?xf64>) -> tensor<?x1x?x1xf64>
  return %0 : tensor<?x1x?x1xf64>
}

// -----

func.func @nothing_more(%a: tensor<3xf64>) -> tensor<3xf64> {
  return %a : tensor<3xf64>
}
func.func @main(%a: tensor<3xf64>) -> tensor<3x1x1xf64> {
  // expected-error@+1 {{'etrace.block_jacobian' op has 'has_aux', but '@nothing_more' returns nothing behind the new values of its states; return the auxiliary values there, or leave 'has_aux' out [derivative-aux]}}
  %0 = etrace.block_jacobian @nothing_more(%a) has_aux : (tensor<3xf64>) -> tensor<3x1x1xf64>
  return %0 : tensor<3x1x1xf64>
}

// -----

// Two products in a row: a position reaches itself through every unit of the first.
func.func @twice(%h: tensor<3xf64>, %w: tensor<3x3xf64>) -> tensor<3xf64> {
  %z = arith.constant dense<0.0> : tensor<3xf64>
  // expected-error@+2 {{'linalg.vecmat' mixes positions: a position reaches itself by way of several points of what it computes, so there is no exact block for single positions [position-mixing]}}
  // expected-note@+1 {{say 'mixing <drop>' to leave the edge through it out, 'mixing <full>' to take the block from the full Jacobian, or cut the path by 'etrace.stop_gradient'}}
  %y = linalg.vecmat ins(%h, %w : tensor<3xf64>, tensor<3x3xf64>) outs(%z : tensor<3xf64>)
      -> tensor<3xf64>
  %t = math.tanh %y : tensor<3xf64>
  // expected-note@+1 {{'linalg.matvec' mixes them, too}}
  %0 = linalg.matvec ins(%w, %t : tensor<3x3xf64>, tensor<3xf64>) outs(%z : tensor<3xf64>)
      -> tensor<3xf64>
  return %0 : tensor<3xf64>
}
func.func @main(%h: tensor<3xf64>, %w: tensor<3x3xf64>) -> tensor<3x1x1xf64> {
  // expected-note@+1 {{in 'etrace.block_jacobian' of '@twice'}}
  %0 = etrace.block_jacobian @twice(%h, %w)
      : (tensor<3xf64>, tensor<3x3xf64>) -> tensor<3x1x1xf64>
  return %0 : tensor<3x1x1xf64>
}

// -----

// The extents of what lies between must be known as well.
func.func @between(%h: tensor<3xf64>, %n: index) -> tensor<3xf64> {
  // expected-error@+1 {{'tensor.extract_slice' has a tangent of type 'tensor<?xf64>'; a block Jacobian needs static extents [jacobian-states]}}
  %s = tensor.extract_slice %h[0] [%n] [1] : tensor<3xf64> to tensor<?xf64>
  %0 = tensor.insert_slice %s into %h[0] [%n] [1] : tensor<?xf64> into tensor<3xf64>
  return %0 : tensor<3xf64>
}
func.func @main(%h: tensor<3xf64>, %n: index) -> tensor<3x1x1xf64> {
  // expected-note@+1 {{in 'etrace.block_jacobian' of '@between'}}
  %0 = etrace.block_jacobian @between(%h, %n) : (tensor<3xf64>, index) -> tensor<3x1x1xf64>
  return %0 : tensor<3x1x1xf64>
}
