// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --split-input-file --verify-diagnostics -o /dev/null

// One case for each constraint of the dialect, named as in its documentation.

// M1: a loss takes what a step returns.
etrace.model @m {
  // expected-error @+1 {{has no 'etrace.step' whose outputs it could take}}
  etrace.loss @l(%x: f32) -> f32 {
    etrace.yield %x : f32
  }
}

// -----

// M1: at most one step.
etrace.model @m {
  etrace.step @a() {
    etrace.yield
  }
  // expected-error @+1 {{is a second step; a model has at most one}}
  etrace.step @b() {
    etrace.yield
  }
}

// -----

// M1: at most one loss.
etrace.model @m {
  etrace.step @a(%x: tensor<f32>) -> tensor<f32> {
    etrace.yield %x : tensor<f32>
  }
  etrace.loss @l(%x: tensor<f32>) -> f32 {
    %0 = tensor.extract %x[] : tensor<f32>
    etrace.yield %0 : f32
  }
  // expected-error @+1 {{is a second loss; a model has at most one}}
  etrace.loss @k(%x: tensor<f32>) -> f32 {
    %0 = tensor.extract %x[] : tensor<f32>
    etrace.yield %0 : f32
  }
}

// -----

// M1: nothing else in a model.
etrace.model @m {
  // expected-error @+1 {{'arith.constant' op is not allowed in an 'etrace.model'}}
  %c = arith.constant 1 : i32
  etrace.step @a() {
    etrace.yield
  }
}

// -----

// M2: a path has one declaration; here a symbol spells the path of a component.
etrace.model @m {
  // expected-note @+2 {{first declared here}}
  etrace.group_state @n {
    etrace.component @V : tensor<3xf32>
  }
  // expected-error @+1 {{declares the path 'n.V' a second time}}
  etrace.hidden @"n.V" : tensor<3xf32>
  etrace.step @a() {
    etrace.yield
  }
}

// -----

// M2: the symbol table of the model refuses the same name.
etrace.model @m {
  // expected-note @+1 {{see existing symbol definition here}}
  etrace.hidden @h : tensor<3xf32>
  // expected-error @+1 {{redefinition of symbol named 'h'}}
  etrace.param @h : tensor<3xf32>
  etrace.step @a() {
    etrace.yield
  }
}

// -----

// M3: the loss takes the outputs first.
etrace.model @m {
  etrace.step @a(%x: tensor<f32>) -> tensor<f32> {
    etrace.yield %x : tensor<f32>
  }
  // expected-error @+1 {{takes 0 arguments, but the step has 1 outputs, which come first}}
  etrace.loss @l() -> f32 {
    %0 = arith.constant 0.0 : f32
    etrace.yield %0 : f32
  }
}

// -----

// M3: types of the outputs.
etrace.model @m {
  etrace.step @a(%x: tensor<f32>) -> tensor<f32> {
    etrace.yield %x : tensor<f32>
  }
  // expected-error @+1 {{argument #0 must have the type of output #0 of the step, 'tensor<f32>', found 'tensor<f64>'}}
  etrace.loss @l(%x: tensor<f64>) -> f64 {
    %0 = tensor.extract %x[] : tensor<f64>
    etrace.yield %0 : f64
  }
}

// -----

// M4: the batch axis exists.
// expected-error @+1 {{has batch_dim 1, but 'h' has type 'tensor<3xf32>'}}
etrace.model @m attributes {batch_dim = 1} {
  // expected-note @+1 {{declared here}}
  etrace.hidden @h : tensor<3xf32>
  etrace.step @a() {
    etrace.yield
  }
}

// -----

// M4: the batch axis exists.
// expected-error @+1 {{has batch_dim -1; expected an axis, counted from 0}}
etrace.model @m attributes {batch_dim = -1} {
  etrace.step @a() {
    etrace.yield
  }
}

// -----

// Declarations: what they hold.
etrace.model @m {
  // expected-error @+1 {{must be a ranked tensor, found 'f32'}}
  etrace.param @w : f32
  etrace.step @a() {
    etrace.yield
  }
}

// -----

etrace.model @m {
  // expected-error @+1 {{must hold floats, found 'tensor<3xi32>'}}
  etrace.hidden @h : tensor<3xi32>
  etrace.step @a() {
    etrace.yield
  }
}

// -----

etrace.model @m {
  // expected-error @+1 {{must hold numbers, found 'tensor<3xcomplex<f32>>'}}
  etrace.state @h : tensor<3xcomplex<f32>>
  etrace.step @a() {
    etrace.yield
  }
}

// -----

etrace.model @m {
  // expected-error @+1 {{of integers can only start at a constant, found #etrace.normal}}
  etrace.state @n : tensor<3xi32> init #etrace.normal<std = 2.0>
  etrace.step @a() {
    etrace.yield
  }
}

// -----

etrace.model @m {
  // expected-error @+1 {{expected an initialiser such as #etrace.zeros, found #etrace.relu_grad}}
  etrace.hidden @h : tensor<3xf32> init #etrace.relu_grad
}

// -----

etrace.model @m {
  // expected-error @+1 {{expected an initialiser such as #etrace.zeros, found 1.000000e+00 : f64}}
  etrace.hidden @h : tensor<3xf32> init 1.0
}

// -----

etrace.model @m {
  // expected-error @+1 {{starts at #etrace.orthogonal, which needs a tensor of rank 2 or more, found 'tensor<3xf32>'}}
  etrace.param @w : tensor<3xf32> init #etrace.orthogonal
  etrace.step @a() {
    etrace.yield
  }
}

// -----

// expected-error @+1 {{op expects parent op 'etrace.model'}}
etrace.param @w : tensor<3xf32>

// -----

// G1: at least one component.
etrace.model @m {
  // expected-error @+1 {{has no components}}
  etrace.group_state @n {
  }
  etrace.step @a() {
    etrace.yield
  }
}

// -----

// G1: one type.
etrace.model @m {
  etrace.group_state @n {
    // expected-note @+1 {{'V' has 'tensor<3xf32>'}}
    etrace.component @V : tensor<3xf32>
    // expected-error @+1 {{has type 'tensor<4xf32>', but the components of a group state have one type}}
    etrace.component @a : tensor<4xf32>
  }
  etrace.step @a() {
    etrace.yield
  }
}

// -----

// G1: components only.
etrace.model @m {
  etrace.group_state @n {
    etrace.component @V : tensor<3xf32>
    // expected-error @+1 {{'arith.constant' op is not allowed in an 'etrace.group_state'; it holds components only}}
    %0 = arith.constant 1 : i32
  }
  etrace.step @a() {
    etrace.yield
  }
}

// -----

// T1: at least one component, at every level.
etrace.model @m {
  etrace.tree_state @n {
    // expected-error @+1 {{has no components}}
    etrace.tree_state @inner {
    }
  }
  etrace.step @a() {
    etrace.yield
  }
}

// -----

// T1: components and containers only.
etrace.model @m {
  etrace.tree_state @n {
    // expected-error @+1 {{'arith.constant' op is not allowed in an 'etrace.tree_state'; it holds components, group states and tree states}}
    %0 = arith.constant 1 : i32
  }
  etrace.step @a() {
    etrace.yield
  }
}

