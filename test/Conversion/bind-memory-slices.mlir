// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --etrace-bind-memory | FileCheck %s
// RUN: etrace-opt %s --etrace-to-llvm --mlir-print-ir-after=etrace-plan-workspace -o /dev/null 2>&1 \
// RUN:   | FileCheck %s --check-prefix=MEMORY

#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>

// What a loop stores of each iteration is computed where it is stored, zeros of the sum included;
// the constant itself is in nobody's memory.
// CHECK-LABEL: func.func private @m_store.body
// CHECK: scf.for %[[T:.*]] = {{.*}} iter_args(%[[ALL:[a-z0-9]+]] =
// CHECK: %[[SLICE:.*]] = tensor.extract_slice %[[ALL]][%[[T]], 0, 0] [1, 2, 4] [1, 1, 1]
// CHECK: %[[ZERO:.*]] = linalg.fill {{.*}} outs(%[[SLICE]]
// CHECK: %[[Y:.*]] = linalg.generic {{.*}} outs(%[[ZERO]]
// CHECK: tensor.insert_slice %[[Y]] into %[[ALL]]
// MEMORY-LABEL: func.func private @m_store.body
// MEMORY-NOT: copy
// MEMORY-NOT: memref.alloc
// MEMORY: return
func.func @m_store(%xs: tensor<5x2x3xf32> {etrace.name = "xs"}, %w: tensor<3x4xf32> {etrace.name = "w"})
    -> (tensor<5x2x4xf32> {etrace.name = "ys"}) attributes {etrace.entry = "store"} {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %five = arith.constant 5 : index
  %zeros = arith.constant dense<0.0> : tensor<2x4xf32>
  %empty = tensor.empty() : tensor<5x2x4xf32>
  %r = scf.for %t = %zero to %five step %one iter_args(%all = %empty) -> (tensor<5x2x4xf32>) {
    %x = tensor.extract_slice %xs[%t, 0, 0] [1, 2, 3] [1, 1, 1] : tensor<5x2x3xf32> to tensor<2x3xf32>
    %y = linalg.generic {indexing_maps = [#mk, #kn, #mn], iterator_types = ["parallel", "parallel", "reduction"]} ins(%x, %w : tensor<2x3xf32>, tensor<3x4xf32>) outs(%zeros : tensor<2x4xf32>) {
    ^bb0(%a: f32, %b: f32, %c: f32):
      %p = arith.mulf %a, %b : f32
      %q = arith.addf %c, %p : f32
      linalg.yield %q : f32
    } -> tensor<2x4xf32>
    %s = tensor.insert_slice %y into %all[%t, 0, 0] [1, 2, 4] [1, 1, 1] : tensor<2x4xf32> into tensor<5x2x4xf32>
    scf.yield %s : tensor<5x2x4xf32>
  }
  return %r : tensor<5x2x4xf32>
}

// Pieces of one tensor, in whatever order they are inserted, are computed in it.
// CHECK-LABEL: func.func private @m_join.body
// CHECK: tensor.extract_slice %{{.*}}[4] [3] [1] : tensor<7xf32> to tensor<3xf32>
// CHECK: math.exp
// CHECK: tensor.insert_slice {{.*}}[4] [3] [1]
// CHECK: tensor.extract_slice %{{.*}}[0] [4] [1] : tensor<7xf32> to tensor<4xf32>
// CHECK: math.tanh
// CHECK: tensor.insert_slice {{.*}}[0] [4] [1]
// MEMORY-LABEL: func.func private @m_join.body
// MEMORY-NOT: copy
// MEMORY-NOT: memref.alloc
// MEMORY: return
#id = affine_map<(i) -> (i)>
func.func @m_join(%x: tensor<3xf32> {etrace.name = "x"}, %v: tensor<4xf32> {etrace.name = "v"})
    -> (tensor<7xf32> {etrace.name = "out"}) attributes {etrace.entry = "join"} {
  %e3 = tensor.empty() : tensor<3xf32>
  %e4 = tensor.empty() : tensor<4xf32>
  %whole = tensor.empty() : tensor<7xf32>
  %a = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<3xf32>) outs(%e3 : tensor<3xf32>) {
  ^bb0(%in: f32, %out: f32):
    %p = math.exp %in : f32
    linalg.yield %p : f32
  } -> tensor<3xf32>
  %b = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%v : tensor<4xf32>) outs(%e4 : tensor<4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %p = math.tanh %in : f32
    linalg.yield %p : f32
  } -> tensor<4xf32>
  %0 = tensor.insert_slice %b into %whole[0] [4] [1] : tensor<4xf32> into tensor<7xf32>
  %1 = tensor.insert_slice %a into %0[4] [3] [1] : tensor<3xf32> into tensor<7xf32>
  return %1 : tensor<7xf32>
}

// What is read behind its insertion, or stored twice, is copied: the old contents are not lost.
// CHECK-LABEL: func.func private @m_later.body
// CHECK-NOT: tensor.extract_slice
// CHECK: return
func.func @m_later(%x: tensor<3xf32> {etrace.name = "x"})
    -> (tensor<4xf32> {etrace.name = "out"}, tensor<3xf32> {etrace.name = "again"}) attributes {etrace.entry = "later"} {
  %e3 = tensor.empty() : tensor<3xf32>
  %whole = tensor.empty() : tensor<4xf32>
  %a = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<3xf32>) outs(%e3 : tensor<3xf32>) {
  ^bb0(%in: f32, %out: f32):
    %p = math.exp %in : f32
    linalg.yield %p : f32
  } -> tensor<3xf32>
  %0 = tensor.insert_slice %a into %whole[0] [3] [1] : tensor<3xf32> into tensor<4xf32>
  return %0, %a : tensor<4xf32>, tensor<3xf32>
}
