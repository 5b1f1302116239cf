// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --etrace-tile-contractions=vector-bits=512 | FileCheck %s

// A dot product for each of 5 columns: a run of 4 columns and a run of one, since sums of
// lanes are folded in powers of two.
#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>
// CHECK-LABEL: func.func @five
// CHECK-NOT: linalg.generic
// CHECK: vector<4xf32>
// CHECK: vector<1xf32>
func.func @five(%a: memref<3x16xf32>, %b: memref<5x16xf32>, %c: memref<3x5xf32>) {
  linalg.generic {indexing_maps = [#a, #b, #c],
                  iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<3x16xf32>, memref<5x16xf32>) outs(%c : memref<3x5xf32>) {
  ^bb0(%x: f32, %y: f32, %s: f32):
    %p = arith.mulf %x, %y : f32
    %q = arith.addf %s, %p : f32
    linalg.yield %q : f32
  }
  return
}
