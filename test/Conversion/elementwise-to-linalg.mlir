// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --etrace-elementwise-to-linalg | FileCheck %s

// One body; the constant is a scalar in it.
// CHECK-LABEL: func @chain
// CHECK-SAME: (%[[X:.*]]: tensor<5xf32>, %[[Y:.*]]: tensor<5xf32>)
// CHECK: %[[R:.*]] = linalg.generic {{.*}} ins(%[[X]], %[[Y]] : tensor<5xf32>, tensor<5xf32>)
// CHECK-NEXT: ^bb0(%[[A:.*]]: f32, %[[B:.*]]: f32, %{{.*}}: f32):
// CHECK-NEXT: %[[C:.*]] = arith.constant 2.0
// CHECK-NEXT: %[[E:.*]] = math.exp %[[A]] : f32
// CHECK-NEXT: %[[M:.*]] = arith.mulf %[[E]], %[[C]] fastmath<contract> : f32
// CHECK-NEXT: %[[G:.*]] = arith.cmpf ogt, %[[M]], %[[B]] : f32
// CHECK-NEXT: %[[S:.*]] = arith.select %[[G]], %[[E]], %[[B]] : f32
// CHECK-NEXT: linalg.yield %[[S]]
// CHECK-NOT: linalg.generic
// CHECK: return %[[R]]
func.func @chain(%x: tensor<5xf32>, %y: tensor<5xf32>) -> tensor<5xf32> {
  %two = arith.constant dense<2.0> : tensor<5xf32>
  %e = math.exp %x : tensor<5xf32>
  %m = arith.mulf %e, %two fastmath<contract> : tensor<5xf32>
  %g = arith.cmpf ogt, %m, %y : tensor<5xf32>
  %s = arith.select %g, %e, %y : tensor<5xi1>, tensor<5xf32>
  return %s : tensor<5xf32>
}

// A value that something else reads too is computed once, by itself.
// CHECK-LABEL: func @shared
// CHECK-COUNT-2: linalg.generic
// CHECK-NOT: linalg.generic
func.func @shared(%x: tensor<5xf32>) -> (tensor<5xf32>, tensor<5xf32>) {
  %e = math.exp %x : tensor<5xf32>
  %n = arith.negf %e : tensor<5xf32>
  return %e, %n : tensor<5xf32>, tensor<5xf32>
}

// So is one that two trees read.
// CHECK-LABEL: func @two
// CHECK-COUNT-3: linalg.generic
// CHECK-NOT: linalg.generic
func.func @two(%x: tensor<5xf32>) -> (tensor<5xf32>, tensor<5xf32>) {
  %e = math.exp %x : tensor<5xf32>
  %n = arith.negf %e : tensor<5xf32>
  %a = math.absf %e : tensor<5xf32>
  return %n, %a : tensor<5xf32>, tensor<5xf32>
}

// Dynamic extents, a scalar operand, constants alone.
// CHECK-LABEL: func @dynamic
// CHECK: %[[N:.*]] = tensor.dim
// CHECK: tensor.empty(%[[N]]) : tensor<?xf32>
// CHECK: linalg.generic
// CHECK: arith.select %{{.*}}, %{{.*}}, %{{.*}} : f32
func.func @dynamic(%c: i1, %x: tensor<?xf32>, %y: tensor<?xf32>) -> tensor<?xf32> {
  %s = arith.select %c, %x, %y : tensor<?xf32>
  return %s : tensor<?xf32>
}
// CHECK-LABEL: func @constants
// CHECK: linalg.generic {{.*}}outs(
// CHECK: arith.divf
func.func @constants() -> tensor<3xf32> {
  %a = arith.constant dense<2.0> : tensor<3xf32>
  %d = arith.divf %a, %a : tensor<3xf32>
  return %d : tensor<3xf32>
}

// In a region of its own a user is no user of this block's tree.
// CHECK-LABEL: func @region
// CHECK: linalg.generic
// CHECK: scf.if
// CHECK: linalg.generic
func.func @region(%c: i1, %x: tensor<5xf32>) -> tensor<5xf32> {
  %e = math.exp %x : tensor<5xf32>
  %r = scf.if %c -> (tensor<5xf32>) {
    %n = arith.negf %e : tensor<5xf32>
    scf.yield %n : tensor<5xf32>
  } else {
    scf.yield %x : tensor<5xf32>
  }
  return %r : tensor<5xf32>
}

// Operations with two results: at the end of a tree, and inside one.
// CHECK-LABEL: func.func @two_results(
// CHECK: %[[E:.*]]:2 = linalg.generic {{.*}} outs(%{{.*}}, %{{.*}} : tensor<5xf64>, tensor<5xf64>)
// CHECK: %[[S:.*]], %[[C:.*]] = math.sincos %{{.*}} : f64
// CHECK-NEXT: linalg.yield %[[S]], %[[C]] : f64, f64
// CHECK: %[[I:.*]] = linalg.generic {{.*}} ins(%[[E]]#0 :
// CHECK: %[[S2:.*]], %[[C2:.*]] = math.sincos
// CHECK-NEXT: arith.addf %[[S2]], %[[C2]] : f64
// CHECK: return %[[E]]#0, %[[E]]#1, %[[I]]
func.func @two_results(%x: tensor<5xf64>) -> (tensor<5xf64>, tensor<5xf64>, tensor<5xf64>) {
  %s, %c = math.sincos %x : tensor<5xf64>
  %s2, %c2 = math.sincos %s : tensor<5xf64>
  %a = arith.addf %s2, %c2 : tensor<5xf64>
  return %s, %c, %a : tensor<5xf64>, tensor<5xf64>, tensor<5xf64>
}
