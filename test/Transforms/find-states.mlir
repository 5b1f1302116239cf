// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: split-file %s %t
// RUN: etrace-opt %t/store.mlir --etrace-find-states -o /dev/null | FileCheck %s --check-prefix=ALL
// RUN: etrace-opt %t/store.mlir --etrace-find-states="function=energy kinds=param" -o /dev/null | FileCheck %s --check-prefix=PARAM
// RUN: etrace-opt %t/store.mlir --etrace-find-states="function=energy usage=both" -o /dev/null | FileCheck %s --check-prefix=BOTH
// RUN: etrace-opt %t/store.mlir --etrace-find-states="function=energy usage=both format=json" -o /dev/null | FileCheck %s --check-prefix=JSON
// RUN: etrace-opt %t/store.mlir --etrace-find-states="function=energy container=list usage=write" -o /dev/null | FileCheck %s --check-prefix=LIST
// RUN: etrace-opt %t/store.mlir --etrace-find-states="function=two keys=name" -o /dev/null | FileCheck %s --check-prefix=NAME
// RUN: etrace-opt %t/store.mlir --etrace-find-states="model=neurons form=nested format=json" -o /dev/null | FileCheck %s --check-prefix=NESTED
// RUN: etrace-opt %t/store.mlir --etrace-find-states="model=neurons kinds=group,tree,hidden" -o /dev/null | FileCheck %s --check-prefix=MODEL
// RUN: etrace-opt %t/recursive.mlir --etrace-find-states="keys=name container=map" -o /dev/null | FileCheck %s --check-prefix=RECURSIVE

// S003-05: the states of a model, by kind, flat (MODEL) and nested (NESTED).
// S003-06: those that a function uses, in order of first access; through calls.
// S003-07: by kind. S003-08: read is never written. S003-09: keys and lists.
// S003-10: nothing runs: no value of a state is anywhere in the module.

// ALL: States used by @energy:
// ALL-NEXT: 0: @store::@scale  param  tensor<f64>  read and written
// ALL-NEXT: 1: @store::@offset  param  tensor<f64>  read
// ALL-NEXT: 2: @store::@cache  plain  tensor<f64>  written
// ALL-NEXT: States used by @two:
// ALL-NEXT: 0: @other::@scale  param  tensor<f64>  read
// ALL-NEXT: 1: @store::@scale  param  tensor<f64>  read and written
// ALL-NEXT: 2: @store::@offset  param  tensor<f64>  read
// ALL-NEXT: 3: @store::@cache  plain  tensor<f64>  written
// ALL-NEXT: States used by @slope:
// ALL-NEXT: 0: @store::@scale
// ALL-NEXT: 1: @store::@offset
// ALL-NEXT: 2: @store::@cache
// ALL-NEXT: States used by @none:
// ALL-NOT: :

// PARAM: States used by @energy:
// PARAM-NEXT: 0: @store::@scale
// PARAM-NEXT: 1: @store::@offset
// PARAM-NOT: cache

// BOTH: States read only by @energy:
// BOTH-NEXT: 0: @store::@offset
// BOTH-NEXT: States written by @energy:
// BOTH-NEXT: 0: @store::@scale
// BOTH-NEXT: 1: @store::@cache
// BOTH-NOT: :

// JSON: "energy": {
// JSON-NEXT: "read": {
// JSON-NEXT: "0": {
// JSON-NEXT: "kind": "param",
// JSON-NEXT: "name": "offset",
// JSON-NEXT: "read": true,
// JSON-NEXT: "shape": [],
// JSON-NEXT: "state": "store.offset",
// JSON-NEXT: "type": "f64",
// JSON-NEXT: "written": false
// JSON: "write": {
// JSON: "1": {
// JSON-NEXT: "kind": "plain",
// JSON-NEXT: "name": "cache",
// JSON-NEXT: "read": false,

// LIST: States written by @energy:
// LIST-NEXT: {{^}}   @store::@scale
// LIST-NEXT: {{^}}   @store::@cache

// A key that is taken gives way to the path with the model.
// NAME: scale: @other::@scale
// NAME-NEXT: store.scale: @store::@scale
// NAME-NEXT: offset: @store::@offset

