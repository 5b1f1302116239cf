// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s -test-etrace-transpose -canonicalize -cse | FileCheck %s

// Cotangents of one value add up.
// CHECK-LABEL: func.func @sums_vjp
// CHECK-SAME: %[[X:[a-z0-9]+]]: f32, %[[Y:[a-z0-9]+]]: f32, %[[C:[a-z0-9]+]]: f32)
// CHECK-DAG: %[[S:.*]] = arith.addf %[[C]], %[[C]] : f32
// CHECK-DAG: %[[N:.*]] = arith.negf %[[C]] : f32
// CHECK: return %[[S]], %[[N]] : f32, f32
func.func @sums(%x: f32, %y: f32) -> f32 {
  %0 = arith.subf %x, %y : f32
  %1 = arith.addf %0, %x : f32
  return %1 : f32
}

// What nothing reaches is zero.
// CHECK-LABEL: func.func @unused_vjp
// CHECK-SAME: %[[X:[a-z0-9]+]]: f32, %[[Y:[a-z0-9]+]]: f32, %[[C:[a-z0-9]+]]: f32)
// CHECK: %[[Z:.*]] = arith.constant 0.000000e+00 : f32
// CHECK: return %[[C]], %[[Z]] : f32, f32
func.func @unused(%x: f32, %y: f32) -> f32 {
  return %x : f32
}

// The weight receives an outer product, without accumulation; x a sum over outputs.
// CHECK-LABEL: func.func @primitive_vjp
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<3xf32>, %[[W:[a-z0-9]+]]: tensor<3x5xf32>, %[[B:[a-z0-9]+]]: tensor<5xf32>, %[[C:[a-z0-9]+]]: tensor<5xf32>)
// CHECK: %[[E:.*]] = tensor.empty() : tensor<3x5xf32>
// CHECK: %[[DW:.*]] = linalg.generic {{.*}}["parallel", "parallel"]} ins(%[[X]], %[[C]] : {{.*}}) outs(%[[E]] :
// CHECK-NOT: addf
// CHECK: %[[DX:.*]] = linalg.generic {{.*}}["parallel", "reduction"]} ins(%[[W]], %[[C]] :
// CHECK: return %[[DX]], %[[DW]], %[[C]]
func.func @primitive(%x: tensor<3xf32>, %w: tensor<3x5xf32>, %b: tensor<5xf32>) -> tensor<5xf32> {
  %y = etrace.matmul %x, %w bias %b : tensor<3xf32>, tensor<3x5xf32>, tensor<5xf32> -> tensor<5xf32>
  return %y : tensor<5xf32>
}

// Broadcast and sum are transposes of each other.
// CHECK-LABEL: func.func @broadcast_vjp
// CHECK-SAME: %[[C:[a-z0-9]+]]: tensor<4x5xf32>)
// CHECK: linalg.generic {{.*}}["reduction", "parallel"]} ins(%[[C]] : tensor<4x5xf32>) outs({{.*}} : tensor<5xf32>)
func.func @broadcast(%x: tensor<5xf32>) -> tensor<4x5xf32> {
  %e = tensor.empty() : tensor<4x5xf32>
  %0 = linalg.broadcast ins(%x : tensor<5xf32>) outs(%e : tensor<4x5xf32>) dimensions = [0]
  return %0 : tensor<4x5xf32>
}
// CHECK-LABEL: func.func @sum_vjp
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<4x5xf32>, %[[C:[a-z0-9]+]]: tensor<4xf32>)
// CHECK: linalg.generic {{.*}}["parallel", "parallel"]} ins(%[[C]] : tensor<4xf32>) outs({{.*}} : tensor<4x5xf32>)
func.func @sum(%x: tensor<4x5xf32>) -> tensor<4xf32> {
  %z = arith.constant dense<0.0> : tensor<4xf32>
  %0 = linalg.reduce { arith.addf } ins(%x : tensor<4x5xf32>) outs(%z : tensor<4xf32>)
      dimensions = [1]
  return %0 : tensor<4xf32>
}

// Slices go into zeros, insertions come out of slices.
// CHECK-LABEL: func.func @slice_vjp
// CHECK-SAME: %[[C:[a-z0-9]+]]: tensor<2xf32>)
// CHECK: %[[Z:.*]] = arith.constant dense<0.000000e+00> : tensor<5xf32>
// CHECK: tensor.insert_slice %[[C]] into %[[Z]][1] [2] [1] : tensor<2xf32> into tensor<5xf32>
func.func @slice(%x: tensor<5xf32>) -> tensor<2xf32> {
  %0 = tensor.extract_slice %x[1] [2] [1] : tensor<5xf32> to tensor<2xf32>
  return %0 : tensor<2xf32>
}
// CHECK-LABEL: func.func @concat_vjp
// CHECK-SAME: %[[C:[a-z0-9]+]]: tensor<5xf32>)
// CHECK: %[[A:.*]] = tensor.extract_slice %[[C]][0] [2] [1]
// CHECK: %[[B:.*]] = tensor.extract_slice %[[C]][2] [3] [1]
// CHECK: return %[[A]], %[[B]]
func.func @concat(%x: tensor<2xf32>, %y: tensor<3xf32>) -> tensor<5xf32> {
  %0 = tensor.concat dim(0) %x, %y : (tensor<2xf32>, tensor<3xf32>) -> tensor<5xf32>
  return %0 : tensor<5xf32>
}

// CHECK-LABEL: func.func @branch_vjp
// CHECK-SAME: %[[K:[a-z0-9]+]]: i1, %[[X:[a-z0-9]+]]: f32, %[[Y:[a-z0-9]+]]: f32, %[[C:[a-z0-9]+]]: f32)
// CHECK: %[[Z:.*]] = arith.constant 0.000000e+00 : f32
// CHECK: %[[DY:.*]] = arith.select %[[K]], %[[Z]], %[[C]] : f32
// CHECK: %[[DX:.*]] = scf.if %[[K]] -> (f32)
// CHECK: math.cos %[[X]]
// CHECK: %[[P:.*]] = arith.mulf %{{.*}}, %[[C]]
// CHECK: scf.yield %[[P]]
// CHECK: } else {
// CHECK: scf.yield %[[Z]]
// CHECK: return %[[DX]], %[[DY]]
func.func @branch(%c: i1, %x: f32, %y: f32) -> f32 {
  %0 = scf.if %c -> f32 {
    %s = math.sin %x : f32
    scf.yield %s : f32
  } else {
    scf.yield %y : f32
  }
  return %0 : f32
}