// -----

// A group state holds components only.
etrace.model @m {
  etrace.group_state @n {
    // expected-error @+1 {{expects parent op to be one of 'etrace.model, etrace.tree_state'}}
    etrace.tree_state @inner {
      etrace.component @V : tensor<3xf32>
    }
  }
  etrace.step @a() {
    etrace.yield
  }
}

// -----

// M2: paths of containers and dotted names.
etrace.model @m {
  etrace.tree_state @n {
    etrace.tree_state @syn {
      // expected-note @+1 {{first declared here}}
      etrace.component @g : tensor<3xf32>
    }
  }
  // expected-error @+1 {{declares the path 'n.syn.g' a second time}}
  etrace.param @"n.syn.g" : tensor<3xf32>
  etrace.step @a() {
    etrace.yield
  }
}

// -----

// A name stands once in a container.
etrace.model @m {
  etrace.tree_state @n {
    // expected-note @+1 {{see existing symbol definition here}}
    etrace.component @g : tensor<3xf32>
    // expected-error @+1 {{redefinition of symbol named 'g'}}
    etrace.component @g : tensor<4xf32>
  }
  etrace.step @a() {
    etrace.yield
  }
}

// -----

// S1: number of values.
etrace.model @m {
  etrace.step @a(%x: tensor<f32>) -> tensor<f32> {
    // expected-error @+1 {{yields 0 values, but 'a' has 1 results}}
    etrace.yield
  }
}

// -----

// S1: types of values.
etrace.model @m {
  etrace.step @a(%x: tensor<f32>) -> tensor<f64> {
    // expected-error @+1 {{value #0 has type 'tensor<f32>', but 'a' promises 'tensor<f64>'}}
    etrace.yield %x : tensor<f32>
  }
}

// -----

// S1: a body.
etrace.model @m {
  // expected-error @+1 {{expected '{' to begin a region}}
  etrace.step @a(tensor<f32>) -> tensor<f32>
}

// -----

// S1: another terminator.
etrace.model @m {
  // expected-error @+1 {{must end in 'etrace.yield'}}
  etrace.step @a(%x: tensor<f32>) {
    llvm.unreachable
  }
}

// -----

// S1: one block.
etrace.model @m {
  // expected-error @+1 {{expects region #0 to have 0 or 1 blocks}}
  etrace.step @a(%x: tensor<f32>) {
    cf.br ^next
  ^next:
    etrace.yield
  }
}

// -----

// S2: ranked tensors.
etrace.model @m {
  // expected-error @+1 {{takes and returns ranked tensors, found 'f32'}}
  etrace.step @a(%x: f32) {
    etrace.yield
  }
}

// -----

// S2: ranked tensors.
etrace.model @m {
  // expected-error @+1 {{takes and returns ranked tensors, found 'memref<3xf32>'}}
  etrace.step @a(%x: memref<3xf32>) {
    etrace.yield
  }
}

// -----

// S3: an undeclared path.
etrace.model @m {
  // expected-error @+1 {{argument #0 names 'h', which the model does not declare}}
  etrace.step @a(%h: tensor<3xf32> {etrace.hidden = "h"}) -> (tensor<3xf32> {etrace.hidden = "h"}) {
    etrace.yield %h : tensor<3xf32>
  }
}

// -----

// S3: another kind.
etrace.model @m {
  // expected-note @+1 {{declared as 'etrace.state' here}}
  etrace.state @h : tensor<3xf32>
  // expected-error @+1 {{argument #0 says 'etrace.hidden' of 'h'}}
  etrace.step @a(%h: tensor<3xf32> {etrace.hidden = "h"}) -> (tensor<3xf32> {etrace.hidden = "h"}) {
    etrace.yield %h : tensor<3xf32>
  }
}

// -----

// S3: another type.
etrace.model @m {
  // expected-note @+1 {{declared here}}
  etrace.hidden @h : tensor<4xf32>
  // expected-error @+1 {{argument #0 has type 'tensor<3xf32>', but 'h' has 'tensor<4xf32>'}}
  etrace.step @a(%h: tensor<3xf32> {etrace.hidden = "h"}) -> (tensor<3xf32> {etrace.hidden = "h"}) {
    etrace.yield %h : tensor<3xf32>
  }
}

// -----

// S3: two roles.
etrace.model @m {
  etrace.hidden @h : tensor<3xf32>
  etrace.param @w : tensor<3xf32>
  // expected-error @+1 {{argument #0 is both 'etrace.hidden' and 'etrace.param'}}
  etrace.step @a(%h: tensor<3xf32> {etrace.hidden = "h", etrace.param = "w"}) -> (tensor<3xf32> {etrace.hidden = "h"}) {
    etrace.yield %h : tensor<3xf32>
  }
}

// -----

// S3: taken twice.
etrace.model @m {
  etrace.param @w : tensor<3xf32>
  // expected-error @+1 {{takes 'w' twice}}
  etrace.step @a(%h: tensor<3xf32> {etrace.param = "w"}, %g: tensor<3xf32> {etrace.param = "w"}) {
    etrace.yield
  }
}

// -----

// S3: not returned.
etrace.model @m {
  etrace.hidden @h : tensor<3xf32>
  // expected-error @+1 {{takes the state 'h', but does not return it}}
  etrace.step @a(%h: tensor<3xf32> {etrace.hidden = "h"}) {
    etrace.yield
  }
}

// -----

// S3: not taken.
etrace.model @m {
  etrace.hidden @h : tensor<3xf32>
  // expected-error @+1 {{returns the state 'h', but does not take it}}
  etrace.step @a(%x: tensor<3xf32>) -> (tensor<3xf32> {etrace.hidden = "h"}) {
    etrace.yield %x : tensor<3xf32>
  }
}

// -----

// S3: returned twice.
etrace.model @m {
  etrace.hidden @h : tensor<3xf32>
  // expected-error @+1 {{returns the state 'h' twice}}
  etrace.step @a(%h: tensor<3xf32> {etrace.hidden = "h"}) -> (tensor<3xf32> {etrace.hidden = "h"}, tensor<3xf32> {etrace.hidden = "h"}) {
    etrace.yield %h, %h : tensor<3xf32>, tensor<3xf32>
  }
}

// -----

// S3: a parameter is read only.
etrace.model @m {
  etrace.param @w : tensor<3xf32>
  // expected-error @+1 {{result #0 is the parameter 'w'; parameters are read only in a step, the optimiser changes them}}
  etrace.step @a(%w: tensor<3xf32> {etrace.param = "w"}) -> (tensor<3xf32> {etrace.param = "w"}) {
    etrace.yield %w : tensor<3xf32>
  }
}

// -----

// S3: malformed roles.
etrace.model @m {
  // expected-error @+1 {{attribute 'etrace.hidden' must be a string, the path it names}}
  etrace.step @a(%w: tensor<3xf32> {etrace.hidden = 3}) {
    etrace.yield
  }
}

// -----

