// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --etrace-accumulate-in-place --canonicalize | FileCheck %s

// CHECK-LABEL: func @gradient
// CHECK: scf.for {{.*}} iter_args(%[[G:.*]] = %{{.*}})
// CHECK: %[[N:.*]] = linalg.matmul ins({{.*}}) outs(%[[G]] : tensor<3x5xf32>)
// CHECK-NOT: arith.addf
// CHECK: scf.yield %[[N]]
func.func @gradient(%x: tensor<3x4xf32>, %d: tensor<4x5xf32>, %g: tensor<3x5xf32>, %n: index) -> tensor<3x5xf32> {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %zeros = arith.constant dense<0.0> : tensor<3x5xf32>
  %r = scf.for %i = %zero to %n step %one iter_args(%a = %g) -> (tensor<3x5xf32>) {
    %t = linalg.matmul ins(%x, %d : tensor<3x4xf32>, tensor<4x5xf32>) outs(%zeros : tensor<3x5xf32>) -> tensor<3x5xf32>
    %s = arith.addf %a, %t : tensor<3x5xf32>
    scf.yield %s : tensor<3x5xf32>
  }
  return %r : tensor<3x5xf32>
}

// Somebody else reads what is added to, or the sum; the destination is not zero.
// CHECK-LABEL: func @kept
// CHECK-COUNT-3: arith.addf %{{.*}} : tensor<3x5xf32>
func.func @kept(%x: tensor<3x4xf32>, %d: tensor<4x5xf32>, %g: tensor<3x5xf32>, %f: tensor<3x5xf32>) -> (tensor<3x5xf32>, tensor<3x5xf32>, tensor<3x5xf32>, tensor<3x5xf32>) {
  %zeros = arith.constant dense<0.0> : tensor<3x5xf32>
  %e = math.exp %g : tensor<3x5xf32>
  %t = linalg.matmul ins(%x, %d : tensor<3x4xf32>, tensor<4x5xf32>) outs(%zeros : tensor<3x5xf32>) -> tensor<3x5xf32>
  %s = arith.addf %e, %t : tensor<3x5xf32>
  %u = linalg.matmul ins(%x, %d : tensor<3x4xf32>, tensor<4x5xf32>) outs(%zeros : tensor<3x5xf32>) -> tensor<3x5xf32>
  %v = arith.addf %f, %u : tensor<3x5xf32>
  %w = linalg.matmul ins(%x, %d : tensor<3x4xf32>, tensor<4x5xf32>) outs(%g : tensor<3x5xf32>) -> tensor<3x5xf32>
  %h = math.tanh %x : tensor<3x4xf32>
  %i = linalg.matmul ins(%h, %d : tensor<3x4xf32>, tensor<4x5xf32>) outs(%f : tensor<3x5xf32>) -> tensor<3x5xf32>
  %j = arith.addf %i, %w : tensor<3x5xf32>
  return %e, %s, %v, %j : tensor<3x5xf32>, tensor<3x5xf32>, tensor<3x5xf32>, tensor<3x5xf32>
}

// The cotangents of three slices that cover a tensor, and of two that do not.
// CHECK-LABEL: func @pieces
// CHECK-NOT: arith.addf
// CHECK: %[[E:.*]] = tensor.empty() : tensor<6xf32>
// CHECK-COUNT-3: tensor.insert_slice
// CHECK-NOT: arith.addf
// CHECK: return
func.func @pieces(%a: tensor<2xf32>, %b: tensor<2xf32>, %c: tensor<2xf32>) -> tensor<6xf32> {
  %zeros = arith.constant dense<0.0> : tensor<6xf32>
  %0 = tensor.insert_slice %a into %zeros[0] [2] [1] : tensor<2xf32> into tensor<6xf32>
  %1 = tensor.insert_slice %b into %zeros[4] [2] [1] : tensor<2xf32> into tensor<6xf32>
  %2 = tensor.insert_slice %c into %zeros[2] [2] [1] : tensor<2xf32> into tensor<6xf32>
  %3 = arith.addf %0, %1 : tensor<6xf32>
  %4 = arith.addf %3, %2 : tensor<6xf32>
  return %4 : tensor<6xf32>
}