// NESTED: "neurons": {
// NESTED-NEXT: "h": {
// NESTED: "neuron": {
// NESTED-NEXT: "V": {
// NESTED-NEXT: "kind": "group",
// NESTED-NEXT: "name": "neuron.V",
// NESTED: "a": {

// MODEL: States of @neurons:
// MODEL-NEXT: neuron.V  group  tensor<4xf64>
// MODEL-NEXT: neuron.a  group  tensor<4xf64>
// MODEL-NEXT: tree.syn.g  tree  tensor<2xf64>
// MODEL-NEXT: h  hidden  tensor<3xf64>
// MODEL-NOT: w

// Functions that call each other use the same states, wherever one starts.
// RECURSIVE: States used by @fa:
// RECURSIVE-DAG: a: @m::@a  plain  tensor<f64>  written
// RECURSIVE-DAG: b: @m::@b  plain  tensor<f64>  read
// RECURSIVE-DAG: c: @m::@c  plain  tensor<f64>  written
// RECURSIVE: States used by @fb:
// RECURSIVE-DAG: a: @m::@a  plain  tensor<f64>  written
// RECURSIVE-DAG: b: @m::@b  plain  tensor<f64>  read
// RECURSIVE-DAG: c: @m::@c  plain  tensor<f64>  written
// RECURSIVE: States used by @fc:
// RECURSIVE-DAG: a: @m::@a  plain  tensor<f64>  written
// RECURSIVE-DAG: b: @m::@b  plain  tensor<f64>  read
// RECURSIVE-DAG: c: @m::@c  plain  tensor<f64>  written

//--- store.mlir
etrace.model @store {
  etrace.param @scale : tensor<f64>
  etrace.param @offset : tensor<f64>
  etrace.state @cache : tensor<f64>
}
etrace.model @other {
  etrace.param @scale : tensor<f64>
}
etrace.model @neurons {
  etrace.group_state @neuron {
    etrace.component @V : tensor<4xf64>
    etrace.component @a : tensor<4xf64>
  }
  etrace.param @w : tensor<3x4xf64>
  etrace.tree_state @tree {
    etrace.tree_state @syn {
      etrace.component @g : tensor<2xf64>
    }
  }
  etrace.hidden @h : tensor<3xf64>
}
func.func @energy(%x: tensor<f64>) -> tensor<f64> {
  %s = etrace.get @store::@scale : tensor<f64>
  %p = arith.mulf %x, %s : tensor<f64>
  %o = etrace.get @store::@offset : tensor<f64>
  %q = arith.addf %p, %o : tensor<f64>
  etrace.set @store::@scale, %s : tensor<f64>
  etrace.set @store::@cache, %q : tensor<f64>
  %r = arith.mulf %q, %q : tensor<f64>
  return %r : tensor<f64>
}
func.func @two(%x: tensor<f64>) -> tensor<f64> {
  %s = etrace.get @other::@scale : tensor<f64>
  %p = arith.mulf %x, %s : tensor<f64>
  %r = call @energy(%p) : (tensor<f64>) -> tensor<f64>
  return %r : tensor<f64>
}
// Through a derivative.
func.func @slope(%x: tensor<f64>) -> tensor<f64> {
  %r = etrace.grad @energy(%x) states [@store::@offset] : (tensor<f64>) -> tensor<f64>
  return %r : tensor<f64>
}
func.func @none(%x: tensor<f64>) -> tensor<f64> {
  return %x : tensor<f64>
}

//--- recursive.mlir
etrace.model @m {
  etrace.state @a : tensor<f64>
  etrace.state @b : tensor<f64>
  etrace.state @c : tensor<f64>
}
func.func @fa(%x: tensor<f64>) {
  func.call @fb(%x) : (tensor<f64>) -> ()
  etrace.set @m::@a, %x : tensor<f64>
  return
}
func.func @fb(%x: tensor<f64>) {
  func.call @fc(%x) : (tensor<f64>) -> ()
  %b = etrace.get @m::@b : tensor<f64>
  return
}
func.func @fc(%x: tensor<f64>) {
  func.call @fa(%x) : (tensor<f64>) -> ()
  func.call @fb(%x) : (tensor<f64>) -> ()
  etrace.set @m::@c, %x : tensor<f64>
  return
}