// expected-error @+1 {{attribute 'etrace.param' must be a string, the path it names}}
func.func private @f(tensor<3xf32> {etrace.param})

// -----

// expected-error @+1 {{unknown attribute 'etrace.hiden' on an argument or result}}
func.func private @f() -> (tensor<3xf32> {etrace.hiden = "h"})

// -----

// expected-error @+1 {{attribute 'etrace.single_step' takes no value}}
func.func private @f(tensor<3xf32> {etrace.single_step = "yes"})

// -----

// expected-error @+1 {{attribute 'etrace.primitive' must be a string}}
func.func private @f(tensor<3xf32>) attributes {etrace.primitive = 3}

// -----

// S4: memory.
etrace.model @m {
  etrace.step @a(%x: tensor<f32>) {
    %0 = tensor.extract %x[] : tensor<f32>
    // expected-error @+1 {{'memref.alloc' op has side effects, which 'etrace.step' may not have; state goes through etrace.get and etrace.set}}
    %1 = memref.alloc() : memref<f32>
    memref.store %0, %1[] : memref<f32>
    etrace.yield
  }
}

// -----

// S4: in a nested region.
etrace.model @m {
  etrace.step @a(%x: tensor<i1>) {
    %0 = tensor.extract %x[] : tensor<i1>
    scf.if %0 {
      // expected-error @+1 {{'vector.print' op has side effects, which 'etrace.step' may not have}}
      vector.print %0 : i1
    }
    etrace.yield
  }
}

// -----

// S4: an unknown operation.
etrace.model @m {
  etrace.step @a() {
    // expected-error @+1 {{'gpu.barrier' op has side effects, which 'etrace.step' may not have}}
    gpu.barrier
    etrace.yield
  }
}

// -----

// S4: a call of a function outside of the model.
etrace.model @m {
  etrace.step @a() {
    // expected-error @+1 {{'func.call' op calls 'f', which is not a function of the model; declare it in the model, or inline the call first (--inline)}}
    func.call @f() : () -> ()
    etrace.yield
  }
}
func.func private @f()

// -----

// S4: a call of something else.
etrace.model @m {
  etrace.param @f : tensor<3xf32>
  etrace.step @a() {
    // expected-error @+1 {{'func.call' op calls 'f', which is not a function of the model}}
    func.call @f() : () -> ()
    etrace.yield
  }
}

// -----

// M5: functions of a model are private, with a body of one block.
etrace.model @m {
  // expected-error @+1 {{'func.func' op is not a private function with a body of one block, the only functions that an 'etrace.model' holds}}
  func.func @f() {
    return
  }
}

// -----

etrace.model @m {
  // expected-error @+1 {{is not a private function with a body of one block}}
  func.func private @f()
}

// -----

etrace.model @m {
  // expected-error @+1 {{is not a private function with a body of one block}}
  func.func private @f() {
    cf.br ^bb1
  ^bb1:
    return
  }
}

// -----

etrace.model @m {
  func.func private @f() {
    // expected-error @+1 {{'gpu.barrier' op has side effects, which 'func.func' may not have}}
    gpu.barrier
    return
  }
}

// -----

// S4: what is outside.
%c = arith.constant dense<1.0> : tensor<3xf32>
etrace.model @m {
  // expected-note @+1 {{required by region isolation constraints}}
  etrace.step @a() -> tensor<3xf32> {
    // expected-error @+1 {{'etrace.yield' op using value defined outside the region}}
    etrace.yield %c : tensor<3xf32>
  }
}

// -----

// S4 holds for losses.
etrace.model @m {
  etrace.step @a(%x: tensor<f32>) -> tensor<f32> {
    etrace.yield %x : tensor<f32>
  }
  etrace.loss @l(%x: tensor<f32>) -> f32 {
    %0 = tensor.extract %x[] : tensor<f32>
    // expected-error @+1 {{'vector.print' op has side effects, which 'etrace.loss' may not have}}
    vector.print %0 : f32
    etrace.yield %0 : f32
  }
}

// -----

// A loss holds no state.
etrace.model @m {
  etrace.hidden @h : tensor<f32>
  etrace.step @a(%x: tensor<f32>) -> tensor<f32> {
    etrace.yield %x : tensor<f32>
  }
  etrace.loss @l(%x: tensor<f32>) -> f32 {
    // expected-error @+1 {{'etrace.get' op belongs in an 'etrace.step' of an 'etrace.model', or in a 'func.func'}}
    %h = etrace.get @h : tensor<f32>
    %0 = tensor.extract %h[] : tensor<f32>
    etrace.yield %0 : f32
  }
}

// -----

// L1: one float.
etrace.model @m {
  etrace.step @a(%x: tensor<f32>) -> tensor<f32> {
    etrace.yield %x : tensor<f32>
  }
  // expected-error @+1 {{must return one float scalar; reduce over positions and batch inside it}}
  etrace.loss @l(%x: tensor<f32>) -> tensor<f32> {
    etrace.yield %x : tensor<f32>
  }
}

// -----

// L1: no results.
etrace.model @m {
  etrace.step @a(%x: tensor<f32>) -> tensor<f32> {
    etrace.yield %x : tensor<f32>
  }
  // expected-error @+1 {{must return one float scalar; reduce over positions and batch inside it}}
  etrace.loss @l(%x: tensor<f32>) {
    etrace.yield
  }
}

// -----

// get and set: an unknown state.
etrace.model @m {
  etrace.step @a() {
    // expected-error @+1 {{names @h, which the model 'm' does not declare}}
    %h = etrace.get @h : tensor<f32>
    etrace.yield
  }
}

// -----

// get and set: the group state itself has no value.
etrace.model @m {
  // expected-note @+1 {{the group state 'n' has the components @n::@V @n::@a}}
  etrace.group_state @n {
    etrace.component @V : tensor<3xf32>
    etrace.component @a : tensor<3xf32>
  }
  etrace.step @a() {
    // expected-error @+1 {{names @n, which the model 'm' does not declare}}
    %h = etrace.get @n : tensor<3xf32>
    etrace.yield
  }
}

// -----

// get and set: an unknown component.
etrace.model @m {
  // expected-note @+1 {{the group state 'n' has the components @n::@V}}
  etrace.group_state @n {
    etrace.component @V : tensor<3xf32>
  }
  etrace.step @a(%x: tensor<3xf32>) {
    // expected-error @+1 {{names @n::@W, which the model 'm' does not declare}}
    etrace.set @n::@W, %x : tensor<3xf32>
    etrace.yield
  }
}

// -----

// get and set: not a state.
etrace.model @m {
  etrace.step @a() {
    // expected-error @+1 {{names @a, which the model 'm' does not declare}}
    %h = etrace.get @a : tensor<f32>
    etrace.yield
  }
}

// -----

// get and set: another shape.
etrace.model @m {
  // expected-note @+1 {{declared here}}
  etrace.hidden @h : tensor<3xf32>
  etrace.step @a(%x: tensor<4xf32>) {
    // expected-error @+1 {{has type 'tensor<4xf32>', but 'h' has 'tensor<3xf32>'}}
    etrace.set @h, %x : tensor<4xf32>
    etrace.yield
  }
}

