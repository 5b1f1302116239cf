// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s -test-etrace-linearize -canonicalize -cse | FileCheck %s

// Sums pass tangents on; there is no multiplication by one.
// CHECK-LABEL: func.func @sums_jvp
// CHECK-SAME: %[[X:[a-z0-9]+]]: f32, %[[Y:[a-z0-9]+]]: f32, %[[DX:[a-z0-9]+]]: f32, %[[DY:[a-z0-9]+]]: f32)
// CHECK-NEXT: %[[D:.*]] = arith.subf %[[DX]], %[[DY]] : f32
// CHECK-NEXT: %[[S:.*]] = arith.addf %[[D]], %[[DX]] : f32
// CHECK-NEXT: return %[[S]] : f32
func.func @sums(%x: f32, %y: f32) -> f32 {
  %c = arith.constant 3.0 : f32
  %0 = arith.subf %x, %y : f32
  %1 = arith.addf %0, %c : f32
  %2 = arith.addf %1, %x : f32
  return %2 : f32
}

// One term for each differentiated factor.
// CHECK-LABEL: func.func @product_jvp
// CHECK-SAME: %[[X:[a-z0-9]+]]: f32, %[[N:[a-z0-9]+]]: i32, %[[DX:[a-z0-9]+]]: f32)
// CHECK: %[[F:.*]] = arith.sitofp %[[N]] : i32 to f32
// CHECK-NEXT: %[[T:.*]] = arith.mulf %[[F]], %[[DX]] : f32
// CHECK-NEXT: return %[[T]] : f32
func.func @product(%x: f32, %n: i32) -> f32 {
  %f = arith.sitofp %n : i32 to f32
  %0 = arith.mulf %x, %f : f32
  return %0 : f32
}

// max(x, 0) has the derivative 0 at 0; max(x, y) shares a tie.
// CHECK-LABEL: func.func @relu_jvp
// CHECK-SAME: %[[X:[a-z0-9]+]]: f32, %[[DX:[a-z0-9]+]]: f32)
// CHECK-DAG: %[[ZERO:.*]] = arith.constant 0.000000e+00 : f32
// CHECK-DAG: %[[ONE:.*]] = arith.constant 1.000000e+00 : f32
// CHECK: %[[C:.*]] = arith.cmpf ogt, %[[X]], %[[ZERO]] : f32
// CHECK: %[[P:.*]] = arith.select %[[C]], %[[ONE]], %[[ZERO]] : f32
// CHECK: arith.mulf %[[P]], %[[DX]] : f32
func.func @relu(%x: f32) -> f32 {
  %z = arith.constant 0.0 : f32
  %0 = arith.maximumf %x, %z : f32
  return %0 : f32
}
// CHECK-LABEL: func.func @maximum_jvp
// CHECK-SAME: %[[X:[a-z0-9]+]]: f32, %[[Y:[a-z0-9]+]]: f32,
// CHECK: arith.constant 5.000000e-01 : f32
// CHECK: arith.cmpf oeq, %[[X]], %[[Y]] : f32
func.func @maximum(%x: f32, %y: f32) -> f32 {
  %0 = arith.maximumf %x, %y : f32
  return %0 : f32
}

// Both edges of stop_gradient and of integers are zeros.
// CHECK-LABEL: func.func @stopped_jvp
// CHECK: %[[Z:.*]] = arith.constant dense<0.000000e+00> : tensor<3xf32>
// CHECK-NEXT: return %[[Z]]
func.func @stopped(%x: tensor<3xf32>) -> tensor<3xf32> {
  %s = etrace.stop_gradient %x : tensor<3xf32>
  %n = arith.fptosi %x : tensor<3xf32> to tensor<3xi32>
  %f = arith.sitofp %n : tensor<3xi32> to tensor<3xf32>
  %r = math.floor %x : tensor<3xf32>
  %0 = arith.addf %s, %f : tensor<3xf32>
  %1 = arith.addf %0, %r : tensor<3xf32>
  return %1 : tensor<3xf32>
}

// A spike is differentiated by its surrogate.
// CHECK-LABEL: func.func @spike_jvp
// CHECK-SAME: %[[U:[a-z0-9]+]]: tensor<3xf32>, %[[DU:[a-z0-9]+]]: tensor<3xf32>)
// CHECK: %[[A:.*]] = math.absf %[[U]]
// CHECK: %[[P:.*]] = arith.maximumf
// CHECK: arith.mulf %[[P]], %[[DU]]
func.func @spike(%u: tensor<3xf32>) -> tensor<3xf32> {
  %s = etrace.spike %u : tensor<3xf32>
  return %s : tensor<3xf32>
}

// A primitive: one contraction for each differentiated factor, biases added.
// CHECK-LABEL: func.func @primitive_jvp
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<3xf32>, %[[W:[a-z0-9]+]]: tensor<3x5xf32>, %[[B:[a-z0-9]+]]: tensor<5xf32>, %[[DX:[a-z0-9]+]]: tensor<3xf32>, %[[DW:[a-z0-9]+]]: tensor<3x5xf32>, %[[DB:[a-z0-9]+]]: tensor<5xf32>)
// CHECK-NOT: etrace.matmul
// CHECK: %[[P:.*]] = linalg.generic {{.*}} ins(%[[DX]], %[[W]] :
// CHECK: %[[Q:.*]] = linalg.generic {{.*}} ins(%[[X]], %[[DW]] :
// CHECK: %[[S:.*]] = arith.addf %[[P]], %[[Q]]
// CHECK: arith.addf %[[S]], %[[DB]]
func.func @primitive(%x: tensor<3xf32>, %w: tensor<3x5xf32>, %b: tensor<5xf32>) -> tensor<5xf32> {
  %y = etrace.matmul %x, %w bias %b : tensor<3xf32>, tensor<3x5xf32>, tensor<5xf32> -> tensor<5xf32>
  return %y : tensor<5xf32>
}

