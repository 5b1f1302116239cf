// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --etrace-convert-to-llvm --reconcile-unrealized-casts | FileCheck %s

// Arguments are bare pointers, also in calls; one operation of each dialect.
// CHECK-LABEL: llvm.func @f(
// CHECK-SAME: %[[M:.*]]: !llvm.ptr, %[[I:.*]]: i64) -> f32
// CHECK: %[[P:.*]] = llvm.getelementptr {{.*}}[%{{.*}}] : (!llvm.ptr, i64) -> !llvm.ptr, f32
// CHECK: llvm.load %[[P]] : !llvm.ptr -> f32
// CHECK: llvm.fadd
// CHECK: llvm.intr.sqrt
// CHECK: llvm.insertvalue {{.*}} : !llvm.struct<(f32, f32)>
// CHECK: llvm.add
// CHECK: llvm.mlir.poison : f32
// CHECK: llvm.cond_br
// CHECK: llvm.call @g(%{{.*}}) : (!llvm.ptr) -> ()
// CHECK: llvm.return
// CHECK-NOT: unrealized_conversion_cast
func.func private @g(%m: memref<4xf32>)
func.func @f(%m: memref<4xf32>, %i: index) -> f32 {
  %0 = memref.load %m[%i] : memref<4xf32>
  %1 = arith.addf %0, %0 : f32
  %2 = math.sqrt %1 : f32
  %3 = complex.create %2, %1 : complex<f32>
  %4 = complex.re %3 : complex<f32>
  %5 = index.add %i, %i
  %6 = ub.poison : f32
  %7 = arith.cmpf olt, %4, %6 : f32
  memref.store %4, %m[%5] : memref<4xf32>
  cf.cond_br %7, ^a, ^b
^a:
  func.call @g(%m) : (memref<4xf32>) -> ()
  return %4 : f32
^b:
  return %2 : f32
}
