// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --etrace-tile-contractions=vector-bits=512 --split-input-file | FileCheck %s

// Zeros to sum onto are neither written nor read, in either form.
// CHECK-LABEL: func.func @zeros
// CHECK-NOT: linalg.fill
// CHECK-NOT: vector.load {{.*}} : memref<8x32xf32>
// CHECK: scf.for {{.*}} iter_args
// CHECK-NOT: vector.load {{.*}} : memref<8x32xf32>
// CHECK: vector.store {{.*}} : memref<8x32xf32>
// CHECK-NOT: linalg.fill
// CHECK-NOT: vector.load {{.*}} : memref<8x4xf32>
// CHECK: vector.store {{.*}} : memref<8x4xf32>
// CHECK: return
#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#nk = affine_map<(m, n, k) -> (n, k)>
#mn = affine_map<(m, n, k) -> (m, n)>
func.func @zeros(%x: memref<8x16xf32>, %w: memref<16x32xf32>, %v: memref<4x16xf32>, %y: memref<8x32xf32>, %z: memref<8x4xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%y : memref<8x32xf32>)
  linalg.generic {indexing_maps = [#mk, #kn, #mn], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : memref<8x16xf32>, memref<16x32xf32>) outs(%y : memref<8x32xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %c, %0 : f32
    linalg.yield %1 : f32
  }
  linalg.fill ins(%zero : f32) outs(%z : memref<8x4xf32>)
  linalg.generic {indexing_maps = [#mk, #nk, #mn], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %v : memref<8x16xf32>, memref<4x16xf32>) outs(%z : memref<8x4xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %c, %0 : f32
    linalg.yield %1 : f32
  }
  return
}

// -----

// What is not zero, what lies before something else, what is another tensor: these stay.
// CHECK-LABEL: func.func @others
// CHECK-COUNT-3: linalg.fill
// CHECK: return
#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>
func.func @others(%x: memref<8x16xf32>, %w: memref<16x32xf32>, %y: memref<8x32xf32>, %z: memref<8x32xf32>, %s: memref<f32>) {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  linalg.fill ins(%one : f32) outs(%y : memref<8x32xf32>)
  linalg.generic {indexing_maps = [#mk, #kn, #mn], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : memref<8x16xf32>, memref<16x32xf32>) outs(%y : memref<8x32xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %c, %0 : f32
    linalg.yield %1 : f32
  }
  linalg.fill ins(%zero : f32) outs(%z : memref<8x32xf32>)
  memref.store %one, %s[] : memref<f32>
  linalg.generic {indexing_maps = [#mk, #kn, #mn], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : memref<8x16xf32>, memref<16x32xf32>) outs(%z : memref<8x32xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %c, %0 : f32
    linalg.yield %1 : f32
  }
  linalg.fill ins(%zero : f32) outs(%y : memref<8x32xf32>)
  linalg.generic {indexing_maps = [#mk, #kn, #mn], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : memref<8x16xf32>, memref<16x32xf32>) outs(%z : memref<8x32xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %c, %0 : f32
    linalg.yield %1 : f32
  }
  return
}

// -----

// A sum over 25 x 40 pairs: (128 + 32) x 40 numbers of 4 bytes a turn are 25 KB, so chunks of 256 KB
// have 10 turns of the first dimension, and the last one the rest. Zeros are written for the first
// chunk; the loop over chunks lies around the parallel ones.
// CHECK-LABEL: func.func @chunks
// CHECK: linalg.fill
// CHECK: scf.for %[[T:.*]] = %c0{{.*}} to %c25{{.*}} step %c10{{.*}} {
// CHECK: %[[E:.*]] = arith.addi %[[T]], %c10
// CHECK: %[[END:.*]] = arith.minui %[[E]], %c25
// CHECK: scf.parallel
// CHECK: scf.for %{{.*}} = %[[T]] to %[[END]] step %c1{{.*}} iter_args
// CHECK: scf.for %{{.*}} = %c0{{.*}} to %c40{{.*}} step %c1{{.*}} iter_args
#tbm = affine_map<(t, b, m, n) -> (t, b, m)>
#tbn = affine_map<(t, b, m, n) -> (t, b, n)>
#mn = affine_map<(t, b, m, n) -> (m, n)>
func.func @chunks(%x: memref<25x40x128xf32>, %g: memref<25x40x64xf32>, %y: memref<128x64xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%y : memref<128x64xf32>)
  linalg.generic {indexing_maps = [#tbm, #tbn, #mn], iterator_types = ["reduction", "reduction", "parallel", "parallel"]}
      ins(%x, %g : memref<25x40x128xf32>, memref<25x40x64xf32>) outs(%y : memref<128x64xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %c, %0 : f32
    linalg.yield %1 : f32
  }
  return
}
