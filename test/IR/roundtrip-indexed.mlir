// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --verify-roundtrip | FileCheck %s
// RUN: etrace-opt %s | etrace-opt | FileCheck %s
// RUN: etrace-opt %s --mlir-print-op-generic | etrace-opt | FileCheck %s
// RUN: etrace-opt %s --emit-bytecode | etrace-opt | FileCheck %s

// CHECK-LABEL: func.func @embedding
func.func @embedding(%t: tensor<7x4xf32>, %i: tensor<3xi32>, %one: tensor<i64>, %many: tensor<2x3xindex>) {
  // CHECK: etrace.embedding %{{.*}}, %{{.*}} : tensor<3xi32>, tensor<7x4xf32> -> tensor<3x4xf32>
  %y0 = etrace.embedding %i, %t : tensor<3xi32>, tensor<7x4xf32> -> tensor<3x4xf32>
  // CHECK: etrace.embedding %{{.*}}, %{{.*}} id "row" {note = "kept"} : tensor<i64>, tensor<7x4xf32> -> tensor<4xf32>
  %y1 = etrace.embedding %one, %t id "row" {note = "kept"} : tensor<i64>, tensor<7x4xf32> -> tensor<4xf32>
  // CHECK: etrace.embedding %{{.*}}, %{{.*}} : tensor<2x3xindex>, tensor<7x4xf32> -> tensor<2x3x4xf32>
  %y2 = etrace.embedding %many, %t : tensor<2x3xindex>, tensor<7x4xf32> -> tensor<2x3x4xf32>
  return
}

// CHECK-LABEL: func.func @sparse
func.func @sparse(%x: tensor<3x6xf32>, %w: tensor<15xf32>, %p: tensor<7xi64>, %c: tensor<15xi32>, %b: tensor<5xf32>) {
  // CHECK: etrace.expand_pointers %{{.*}} : tensor<7xi64> -> tensor<15xi64>
  %r = etrace.expand_pointers %p : tensor<7xi64> -> tensor<15xi64>
  // CHECK: etrace.sparse_matmul %{{.*}}, %{{.*}} at(%{{.*}}, %{{.*}}) : tensor<3x6xf32>, tensor<15xf32>, tensor<15xi64>, tensor<15xi32> -> tensor<3x5xf32>
  %y0 = etrace.sparse_matmul %x, %w at(%r, %c) : tensor<3x6xf32>, tensor<15xf32>, tensor<15xi64>, tensor<15xi32> -> tensor<3x5xf32>
  // CHECK: etrace.sparse_matmul %{{.*}}, %{{.*}} at(%{{.*}}, %{{.*}}) bias %{{.*}} id "s" : tensor<3x6xf32>, tensor<15xf32>, tensor<15xi64>, tensor<15xi32>, tensor<5xf32> -> tensor<3x5xf32>
  %y1 = etrace.sparse_matmul %x, %w at(%r, %c) bias %b id "s" : tensor<3x6xf32>, tensor<15xf32>, tensor<15xi64>, tensor<15xi32>, tensor<5xf32> -> tensor<3x5xf32>
  return
}

// CHECK-LABEL: func.func @contraction
func.func @contraction(%dy: tensor<3x4xf32>, %i: tensor<3xi32>, %t: tensor<7x4xf32>) {
  // CHECK: etrace.indexed_contraction factors(%{{.*}} : tensor<3x4xf32>) indices(%{{.*}} : tensor<3xi32>) dims [1] maps [#{{.*}}, #{{.*}}, #{{.*}}] init(%{{.*}}) : tensor<7x4xf32>
  %g = etrace.indexed_contraction factors(%dy : tensor<3x4xf32>) indices(%i : tensor<3xi32>) dims [1]
      maps [affine_map<(b, v, d) -> (b, d)>, affine_map<(b, v, d) -> (b)>, affine_map<(b, v, d) -> (v, d)>]
      init(%t) : tensor<7x4xf32>
  // CHECK: etrace.indexed_contraction factors() indices() dims [] maps [#{{.*}}] init(%{{.*}}) : tensor<7x4xf32>
  %h = etrace.indexed_contraction factors() indices() dims [] maps [affine_map<(v, d) -> (v, d)>] init(%t) : tensor<7x4xf32>
  return
}