// -----

// get and set: another element type.
etrace.model @m {
  // expected-note @+1 {{declared here}}
  etrace.hidden @h : tensor<3xf32>
  etrace.step @a() {
    // expected-error @+1 {{has type 'tensor<3xf64>', but 'h' has 'tensor<3xf32>'}}
    %h = etrace.get @h : tensor<3xf64>
    etrace.yield
  }
}

// -----

// set: a parameter is read only.
etrace.model @m {
  // expected-note @+1 {{declared here; use 'etrace.state' for a value that the step carries}}
  etrace.param @w : tensor<3xf32>
  etrace.step @a(%x: tensor<3xf32>) {
    // expected-error @+1 {{writes the parameter 'w'; parameters are read only in a step, the optimiser changes them between steps}}
    etrace.set @w, %x : tensor<3xf32>
    etrace.yield
  }
}

// -----

// get and set: outside a model.
func.func @f(%x: tensor<3xf32>) {
  // expected-error @+1 {{names @w, which is not an 'etrace.model' beside the function}}
  etrace.set @w, %x : tensor<3xf32>
  return
}

// -----

func.func @f(%x: tensor<3xf32>) {
  // expected-error @+1 {{expects parent op to be one of 'etrace.step, etrace.loss, etrace.custom_derivative, etrace.custom_linear'}}
  etrace.yield
}

// -----

// P1: extents.
func.func @f(%x: tensor<3xf32>, %w: tensor<4x5xf32>) {
  // expected-error @+1 {{operand #1 has extent 4 along axis 0, expected 3}}
  %y = etrace.matmul %x, %w : tensor<3xf32>, tensor<4x5xf32> -> tensor<5xf32>
  return
}

// -----

// P1: the result.
func.func @f(%x: tensor<2x3xf32>, %w: tensor<3x5xf32>) {
  // expected-error @+1 {{result has extent 4 along axis 0, expected 2}}
  %y = etrace.matmul %x, %w : tensor<2x3xf32>, tensor<3x5xf32> -> tensor<4x5xf32>
  return
}

// -----

// P1: ranks.
func.func @f(%x: tensor<2x3xf32>, %w: tensor<5xf32>) {
  // expected-error @+1 {{operand #1 must have rank 2, found 'tensor<5xf32>'}}
  %y = etrace.matmul %x, %w : tensor<2x3xf32>, tensor<5xf32> -> tensor<2x5xf32>
  return
}

// -----

// P1: rank of x.
func.func @f(%x: tensor<f32>, %w: tensor<3x5xf32>) {
  // expected-error @+1 {{operand #0 must have rank 1, found 'tensor<f32>'}}
  %y = etrace.matmul %x, %w : tensor<f32>, tensor<3x5xf32> -> tensor<5xf32>
  return
}

// -----

// P1: the bias.
func.func @f(%x: tensor<2x3xf32>, %w: tensor<3x5xf32>, %b: tensor<2x5xf32>) {
  // expected-error @+1 {{operand #2 must have rank 1, found 'tensor<2x5xf32>'}}
  %y = etrace.matmul %x, %w bias %b : tensor<2x3xf32>, tensor<3x5xf32>, tensor<2x5xf32> -> tensor<2x5xf32>
  return
}

// -----

// P1: groups.
func.func @f(%x: tensor<2x3xf32>, %w: tensor<4x3x5xf32>) {
  // expected-error @+1 {{operand #1 has extent 4 along axis 0, expected 2}}
  %y = etrace.grouped_matmul %x, %w : tensor<2x3xf32>, tensor<4x3x5xf32> -> tensor<2x5xf32>
  return
}

// -----

// P1: rank of x.
func.func @f(%x: tensor<3xf32>, %w: tensor<4x3x5xf32>) {
  // expected-error @+1 {{operand #0 must have rank 2, found 'tensor<3xf32>'}}
  %y = etrace.grouped_matmul %x, %w : tensor<3xf32>, tensor<4x3x5xf32> -> tensor<4x5xf32>
  return
}

// -----

// P2: a letter of the weight that nothing shares.
func.func @f(%x: tensor<3xf32>, %w: tensor<3x5xf32>) {
  // expected-error @+1 {{attribute 'equation' failed to satisfy constraint: string attribute equation 'x,w->y' of lower-case letters, none twice in an operand, each in two of the three}}
  %y = etrace.einsum "k,kn->k" %x, %w : tensor<3xf32>, tensor<3x5xf32> -> tensor<3xf32>
  return
}

// -----

// P2: a letter twice.
func.func @f(%x: tensor<3x3xf32>, %w: tensor<3xf32>) {
  // expected-error @+1 {{attribute 'equation' failed to satisfy constraint}}
  %y = etrace.einsum "kk,k->k" %x, %w : tensor<3x3xf32>, tensor<3xf32> -> tensor<3xf32>
  return
}

// -----

// P2: no equation.
func.func @f(%x: tensor<3xf32>, %w: tensor<3xf32>) {
  // expected-error @+1 {{attribute 'equation' failed to satisfy constraint}}
  %y = etrace.einsum "K,K->K" %x, %w : tensor<3xf32>, tensor<3xf32> -> tensor<3xf32>
  return
}

// -----

// P1: letters and ranks.
func.func @f(%x: tensor<2x3xf32>, %w: tensor<3x5xf32>) {
  // expected-error @+1 {{operand #0 must have rank 1, found 'tensor<2x3xf32>'}}
  %y = etrace.einsum "k,kn->n" %x, %w : tensor<2x3xf32>, tensor<3x5xf32> -> tensor<5xf32>
  return
}

// -----

// C1: no axis with windows.
func.func @f(%x: tensor<2xf32>, %k: tensor<2x5xf32>) {
  // expected-error @+1 {{attribute 'equation' failed to satisfy constraint: string attribute equation 'x,w->y' of letters, none twice in an operand: upper-case ones, at least one, in all three, lower-case ones in two of the three}}
  %y = etrace.conv "i,io->o" %x, %k : tensor<2xf32>, tensor<2x5xf32> -> tensor<5xf32>
  return
}

// -----

// C1: an axis with windows that the weight lacks.
func.func @f(%x: tensor<7x2xf32>, %k: tensor<3x2x5xf32>) {
  // expected-error @+1 {{attribute 'equation' failed to satisfy constraint}}
  %y = etrace.conv "Hi,hio->Ho" %x, %k : tensor<7x2xf32>, tensor<3x2x5xf32> -> tensor<5x5xf32>
  return
}

// -----

// C1: a letter twice.
func.func @f(%x: tensor<7x2xf32>, %k: tensor<3x2x5xf32>) {
  // expected-error @+1 {{attribute 'equation' failed to satisfy constraint}}
  %y = etrace.conv "HH,Hio->Ho" %x, %k : tensor<7x2xf32>, tensor<3x2x5xf32> -> tensor<5x5xf32>
  return
}

// -----

