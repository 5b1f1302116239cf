// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s -test-etrace-linearize -canonicalize -cse | FileCheck %s --check-prefix=JVP
// RUN: etrace-opt %s -test-etrace-transpose -canonicalize -cse -remarks-filter=etrace-differentiation -remark-policy=all 2>%t.remarks | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK --input-file=%t.remarks

// The tangent of a loop carries tangents beside what it carries already; reverse mode keeps the
// carried values that the tangent reads and runs backwards.
// JVP-LABEL: func.func @power_jvp(
// JVP-SAME: %[[X:[a-z0-9]+]]: f64, %[[W:[a-z0-9]+]]: f64, %[[DX:[a-z0-9]+]]: f64, %[[DW:[a-z0-9]+]]: f64)
// JVP: %[[R:.*]]:2 = scf.for {{.*}} iter_args(%{{.*}} = %[[X]], %{{.*}} = %[[DX]])
// JVP: return %[[R]]#1
// CHECK-LABEL: func.func @power_vjp(
// CHECK-SAME: %[[X:[a-z0-9]+]]: f64, %[[W:[a-z0-9]+]]: f64, %[[C:[a-z0-9]+]]: f64)
// CHECK: %[[E:.*]] = tensor.empty() : tensor<5xf64>
// CHECK: %[[KEPT:.*]]:2 = scf.for {{.*}} iter_args(%[[A:.*]] = %[[X]], %[[S:.*]] = %[[E]])
// CHECK: tensor.insert %[[A]] into %[[S]]
// CHECK: scf.for {{.*}} iter_args(%[[L:.*]] = %[[C]], %[[M:.*]] = %{{.*}}) -> (f64, f64)
// CHECK: %[[N:.*]] = tensor.extract %[[KEPT]]#1
// CHECK-DAG: %[[P:.*]] = arith.mulf %[[N]], %[[L]]
// CHECK-DAG: %[[Q:.*]] = arith.mulf %[[W]], %[[L]]
// CHECK-DAG: %[[T:.*]] = arith.addf %[[M]], %[[P]]
// CHECK: scf.yield %[[Q]], %[[T]]
// REMARK: loops.mlir:[[#@LINE+5]]:{{.*}}remark: [Analysis] loop-residuals {{.*}}"the reverse pass of this loop keeps 40 bytes, for 1 carried value that its derivative reads [loop-residuals]"
func.func @power(%x: f64, %w: f64) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c5 = arith.constant 5 : index
  %0 = scf.for %i = %c0 to %c5 step %c1 iter_args(%a = %x) -> f64 {
    %b = arith.mulf %a, %w : f64
    scf.yield %b : f64
  }
  return %0 : f64
}

// What nothing reads is not carried; what is linear needs nothing kept, and no forward sweep.
// JVP-LABEL: func.func @decay_jvp(
// JVP: scf.for {{.*}} iter_args(%{{.*}} = %{{.*}}) -> (f64)
// CHECK-LABEL: func.func @decay_vjp(
// CHECK-NOT: tensor.empty
// CHECK: scf.for
// CHECK-NOT: scf.for
// CHECK: return
// REMARK: keeps nothing: its derivative reads no carried value [loop-residuals]
func.func @decay(%x: f64) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c5 = arith.constant 5 : index
  %k = arith.constant 0.9 : f64
  %0:2 = scf.for %i = %c0 to %c5 step %c1 iter_args(%a = %x, %s = %x) -> (f64, f64) {
    %b = arith.mulf %a, %k : f64
    %e = math.exp %s : f64
    scf.yield %b, %e : f64, f64
  }
  return %0#0 : f64
}

// 16 iterations: the carried value at the beginning of 4 chunks, then those of one chunk.
// CHECK-LABEL: func.func @sqrt_vjp(
// CHECK: tensor.empty() : tensor<4xf64>
// CHECK-COUNT-3: scf.for {{.*}}{
// CHECK: scf.for {{.*}} -> (f64, tensor<4xf64>)
// CHECK: scf.for {{.*}} -> (f64)
// REMARK: keeps 64 bytes, for 1 computed value
func.func @sqrt(%x: f64) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c16 = arith.constant 16 : index
  %0 = scf.for %i = %c0 to %c16 step %c1 iter_args(%a = %x) -> f64 {
    %b = math.sin %a : f64
    scf.yield %b : f64
  } {etrace.checkpoint = #etrace.checkpoint<sqrt>}
  return %0 : f64
}

// CHECK-LABEL: func.func @none_vjp(
// CHECK-NOT: tensor.empty
// REMARK: keeps nothing: it computes carried values from the start, for 1 carried value
func.func @none(%x: f64, %n: index) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %0 = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x) -> f64 {
    %b = math.sin %a : f64
    scf.yield %b : f64
  } {etrace.checkpoint = #etrace.checkpoint<none>}
  return %0 : f64
}

// A bound makes the memory static; a loop that breaks it stops the program.
// CHECK-LABEL: func.func @until_vjp(
// CHECK: %[[COUNT:.*]]:2 = scf.while
// CHECK: cf.assert %{{.*}}, "a loop runs more often than its etrace.max_trips says"
// CHECK: tensor.empty() : tensor<20xf64>
// REMARK: keeps 160 bytes
func.func @until(%x: f64, %w: f64) -> f64 {
  %c = arith.constant 10.0 : f64
  %0 = scf.while (%a = %x) : (f64) -> f64 {
    %k = arith.cmpf olt, %a, %c : f64
    scf.condition(%k) %a : f64
  } do {
  ^bb0(%a: f64):
    %b = arith.mulf %a, %w : f64
    scf.yield %b : f64
  } attributes {etrace.max_trips = 20 : i64}
  return %0 : f64
}