// CHECK-LABEL: func @gap
// CHECK: %[[Z:.*]] = arith.constant dense<0.0
// CHECK: tensor.insert_slice %{{.*}} into %[[Z]]
// CHECK-NOT: arith.addf
func.func @gap(%a: tensor<2xf32>, %b: tensor<2xf32>) -> tensor<6xf32> {
  %zeros = arith.constant dense<0.0> : tensor<6xf32>
  %0 = tensor.insert_slice %a into %zeros[0] [2] [1] : tensor<2xf32> into tensor<6xf32>
  %1 = tensor.insert_slice %b into %zeros[4] [2] [1] : tensor<2xf32> into tensor<6xf32>
  %2 = arith.addf %0, %1 : tensor<6xf32>
  return %2 : tensor<6xf32>
}

// Overlapping pieces, and one that is not in zeros, are added.
// CHECK-LABEL: func @overlap
// CHECK-COUNT-2: arith.addf
func.func @overlap(%a: tensor<2xf32>, %b: tensor<2xf32>, %x: tensor<6xf32>) -> (tensor<6xf32>, tensor<6xf32>) {
  %zeros = arith.constant dense<0.0> : tensor<6xf32>
  %0 = tensor.insert_slice %a into %zeros[0] [2] [1] : tensor<2xf32> into tensor<6xf32>
  %1 = tensor.insert_slice %b into %zeros[1] [2] [1] : tensor<2xf32> into tensor<6xf32>
  %2 = arith.addf %0, %1 : tensor<6xf32>
  %3 = tensor.insert_slice %b into %x[2] [2] [1] : tensor<2xf32> into tensor<6xf32>
  %4 = arith.addf %0, %3 : tensor<6xf32>
  return %2, %4 : tensor<6xf32>, tensor<6xf32>
}

// How cotangents of slices are added one by one: what lies beside the pieces is zero, and zeros
// that are covered in the end are not there from the beginning.
// CHECK-LABEL: func @one_by_one
// CHECK-NOT: arith.addf
// CHECK: %[[E:.*]] = tensor.empty() : tensor<6xf32>
// CHECK: %[[A:.*]] = tensor.insert_slice %{{.*}} into %[[E]][4] [2] [1]
// CHECK: %[[B:.*]] = tensor.insert_slice %{{.*}} into %[[A]][0] [4] [1]
// CHECK: return %[[B]]
func.func @one_by_one(%a: tensor<2xf32>, %b: tensor<4xf32>) -> tensor<6xf32> {
  %zeros = arith.constant dense<0.0> : tensor<6xf32>
  %0 = tensor.insert_slice %a into %zeros[4] [2] [1] : tensor<2xf32> into tensor<6xf32>
  %1 = tensor.extract_slice %0[0] [4] [1] : tensor<6xf32> to tensor<4xf32>
  %2 = arith.addf %1, %b : tensor<4xf32>
  %3 = tensor.insert_slice %2 into %0[0] [4] [1] : tensor<4xf32> into tensor<6xf32>
  return %3 : tensor<6xf32>
}

// A slice that reaches into a piece is added to.
// CHECK-LABEL: func @reaches
// CHECK: arith.addf
func.func @reaches(%a: tensor<2xf32>, %b: tensor<4xf32>) -> tensor<6xf32> {
  %zeros = arith.constant dense<0.0> : tensor<6xf32>
  %0 = tensor.insert_slice %a into %zeros[3] [2] [1] : tensor<2xf32> into tensor<6xf32>
  %1 = tensor.extract_slice %0[0] [4] [1] : tensor<6xf32> to tensor<4xf32>
  %2 = arith.addf %1, %b : tensor<4xf32>
  %3 = tensor.insert_slice %2 into %0[0] [4] [1] : tensor<4xf32> into tensor<6xf32>
  return %3 : tensor<6xf32>
}