// C1: no equation.
func.func @f(%x: tensor<7x2xf32>, %k: tensor<3x2x5xf32>) {
  // expected-error @+1 {{attribute 'equation' failed to satisfy constraint}}
  %y = etrace.conv "H1,H1o->Ho" %x, %k : tensor<7x2xf32>, tensor<3x2x5xf32> -> tensor<5x5xf32>
  return
}

// -----

// C2: too many strides.
func.func @f(%x: tensor<7x2xf32>, %k: tensor<3x2x5xf32>) {
  // expected-error @+1 {{expects 1 numbers in 'strides', one for each upper-case letter of the equation, found 2}}
  %y = etrace.conv "Hi,Hio->Ho" %x, %k strides [1, 2] : tensor<7x2xf32>, tensor<3x2x5xf32> -> tensor<5x5xf32>
  return
}

// -----

// C2: no number in low.
func.func @f(%x: tensor<7x2xf32>, %k: tensor<3x2x5xf32>) {
  // expected-error @+1 {{expects 1 numbers in 'low', one for each upper-case letter of the equation, found 0}}
  %y = etrace.conv "Hi,Hio->Ho" %x, %k low [] : tensor<7x2xf32>, tensor<3x2x5xf32> -> tensor<5x5xf32>
  return
}

// -----

// C2: no number in high.
func.func @f(%x: tensor<7x2xf32>, %k: tensor<3x2x5xf32>) {
  // expected-error @+1 {{expects 1 numbers in 'high', one for each upper-case letter of the equation, found 0}}
  %y = etrace.conv "Hi,Hio->Ho" %x, %k high [] : tensor<7x2xf32>, tensor<3x2x5xf32> -> tensor<5x5xf32>
  return
}

// -----

// C2: no number in input_dilation.
func.func @f(%x: tensor<7x2xf32>, %k: tensor<3x2x5xf32>) {
  // expected-error @+1 {{expects 1 numbers in 'input_dilation', one for each upper-case letter of the equation, found 0}}
  %y = etrace.conv "Hi,Hio->Ho" %x, %k input_dilation [] : tensor<7x2xf32>, tensor<3x2x5xf32> -> tensor<5x5xf32>
  return
}

// -----

// C2: no number in kernel_dilation.
func.func @f(%x: tensor<7x2xf32>, %k: tensor<3x2x5xf32>) {
  // expected-error @+1 {{expects 1 numbers in 'kernel_dilation', one for each upper-case letter of the equation, found 0}}
  %y = etrace.conv "Hi,Hio->Ho" %x, %k kernel_dilation [] : tensor<7x2xf32>, tensor<3x2x5xf32> -> tensor<5x5xf32>
  return
}

// -----

// C2: a stride of zero.
func.func @f(%x: tensor<7x2xf32>, %k: tensor<3x2x5xf32>) {
  // expected-error @+1 {{attribute 'strides' failed to satisfy constraint: i64 dense array attribute whose value is positive}}
  %y = etrace.conv "Hi,Hio->Ho" %x, %k strides [0] : tensor<7x2xf32>, tensor<3x2x5xf32> -> tensor<5x5xf32>
  return
}

// -----

// C2: a dilation of zero.
func.func @f(%x: tensor<7x2xf32>, %k: tensor<3x2x5xf32>) {
  // expected-error @+1 {{attribute 'input_dilation' failed to satisfy constraint: i64 dense array attribute whose value is positive}}
  %y = etrace.conv "Hi,Hio->Ho" %x, %k input_dilation [0] : tensor<7x2xf32>, tensor<3x2x5xf32> -> tensor<5x5xf32>
  return
}

// -----

// C2: a dilation of zero.
func.func @f(%x: tensor<7x2xf32>, %k: tensor<3x2x5xf32>) {
  // expected-error @+1 {{attribute 'kernel_dilation' failed to satisfy constraint: i64 dense array attribute whose value is positive}}
  %y = etrace.conv "Hi,Hio->Ho" %x, %k kernel_dilation [0] : tensor<7x2xf32>, tensor<3x2x5xf32> -> tensor<5x5xf32>
  return
}

// -----

// C2: fewer than no zeros.
func.func @f(%x: tensor<7x2xf32>, %k: tensor<3x2x5xf32>) {
  // expected-error @+1 {{attribute 'low' failed to satisfy constraint: i64 dense array attribute whose value is non-negative}}
  %y = etrace.conv "Hi,Hio->Ho" %x, %k low [-1] : tensor<7x2xf32>, tensor<3x2x5xf32> -> tensor<5x5xf32>
  return
}

// -----

// C2: fewer than no zeros.
func.func @f(%x: tensor<7x2xf32>, %k: tensor<3x2x5xf32>) {
  // expected-error @+1 {{attribute 'high' failed to satisfy constraint: i64 dense array attribute whose value is non-negative}}
  %y = etrace.conv "Hi,Hio->Ho" %x, %k high [-1] : tensor<7x2xf32>, tensor<3x2x5xf32> -> tensor<5x5xf32>
  return
}

// -----

// C3: a window longer than x.
func.func @f(%x: tensor<7x2xf32>, %k: tensor<3x2x5xf32>) {
  // expected-error @+1 {{has no window along 'H': 3 elements of the weight over 7 of x}}
  %y = etrace.conv "Hi,Hio->Ho" %x, %k kernel_dilation [4] : tensor<7x2xf32>, tensor<3x2x5xf32> -> tensor<1x5xf32>
  return
}

// -----

// C3: a window beyond all indices.
func.func @f(%x: tensor<7x2xf32>, %k: tensor<3x2x5xf32>) {
  // expected-error @+1 {{has extents along 'H' that no index can hold}}
  %y = etrace.conv "Hi,Hio->Ho" %x, %k kernel_dilation [9223372036854775807] : tensor<7x2xf32>, tensor<3x2x5xf32> -> tensor<1x5xf32>
  return
}

// -----

// C3: zeros beyond all indices.
func.func @f(%x: tensor<7x2xf32>, %k: tensor<3x2x5xf32>) {
  // expected-error @+1 {{has extents along 'H' that no index can hold}}
  %y = etrace.conv "Hi,Hio->Ho" %x, %k low [9223372036854775807] high [1] : tensor<7x2xf32>, tensor<3x2x5xf32> -> tensor<1x5xf32>
  return
}

// -----

// C3: nothing to move over.
func.func @f(%x: tensor<0x2xf32>, %k: tensor<3x2x5xf32>) {
  // expected-error @+1 {{has no window along 'H': 3 elements of the weight over 0 of x}}
  %y = etrace.conv "Hi,Hio->Ho" %x, %k low [3] high [3] : tensor<0x2xf32>, tensor<3x2x5xf32> -> tensor<1x5xf32>
  return
}

// -----

// C3: fewer windows than positions.
func.func @f(%x: tensor<7x2xf32>, %k: tensor<3x2x5xf32>) {
  // expected-error @+1 {{result has extent 4 along axis 0, expected 5}}
  %y = etrace.conv "Hi,Hio->Ho" %x, %k : tensor<7x2xf32>, tensor<3x2x5xf32> -> tensor<4x5xf32>
  return
}

// -----

