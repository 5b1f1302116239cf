// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --etrace-tile-contractions=vector-bits=512 --split-input-file | FileCheck %s
// RUN: etrace-opt %s --etrace-tile-contractions=vector-bits=256 --split-input-file \
// RUN:   | FileCheck %s --check-prefix=AVX

// y += x w: n is contiguous in w and y. A tile is 8 rows of 2 vectors; 33 columns leave a
// tile of one column.
// CHECK-LABEL: func.func @outer
// CHECK: scf.parallel (%[[M:.*]]) = (%{{.*}}) to (%{{.*}}) step (%{{.*}}) {
// CHECK-COUNT-16: vector.load {{.*}} : memref<16x33xf32>, vector<16xf32>
// CHECK: scf.for {{.*}} iter_args({{.*}}) -> (vector<16xf32>
// CHECK-COUNT-2: vector.load {{.*}} : memref<7x33xf32>, vector<16xf32>
// CHECK: memref.load {{.*}} : memref<16x7xf32>
// CHECK: vector.broadcast
// CHECK: arith.mulf {{.*}} fastmath<contract> : vector<16xf32>
// CHECK: arith.addf {{.*}} fastmath<contract> : vector<16xf32>
// CHECK: scf.yield
// CHECK-COUNT-16: vector.store {{.*}} : memref<16x33xf32>, vector<16xf32>
// CHECK: scf.for {{.*}} iter_args({{.*}}) -> (vector<1xf32>
// CHECK-NOT: linalg.generic

// 16 registers of 256 bits: 4 rows of 2 vectors.
// AVX-LABEL: func.func @outer
// AVX-COUNT-8: vector.load {{.*}} : memref<16x33xf32>, vector<8xf32>
// AVX: scf.for {{.*}} iter_args
#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>
func.func @outer(%x: memref<16x7xf32>, %w: memref<7x33xf32>, %y: memref<16x33xf32>) {
  linalg.generic {indexing_maps = [#mk, #kn, #mn],
                  iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : memref<16x7xf32>, memref<7x33xf32>) outs(%y : memref<16x33xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %c, %0 : f32
    linalg.yield %1 : f32
  }
  return
}

// -----

// x += y w^T: the summed dimension is contiguous in both; sums of lanes at the end.
// CHECK-LABEL: func.func @dot
// CHECK: scf.for {{.*}} iter_args({{.*}}) -> (vector<8xf64>
// CHECK: vector.shuffle
// CHECK: vector.store {{.*}} : memref<4x8xf64>, vector<4xf64>
// CHECK-NOT: linalg.generic
#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
func.func @dot(%x: memref<4x32xf64>, %w: memref<8x32xf64>, %y: memref<4x8xf64>) {
  linalg.generic {indexing_maps = [#mk, #nk, #mn],
                  iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : memref<4x32xf64>, memref<8x32xf64>) outs(%y : memref<4x8xf64>) {
  ^bb0(%a: f64, %b: f64, %c: f64):
    %0 = arith.mulf %b, %a : f64
    %1 = arith.addf %0, %c : f64
    linalg.yield %1 : f64
  }
  return
}

// -----

// Nothing is contiguous where it must be; a sum of differences is no contraction; integers
// are left alone.
// CHECK-LABEL: func.func @others
// CHECK-COUNT-3: linalg.generic
#km = affine_map<(m, n, k) -> (k, m)>
#nk = affine_map<(m, n, k) -> (n, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mk = affine_map<(m, n, k) -> (m, k)>
#nm = affine_map<(m, n, k) -> (n, m)>
#mn = affine_map<(m, n, k) -> (m, n)>
func.func @others(%x: memref<6x4xf32>, %w: memref<8x6xf32, strided<[12, 2]>>, %y: memref<4x8xf32>,
                  %i: memref<4x6xi32>, %j: memref<6x8xi32>, %r: memref<4x8xi32>,
                  %u: memref<4x6xf32>, %v: memref<6x8xf32>) {
  linalg.generic {indexing_maps = [#km, #nk, #mn],
                  iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : memref<6x4xf32>, memref<8x6xf32, strided<[12, 2]>>) outs(%y : memref<4x8xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %c, %0 : f32
    linalg.yield %1 : f32
  }
  linalg.generic {indexing_maps = [#mk, #kn, #mn],
                  iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%u, %v : memref<4x6xf32>, memref<6x8xf32>) outs(%y : memref<4x8xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %0 = arith.subf %a, %b : f32
    %1 = arith.addf %c, %0 : f32
    linalg.yield %1 : f32
  }
  linalg.generic {indexing_maps = [#mk, #kn, #mn],
                  iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%i, %j : memref<4x6xi32>, memref<6x8xi32>) outs(%r : memref<4x8xi32>) {
  ^bb0(%a: i32, %b: i32, %c: i32):
    %0 = arith.muli %a, %b : i32
    %1 = arith.addi %c, %0 : i32
    linalg.yield %1 : i32
  }
  return
}
