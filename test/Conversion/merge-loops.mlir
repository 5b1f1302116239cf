// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --etrace-merge-loops | FileCheck %s

// A value and what is kept on the way to it. Two carried values start equal; each finds its own.
// CHECK-LABEL: func @keep
// CHECK: %[[R:.*]]:3 = scf.for
// CHECK-COUNT-1: math.exp
// CHECK-COUNT-1: math.tanh
// CHECK: tensor.insert
// CHECK-NOT: scf.for
// CHECK: return %[[R]]#0, %[[R]]#1, %[[R]]#2
func.func @keep(%n: index, %x: f32) -> (f32, f32, tensor<8xf32>) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %a:2 = scf.for %i = %zero to %n step %one iter_args(%u = %x, %v = %x) -> (f32, f32) {
    %e = math.exp %v : f32
    %t = math.tanh %u : f32
    %s = arith.addf %e, %t : f32
    scf.yield %t, %s : f32, f32
  }
  %empty = tensor.empty() : tensor<8xf32>
  %b:3 = scf.for %i = %zero to %n step %one iter_args(%u = %x, %v = %x, %k = %empty) -> (f32, f32, tensor<8xf32>) {
    %e = math.exp %v : f32
    %t = math.tanh %u : f32
    %s = arith.addf %e, %t : f32
    %j = tensor.insert %e into %k[%i] : tensor<8xf32>
    scf.yield %t, %s, %j : f32, f32, tensor<8xf32>
  }
  return %a#0, %a#1, %b#2 : f32, f32, tensor<8xf32>
}

// The second lacks the first carried value: it finds its own one further on.
// CHECK-LABEL: func @subset
// CHECK: %[[R:.*]]:2 = scf.for
// CHECK-NOT: scf.for
// CHECK: return %[[R]]#0, %[[R]]#1
func.func @subset(%n: index, %x: f32) -> (f32, f32) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %a:2 = scf.for %i = %zero to %n step %one iter_args(%u = %x, %v = %x) -> (f32, f32) {
    %t = math.tanh %u : f32
    %e = math.exp %v : f32
    scf.yield %t, %e : f32, f32
  }
  %b = scf.for %i = %zero to %n step %one iter_args(%v = %x) -> (f32) {
    %e = math.exp %v : f32
    scf.yield %e : f32
  }
  return %a#0, %b : f32, f32
}

// They start equal and do not stay so.
// CHECK-LABEL: func @part
// CHECK-COUNT-2: scf.for
func.func @part(%n: index, %x: f32) -> (f32, f32) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %a = scf.for %i = %zero to %n step %one iter_args(%u = %x) -> (f32) {
    %t = math.tanh %u : f32
    scf.yield %t : f32
  }
  %b = scf.for %i = %zero to %n step %one iter_args(%u = %x) -> (f32) {
    %t = math.tanh %u : f32
    %e = math.exp %t : f32
    scf.yield %e : f32
  }
  return %a, %b : f32, f32
}

// One reads the other; another range.
// CHECK-LABEL: func @chained
// CHECK-COUNT-3: scf.for
func.func @chained(%n: index, %x: f32) -> (f32, f32, f32) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %two = arith.constant 2 : index
  %c = arith.constant 1.0 : f32
  %a = scf.for %i = %zero to %n step %one iter_args(%u = %x) -> (f32) {
    %t = math.tanh %c : f32
    %s = arith.addf %t, %u : f32
    scf.yield %s : f32
  }
  %b = scf.for %i = %zero to %n step %one iter_args(%u = %a) -> (f32) {
    %t = math.tanh %c : f32
    %s = arith.addf %t, %u : f32
    scf.yield %s : f32
  }
  %d = scf.for %i = %zero to %n step %two iter_args(%u = %x) -> (f32) {
    %t = math.tanh %c : f32
    %s = arith.addf %t, %u : f32
    scf.yield %s : f32
  }
  return %a, %b, %d : f32, f32, f32
}