// C3: strides and zeros count.
func.func @f(%x: tensor<7x2xf32>, %k: tensor<3x2x5xf32>) {
  // expected-error @+1 {{result has extent 5 along axis 1, expected 4}}
  %y = etrace.conv "Hi,Hio->oH" %x, %k strides [2] low [1] high [1] : tensor<7x2xf32>, tensor<3x2x5xf32> -> tensor<5x5xf32>
  return
}

// -----

// P1: channels.
func.func @f(%x: tensor<7x3xf32>, %k: tensor<3x2x5xf32>) {
  // expected-error @+1 {{operand #1 has extent 2 along axis 1, expected 3}}
  %y = etrace.conv "Hi,Hio->Ho" %x, %k : tensor<7x3xf32>, tensor<3x2x5xf32> -> tensor<5x5xf32>
  return
}

// -----

// P1: rank.
func.func @f(%x: tensor<7x7x2xf32>, %k: tensor<3x2x5xf32>) {
  // expected-error @+1 {{operand #1 must have rank 4, found 'tensor<3x2x5xf32>'}}
  %y = etrace.conv "HWi,HWio->HWo" %x, %k : tensor<7x7x2xf32>, tensor<3x2x5xf32> -> tensor<5x5x5xf32>
  return
}

// -----

// P1: the bias has the channels of the result.
func.func @f(%x: tensor<7x2xf32>, %k: tensor<3x2x5xf32>, %b: tensor<2xf32>) {
  // expected-error @+1 {{operand #2 has extent 2 along axis 0, expected 5}}
  %y = etrace.conv "Hi,Hio->Ho" %x, %k bias %b : tensor<7x2xf32>, tensor<3x2x5xf32>, tensor<2xf32> -> tensor<5x5xf32>
  return
}

// -----

// P1: one element type.
func.func @f(%x: tensor<7x2xf32>, %k: tensor<3x2x5xf64>) {
  // expected-error @+1 {{expects one element type, found 'f64' and 'f32'}}
  %y = etrace.conv "Hi,Hio->Ho" %x, %k : tensor<7x2xf32>, tensor<3x2x5xf64> -> tensor<5x5xf32>
  return
}

// -----

// P1: the factors of a weight of low rank.
func.func @f(%x: tensor<2x3xf32>, %b: tensor<3x4xf32>, %a: tensor<2x5xf32>) {
  // expected-error @+1 {{operand #2 has extent 2 along axis 0, expected 4}}
  %y = etrace.lora_matmul %x, %b, %a : tensor<2x3xf32>, tensor<3x4xf32>, tensor<2x5xf32> -> tensor<2x5xf32>
  return
}

// -----

// P1: rank of x.
func.func @f(%x: tensor<f32>, %b: tensor<3x4xf32>, %a: tensor<4x5xf32>) {
  // expected-error @+1 {{operand #0 must have rank 1, found 'tensor<f32>'}}
  %y = etrace.lora_matmul %x, %b, %a : tensor<f32>, tensor<3x4xf32>, tensor<4x5xf32> -> tensor<5xf32>
  return
}

// -----

// P1: the bias.
func.func @f(%x: tensor<3xf32>, %b: tensor<3x4xf32>, %a: tensor<4x5xf32>, %c: tensor<3xf32>) {
  // expected-error @+1 {{operand #3 has extent 3 along axis 0, expected 5}}
  %y = etrace.lora_matmul %x, %b, %a bias %c : tensor<3xf32>, tensor<3x4xf32>, tensor<4x5xf32>, tensor<3xf32> -> tensor<5xf32>
  return
}

// -----

// P1: one element type.
func.func @f(%x: tensor<3xf32>, %b: tensor<3x4xf64>, %a: tensor<4x5xf32>) {
  // expected-error @+1 {{expects one element type, found 'f64' and 'f32'}}
  %y = etrace.lora_matmul %x, %b, %a : tensor<3xf32>, tensor<3x4xf64>, tensor<4x5xf32> -> tensor<5xf32>
  return
}

// -----

// LM1.
func.func @f(%x: tensor<3xf32>, %b: tensor<3x4xf32>, %a: tensor<4x5xf32>) {
  // expected-error @+1 {{expects a finite alpha}}
  %y = etrace.lora_matmul %x, %b, %a alpha 0x7FF0000000000000 : tensor<3xf32>, tensor<3x4xf32>, tensor<4x5xf32> -> tensor<5xf32>
  return
}

// -----

// P1: one element type.
func.func @f(%x: tensor<3xf32>, %w: tensor<3x5xf64>) {
  // expected-error @+1 {{expects one element type, found 'f64' and 'f32'}}
  %y = etrace.matmul %x, %w : tensor<3xf32>, tensor<3x5xf64> -> tensor<5xf32>
  return
}

// -----

// P1: floats.
func.func @f(%x: tensor<3xi32>, %w: tensor<3x5xi32>) {
  // expected-error @+1 {{operand #0 must be ranked tensor of floating-point values, but got 'tensor<3xi32>'}}
  %y = etrace.matmul %x, %w : tensor<3xi32>, tensor<3x5xi32> -> tensor<5xi32>
  return
}

// -----

func.func @f(%x: tensor<3xi32>) {
  // expected-error @+1 {{operand #0 must be float or ranked tensor of floats, but got 'tensor<3xi32>'}}
  %y = etrace.logistic %x : tensor<3xi32>
  return
}

// -----

