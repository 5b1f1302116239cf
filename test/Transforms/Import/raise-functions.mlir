// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --etrace-raise-functions --split-input-file --verify-diagnostics | FileCheck %s

// States and parameters in any order; the step has them sorted.
// CHECK-LABEL: etrace.model @gru attributes {batch_dim = 0 : i64, compat = #etrace.compat<braintrace>}
// CHECK-NEXT: etrace.param @w : tensor<3x5xf32> init #etrace.orthogonal
// CHECK-NEXT: etrace.group_state @cell {
// CHECK-NEXT:   etrace.component @V : tensor<2x5xf32>
// CHECK-NEXT:   etrace.component @a : tensor<2x5xf32> init #etrace.constant<value = 1.000000e+00>
// CHECK-NEXT: }
// CHECK-NEXT: etrace.param @b : tensor<5xf32>
// CHECK-NEXT: etrace.state @z : tensor<2x5xf32>
// CHECK-NEXT: etrace.step @step(%[[X:.*]]: tensor<2x3xf32> {etrace.single_step},
// CHECK-SAME:   %[[V:.*]]: tensor<2x5xf32> {etrace.hidden = "cell.V"}, %[[A:.*]]: tensor<2x5xf32> {etrace.hidden = "cell.a"}, %[[Z:.*]]: tensor<2x5xf32> {etrace.state = "z"},
// CHECK-SAME:   %[[W:.*]]: tensor<3x5xf32> {etrace.param = "w"}, %[[B:.*]]: tensor<5xf32> {etrace.param = "b"})
// CHECK-SAME: -> (tensor<2x5xf32>, tensor<2x5xf32> {etrace.hidden = "cell.V"}, tensor<2x5xf32> {etrace.hidden = "cell.a"}, tensor<2x5xf32> {etrace.state = "z"}) {
// CHECK: %[[Y:.*]] = etrace.matmul %[[X]], %[[W]] bias %[[B]] : tensor<2x3xf32>, tensor<3x5xf32>, tensor<5xf32> -> tensor<2x5xf32>
// CHECK-NEXT: %[[E:.*]] = etrace.elementwise %[[B]] : tensor<5xf32>
// CHECK: linalg.broadcast ins(%[[E]] : tensor<5xf32>)
// CHECK: %[[N:.*]] = arith.addf
// The second state is not returned and keeps its value.
// CHECK-NEXT: etrace.yield %[[Y]], %[[N]], %[[A]], %[[A]] : tensor<2x5xf32>, tensor<2x5xf32>, tensor<2x5xf32>, tensor<2x5xf32>
// CHECK: etrace.loss @mean(%{{.*}}: tensor<2x5xf32>, %{{.*}}: tensor<f32> {etrace.single_step}) -> f32 {
// CHECK: %[[L:.*]] = tensor.extract %{{.*}}[] : tensor<f32>
// CHECK-NEXT: etrace.yield %[[L]] : f32
// CHECK-NOT: func.func
// expected-warning @+1 {{'cell.a' is not returned; it keeps its value}}
func.func @gru(%w: tensor<3x5xf32> {etrace.param = "w", etrace.init = #etrace.orthogonal},
               %v: tensor<2x5xf32> {etrace.hidden = "cell.V"},
               %x: tensor<2x3xf32> {etrace.single_step},
               %a: tensor<2x5xf32> {etrace.hidden = "cell.a", etrace.init = #etrace.constant<value = 1.0>},
               %b: tensor<5xf32> {etrace.param = "b"},
               %z: tensor<2x5xf32> {etrace.state = "z"})
    -> (tensor<2x5xf32> {etrace.state = "z"}, tensor<2x5xf32>, tensor<2x5xf32> {etrace.hidden = "cell.V"})
    attributes {etrace.batch_dim = 0, etrace.compat = #etrace.compat<braintrace>} {
  %e = tensor.empty() : tensor<2x5xf32>
  %bias = linalg.broadcast ins(%b : tensor<5xf32>) outs(%e : tensor<2x5xf32>) dimensions = [0]
  %y = linalg.matmul {etrace.primitive = "matmul"} ins(%x, %w : tensor<2x3xf32>, tensor<3x5xf32>)
      outs(%bias : tensor<2x5xf32>) -> tensor<2x5xf32>
  %d = tensor.empty() : tensor<5xf32>
  %c = linalg.copy {etrace.primitive = "elementwise"} ins(%b : tensor<5xf32>) outs(%d : tensor<5xf32>) -> tensor<5xf32>
  %r = linalg.broadcast ins(%c : tensor<5xf32>) outs(%e : tensor<2x5xf32>) dimensions = [0]
  %n = arith.addf %v, %r : tensor<2x5xf32>
  return %a, %y, %n : tensor<2x5xf32>, tensor<2x5xf32>, tensor<2x5xf32>
}
func.func @mean(%out: tensor<2x5xf32>, %t: tensor<f32> {etrace.single_step}) -> tensor<f32> attributes {etrace.loss} {
  %l = linalg.reduce { arith.addf } ins(%out : tensor<2x5xf32>) outs(%t : tensor<f32>) dimensions = [0, 1]
  return %l : tensor<f32>
}

// -----

// What a product accumulates into: zeros vanish, a parameter is the bias, anything else is added.
// A marked pointwise operation gets its parameter through a primitive. Two steps, each with its loss.
// CHECK-LABEL: etrace.model @first
// CHECK: etrace.step @step(%[[X:.*]]: tensor<3xf64>, %[[H:.*]]: tensor<3xf64> {etrace.hidden = "layer0.rnn.h"}, %[[W:.*]]: tensor<3x3xf64> {{.*}}, %[[B:.*]]: tensor<3xf64> {etrace.param = "layer0.b"}
// CHECK-NOT: linalg.fill
// CHECK: %[[P:.*]] = etrace.matmul %[[X]], %[[W]] : tensor<3xf64>
// CHECK-NEXT: %[[Q:.*]] = etrace.matmul %[[P]], %[[W]] bias %[[B]] : tensor<3xf64>
// CHECK: %[[T:.*]] = linalg.transpose ins(%[[W]] : tensor<3x3xf64>)
// CHECK-NEXT: %[[R:.*]] = etrace.matmul %[[Q]], %[[T]] : tensor<3xf64>
// CHECK-NEXT: %[[S:.*]] = arith.addf %[[R]], %[[H]] : tensor<3xf64>
// CHECK-NEXT: %[[E:.*]] = etrace.elementwise %[[B]] : tensor<3xf64>
// CHECK-NEXT: %[[N:.*]] = arith.mulf %[[S]], %[[E]] : tensor<3xf64>
// CHECK: etrace.loss @first_loss
// CHECK-LABEL: etrace.model @second
// CHECK: etrace.loss @second_loss
func.func @first(%x: tensor<3xf64>, %h: tensor<3xf64> {etrace.hidden = "layer0.rnn.h"},
                 %w: tensor<3x3xf64> {etrace.param = "layer0.w"}, %b: tensor<3xf64> {etrace.param = "layer0.b"})
    -> (tensor<3xf64> {etrace.hidden = "layer0.rnn.h"}, tensor<3xf64>) {
  %zero = arith.constant 0.0 : f64
  %e = tensor.empty() : tensor<3xf64>
  %z = linalg.fill ins(%zero : f64) outs(%e : tensor<3xf64>) -> tensor<3xf64>
  %p = linalg.vecmat {etrace.primitive = "matmul"} ins(%x, %w : tensor<3xf64>, tensor<3x3xf64>) outs(%z : tensor<3xf64>) -> tensor<3xf64>
  %q = linalg.vecmat {etrace.primitive = "matmul"} ins(%p, %w : tensor<3xf64>, tensor<3x3xf64>) outs(%b : tensor<3xf64>) -> tensor<3xf64>
  %r = linalg.matvec {etrace.primitive = "matmul"} ins(%w, %q : tensor<3x3xf64>, tensor<3xf64>) outs(%h : tensor<3xf64>) -> tensor<3xf64>
  %n = arith.mulf %r, %b {etrace.primitive = "elementwise"} : tensor<3xf64>
  return %n, %n : tensor<3xf64>, tensor<3xf64>
}
func.func @second_loss(%out: tensor<2xf64>) -> f64 attributes {etrace.loss = @second} {
  %i = arith.constant 0 : index
  %l = tensor.extract %out[%i] : tensor<2xf64>
  return %l : f64
}
func.func @first_loss(%out: tensor<3xf64>) -> f64 attributes {etrace.loss = @first} {
  %i = arith.constant 0 : index
  %l = tensor.extract %out[%i] : tensor<3xf64>
  return %l : f64
}
func.func @second(%h: tensor<2xf64> {etrace.hidden = "h"}) -> (tensor<2xf64>, tensor<2xf64> {etrace.hidden = "h"}) {
  return %h, %h : tensor<2xf64>, tensor<2xf64>
}

// -----

// Convolutions: axes in any order, strides, dilations, groups, channels one by one; a parameter that
// is broadcast along all other axes is the bias, zeros vanish, the rest is added.
// CHECK-LABEL: etrace.model @windows
// CHECK: etrace.step @step(%[[H:.*]]: tensor<2x3x7x8xf32> {etrace.hidden = "h"}, %[[K:.*]]: tensor<5x3x3x2xf32> {{.*}}, %[[B:.*]]: tensor<5xf32> {{.*}}, %[[D:.*]]: tensor<2x2x8xf32> {{.*}}, %[[L:.*]]: tensor<3xf32>
// CHECK: etrace.conv "aeAB,beAB->abAB" %[[H]], %[[K]] bias %[[B]] strides [2, 3] kernel_dilation [1, 4] : tensor<2x3x7x8xf32>, tensor<5x3x3x2xf32>, tensor<5xf32> -> tensor<2x5x3x2xf32>
// CHECK: etrace.conv "aABd,ABd->aABd" %[[H]], %[[D]] : tensor<2x3x7x8xf32>, tensor<2x2x8xf32> -> tensor<2x2x6x8xf32>
// CHECK-NOT: linalg.fill
// CHECK: %[[P:.*]] = etrace.conv "A,A->A" %[[V:.*]], %[[L]] : tensor<5xf32>, tensor<3xf32> -> tensor<3xf32>
// CHECK-NEXT: arith.addf %[[P]], %{{.*}} : tensor<3xf32>
// CHECK: etrace.conv "abAe,bdAe->abdA" %{{.*}} : tensor<2x3x7x8xf32>, tensor<3x4x5x8xf32> -> tensor<2x3x4x3xf32>
#input = affine_map<(n, g, p, o, c, k) -> (n, g, p + k, c)>
#kernel = affine_map<(n, g, p, o, c, k) -> (g, o, k, c)>
#result = affine_map<(n, g, p, o, c, k) -> (n, g, o, p)>
func.func @windows(%h: tensor<2x3x7x8xf32> {etrace.hidden = "h"}, %k: tensor<5x3x3x2xf32> {etrace.param = "k"},
                   %b: tensor<5xf32> {etrace.param = "b"}, %d: tensor<2x2x8xf32> {etrace.param = "d"},
                   %l: tensor<3xf32> {etrace.param = "l"}, %g: tensor<3x4x5x8xf32> {etrace.param = "g"})
    -> (tensor<2x3x7x8xf32> {etrace.hidden = "h"}, tensor<2x5x3x2xf32>, tensor<2x2x6x8xf32>, tensor<3xf32>, tensor<2x3x4x3xf32>) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x5x3x2xf32>
  %bias = linalg.broadcast ins(%b : tensor<5xf32>) outs(%e : tensor<2x5x3x2xf32>) dimensions = [0, 2, 3]
  %y = linalg.conv_2d_nchw_fchw {etrace.primitive = "conv", strides = dense<[2, 3]> : tensor<2xi64>, dilations = dense<[1, 4]> : tensor<2xi64>}
      ins(%h, %k : tensor<2x3x7x8xf32>, tensor<5x3x3x2xf32>) outs(%bias : tensor<2x5x3x2xf32>) -> tensor<2x5x3x2xf32>
  %f = tensor.empty() : tensor<2x2x6x8xf32>
  %z = linalg.fill ins(%zero : f32) outs(%f : tensor<2x2x6x8xf32>) -> tensor<2x2x6x8xf32>
  %u = linalg.depthwise_conv_2d_nhwc_hwc {etrace.primitive = "conv", strides = dense<1> : tensor<2xi64>, dilations = dense<1> : tensor<2xi64>}
      ins(%h, %d : tensor<2x3x7x8xf32>, tensor<2x2x8xf32>) outs(%z : tensor<2x2x6x8xf32>) -> tensor<2x2x6x8xf32>
  %v = tensor.extract_slice %b[0] [3] [1] : tensor<5xf32> to tensor<3xf32>
  %w = linalg.conv_1d {etrace.primitive = "conv"} ins(%b, %l : tensor<5xf32>, tensor<3xf32>) outs(%v : tensor<3xf32>) -> tensor<3xf32>
  %i = tensor.empty() : tensor<2x3x4x3xf32>
  %j = linalg.fill ins(%zero : f32) outs(%i : tensor<2x3x4x3xf32>) -> tensor<2x3x4x3xf32>
  %q = linalg.generic {indexing_maps = [#input, #kernel, #result], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]}
      ins(%h, %g : tensor<2x3x7x8xf32>, tensor<3x4x5x8xf32>) outs(%j : tensor<2x3x4x3xf32>) attrs = {etrace.primitive = "conv"} {
  ^bb0(%x0: f32, %x1: f32, %x2: f32):
    %m = arith.mulf %x0, %x1 : f32
    %s = arith.addf %x2, %m : f32
    linalg.yield %s : f32
  } -> tensor<2x3x4x3xf32>
  return %h, %y, %u, %w, %q : tensor<2x3x7x8xf32>, tensor<2x5x3x2xf32>, tensor<2x2x6x8xf32>, tensor<3xf32>, tensor<2x3x4x3xf32>
}

// -----

// Other sums of products: a weight for each group, maps of one's own; what they accumulate into is
// added, zeros vanish.
// CHECK-LABEL: etrace.model @products
// CHECK: etrace.step @step(%[[H:.*]]: tensor<2x3x4xf32> {etrace.hidden = "h"}, %[[W:.*]]: tensor<2x4x4xf32> {{.*}}, %[[V:.*]]: tensor<5x4xf32>
// CHECK: %[[P:.*]] = etrace.einsum "abd,adc->abc" %[[H]], %[[W]] : tensor<2x3x4xf32>, tensor<2x4x4xf32> -> tensor<2x3x4xf32>
// CHECK-NEXT: arith.addf %[[P]], %[[H]]
// CHECK-NOT: linalg.fill
// CHECK: etrace.einsum "abd,cd->abc" %[[H]], %[[V]] : tensor<2x3x4xf32>, tensor<5x4xf32> -> tensor<2x3x5xf32>
#px = affine_map<(a, b, c, d) -> (a, b, d)>
#pw = affine_map<(a, b, c, d) -> (c, d)>
#py = affine_map<(a, b, c, d) -> (a, b, c)>
func.func @products(%h: tensor<2x3x4xf32> {etrace.hidden = "h"}, %w: tensor<2x4x4xf32> {etrace.param = "w"},
                    %v: tensor<5x4xf32> {etrace.param = "v"})
    -> (tensor<2x3x4xf32> {etrace.hidden = "h"}, tensor<2x3x5xf32>) {
  %y = linalg.batch_matmul {etrace.primitive = "einsum"} ins(%h, %w : tensor<2x3x4xf32>, tensor<2x4x4xf32>)
      outs(%h : tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x3x5xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<2x3x5xf32>) -> tensor<2x3x5xf32>
  %q = linalg.generic {indexing_maps = [#px, #pw, #py], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%h, %v : tensor<2x3x4xf32>, tensor<5x4xf32>) outs(%z : tensor<2x3x5xf32>) attrs = {etrace.primitive = "einsum"} {
  ^bb0(%x0: f32, %x1: f32, %x2: f32):
    %m = arith.mulf %x0, %x1 : f32
    %s = arith.addf %x2, %m : f32
    linalg.yield %s : f32
  } -> tensor<2x3x5xf32>
  return %y, %q : tensor<2x3x4xf32>, tensor<2x3x5xf32>
}

// -----

// Functions without roles are left alone.
// CHECK-LABEL: func.func @plain
// CHECK-NOT: etrace.model
func.func @plain(%x: tensor<3xf32>) -> tensor<3xf32> {
  return %x : tensor<3xf32>
}

// -----

// S000-05, S000-06: components of different types, or without positions, make a tree state.
// CHECK-LABEL: etrace.model @tree
// CHECK-NEXT: etrace.tree_state @cell {
// CHECK-NEXT:   etrace.component @h : tensor<4xf32>
// CHECK-NEXT:   etrace.component @"0" : tensor<2xf32> init #etrace.constant<value = 1.000000e+00>
// CHECK-NEXT: }
// CHECK-NEXT: etrace.tree_state @cell.syn {
// CHECK-NEXT:   etrace.component @g : tensor<f32>
// CHECK-NEXT: }
// CHECK-NEXT: etrace.step
func.func @tree(%h: tensor<4xf32> {etrace.hidden = "cell.h"},
                %p: tensor<2xf32> {etrace.hidden = "cell.0", etrace.init = #etrace.constant<value = 1.0>},
                %g: tensor<f32> {etrace.hidden = "cell.syn.g"})
    -> (tensor<4xf32> {etrace.hidden = "cell.h"}, tensor<2xf32> {etrace.hidden = "cell.0"},
        tensor<f32> {etrace.hidden = "cell.syn.g"}) {
  return %h, %p, %g : tensor<4xf32>, tensor<2xf32>, tensor<f32>
}
