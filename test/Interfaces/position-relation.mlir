// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s -test-etrace-position-relation -verify-diagnostics

func.func @pointwise(%x: tensor<4x5xf32>, %c: i1, %s: f32) -> tensor<4x5xf32> {
  // expected-remark@+1 {{operand 0: box [4, 5] operand affine_map<(d0, d1) -> (d0, d1)> result affine_map<(d0, d1) -> (d0, d1)>}}
  %0 = math.tanh %x : tensor<4x5xf32>
  // expected-remark@+2 {{operand 1: box [4, 5] operand affine_map<(d0, d1) -> (d0, d1)>}}
  // expected-remark@+1 {{operand 2: box [4, 5] operand affine_map<(d0, d1) -> (d0, d1)>}}
  %1 = arith.select %c, %0, %x : tensor<4x5xf32>
  // expected-remark@+1 {{operand 0: box [4, 5] operand affine_map<(d0, d1) -> ()> result affine_map<(d0, d1) -> (d0, d1)>}}
  %2 = tensor.splat %s : tensor<4x5xf32>
  // expected-remark@+2 {{operand 0: box [4, 5]}}
  // expected-remark@+1 {{operand 1: box [4, 5]}}
  %3 = arith.addf %1, %2 : tensor<4x5xf32>
  return %3 : tensor<4x5xf32>
}

func.func @structured(%a: tensor<4x5xf32>, %b: tensor<5x3xf32>, %c: tensor<4x3xf32>)
    -> tensor<4x3xf32> {
  // expected-remark@+3 {{operand 0: box [4, 3, 5] operand affine_map<(d0, d1, d2) -> (d0, d2)> result affine_map<(d0, d1, d2) -> (d0, d1)>}}
  // expected-remark@+2 {{operand 1: box [4, 3, 5] operand affine_map<(d0, d1, d2) -> (d2, d1)> result affine_map<(d0, d1, d2) -> (d0, d1)>}}
  // expected-remark@+1 {{operand 2: box [4, 3, 5] operand affine_map<(d0, d1, d2) -> (d0, d1)> result affine_map<(d0, d1, d2) -> (d0, d1)>}}
  %0 = linalg.matmul ins(%a, %b : tensor<4x5xf32>, tensor<5x3xf32>) outs(%c : tensor<4x3xf32>)
      -> tensor<4x3xf32>
  return %0 : tensor<4x3xf32>
}

func.func @primitive(%x: tensor<2x3xf32>, %w: tensor<3x5xf32>, %b: tensor<5xf32>)
    -> tensor<2x5xf32> {
  // expected-remark@+3 {{operand 0: box [2, 3, 5] operand affine_map<(d0, d1, d2) -> (d0, d1)> result affine_map<(d0, d1, d2) -> (d0, d2)>}}
  // expected-remark@+2 {{operand 1: box [2, 3, 5] operand affine_map<(d0, d1, d2) -> (d1, d2)> result affine_map<(d0, d1, d2) -> (d0, d2)>}}
  // expected-remark@+1 {{operand 2: box [2, 3, 5] operand affine_map<(d0, d1, d2) -> (d2)> result affine_map<(d0, d1, d2) -> (d0, d2)>}}
  %0 = etrace.matmul %x, %w bias %b
      : tensor<2x3xf32>, tensor<3x5xf32>, tensor<5xf32> -> tensor<2x5xf32>
  return %0 : tensor<2x5xf32>
}

// With 2 zeros before x and 2 between its elements, element (p * 2 + k * 3 - 2) / 3 may be read.
func.func @windows(%x: tensor<2x5x3xf32>, %w: tensor<2x3x4xf32>, %b: tensor<4xf32>)
    -> tensor<4x2x6xf32> {
  // expected-remark@+3 {{operand 0: box [2, 6, 2, 3, 4] operand affine_map<(d0, d1, d2, d3, d4) -> (d0, (d1 * 2 + d2 * 3 - 2) floordiv 3, d3)> result affine_map<(d0, d1, d2, d3, d4) -> (d4, d0, d1)>}}
  // expected-remark@+2 {{operand 1: box [2, 6, 2, 3, 4] operand affine_map<(d0, d1, d2, d3, d4) -> (d2, d3, d4)> result affine_map<(d0, d1, d2, d3, d4) -> (d4, d0, d1)>}}
  // expected-remark@+1 {{operand 2: box [2, 6, 2, 3, 4] operand affine_map<(d0, d1, d2, d3, d4) -> (d4)> result affine_map<(d0, d1, d2, d3, d4) -> (d4, d0, d1)>}}
  %0 = etrace.conv "nHi,Hio->onH" %x, %w bias %b strides [2] low [2] input_dilation [3] kernel_dilation [3]
      : tensor<2x5x3xf32>, tensor<2x3x4xf32>, tensor<4xf32> -> tensor<4x2x6xf32>
  return %0 : tensor<4x2x6xf32>
}