func.func @f(%x: tensor<3xf32>) {
  // expected-error @+1 {{expected a surrogate gradient such as #etrace.relu_grad, found #etrace.zeros}}
  %y = etrace.spike %x surrogate(#etrace.zeros) : tensor<3xf32>
  return
}

// -----

func.func @f(%x: tensor<3xf32>) {
  // expected-error @+1 {{width of a surrogate must be positive and finite, found -1}}
  %y = etrace.spike %x surrogate(#etrace.relu_grad<width = -1.0>) : tensor<3xf32>
  return
}

// -----

func.func @f(%x: tensor<3xf32>) {
  // expected-error @+1 {{sigma of a surrogate must be positive and finite, found 0}}
  %y = etrace.spike %x surrogate(#etrace.multi_gaussian<sigma = 0.0>) : tensor<3xf32>
  return
}

// -----

// expected-error @+1 {{the standard deviation must not be negative, found -1}}
func.func private @f() attributes {a = #etrace.normal<std = -1.0>}

// -----

// expected-error @+1 {{low must not be above high, found 1.000000e+00 and 0.000000e+00}}
func.func private @f() attributes {a = #etrace.uniform<low = 1.0, high = 0.0>}

// -----

// expected-error @+1 {{scale must not be negative, found -2}}
func.func private @f() attributes {a = #etrace.kaiming<scale = -2.0>}

// -----

// GR1: members are hidden states.
etrace.model @m {
  etrace.state @z : tensor<3xf32>
  etrace.step @a() {
    etrace.yield
  }
  // expected-error @+1 {{member 'z' is not a hidden state of the model}}
  etrace.group @g members ["z"] positions [3] edges []
}

// -----

// GR1: of the position shape.
etrace.model @m {
  // expected-note @+1 {{declared here}}
  etrace.hidden @h : tensor<3xf32>
  etrace.step @a() {
    etrace.yield
  }
  // expected-error @+1 {{member 'h' has type 'tensor<3xf32>', which is not the position shape of the group}}
  etrace.group @g members ["h"] positions [4] edges []
}

// -----

// GR1: members are there, once.
etrace.model @m {
  etrace.step @a() {
    etrace.yield
  }
  // expected-error @+1 {{has no members}}
  etrace.group @g members [] positions [4] edges []
}

// -----

etrace.model @m {
  etrace.hidden @h : tensor<3xf32>
  etrace.step @a() {
    etrace.yield
  }
  // expected-error @+1 {{names the member 'h' twice}}
  etrace.group @g members ["h", "h"] positions [3] edges []
}

// -----

// GR2: pairs.
etrace.model @m {
  etrace.hidden @h : tensor<3xf32>
  etrace.step @a() {
    etrace.yield
  }
  // expected-error @+1 {{edges come in pairs, found 1 numbers}}
  etrace.group @g members ["h"] positions [3] edges [0]
}

// -----

// GR2: of members.
etrace.model @m {
  etrace.hidden @h : tensor<3xf32>
  etrace.step @a() {
    etrace.yield
  }
  // expected-error @+1 {{edge names member #1, but there are 1}}
  etrace.group @g members ["h"] positions [3] edges [0, 1]
}

// -----

// R1: groups.
etrace.model @m {
  etrace.param @w : tensor<3xf32>
  etrace.step @a() {
    etrace.yield
  }
  // expected-error @+1 {{names @g, which is not a group of the model}}
  etrace.relation @r primitive "p" groups [@g] reach [array<i64: 0>] leaves ["weight"] params [["w"]] chains [[]] tails [[]] direct
}

// -----

// R1: one entry of reach for each.
etrace.model @m {
  etrace.param @w : tensor<3xf32>
  etrace.step @a() {
    etrace.yield
  }
  // expected-error @+1 {{has 1 groups, but 0 entries of 'reach'}}
  etrace.relation @r primitive "p" groups [@g] reach [] leaves ["weight"] params [["w"]] chains [[]] tails [[]] direct
}

// -----

// R1: one entry of tails for each.
etrace.model @m {
  etrace.param @w : tensor<3xf32>
  etrace.step @a() {
    etrace.yield
  }
  // expected-error @+1 {{has 1 groups, but 0 entries of 'tails'}}
  etrace.relation @r primitive "p" groups [@g] reach [array<i64: 0>] leaves ["weight"] params [["w"]] chains [[]] tails [] direct
}

// -----

// R1: reach lists numbers.
etrace.model @m {
  etrace.param @w : tensor<3xf32>
  etrace.step @a() {
    etrace.yield
  }
  // expected-error @+1 {{'reach' holds lists of member numbers, found "0"}}
  etrace.relation @r primitive "p" groups [@g] reach ["0"] leaves ["weight"] params [["w"]] chains [[]] tails [[]] direct
}

// -----

// R1: of members.
etrace.model @m {
  etrace.param @w : tensor<3xf32>
  etrace.hidden @h : tensor<3xf32>
  etrace.step @a() {
    etrace.yield
  }
  etrace.group @g members ["h"] positions [3] edges []
  // expected-error @+1 {{reaches member #1 of @g, which has 1 members}}
  etrace.relation @r primitive "p" groups [@g] reach [array<i64: 1>] leaves ["weight"] params [["w"]] chains [[]] tails [[]] direct
}

// -----

// R2: one entry for each leaf.
etrace.model @m {
  etrace.param @w : tensor<3xf32>
  etrace.step @a() {
    etrace.yield
  }
  // expected-error @+1 {{needs one entry of 'params' and 'chains' for each leaf}}
  etrace.relation @r primitive "p" groups [] reach [] leaves ["weight", "bias"] params [["w"]] chains [[]] tails [] direct
}

// -----

// R2: lists of strings.
etrace.model @m {
  etrace.param @w : tensor<3xf32>
  etrace.step @a() {
    etrace.yield
  }
  // expected-error @+1 {{'params', 'chains' and 'tails' hold lists of strings, found "w"}}
  etrace.relation @r primitive "p" groups [] reach [] leaves ["weight"] params ["w"] chains [[]] tails [] direct
}

// -----

// R2: declared parameters.
etrace.model @m {
  etrace.hidden @h : tensor<3xf32>
  etrace.step @a() {
    etrace.yield
  }
  // expected-error @+1 {{names 'h', which is not a parameter of the model}}
  etrace.relation @r primitive "p" groups [] reach [] leaves ["weight"] params [["h"]] chains [[]] tails [] direct
}

// -----

etrace.model @m {
  etrace.step @a() {
    etrace.yield
  }
  // expected-error @+1 {{unknown kind of relation 'indirectly'}}
  etrace.relation @r primitive "p" groups [] reach [] leaves [] params [] chains [] tails [] indirectly
}

// -----

etrace.model @m {
  etrace.hidden @h : tensor<3xf32>
  etrace.step @a() {
    etrace.yield
  }
  // expected-error @+1 {{names 'h', which is not a parameter of the model}}
  etrace.excluded @h reason "no path"
}

// -----

// RE1: a state of the model.
etrace.model @m {
  etrace.param @w : tensor<3xf32>
  etrace.step @a() {
    etrace.yield
  }
  // expected-error @+1 {{names 'w', which is not a state of the model}}
  etrace.recurrence @w read written(never)
}

// -----

// RE1: named once.
etrace.model @m {
  etrace.hidden @h : tensor<3xf32>
  etrace.step @a() {
    etrace.yield
  }
  // expected-note @+1 {{first named here}}
  etrace.recurrence @h written(never)
  // expected-error @+1 {{names 'h' a second time}}
  etrace.recurrence @h written(never)
}

// -----

etrace.model @m {
  etrace.hidden @h : tensor<3xf32>
  etrace.step @a() {
    etrace.yield
  }
  // expected-error @+1 {{unknown extent of writing 'once'}}
  etrace.recurrence @h written(once)
}

// -----

// Buffers.
// expected-error @+1 {{must be a tensor of static shape, found 'tensor<?xf32>'}}
etrace.buffer @b kind(hidden) path "h" : tensor<?xf32>

// -----

// expected-error @+1 {{unknown kind of buffer 'hiden'}}
etrace.buffer @b kind(hiden) path "h" : tensor<3xf32>

// -----

// expected-error @+1 {{of integers can only start at a constant, found #etrace.normal}}
etrace.buffer @b kind(counter) path "n" : tensor<i64> init #etrace.normal

// -----

// Generic form: malformed operations are refused, not followed.

// expected-error @+1 {{region #0 ('body') failed to verify constraint: region with 1 blocks}}
"etrace.model"() <{sym_name = "m"}> ({
}) : () -> ()

// -----

"etrace.model"() <{sym_name = "m"}> ({
  // expected-error @+1 {{entry block must have 1 arguments to match function signature}}
  "etrace.step"() <{sym_name = "a", function_type = (tensor<3xf32>) -> ()}> ({
    "etrace.yield"() : () -> ()
  }) : () -> ()
}) : () -> ()

// -----

"etrace.model"() <{sym_name = "m"}> ({
  // expected-error @+1 {{expects argument attribute array to have the same number of elements as the number of function arguments, got 2, but expected 1}}
  "etrace.step"() <{sym_name = "a", function_type = (tensor<3xf32>) -> (), arg_attrs = [{etrace.hidden = "h"}, {}]}> ({
  ^bb0(%x: tensor<3xf32>):
    "etrace.yield"() : () -> ()
  }) : () -> ()
}) : () -> ()

// -----

"etrace.model"() <{sym_name = "m"}> ({
  // expected-error @+1 {{requires attribute 'function_type'}}
  "etrace.step"() <{sym_name = "a"}> ({
    "etrace.yield"() : () -> ()
  }) : () -> ()
}) : () -> ()

// -----

"etrace.model"() <{sym_name = "m"}> ({
  "etrace.step"() <{sym_name = "a", function_type = () -> ()}> ({
    "etrace.yield"() : () -> ()
  }) : () -> ()
  // expected-error @+1 {{Invalid attribute `init` in property conversion: 3 : i32}}
  "etrace.hidden"() <{sym_name = "h", type = tensor<3xf32>, init = 3 : i32}> : () -> ()
}) : () -> ()

// -----

// A group before a declaration that is wrong itself.
etrace.model @m {
  etrace.group @g members ["h"] positions [3] edges []
  // expected-error @+1 {{must be a ranked tensor, found 'f32'}}
  etrace.hidden @h : f32
  etrace.step @a() {
    etrace.yield
  }
}

// -----

// Two results of a primitive in generic form.
func.func @f(%x: tensor<3xf32>) {
  // expected-error @+1 {{requires one result}}
  %0:2 = "etrace.elementwise"(%x) : (tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>)
  return
}

// -----

// expected-error @+1 {{expects parent op 'etrace.model'}}
etrace.group @g members ["h"] positions [3] edges []

// -----

// expected-error @+1 {{expects parent op 'etrace.model'}}
etrace.relation @r primitive "p" groups [@g] reach [array<i64: 0>] leaves ["weight"] params [["w"]] chains [[]] tails [[]] direct

// -----

// expected-error @+1 {{expects parent op 'etrace.model'}}
etrace.excluded @h reason "no path"

// -----

// expected-error @+1 {{expects parent op 'etrace.model'}}
etrace.recurrence @h written(never)

// -----

func.func @checkpoint(%x: f32) -> f32 {
  // expected-error@+1 {{attribute 'etrace.checkpoint' belongs on a loop}}
  %0 = arith.negf %x {etrace.checkpoint = #etrace.checkpoint<all>} : f32
  return %0 : f32
}

// -----

func.func @checkpoint_policy(%n: index) {
  %c0 = arith.constant 0 : index
  // expected-error@+1 {{attribute 'etrace.checkpoint' must be #etrace.checkpoint<all>, <sqrt> or <none>}}
  scf.for %i = %c0 to %n step %n {
  } {etrace.checkpoint = "half"}
  return
}

// -----

func.func @trips(%n: index) {
  %c0 = arith.constant 0 : index
  // expected-error@+1 {{attribute 'etrace.max_trips' must be a positive integer}}
  scf.for %i = %c0 to %n step %n {
  } {etrace.max_trips = 0 : i64}
  return
}

// -----

func.func @custom_none(%x: f32) -> f32 {
  // expected-error@+1 {{needs a region 'jvp' or a region 'vjp'}}
  %0 = etrace.custom_derivative(%x) {
  ^bb0(%a: f32):
    etrace.yield %a : f32
  } : (f32) -> f32
  return %0 : f32
}

// -----

func.func @custom_body(%x: f32) -> f32 {
  // expected-error@+1 {{region 'body' must yield ('f32'), found ()}}
  %0 = etrace.custom_derivative(%x) {
  ^bb0(%a: f32):
    etrace.yield
  } vjp {
  ^bb0(%a: f32, %c: f32):
    etrace.yield %c : f32
  } : (f32) -> f32
  return %0 : f32
}

// -----

// A tangent for each float input, none for the integer.
func.func @custom_jvp(%x: f32, %n: i32) -> f32 {
  // expected-error@+1 {{region 'jvp' must take ('f32', 'i32', 'f32'), found ('f32', 'i32', 'f32', 'i32')}}
  %0 = etrace.custom_derivative(%x, %n) {
  ^bb0(%a: f32, %k: i32):
    etrace.yield %a : f32
  } jvp {
  ^bb0(%a: f32, %k: i32, %d: f32, %e: i32):
    etrace.yield %d : f32
  } : (f32, i32) -> f32
  return %0 : f32
}

// -----

func.func @custom_vjp(%x: f32, %y: f32) -> f32 {
  // expected-error@+1 {{region 'vjp' must yield ('f32', 'f32'), found ('f32')}}
  %0 = etrace.custom_derivative(%x, %y) {
  ^bb0(%a: f32, %b: f32):
    etrace.yield %a : f32
  } vjp {
  ^bb0(%a: f32, %b: f32, %c: f32):
    etrace.yield %c : f32
  } : (f32, f32) -> f32
  return %0 : f32
}

// -----

func.func @custom_capture(%x: f32) -> f32 {
  // expected-note@+1 {{required by region isolation constraints}}
  %0 = etrace.custom_derivative(%x) {
  ^bb0(%a: f32):
    etrace.yield %a : f32
  } vjp {
  ^bb0(%a: f32, %c: f32):
    // expected-error@+1 {{using value defined outside the region}}
    %m = arith.mulf %x, %c : f32
    etrace.yield %m : f32
  } : (f32) -> f32
  return %0 : f32
}

// -----

func.func @custom_linear(%x: f32, %d: f32) -> f32 {
  // expected-error@+1 {{region 'transpose' must take ('f32', 'f32'), found ('f32')}}
  %0 = etrace.custom_linear(%d) residuals(%x) transpose {
  ^bb0(%a: f32):
    etrace.yield %a : f32
  } : (f32), (f32) -> f32
  return %0 : f32
}

// -----

func.func @spike_both(%x: f32, %d: f32) -> f32 {
  // expected-error@+1 {{takes its derivative from an operand or from a surrogate, not from both}}
  %0 = etrace.spike %x derivative(%d) surrogate(#etrace.arctan) : f32
  return %0 : f32
}

// -----

// expected-error@+1 {{alpha of a surrogate must be positive and finite, found -1}}
func.func private @arctan() attributes {surrogate = #etrace.arctan<alpha = -1.0>}

// -----

// expected-error@+1 {{terms of a surrogate must be positive and finite, found 0}}
func.func private @fourier() attributes {surrogate = #etrace.squarewave_fourier_series<terms = 0>}

// -----

// expected-error@+1 {{c of a surrogate must be finite}}
func.func private @leaky() attributes {surrogate = #etrace.piecewise_leaky_relu<c = 1.0e400>}