// Dynamic extents that a loop keeps.
// CHECK-LABEL: func.func @dynamic_vjp(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?xf64>
// CHECK: %[[D:.*]] = tensor.dim %[[X]]
// CHECK: tensor.empty(%{{.*}}, %[[D]]) : tensor<?x?xf64>
// REMARK: keeps carried values of dynamic extents
func.func @dynamic(%x: tensor<?xf64>, %n: index) -> tensor<?xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %0 = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x) -> tensor<?xf64> {
    %b = math.sin %a : tensor<?xf64>
    scf.yield %b : tensor<?xf64>
  }
  return %0 : tensor<?xf64>
}

// A slice of a captured tensor: its part of the total changes, the rest stays where it is.
// CHECK-LABEL: func.func @rows_vjp(
// CHECK: scf.for
// CHECK: scf.for {{.*}} iter_args(%{{.*}} = %{{.*}}, %[[TOTAL:.*]] = %{{.*}}) -> (tensor<3xf64>, tensor<100x3xf64>)
// CHECK: %[[OLD:.*]] = tensor.extract_slice %[[TOTAL]][%{{.*}}, 0] [1, 3] [1, 1]
// CHECK: %[[NEW:.*]] = arith.addf %[[OLD]], %{{.*}} : tensor<3xf64>
// CHECK: tensor.insert_slice %[[NEW]] into %[[TOTAL]]
// CHECK-NOT: arith.addf {{.*}} : tensor<100x3xf64>
// CHECK: return
func.func @rows(%x: tensor<100x3xf64>, %h: tensor<3xf64>) -> tensor<3xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = arith.constant 100 : index
  %0 = scf.for %i = %c0 to %n step %c1 iter_args(%s = %h) -> (tensor<3xf64>) {
    %r = tensor.extract_slice %x[%i, 0] [1, 3] [1, 1] : tensor<100x3xf64> to tensor<3xf64>
    %p = arith.mulf %s, %r : tensor<3xf64>
    scf.yield %p : tensor<3xf64>
  }
  return %0 : tensor<3xf64>
}

// What the loop starts from is captured as well: both shares arrive.
// CHECK-LABEL: func.func @itself_vjp(
func.func @itself(%x: tensor<3xf64>) -> tensor<3xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = arith.constant 4 : index
  %0 = scf.for %i = %c0 to %n step %c1 iter_args(%s = %x) -> (tensor<3xf64>) {
    %p = arith.mulf %s, %x : tensor<3xf64>
    scf.yield %p : tensor<3xf64>
  }
  return %0 : tensor<3xf64>
}

// What the product's cotangent is multiplied by is kept (3 x 4 numbers), and the carried value that
// the gradient of its weights reads.
// CHECK-LABEL: func.func @product_vjp(
// CHECK: scf.for {{.*}} -> (tensor<4xf64>, tensor<3x4xf64>, tensor<3x4xf64>)
// CHECK: linalg.vecmat
// CHECK: math.tanh
// CHECK: scf.yield
// CHECK: scf.for
// CHECK-NOT: linalg.vecmat
// CHECK-NOT: math.tanh
// CHECK: return
// REMARK: keeps 192 bytes, for 1 carried value and 1 computed value that its derivative reads [loop-residuals]
func.func @product(%x: tensor<4xf64>, %w: tensor<4x4xf64>) -> tensor<4xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %zeros = arith.constant dense<0.0> : tensor<4xf64>
  %0 = scf.for %i = %c0 to %c3 step %c1 iter_args(%h = %x) -> tensor<4xf64> {
    %y = linalg.vecmat ins(%h, %w : tensor<4xf64>, tensor<4x4xf64>) outs(%zeros : tensor<4xf64>) -> tensor<4xf64>
    %t = math.tanh %y : tensor<4xf64>
    scf.yield %t : tensor<4xf64>
  }
  return %0 : tensor<4xf64>
}

// Of two products the derivative reads their sum only (the gradient of %s), and what follows from
// it: the sum is kept, not the products, nor the factor beside it.
// CHECK-LABEL: func.func @sum_of_products_vjp(
// CHECK: scf.for {{.*}} -> (tensor<4xf64>, tensor<3x4xf64>, tensor<3x4xf64>)
// CHECK-COUNT-2: linalg.vecmat
// CHECK: math.tanh
// CHECK: scf.yield
// CHECK: scf.for
// CHECK-NOT: linalg.vecmat
// CHECK: math.tanh
// CHECK: return
// REMARK: keeps 192 bytes, for 1 carried value and 1 computed value that its derivative reads [loop-residuals]
func.func @sum_of_products(%x: tensor<4xf64>, %w: tensor<4x4xf64>, %u: tensor<4x4xf64>, %s: tensor<4xf64>) -> tensor<4xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %zeros = arith.constant dense<0.0> : tensor<4xf64>
  %0 = scf.for %i = %c0 to %c3 step %c1 iter_args(%h = %x) -> tensor<4xf64> {
    %y = linalg.vecmat ins(%h, %w : tensor<4xf64>, tensor<4x4xf64>) outs(%zeros : tensor<4xf64>) -> tensor<4xf64>
    %z = linalg.vecmat ins(%h, %u : tensor<4xf64>, tensor<4x4xf64>) outs(%zeros : tensor<4xf64>) -> tensor<4xf64>
    %sum = arith.addf %y, %z : tensor<4xf64>
    %scaled = arith.mulf %sum, %s : tensor<4xf64>
    %t = math.tanh %scaled : tensor<4xf64>
    scf.yield %t : tensor<4xf64>
  }
  return %0 : tensor<4xf64>
}
