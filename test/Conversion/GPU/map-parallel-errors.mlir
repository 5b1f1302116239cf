// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --pass-pipeline='builtin.module(func.func(etrace-gpu-map-parallel))' \
// RUN:   --split-input-file --verify-diagnostics
// RUN: not etrace-opt %s --pass-pipeline='builtin.module(func.func(etrace-gpu-map-parallel{threads=2000}))' \
// RUN:   --split-input-file 2>&1 | FileCheck %s
// CHECK: expected 1 to 1024 threads in a block, found 2000 [gpu-threads]

func.func @reduction(%a: memref<7xf32>) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c7 = arith.constant 7 : index
  %zero = arith.constant 0.0 : f32
  // expected-error @+1 {{a parallel reduction has no kernel}}
  %s = scf.parallel (%i) = (%c0) to (%c7) step (%c1) init (%zero) -> f32 {
    %x = memref.load %a[%i] : memref<7xf32>
    scf.reduce(%x : f32) {
    ^bb0(%l: f32, %r: f32):
      %y = arith.addf %l, %r : f32
      scf.reduce.return %y : f32
    }
  }
  return %s : f32
}

// -----

func.func @nested(%a: memref<7x7xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c7 = arith.constant 7 : index
  %zero = arith.constant 0.0 : f32
  scf.parallel (%i) = (%c0) to (%c7) step (%c1) {
    // expected-error @+1 {{a parallel loop inside a parallel loop has no kernel}}
    scf.parallel (%j) = (%c0) to (%c7) step (%c1) {
      memref.store %zero, %a[%i, %j] : memref<7x7xf32>
    }
  }
  return
}
