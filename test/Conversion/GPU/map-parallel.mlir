// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --pass-pipeline='builtin.module(func.func(etrace-gpu-map-parallel))' | FileCheck %s
// RUN: etrace-opt %s --pass-pipeline='builtin.module(func.func(etrace-gpu-map-parallel{threads=32}))' \
// RUN:   | FileCheck %s --check-prefix=SMALL

memref.global "private" constant @table : memref<500xf32> = dense<2.0>

// 1500 points in blocks of 256: 6 blocks, 36 idle threads; j fastest.
// CHECK-LABEL: func.func @two
// CHECK: gpu.launch blocks(%[[BX:[a-z0-9]*]], {{.*}}) in (%{{.*}} = %c6{{.*}}) threads(%[[TX:[a-z0-9]*]], {{.*}}) in (%{{.*}} = %c256, {{.*}}) module(@etrace_kernels) function(@two_0)
// CHECK: %[[TABLE:.*]] = memref.get_global @table
// CHECK: %[[FIRST:.*]] = arith.muli %[[BX]], %{{.*}}
// CHECK: %[[N:.*]] = arith.addi %[[FIRST]], %[[TX]]
// CHECK: %[[IN:.*]] = arith.cmpi ult, %[[N]], %{{.*}}
// CHECK: scf.if %[[IN]]
// CHECK:   %[[J:.*]] = arith.remui %[[N]], %{{.*}}
// CHECK:   %[[I:.*]] = arith.divui %[[N]], %{{.*}}
// CHECK:   memref.load %[[TABLE]][%[[J]]]
// CHECK:   memref.store %{{.*}}, %{{.*}}[%[[I]], %[[J]]]
// CHECK-NOT: scf.parallel

// SMALL-LABEL: func.func @two
// SMALL: in (%{{.*}} = %c47{{.*}}) threads({{.*}}) in (%{{.*}} = %c32{{.*}})
func.func @two(%h: memref<3x500xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c500 = arith.constant 500 : index
  %table = memref.get_global @table : memref<500xf32>
  scf.parallel (%i, %j) = (%c0, %c0) to (%c3, %c500) step (%c1, %c1) {
    %x = memref.load %table[%j] : memref<500xf32>
    memref.store %x, %h[%i, %j] : memref<3x500xf32>
  }
  return
}

// No idle thread, no test; then an extent that the host knows at run time.
// CHECK-LABEL: func.func @one
// CHECK: gpu.launch {{.*}} function(@one_0)
// CHECK-NOT: scf.if
// CHECK: gpu.terminator
// CHECK: %[[EXTENT:.*]] = arith.subi %{{.*}}, %{{.*}}
// CHECK: arith.divui
// CHECK: gpu.launch {{.*}} function(@one_1)
// CHECK: arith.cmpi ult
func.func @one(%h: memref<512xf32>, %from: index, %to: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c512 = arith.constant 512 : index
  %zero = arith.constant 0.0 : f32
  scf.parallel (%i) = (%c0) to (%c512) step (%c1) {
    memref.store %zero, %h[%i] : memref<512xf32>
  }
  scf.parallel (%i) = (%from) to (%to) step (%c1) {
    memref.store %zero, %h[%i] : memref<512xf32>
  }
  return
}
