// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --pass-pipeline='builtin.module(func.func(etrace-expand-copies))' | FileCheck %s

// A copy of contiguous memory stays one; a strided one would need a library function.
// CHECK-LABEL: func.func @copies
// CHECK: memref.copy %{{.*}}, %{{.*}} : memref<4x8xf32> to memref<4x8xf32>
// CHECK-NOT: memref.copy
// CHECK: linalg.{{copy|generic}}
func.func @copies(%a: memref<4x8xf32>, %b: memref<4x8xf32>) {
  memref.copy %a, %b : memref<4x8xf32> to memref<4x8xf32>
  %s = memref.subview %a[0, 0] [4, 3] [1, 1] : memref<4x8xf32> to memref<4x3xf32, strided<[8, 1]>>
  %t = memref.subview %b[0, 3] [4, 3] [1, 1]
      : memref<4x8xf32> to memref<4x3xf32, strided<[8, 1], offset: 3>>
  memref.copy %s, %t
      : memref<4x3xf32, strided<[8, 1]>> to memref<4x3xf32, strided<[8, 1], offset: 3>>
  return
}
