// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --pass-pipeline='builtin.module(func.func(etrace-gpu-parallelize))' | FileCheck %s

#rows = affine_map<(d0, d1) -> (d0, d1)>
#columns = affine_map<(d0, d1) -> (d1)>

// A sum over the outer dimension is one kernel, not one for each row.
// CHECK-LABEL: func.func @sum_rows
// CHECK: scf.parallel (%[[J:.*]]) = ({{.*}}) to (%c5{{.*}})
// CHECK:   scf.for %[[B:.*]] = {{.*}} to %c3
// CHECK:     memref.load
// CHECK:     arith.addf
// CHECK:     memref.store
// CHECK-NOT: linalg.generic
func.func @sum_rows(%a: memref<3x5xf32>, %s: memref<5xf32>) {
  linalg.generic {indexing_maps = [#rows, #columns], iterator_types = ["reduction", "parallel"]}
      ins(%a : memref<3x5xf32>) outs(%s : memref<5xf32>) {
  ^bb0(%x: f32, %y: f32):
    %z = arith.addf %x, %y : f32
    linalg.yield %z : f32
  }
  return
}

// The pass over a trace: the trace is updated where it lies and summed for its weight.
// CHECK-LABEL: func.func @trace
// CHECK: scf.parallel (%{{.*}}, %{{.*}}) = ({{.*}}) to (%c3{{.*}}, %c5{{.*}})
// CHECK-NEXT: scf.for %{{.*}} = {{.*}} to %c2
// CHECK-COUNT-2: memref.store
#all = affine_map<(b, i, o) -> (b, i, o)>
#out = affine_map<(b, i, o) -> (b, o)>
#weight = affine_map<(b, i, o) -> (i, o)>
func.func @trace(%d: memref<2x5xf32>, %e: memref<2x3x5xf32>, %g: memref<3x5xf32>) {
  linalg.generic {indexing_maps = [#out, #all, #weight],
                  iterator_types = ["reduction", "parallel", "parallel"]}
      ins(%d : memref<2x5xf32>) outs(%e, %g : memref<2x3x5xf32>, memref<3x5xf32>) {
  ^bb0(%x: f32, %old: f32, %sum: f32):
    %new = arith.mulf %x, %old : f32
    %next = arith.addf %sum, %new : f32
    linalg.yield %new, %next : f32, f32
  }
  return
}

// CHECK-LABEL: func.func @named
// CHECK: scf.parallel (%{{.*}}, %{{.*}}) = ({{.*}}) to (%c2{{.*}}, %c5{{.*}})
// CHECK:   scf.for %{{.*}} = {{.*}} to %c3
func.func @named(%a: memref<2x3xf32>, %b: memref<3x5xf32>, %c: memref<2x5xf32>) {
  linalg.matmul ins(%a, %b : memref<2x3xf32>, memref<3x5xf32>) outs(%c : memref<2x5xf32>)
  return
}

// CHECK-LABEL: func.func @copy
// CHECK: scf.parallel
// CHECK-NOT: memref.copy
func.func @copy(%a: memref<7xf32>, %b: memref<7xf32>) {
  memref.copy %a, %b : memref<7xf32> to memref<7xf32>
  return
}

// A sum of all elements has no parallel dimension: one thread does it.
// CHECK-LABEL: func.func @scalar
// CHECK-NOT: scf.parallel
// CHECK: scf.for
func.func @scalar(%a: memref<7xf32>, %s: memref<f32>) {
  linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> ()>],
                  iterator_types = ["reduction"]}
      ins(%a : memref<7xf32>) outs(%s : memref<f32>) {
  ^bb0(%x: f32, %y: f32):
    %z = arith.addf %x, %y : f32
    linalg.yield %z : f32
  }
  return
}