// A structured operation is one operation over the same loops; the tangent of the
// initial value is where it starts.
// CHECK-LABEL: func.func @matvec_jvp
// CHECK-SAME: %[[A:[a-z0-9]+]]: tensor<4x5xf32>, %[[X:[a-z0-9]+]]: tensor<5xf32>, %[[C:[a-z0-9]+]]: tensor<4xf32>, %[[DA:[a-z0-9]+]]: tensor<4x5xf32>, %[[DX:[a-z0-9]+]]: tensor<5xf32>, %[[DC:[a-z0-9]+]]: tensor<4xf32>)
// CHECK-NEXT: %[[R:.*]] = linalg.generic {{.*}}["parallel", "reduction"]} ins(%[[A]], %[[DA]], %[[X]], %[[DX]] : {{.*}}) outs(%[[DC]] : tensor<4xf32>)
// CHECK: return %[[R]]
func.func @matvec(%a: tensor<4x5xf32>, %x: tensor<5xf32>, %c: tensor<4xf32>) -> tensor<4xf32> {
  %0 = linalg.matvec ins(%a, %x : tensor<4x5xf32>, tensor<5xf32>)
      outs(%c : tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// Values that a body reads from outside have tangents too: here the table.
// CHECK-LABEL: func.func @gather_jvp
// CHECK-SAME: %[[I:[a-z0-9]+]]: tensor<3xindex>, %[[T:[a-z0-9]+]]: tensor<9xf32>, %[[DT:[a-z0-9]+]]: tensor<9xf32>)
// CHECK: linalg.generic
// CHECK: %[[V:.*]] = tensor.extract %[[T]]
// CHECK: %[[DV:.*]] = tensor.extract %[[DT]]
// CHECK: arith.mulf %{{.*}}, %[[DV]]
func.func @gather(%i: tensor<3xindex>, %t: tensor<9xf32>) -> tensor<3xf32> {
  %e = tensor.empty() : tensor<3xf32>
  %0 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>],
      iterator_types = ["parallel"]} ins(%i : tensor<3xindex>) outs(%e : tensor<3xf32>) {
  ^bb0(%k: index, %o: f32):
    %v = tensor.extract %t[%k] : tensor<9xf32>
    %s = math.sin %v : f32
    linalg.yield %s : f32
  } -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// A reduction without tangents in some of its results.
// CHECK-LABEL: func.func @one_of_two_jvp
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<3xf32>, %[[N:[a-z0-9]+]]: tensor<3xi32>, %[[DX:[a-z0-9]+]]: tensor<3xf32>)
// CHECK: %[[R:.*]] = linalg.generic {{.*}} ins(%[[DX]] : tensor<3xf32>) outs(%{{.*}} : tensor<f32>)
// CHECK: return %[[R]]
func.func @one_of_two(%x: tensor<3xf32>, %n: tensor<3xi32>) -> (tensor<f32>, tensor<i32>) {
  %z = arith.constant dense<0.0> : tensor<f32>
  %c = arith.constant dense<0> : tensor<i32>
  %0:2 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>,
      affine_map<(i) -> ()>, affine_map<(i) -> ()>], iterator_types = ["reduction"]}
      ins(%x, %n : tensor<3xf32>, tensor<3xi32>) outs(%z, %c : tensor<f32>, tensor<i32>) {
  ^bb0(%a: f32, %b: i32, %o: f32, %p: i32):
    %s = arith.addf %o, %a : f32
    %t = arith.addi %p, %b : i32
    linalg.yield %s, %t : f32, i32
  } -> (tensor<f32>, tensor<i32>)
  return %0#0, %0#1 : tensor<f32>, tensor<i32>
}

// A branch that reads a differentiated value from outside.
// CHECK-LABEL: func.func @branch_jvp
// CHECK-SAME: %[[C:[a-z0-9]+]]: i1, %[[X:[a-z0-9]+]]: f32, %[[DX:[a-z0-9]+]]: f32)
// CHECK: %[[R:.*]] = scf.if %[[C]] -> (f32)
// CHECK: math.cos %[[X]]
// CHECK: scf.yield
// CHECK: } else {
// CHECK-NEXT: scf.yield %{{.*}} : f32
// CHECK: return %[[R]]
func.func @branch(%c: i1, %x: f32) -> f32 {
  %k = arith.constant 2.0 : f32
  %0 = scf.if %c -> f32 {
    %s = math.sin %x : f32
    scf.yield %s : f32
  } else {
    scf.yield %k : f32
  }
  return %0 : f32
}

// CHECK-LABEL: func.func @generate_jvp
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<3xf32>, %[[DX:[a-z0-9]+]]: tensor<3xf32>)
// CHECK-NOT: tensor.generate
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel"]
// CHECK: %[[I:.*]] = linalg.index 0
// CHECK: %[[H:.*]] = arith.divui %[[I]]
// CHECK: tensor.extract %[[X]][%[[H]]]
// CHECK: tensor.extract %[[DX]][%[[H]]]
func.func @generate(%x: tensor<3xf32>) -> tensor<6xf32> {
  %c2 = arith.constant 2 : index
  %0 = tensor.generate {
  ^bb0(%i: index):
    %h = arith.divui %i, %c2 : index
    %v = tensor.extract %x[%h] : tensor<3xf32>
    %e = math.exp %v : f32
    tensor.yield %e : f32
  } : tensor<6xf32>
  return %0 : tensor<6xf32>
}

// Dynamic extents.
// CHECK-LABEL: func.func @dynamic_jvp
// CHECK: tensor.splat
func.func @dynamic(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %0 = math.tanh %x : tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}
