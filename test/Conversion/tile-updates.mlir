// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --etrace-tile-updates --split-input-file | FileCheck %s
// RUN: etrace-opt %s --etrace-tile-updates=vector-bits=256 --split-input-file | FileCheck %s --check-prefix=HALF
// RUN: not etrace-opt %s --etrace-tile-updates=vector-bits=96 --split-input-file 2>&1 | FileCheck %s --check-prefix=BITS

// BITS: error: expected vector-bits to be a power of two and at least 64, found 96

// Two rows of a sample at once: the vector of d is loaded once for both, the sums of both rows are
// carried over the samples, each term is one multiply-add onto what is carried.
// CHECK-LABEL: func.func @update
// CHECK-DAG: %[[C0:.*]] = arith.constant 0 : index
// CHECK-DAG: %[[C1:.*]] = arith.constant 1 : index
// CHECK: scf.parallel (%[[N:.*]]) =
// CHECK: %[[G0:.*]] = vector.load %[[G:.*]][%{{.*}}] : memref<2x32xf32>, vector<16xf32>
// CHECK: %[[G1:.*]] = vector.load %[[G]]
// CHECK: %[[SUMS:.*]]:2 = scf.for %[[B:.*]] = {{.*}} iter_args(%[[S0:.*]] = %[[G0]], %[[S1:.*]] = %[[G1]])
// CHECK: %[[E0:.*]] = vector.load %[[E:.*]][%[[N]], %[[B]], %{{.*}}, %{{.*}}]
// CHECK: %[[E1:.*]] = vector.load %[[E]]
// CHECK: %[[D:.*]] = vector.load
// CHECK-NOT: vector.load
// CHECK: %[[NEXT0:.*]] = vector.fma %[[E0]], %[[D]], %[[S0]]
// CHECK: %[[NEXT1:.*]] = vector.fma %[[E1]], %[[D]], %[[S1]]
// CHECK: %[[X0:.*]] = memref.load
// CHECK: %[[V0:.*]] = vector.broadcast %[[X0]] : f32 to vector<16xf32>
// CHECK: %[[V1:.*]] = vector.broadcast
// CHECK: %[[NEW0:.*]] = arith.mulf %[[D]], %[[V0]] fastmath<contract>
// CHECK: %[[NEW1:.*]] = arith.mulf %[[D]], %[[V1]] fastmath<contract>
// CHECK: vector.store %[[NEW0]], %[[E]]
// CHECK: vector.store %[[NEW1]], %[[E]]
// CHECK: scf.yield %[[NEXT0]], %[[NEXT1]]
// CHECK: vector.store %[[SUMS]]#0, %[[G]]
// CHECK: vector.store %[[SUMS]]#1, %[[G]]

// Half as long registers: a loop over two vectors of a row, around the samples.
// HALF-LABEL: func.func @update
// HALF: scf.parallel
// HALF: scf.for %[[LANE:.*]] = %{{.*}} to %{{.*}} step %{{.*}} {
// HALF: vector.load {{.*}} vector<8xf32>
// HALF: scf.for {{.*}} iter_args
#x = affine_map<(n, b, i, o) -> (b, i)>
#v = affine_map<(n, b, i, o) -> (n, b, o)>
#e = affine_map<(n, b, i, o) -> (n, b, i, o)>
#g = affine_map<(n, b, i, o) -> (i, n * 16 + o)>
func.func @update(%x: memref<4x2xf32>, %d: memref<2x4x16xf32>, %e: memref<2x4x2x16xf32>,
                  %g: memref<2x32xf32>) {
  linalg.generic {indexing_maps = [#x, #v, #e, #g],
                  iterator_types = ["parallel", "reduction", "parallel", "parallel"]}
      ins(%x, %d : memref<4x2xf32>, memref<2x4x16xf32>)
      outs(%e, %g : memref<2x4x2x16xf32>, memref<2x32xf32>) {
  ^bb0(%xx: f32, %dd: f32, %ee: f32, %gg: f32):
    %0 = arith.mulf %ee, %dd : f32
    %1 = arith.addf %0, %gg : f32
    %2 = arith.mulf %dd, %xx : f32
    linalg.yield %2, %1 : f32, f32
  }
  return
}

// -----

// Nothing is carried without samples: sums are read and written in place.
// CHECK-LABEL: func.func @one_sample
// CHECK: scf.parallel
// CHECK-NOT: iter_args
// CHECK: vector.load
// CHECK: vector.store
#e = affine_map<(n, i, o) -> (n, i, o)>
#v = affine_map<(n, i, o) -> (n, o)>
func.func @one_sample(%d: memref<2x16xf32>, %e: memref<2x2x16xf32>) {
  linalg.generic {indexing_maps = [#v, #e], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%d : memref<2x16xf32>) outs(%e : memref<2x2x16xf32>) {
  ^bb0(%dd: f32, %ee: f32):
    %0 = arith.addf %ee, %dd : f32
    linalg.yield %0 : f32
  }
  return
}

// -----

// Left to etrace-lower-loops: long rows in the place of short ones, lengths that are no whole vectors,
// functions that are no arithmetic, sums along the last axis.
// CHECK-LABEL: func.func @others
// CHECK-COUNT-4: linalg.generic
#id = affine_map<(i, o) -> (i, o)>
#first = affine_map<(i, o) -> (i)>
func.func @others(%long: memref<64x16xf32>, %odd: memref<2x17xf32>, %short: memref<2x16xf32>,
                  %sum: memref<2xf32>) {
  linalg.generic {indexing_maps = [#id], iterator_types = ["parallel", "parallel"]}
      outs(%long : memref<64x16xf32>) {
  ^bb0(%a: f32):
    %0 = arith.addf %a, %a : f32
    linalg.yield %0 : f32
  }
  linalg.generic {indexing_maps = [#id], iterator_types = ["parallel", "parallel"]}
      outs(%odd : memref<2x17xf32>) {
  ^bb0(%a: f32):
    %0 = arith.addf %a, %a : f32
    linalg.yield %0 : f32
  }
  linalg.generic {indexing_maps = [#id], iterator_types = ["parallel", "parallel"]}
      outs(%short : memref<2x16xf32>) {
  ^bb0(%a: f32):
    %0 = math.tanh %a : f32
    linalg.yield %0 : f32
  }
  linalg.generic {indexing_maps = [#id, #first], iterator_types = ["parallel", "reduction"]}
      ins(%short : memref<2x16xf32>) outs(%sum : memref<2xf32>) {
  ^bb0(%a: f32, %s: f32):
    %0 = arith.addf %s, %a : f32
    linalg.yield %0 : f32
  }
  return
}
