// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --etrace-raise-functions --split-input-file --verify-diagnostics

// expected-error @+1 {{'f' has no body}}
func.func private @f(tensor<3xf32> {etrace.hidden = "h"}) -> (tensor<3xf32> {etrace.hidden = "h"})

// -----

// expected-error @+1 {{'f' has several blocks; only structured control flow (scf) can be raised}}
func.func @f(%h: tensor<3xf32> {etrace.hidden = "h"}) -> (tensor<3xf32> {etrace.hidden = "h"}) {
  cf.br ^end
^end:
  return %h : tensor<3xf32>
}

// -----

func.func @f(%h: tensor<3xf32> {etrace.hidden = "h"}) -> (tensor<3xf32> {etrace.hidden = "h"}) {
  return %h : tensor<3xf32>
}
func.func @g(%h: tensor<3xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{uses 'f', which becomes part of a model; remove the use}}
  %0 = call @f(%h) : (tensor<3xf32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

// expected-error @+1 {{argument #0 is both 'etrace.hidden' and 'etrace.param'}}
func.func @f(%h: tensor<3xf32> {etrace.hidden = "h", etrace.param = "h"}) {
  return
}

// -----

// expected-error @+1 {{argument #0 has the path 'a..b'; expected names separated by single dots}}
func.func @f(%h: tensor<3xf32> {etrace.hidden = "a..b"}) {
  return
}

// -----

// expected-error @+1 {{argument #1 must be a ranked tensor, found 'f32'}}
func.func @f(%h: tensor<3xf32> {etrace.hidden = "h"}, %x: f32) -> (tensor<3xf32> {etrace.hidden = "h"}) {
  return %h : tensor<3xf32>
}

// -----

// expected-error @+1 {{argument #1 names 'h' a second time}}
func.func @f(%h: tensor<3xf32> {etrace.hidden = "h"}, %x: tensor<3xf32> {etrace.state = "h"}) {
  return
}

// -----

// expected-error @+1 {{result #0 is the parameter 'w'; parameters are read only in a step}}
func.func @f(%w: tensor<3xf32> {etrace.param = "w"}) -> (tensor<3xf32> {etrace.param = "w"}) {
  return %w : tensor<3xf32>
}

// -----

// expected-error @+1 {{result #0 is 'etrace.hidden' of 'g', but no argument is}}
func.func @f(%h: tensor<3xf32> {etrace.hidden = "h"}) -> (tensor<3xf32> {etrace.hidden = "g"}) {
  return %h : tensor<3xf32>
}

// -----

// expected-error @+1 {{result #0 has type 'tensor<4xf32>', but 'h' has 'tensor<3xf32>'}}
func.func @f(%h: tensor<3xf32> {etrace.hidden = "h"}, %x: tensor<4xf32>) -> (tensor<4xf32> {etrace.hidden = "h"}) {
  return %x : tensor<4xf32>
}

// -----

// expected-error @+1 {{result #1 returns 'h' a second time}}
func.func @f(%h: tensor<3xf32> {etrace.hidden = "h"}) -> (tensor<3xf32> {etrace.hidden = "h"}, tensor<3xf32> {etrace.hidden = "h"}) {
  return %h, %h : tensor<3xf32>, tensor<3xf32>
}

// -----

// expected-error @+1 {{argument #2 has the path 'n', which is also a tree state; give it another name}}
func.func @f(%h: tensor<3xf32> {etrace.hidden = "n.V"}, %a: tensor<4xf32> {etrace.hidden = "n.a"},
             %n: tensor<4xf32> {etrace.hidden = "n"})
    -> (tensor<3xf32> {etrace.hidden = "n.V"}, tensor<4xf32> {etrace.hidden = "n.a"},
        tensor<4xf32> {etrace.hidden = "n"}) {
  return %h, %a, %n : tensor<3xf32>, tensor<4xf32>, tensor<4xf32>
}

// -----

// expected-error @+1 {{argument #1 has the path 'n', which is also a group state; give it another name}}
func.func @f(%h: tensor<3xf32> {etrace.hidden = "n.V"}, %a: tensor<4xf32> {etrace.hidden = "n"})
    -> (tensor<3xf32> {etrace.hidden = "n.V"}, tensor<4xf32> {etrace.hidden = "n"}) {
  return %h, %a : tensor<3xf32>, tensor<4xf32>
}

// -----

// expected-error @+1 {{'etrace.batch_dim' must be an integer, found "first"}}
func.func @f(%h: tensor<3xf32> {etrace.hidden = "h"}) -> (tensor<3xf32> {etrace.hidden = "h"})
    attributes {etrace.batch_dim = "first"} {
  return %h : tensor<3xf32>
}

// -----

// expected-error @+1 {{'etrace.compat' must be #etrace.compat<...>, found "braintrace"}}
func.func @f(%h: tensor<3xf32> {etrace.hidden = "h"}) -> (tensor<3xf32> {etrace.hidden = "h"})
    attributes {etrace.compat = "braintrace"} {
  return %h : tensor<3xf32>
}

// -----

// expected-error @+1 {{attribute 'etrace.init' must be an initialiser such as #etrace.zeros, found 1.000000e+00 : f64}}
func.func @f(%h: tensor<3xf32> {etrace.hidden = "h", etrace.init = 1.0}) -> (tensor<3xf32> {etrace.hidden = "h"}) {
  return %h : tensor<3xf32>
}

// -----

func.func @f(%h: tensor<3xf32> {etrace.hidden = "h"}) -> (tensor<3xf32> {etrace.hidden = "h"}, tensor<3xf32>) {
  return %h, %h : tensor<3xf32>, tensor<3xf32>
}
// expected-error @+1 {{a loss returns one float, or one tensor of rank 0, found '(tensor<3xf32>) -> tensor<3xf32>'}}
func.func @l(%y: tensor<3xf32>) -> tensor<3xf32> attributes {etrace.loss} {
  return %y : tensor<3xf32>
}

// -----

// expected-error @+1 {{'etrace.loss' must name the step it belongs to; the module has 0}}
func.func @l(%y: tensor<3xf32>) -> tensor<3xf32> attributes {etrace.loss} {
  return %y : tensor<3xf32>
}

// -----

// expected-error @+1 {{names @f, which is not a function with states or parameters}}
func.func @l(%y: tensor<3xf32>) -> tensor<3xf32> attributes {etrace.loss = @f} {
  return %y : tensor<3xf32>
}

// -----

// expected-error @+1 {{'etrace.loss' names a step by its symbol, found "f"}}
func.func @l(%y: tensor<3xf32>) -> tensor<3xf32> attributes {etrace.loss = "f"} {
  return %y : tensor<3xf32>
}

// -----

func.func @f(%h: tensor<f32> {etrace.hidden = "h"}) -> (tensor<f32> {etrace.hidden = "h"}, tensor<f32>) {
  return %h, %h : tensor<f32>, tensor<f32>
}
func.func @l(%y: tensor<f32>) -> tensor<f32> attributes {etrace.loss} {
  return %y : tensor<f32>
}
// expected-error @+1 {{is a second loss of 'f'}}
func.func @k(%y: tensor<f32>) -> tensor<f32> attributes {etrace.loss} {
  return %y : tensor<f32>
}

// -----

func.func @f(%h: tensor<3xf32> {etrace.hidden = "h"}) -> (tensor<3xf32> {etrace.hidden = "h"}) {
  // expected-error @+1 {{unknown primitive 'norm'; the primitives are 'matmul', 'conv', 'einsum' and 'elementwise'}}
  %0 = arith.addf %h, %h {etrace.primitive = "norm"} : tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

func.func @f(%h: tensor<3xf32> {etrace.hidden = "h"}) -> (tensor<3xf32> {etrace.hidden = "h"}) {
  // expected-error @+1 {{'arith.addf' cannot become the primitive 'matmul'; expected linalg.matmul, linalg.vecmat or linalg.matvec}}
  %0 = arith.addf %h, %h {etrace.primitive = "matmul"} : tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

func.func @f(%h: tensor<3xf32> {etrace.hidden = "h"}) -> (tensor<3xf32> {etrace.hidden = "h"}) {
  // expected-error @+1 {{'arith.addf' cannot become the primitive 'elementwise'; expected an identity or a pointwise operation with one operand that is a parameter, found 0 such operands}}
  %0 = arith.addf %h, %h {etrace.primitive = "elementwise"} : tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

func.func @f(%h: tensor<3xf32> {etrace.hidden = "h"}, %w: tensor<3x3xf16> {etrace.param = "w"}) -> (tensor<3xf32> {etrace.hidden = "h"}) {
  // expected-error @+1 {{a primitive has one float type throughout, found 'tensor<3x3xf16>' and 'tensor<3xf32>'}}
  %0 = linalg.vecmat {etrace.primitive = "matmul"} ins(%h, %w : tensor<3xf32>, tensor<3x3xf16>) outs(%h : tensor<3xf32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

func.func @f(%h: tensor<3xf32> {etrace.hidden = "h"}) -> (tensor<3xf32> {etrace.hidden = "h"}) {
  // expected-error @+1 {{'arith.addf' cannot become the primitive 'conv'; expected a product summed over windows, as linalg.conv_2d}}
  %0 = arith.addf %h, %h {etrace.primitive = "conv"} : tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

// No windows.
func.func @f(%h: tensor<3x3xf32> {etrace.hidden = "h"}) -> (tensor<3x3xf32> {etrace.hidden = "h"}) {
  // expected-error @+1 {{'linalg.matmul' cannot become the primitive 'conv'}}
  %0 = linalg.matmul {etrace.primitive = "conv"} ins(%h, %h : tensor<3x3xf32>, tensor<3x3xf32>) outs(%h : tensor<3x3xf32>) -> tensor<3x3xf32>
  return %0 : tensor<3x3xf32>
}

// -----

// Windows.
func.func @f(%h: tensor<5xf32> {etrace.hidden = "h"}, %w: tensor<3xf32> {etrace.param = "w"}, %i: tensor<3xf32>) -> (tensor<5xf32> {etrace.hidden = "h"}) {
  // expected-error @+1 {{'linalg.conv_1d' cannot become the primitive 'einsum'; expected a sum of products, as linalg.batch_matmul}}
  %0 = linalg.conv_1d {etrace.primitive = "einsum"} ins(%h, %w : tensor<5xf32>, tensor<3xf32>) outs(%i : tensor<3xf32>) -> tensor<3xf32>
  return %h : tensor<5xf32>
}

// -----

// A letter that only x has.
#x = affine_map<(i, k) -> (i, k)>
#k = affine_map<(i, k) -> (i)>
#y = affine_map<(i, k) -> (i)>
func.func @f(%h: tensor<3x3xf32> {etrace.hidden = "h"}, %w: tensor<3xf32> {etrace.param = "w"}, %i: tensor<3xf32>) -> (tensor<3x3xf32> {etrace.hidden = "h"}) {
  // expected-error @+1 {{'linalg.generic' cannot become the primitive 'einsum'}}
  %0 = linalg.generic {indexing_maps = [#x, #k, #y], iterator_types = ["parallel", "reduction"]}
      ins(%h, %w : tensor<3x3xf32>, tensor<3xf32>) outs(%i : tensor<3xf32>) attrs = {etrace.primitive = "einsum"} {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %p, %c : f32
    linalg.yield %s : f32
  } -> tensor<3xf32>
  return %h : tensor<3x3xf32>
}

// -----

func.func @f(%h: tensor<2x3x3xf32> {etrace.hidden = "h"}, %w: tensor<2x3x3xf16> {etrace.param = "w"}) -> (tensor<2x3x3xf32> {etrace.hidden = "h"}) {
  // expected-error @+1 {{a primitive has one float type throughout, found 'tensor<2x3x3xf16>' and 'tensor<2x3x3xf32>'}}
  %0 = linalg.batch_matmul {etrace.primitive = "einsum"} ins(%h, %w : tensor<2x3x3xf32>, tensor<2x3x3xf16>) outs(%h : tensor<2x3x3xf32>) -> tensor<2x3x3xf32>
  return %0 : tensor<2x3x3xf32>
}

// -----

// A window that moves backwards, and one that is a maximum.
#x = affine_map<(p, k) -> (p - k + 2)>
#k = affine_map<(p, k) -> (k)>
#y = affine_map<(p, k) -> (p)>
func.func @f(%h: tensor<5xf32> {etrace.hidden = "h"}, %w: tensor<3xf32> {etrace.param = "w"}, %i: tensor<3xf32>) -> (tensor<5xf32> {etrace.hidden = "h"}) {
  // expected-error @+1 {{'linalg.generic' cannot become the primitive 'conv'}}
  %0 = linalg.generic {indexing_maps = [#x, #k, #y], iterator_types = ["parallel", "reduction"]}
      ins(%h, %w : tensor<5xf32>, tensor<3xf32>) outs(%i : tensor<3xf32>) attrs = {etrace.primitive = "conv"} {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %p, %c : f32
    linalg.yield %s : f32
  } -> tensor<3xf32>
  return %h : tensor<5xf32>
}

// -----

#x = affine_map<(p, k) -> (p + k)>
#k = affine_map<(p, k) -> (k)>
#y = affine_map<(p, k) -> (p)>
func.func @f(%h: tensor<5xf32> {etrace.hidden = "h"}, %w: tensor<3xf32> {etrace.param = "w"}, %i: tensor<3xf32>) -> (tensor<5xf32> {etrace.hidden = "h"}) {
  // expected-error @+1 {{'linalg.generic' cannot become the primitive 'conv'}}
  %0 = linalg.generic {indexing_maps = [#x, #k, #y], iterator_types = ["parallel", "reduction"]}
      ins(%h, %w : tensor<5xf32>, tensor<3xf32>) outs(%i : tensor<3xf32>) attrs = {etrace.primitive = "conv"} {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.maximumf %p, %c : f32
    linalg.yield %s : f32
  } -> tensor<3xf32>
  return %h : tensor<5xf32>
}

// -----

func.func @f(%h: tensor<5xf32> {etrace.hidden = "h"}, %w: tensor<3xf16> {etrace.param = "w"}, %i: tensor<3xf32>) -> (tensor<5xf32> {etrace.hidden = "h"}) {
  // expected-error @+1 {{a primitive has one float type throughout, found 'tensor<3xf16>' and 'tensor<3xf32>'}}
  %0 = linalg.conv_1d {etrace.primitive = "conv"} ins(%h, %w : tensor<5xf32>, tensor<3xf16>) outs(%i : tensor<3xf32>) -> tensor<3xf32>
  return %h : tensor<5xf32>
}

// -----

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @f(%h: tensor<3x3xf32> {etrace.hidden = "h"}, %w: tensor<3x3xf32> {etrace.param = "w"}) -> (tensor<3x3xf32> {etrace.hidden = "h"}) {
  // expected-error @+1 {{has its own indexing maps; transpose the operands before it instead}}
  %0 = linalg.matmul indexing_maps = [#a, #b, #c] {etrace.primitive = "matmul"} ins(%h, %w : tensor<3x3xf32>, tensor<3x3xf32>) outs(%h : tensor<3x3xf32>) -> tensor<3x3xf32>
  return %0 : tensor<3x3xf32>
}

// -----

func.func private @effect(tensor<3xf32>)
func.func @f(%h: tensor<3xf32> {etrace.hidden = "h"}, %m: memref<3xf32>) -> (tensor<3xf32> {etrace.hidden = "h"}) {
  return %h : tensor<3xf32>
}
// The memref is refused above all else.
// expected-error @-4 {{argument #1 must be a ranked tensor, found 'memref<3xf32>'}}

// -----

func.func private @effect(tensor<3xf32>)
func.func @f(%h: tensor<3xf32> {etrace.hidden = "h"}) -> (tensor<3xf32> {etrace.hidden = "h"}) {
  // expected-error @+1 {{calls 'effect', which is not a function of the model; declare it in the model, or inline the call first (--inline)}}
  call @effect(%h) : (tensor<3xf32>) -> ()
  return %h : tensor<3xf32>
}