func.func @shapes(%x: tensor<4x5xf32>, %y: tensor<3xf32>, %n: index) -> tensor<5xf32> {
  %c1 = arith.constant 1 : index
  // expected-remark@+1 {{operand 0: box [4, 5] operand affine_map<(d0, d1) -> (d0, d1)> result affine_map<(d0, d1) -> (d0 * 5 + d1)>}}
  %0 = tensor.collapse_shape %x [[0, 1]] : tensor<4x5xf32> into tensor<20xf32>
  // expected-remark@+1 {{operand 0: box [10, 2] operand affine_map<(d0, d1) -> (d0 * 2 + d1)> result affine_map<(d0, d1) -> (d0, d1)>}}
  %1 = tensor.expand_shape %0 [[0, 1]] output_shape [10, 2] : tensor<20xf32> into tensor<10x2xf32>
  // expected-remark@+1 {{operand 0: box [1, 3] operand affine_map<(d0, d1) -> (d0 + 2, d1 * 2)> result affine_map<(d0, d1) -> (d1)>}}
  %2 = tensor.extract_slice %x[2, 0] [1, 3] [1, 2] : tensor<4x5xf32> to tensor<3xf32>
  // expected-remark@+1 {{operand 0: everything}}
  %3 = tensor.extract_slice %x[%n, 0] [1, 3] [1, 1] : tensor<4x5xf32> to tensor<3xf32>
  // expected-remark@+2 {{operand 0: box [1, 3] operand affine_map<(d0, d1) -> (d1)> result affine_map<(d0, d1) -> (d0, d1 + 1)>}}
  // expected-remark@+1 {{operand 1: box [4, 5] operand affine_map<(d0, d1) -> (d0, d1)>}}
  %4 = tensor.insert_slice %2 into %x[0, 1] [1, 3] [1, 1] : tensor<3xf32> into tensor<4x5xf32>
  // expected-remark@+2 {{operand 0: box [3] operand affine_map<(d0) -> (d0)> result affine_map<(d0) -> (d0)>}}
  // expected-remark@+1 {{operand 1: box [3] operand affine_map<(d0) -> (d0)> result affine_map<(d0) -> (d0 + 3)>}}
  %5 = tensor.concat dim(0) %2, %3 : (tensor<3xf32>, tensor<3xf32>) -> tensor<6xf32>
  %z = arith.constant 0.0 : f32
  // expected-remark@+1 {{operand 0: box [3] operand affine_map<(d0) -> (d0)> result affine_map<(d0) -> (d0 + 2)>}}
  %6 = tensor.pad %y low[2] high[0] {
  ^bb0(%i: index):
    tensor.yield %z : f32
  } : tensor<3xf32> to tensor<5xf32>
  // expected-remark@+1 {{operand 0: box [] operand affine_map<() -> (1)> result affine_map<() -> ()>}}
  %7 = tensor.extract %y[%c1] : tensor<3xf32>
  // expected-remark@+2 {{operand 0: box [] operand affine_map<() -> ()> result affine_map<() -> (1)>}}
  // expected-remark@+1 {{operand 1: box [5] operand affine_map<(d0) -> (d0)> result affine_map<(d0) -> (d0)>}}
  %8 = tensor.insert %7 into %6[%c1] : tensor<5xf32>
  return %8 : tensor<5xf32>
}

// What an index gives may be any position; a dimension that one operand lacks has extent 1.
func.func @indexed(%dy: tensor<3x4xf32>, %i: tensor<3xi32>, %t: tensor<7x4xf32>) -> tensor<7x4xf32> {
  // expected-remark@+2 {{operand 0: box [3, 7, 4] operand affine_map<(d0, d1, d2) -> (d0, d2)> result affine_map<(d0, d1, d2) -> (d1, d2)>}}
  // expected-remark@+1 {{operand 2: box [1, 7, 4] operand affine_map<(d0, d1, d2) -> (d1, d2)> result affine_map<(d0, d1, d2) -> (d1, d2)>}}
  %g = etrace.indexed_contraction factors(%dy : tensor<3x4xf32>) indices(%i : tensor<3xi32>) dims [1]
      maps [affine_map<(b, v, d) -> (b, d)>, affine_map<(b, v, d) -> (b)>, affine_map<(b, v, d) -> (v, d)>]
      init(%t) : tensor<7x4xf32>
  return %g : tensor<7x4xf32>
}
