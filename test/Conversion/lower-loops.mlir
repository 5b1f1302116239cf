// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --pass-pipeline='builtin.module(func.func(etrace-lower-loops))' | FileCheck %s

// The contiguous dimension runs innermost, whatever the order of the iterators says.
// CHECK-LABEL: func.func @order
// CHECK: %[[C8:.*]] = arith.constant 8 : index
// CHECK: scf.parallel (%[[J:.*]]) = ({{.*}}) to (%[[C8]])
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

// A pass over a trace: two turns of i share the loads of D and f of [b, o]; one of the seven
// turns is left over. The loop over i is parallel, and outermost.
// CHECK-LABEL: func.func @jam
// CHECK: scf.parallel (%[[I:.*]]) = (%c0{{.*}}) to (%c6{{.*}}) step (%c2{{.*}}) {
// CHECK: scf.for
// CHECK: scf.for
// CHECK: memref.store
// CHECK: arith.addi %[[I]], %c1
// CHECK: memref.store
// CHECK-NOT: memref.store
// CHECK: scf.for %{{.*}} = %c6{{.*}} to %c7
// CHECK: memref.store
// CHECK-NOT: memref.store
// CHECK: return
#ibo = affine_map<(i, b, o) -> (i, b, o)>
#bo = affine_map<(i, b, o) -> (b, o)>
#bi = affine_map<(i, b, o) -> (b, i)>
func.func @jam(%d: memref<3x8xf32>, %f: memref<3x8xf32>, %x: memref<3x7xf32>,
               %e: memref<7x3x8xf32>) {
  linalg.generic {indexing_maps = [#bo, #bo, #bi, #ibo],
                  iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%d, %f, %x : memref<3x8xf32>, memref<3x8xf32>, memref<3x7xf32>)
      outs(%e : memref<7x3x8xf32>) {
  ^bb0(%p: f32, %q: f32, %r: f32, %s: f32):
    %0 = arith.mulf %p, %s : f32
    %1 = arith.mulf %q, %r : f32
    %2 = arith.addf %0, %1 : f32
    linalg.yield %2 : f32
  }
  return
}

// A sum over the outermost loop: its turns depend on each other.
// CHECK-LABEL: func.func @sum
// CHECK-NOT: scf.parallel
// CHECK: return
func.func @sum(%a: memref<8x4xf32>, %b: memref<4xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>],
                  iterator_types = ["reduction", "parallel"]}
      ins(%a : memref<8x4xf32>) outs(%b : memref<4xf32>) {
  ^bb0(%x: f32, %y: f32):
    %0 = arith.addf %x, %y : f32
    linalg.yield %0 : f32
  }
  return
}
