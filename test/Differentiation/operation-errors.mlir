// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s -test-etrace-linearize -split-input-file -verify-diagnostics

// The padding of every position is another function of the value.
func.func @padding(%x: tensor<4xf32>, %p: f32) -> tensor<6xf32> {
  // expected-error@+1 {{no derivative rule for 'tensor.pad' that computes its padding from a differentiated value; compute one value before the operation [no-derivative-rule]}}
  %0 = tensor.pad %x low[1] high[1] {
  ^bb0(%i: index):
    %k = arith.index_cast %i : index to i32
    %f = arith.sitofp %k : i32 to f32
    %v = arith.mulf %p, %f : f32
    tensor.yield %v : f32
  } : tensor<4xf32> to tensor<6xf32>
  return %0 : tensor<6xf32>
}

// -----

func.func @unranked(%x: tensor<*xf32>) -> tensor<*xf32> {
  // expected-error@+1 {{no derivative rule for 'math.exp' with an unranked result on a path from a differentiated value; expected ranked tensors [no-derivative-rule]}}
  %0 = math.exp %x : tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @buffers(%x: memref<4xf32>, %y: memref<4xf32>) {
  // expected-error@+1 {{no derivative rule for 'linalg.copy' on buffers; expected tensors [no-derivative-rule]}}
  linalg.copy ins(%x : memref<4xf32>) outs(%y : memref<4xf32>)
  return
}

// -----

func.func @load(%x: memref<4xf32>, %i: index) -> f32 {
  // expected-error@+3 {{no derivative rule for 'memref.load'}}
  // expected-note@-2 {{the path enters by this value}}
  // expected-note@+1 {{write the operation}}
  %0 = memref.load %x[%i] : memref<4xf32>
  return %0 : f32
}

// -----

func.func @softmax(%x: memref<4x5xf32>, %y: memref<4x5xf32>) {
  // expected-error@+1 {{no derivative rule for 'linalg.softmax' on buffers; expected tensors [no-derivative-rule]}}
  linalg.softmax dimension(1) ins(%x : memref<4x5xf32>) outs(%y : memref<4x5xf32>)
  return
}
