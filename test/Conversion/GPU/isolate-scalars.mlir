// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --pass-pipeline='builtin.module(func.func(etrace-gpu-isolate-scalars))' | FileCheck %s

// The counter is read and written by one thread; the kernel after it reads the value that
// was, though the counter has changed.
// CHECK-LABEL: func.func @count
// CHECK-SAME: (%[[N:.*]]: memref<f32>, %[[H:.*]]: memref<5xf32>, %[[RATE:.*]]: f32)
// CHECK-NOT: memref.load
// CHECK: %[[T:.*]] = memref.alloc() : memref<f32>
// CHECK: scf.parallel (%{{.*}}) = (%c0{{.*}}) to (%c1{{.*}})
// CHECK:   %[[V:.*]] = memref.load %[[N]][]
// CHECK:   %[[NEXT:.*]] = arith.addf %[[V]]
// CHECK:   memref.store %[[NEXT]], %[[N]][]
// CHECK:   memref.store %[[V]], %[[T]][]
// CHECK: scf.parallel
// CHECK-NEXT: %[[W:.*]] = memref.load %[[T]][]
// CHECK:   arith.mulf %[[W]], %[[RATE]]
func.func @count(%n: memref<f32>, %h: memref<5xf32>, %rate: f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c5 = arith.constant 5 : index
  %one = arith.constant 1.0 : f32
  %v = memref.load %n[] : memref<f32>
  %next = arith.addf %v, %one : f32
  memref.store %next, %n[] : memref<f32>
  scf.parallel (%i) = (%c0) to (%c5) step (%c1) {
    %x = arith.mulf %v, %rate : f32
    memref.store %x, %h[%i] : memref<5xf32>
  }
  return
}

// A loop of the host around kernels stays; its scalar code is isolated inside it.
// CHECK-LABEL: func.func @sequence
// CHECK: scf.for
// CHECK:   scf.parallel
// CHECK:     scf.for
// CHECK:   scf.parallel
func.func @sequence(%a: memref<5xf32>, %s: memref<f32>, %steps: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c5 = arith.constant 5 : index
  %zero = arith.constant 0.0 : f32
  scf.for %t = %c0 to %steps step %c1 {
    scf.for %i = %c0 to %c5 step %c1 {
      %x = memref.load %a[%i] : memref<5xf32>
      %y = memref.load %s[] : memref<f32>
      %z = arith.addf %x, %y : f32
      memref.store %z, %s[] : memref<f32>
    }
    scf.parallel (%i) = (%c0) to (%c5) step (%c1) {
      memref.store %zero, %a[%i] : memref<5xf32>
    }
  }
  return
}

// Arithmetic on what the caller gave needs no kernel.
// CHECK-LABEL: func.func @host
// CHECK-NEXT: arith.mulf
// CHECK-NEXT: return
func.func @host(%a: f32) -> f32 {
  %b = arith.mulf %a, %a : f32
  return %b : f32
}
