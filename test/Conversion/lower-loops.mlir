// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --pass-pipeline='builtin.module(func.func(etrace-lower-loops))' | FileCheck %s

// The contiguous dimension runs innermost, whatever the order of the iterators says.
// CHECK-LABEL: func.func @order
// CHECK: %[[C8:.*]] = arith.constant 8 : index
// CHECK: scf.for %[[J:.*]] = {{.*}} to %[[C8]]
// CHECK: scf.for %[[I:.*]] = {{.*}}
// CHECK-DAG: %[[ROW:.*]] = affine.apply #{{.*}}(%[[J]])
// CHECK-DAG: %[[COLUMN:.*]] = affine.apply #{{.*}}(%[[I]])
// CHECK: memref.load %{{.*}}[%[[ROW]], %[[COLUMN]]]
// CHECK: arith.addf {{.*}} fastmath<contract>
// CHECK-NOT: linalg
func.func @order(%a: memref<8x4xf32>, %b: memref<8x4xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (j, i)>, affine_map<(i, j) -> (j, i)>],
                  iterator_types = ["parallel", "parallel"]}
      ins(%a : memref<8x4xf32>) outs(%b : memref<8x4xf32>) {
  ^bb0(%x: f32, %y: f32):
    %0 = arith.addf %x, %y : f32
    linalg.yield %0 : f32
  }
  return
}
