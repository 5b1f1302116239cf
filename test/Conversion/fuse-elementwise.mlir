// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --etrace-fuse-elementwise --canonicalize | FileCheck %s

// w += a x, then w += b x: one operation with one result, so that one destination suffices.
#map = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// CHECK-LABEL: func @twice
// CHECK-SAME: %[[W:[^:]*]]: tensor<3x4xf64>
// CHECK: %[[R:.*]] = linalg.generic
// CHECK-NOT: linalg.generic
// CHECK: return %[[R]] : tensor<3x4xf64>
func.func @twice(%w: tensor<3x4xf64>, %a: tensor<3xf64>, %b: tensor<3xf64>) -> tensor<3x4xf64> {
  %0 = linalg.generic {indexing_maps = [#row, #map], iterator_types = ["parallel", "parallel"]}
      ins(%a : tensor<3xf64>) outs(%w : tensor<3x4xf64>) {
  ^bb0(%in: f64, %out: f64):
    %s = arith.addf %out, %in : f64
    linalg.yield %s : f64
  } -> tensor<3x4xf64>
  %empty = tensor.empty() : tensor<3x4xf64>
  %1 = linalg.generic {indexing_maps = [#map, #row, #map], iterator_types = ["parallel", "parallel"]}
      ins(%0, %b : tensor<3x4xf64>, tensor<3xf64>) outs(%empty : tensor<3x4xf64>) {
  ^bb0(%in: f64, %x: f64, %out: f64):
    %s = arith.addf %in, %x : f64
    linalg.yield %s : f64
  } -> tensor<3x4xf64>
  return %1 : tensor<3x4xf64>
}

// A reduction that is read twice stays what it is.
// CHECK-LABEL: func @reduction
// CHECK: linalg.generic
// CHECK-SAME: "reduction"
// CHECK: linalg.generic
// CHECK-SAME: ["parallel"]
func.func @reduction(%a: tensor<3x4xf64>, %b: tensor<3xf64>) -> tensor<3xf64> {
  %0 = linalg.generic {indexing_maps = [#map, #row], iterator_types = ["parallel", "reduction"]}
      ins(%a : tensor<3x4xf64>) outs(%b : tensor<3xf64>) {
  ^bb0(%in: f64, %out: f64):
    %s = arith.addf %out, %in : f64
    linalg.yield %s : f64
  } -> tensor<3xf64>
  %1 = linalg.generic {
      indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>],
      iterator_types = ["parallel"]} ins(%0 : tensor<3xf64>) outs(%b : tensor<3xf64>) {
  ^bb0(%in: f64, %out: f64):
    %s = arith.mulf %in, %in : f64
    linalg.yield %s : f64
  } -> tensor<3xf64>
  return %1 : tensor<3xf64>
}

// CHECK-LABEL: func.func @clamp(
// CHECK-SAME: %[[X:.*]]: f32, %[[LOW:.*]]: f32, %[[HIGH:.*]]: f32)
// CHECK: %[[RAISED:.*]] = arith.maximumf %[[X]], %[[LOW]]
// CHECK: arith.minimumf %[[RAISED]], %[[HIGH]]
func.func @clamp(%x: f32, %low: f32, %high: f32) -> f32 {
  %0 = math.clampf %x to [%low, %high] : f32
  return %0 : f32
}
