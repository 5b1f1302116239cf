// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --etrace-widen-sums | FileCheck %s
// RUN: etrace-opt %s --etrace-lower-to-linalg | FileCheck %s --check-prefix=PIPELINE
// RUN: etrace-opt %s --etrace-lower-to-linalg=widen-sums=false | FileCheck %s --check-prefix=NARROW

// Products and sums in f32, one rounding behind them.
// CHECK-LABEL: func.func @matmul(
// CHECK-SAME: %[[X:.*]]: tensor<4x9xbf16>, %[[W:.*]]: tensor<9x5xbf16>, %[[Z:.*]]: tensor<4x5xbf16>)
// CHECK: %[[V:.*]] = arith.extf %[[Z]] : tensor<4x5xbf16> to tensor<4x5xf32>
// CHECK: %[[S:.*]] = linalg.generic {{.*}} ins(%[[X]], %[[W]] : tensor<4x9xbf16>, tensor<9x5xbf16>) outs(%[[V]] : tensor<4x5xf32>)
// CHECK-NEXT: ^bb0(%[[A:.*]]: bf16, %[[B:.*]]: bf16, %[[C:.*]]: f32):
// CHECK-DAG: %[[AW:.*]] = arith.extf %[[A]] : bf16 to f32
// CHECK-DAG: %[[BW:.*]] = arith.extf %[[B]] : bf16 to f32
// CHECK: %[[M:.*]] = arith.mulf %[[AW]], %[[BW]] : f32
// CHECK: arith.addf %[[C]], %[[M]] : f32
// CHECK: arith.truncf %[[S]] : tensor<4x5xf32> to tensor<4x5xbf16>
// PIPELINE-LABEL: func.func @matmul(
// PIPELINE: arith.addf {{.*}} : f32
// NARROW-LABEL: func.func @matmul(
// NARROW: arith.addf {{.*}} : bf16
// NARROW-NOT: f32
// NARROW: func.func @constants
func.func @matmul(%x: tensor<4x9xbf16>, %w: tensor<9x5xbf16>, %z: tensor<4x5xbf16>) -> tensor<4x5xbf16> {
  %y = linalg.matmul ins(%x, %w : tensor<4x9xbf16>, tensor<9x5xbf16>) outs(%z : tensor<4x5xbf16>) -> tensor<4x5xbf16>
  return %y : tensor<4x5xbf16>
}

#i = affine_map<(d0) -> (d0)>
#o = affine_map<(d0) -> ()>

// Constants, captured values, casts and a fill become f32; what is f32 or an integer stays.
// CHECK-LABEL: func.func @constants(
// CHECK-SAME: %[[X:.*]]: tensor<?xf16>, %[[K:.*]]: f16)
// CHECK: %[[E:.*]] = tensor.empty() : tensor<f32>
// CHECK: linalg.fill ins(%{{.*}} : f32) outs(%[[E]] : tensor<f32>)
// CHECK: linalg.generic
// CHECK-NOT: arith.truncf
// CHECK: linalg.index 0
// CHECK: arith.mulf {{.*}} : f32
// CHECK: arith.addf {{.*}} : f32
// CHECK: linalg.yield
// CHECK: arith.truncf {{.*}} : tensor<f32> to tensor<f16>
func.func @constants(%x: tensor<?xf16>, %k: f16) -> tensor<f16> {
  %zero = arith.constant 0.0 : f16
  %e = tensor.empty() : tensor<f16>
  %z = linalg.fill ins(%zero : f16) outs(%e : tensor<f16>) -> tensor<f16>
  %y = linalg.generic {indexing_maps = [#i, #o], iterator_types = ["reduction"]}
      ins(%x : tensor<?xf16>) outs(%z : tensor<f16>) {
  ^bb0(%a: f16, %c: f16):
    %two = arith.constant 2.0 : f16
    %n = linalg.index 0 : index
    %j = arith.index_cast %n : index to i32
    %f = arith.sitofp %j : i32 to f32
    %g = arith.truncf %f : f32 to f16
    %p = arith.mulf %a, %two : f16
    %q = arith.mulf %p, %k : f16
    %r = arith.addf %q, %g : f16
    %s = arith.addf %c, %r : f16
    linalg.yield %s : f16
  } -> tensor<f16>
  return %y : tensor<f16>
}

// No sum, nothing narrow, or the bits of a narrow float are read: unchanged.
// CHECK-LABEL: func.func @unchanged(
// CHECK-NOT: arith.extf
// CHECK: return
func.func @unchanged(%x: tensor<3xbf16>, %v: tensor<3xf32>, %z: tensor<bf16>, %u: tensor<f32>)
    -> (tensor<3xbf16>, tensor<f32>, tensor<bf16>) {
  %0 = linalg.generic {indexing_maps = [#i, #i], iterator_types = ["parallel"]}
      ins(%x : tensor<3xbf16>) outs(%x : tensor<3xbf16>) {
  ^bb0(%a: bf16, %c: bf16):
    %s = arith.addf %a, %a : bf16
    linalg.yield %s : bf16
  } -> tensor<3xbf16>
  %1 = linalg.generic {indexing_maps = [#i, #o], iterator_types = ["reduction"]}
      ins(%v : tensor<3xf32>) outs(%u : tensor<f32>) {
  ^bb0(%a: f32, %c: f32):
    %s = arith.addf %a, %c : f32
    linalg.yield %s : f32
  } -> tensor<f32>
  %2 = linalg.generic {indexing_maps = [#i, #o], iterator_types = ["reduction"]}
      ins(%x : tensor<3xbf16>) outs(%z : tensor<bf16>) {
  ^bb0(%a: bf16, %c: bf16):
    %b = arith.bitcast %a : bf16 to i16
    %d = arith.bitcast %b : i16 to bf16
    %s = arith.addf %d, %c : bf16
    linalg.yield %s : bf16
  } -> tensor<bf16>
  return %0, %1, %2 : tensor<3xbf16>, tensor<f32>, tensor<bf16>
}
