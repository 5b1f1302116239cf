// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --pass-pipeline='builtin.module(func.func(etrace-gpu-isolate-scalars))' \
// RUN:   --split-input-file --verify-diagnostics

func.func @extent(%n: memref<index>, %h: memref<?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  // expected-note @+1 {{the value is computed here}}
  %v = memref.load %n[] : memref<index>
  // expected-error @+1 {{the extent of a kernel depends on a value in device memory}}
  scf.parallel (%i) = (%c0) to (%v) step (%c1) {
    memref.store %zero, %h[%i] : memref<?xf32>
  }
  return
}

// -----

func.func @result(%n: memref<f32>) -> f32 {
  // expected-note @+1 {{the value is computed here}}
  %v = memref.load %n[] : memref<f32>
  // expected-error @+1 {{a value that leaves host code depends on a value in device memory}}
  return %v : f32
}

// -----

func.func @address(%n: memref<index>, %h: memref<9xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %v = memref.load %n[] : memref<index>
  // expected-error @+1 {{an address depends on a value in device memory}}
  %s = memref.subview %h[%v] [1] [1] : memref<9xf32> to memref<1xf32, strided<[1], offset: ?>>
  scf.parallel (%i) = (%c0) to (%c1) step (%c1) {
    memref.store %zero, %s[%i] : memref<1xf32, strided<[1], offset: ?>>
  }
  return
}

// -----

func.func private @other(f32)

func.func @argument(%n: memref<f32>) {
  // expected-note @+1 {{the value is computed here}}
  %v = memref.load %n[] : memref<f32>
  // expected-error @+1 {{an argument of a call depends on a value in device memory}}
  call @other(%v) : (f32) -> ()
  return
}
