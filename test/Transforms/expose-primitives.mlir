// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s -split-input-file -pass-pipeline='builtin.module(etrace.model(etrace-functionalize,etrace-expose-primitives))' | FileCheck %s
// RUN: etrace-opt %s -split-input-file -pass-pipeline='builtin.module(etrace.model(etrace-functionalize,etrace-expose-primitives{compat=braintrace}))' | FileCheck %s --check-prefix=COMPAT
// RUN: etrace-opt %s -split-input-file -etrace-analyze -mlir-print-debuginfo -o /dev/null --remarks-filter=etrace-graph --remark-format=emitRemark 2>&1 | FileCheck %s --check-prefix=REMARK

// The number of a turn decides its branch and its slice; what is carried is handed on.
// CHECK-LABEL: etrace.model @unrolled
// CHECK: etrace.step
// CHECK-NOT: scf
// CHECK: %[[X0:.*]] = tensor.extract_slice %{{.*}}[%c0{{.*}}, 0]
// CHECK: %[[Y0:.*]] = etrace.matmul %[[X0]], %{{.*}} id "in.0"
// CHECK: %[[A:.*]] = arith.addf %{{.*}}, %[[Y0]]
// CHECK: %[[B:.*]] = math.tanh %[[A]]
// CHECK: %[[X1:.*]] = tensor.extract_slice %{{.*}}[%c2{{.*}}, 0]
// CHECK: %[[Y1:.*]] = etrace.matmul %[[X1]], %{{.*}} id "in.1"
// CHECK: %[[C:.*]] = arith.addf %[[B]], %[[Y1]]
// CHECK: etrace.yield %[[C]], %[[C]]
// REMARK: expose-primitives.mlir:[[@LINE+13]]:11: remark: [Passed] scan-unrolled | Category:etrace-graph | Function=unrolled | Remark="loop with primitives written as 2 turns [scan-unrolled]"
etrace.model @unrolled {
  etrace.param @w : tensor<3x3xf32>
  etrace.hidden @h : tensor<3xf32>
  etrace.step @update(%x: tensor<4x3xf32>) -> tensor<3xf32> {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c3 = arith.constant 3 : index
    %w = etrace.get @w : tensor<3x3xf32>
    %h = etrace.get @h : tensor<3xf32>

    // The result is named by the user and stays where the user wrote it.
    %h1 = scf.for %k = %c0 to %c3 step %c2 iter_args(%a = %h) -> (tensor<3xf32>) {
      %xk = tensor.extract_slice %x[%k, 0] [1, 3] [1, 1] : tensor<4x3xf32> to tensor<3xf32>
      %y = etrace.matmul %xk, %w id "in" : tensor<3xf32>, tensor<3x3xf32> -> tensor<3xf32>
      %s = arith.addf %a, %y : tensor<3xf32>
      %first = arith.cmpi eq, %k, %c0 : index
      %n = scf.if %first -> tensor<3xf32> {
        %t = math.tanh %s : tensor<3xf32>
        %z = etrace.elementwise %w id "other" : tensor<3x3xf32>
        scf.yield %t : tensor<3xf32>
      } else {
        scf.yield %s : tensor<3xf32>
      }
      scf.yield %n : tensor<3xf32>
    }
    etrace.set @h, %h1 : tensor<3xf32>
    etrace.yield %h1 : tensor<3xf32>
  }
}

// -----

// Of an empty loop nothing is left; a loop of one turn keeps the ids.
// CHECK-LABEL: etrace.model @one_turn
// CHECK-NOT: id "none
// CHECK: etrace.matmul {{.*}} id "once" :
etrace.model @one_turn {
  etrace.param @w : tensor<3x3xf32>
  etrace.hidden @h : tensor<3xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<3xf32> {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %w = etrace.get @w : tensor<3x3xf32>
    %h = etrace.get @h : tensor<3xf32>
    %h1 = scf.for %k = %c0 to %c1 step %c1 iter_args(%a = %h) -> (tensor<3xf32>) {
      %n = scf.for %l = %c0 to %k step %c1 iter_args(%b = %a) -> (tensor<3xf32>) {
        %y = etrace.matmul %x, %w id "none" : tensor<3xf32>, tensor<3x3xf32> -> tensor<3xf32>
        scf.yield %y : tensor<3xf32>
      }
      %y = etrace.matmul %x, %w id "once" : tensor<3xf32>, tensor<3x3xf32> -> tensor<3xf32>
      %s = arith.addf %n, %y : tensor<3xf32>
      scf.yield %s : tensor<3xf32>
    }
    etrace.set @h, %h1 : tensor<3xf32>
    etrace.yield %h1 : tensor<3xf32>
  }
}

// -----

// What the primitive reads of inputs is zero where its branch is not taken, what depends on
// parameters alone is computed always, and the rest stays where it is. What the second primitive
// reads is guarded already.
// CHECK-LABEL: etrace.model @split
// CHECK: %[[M:.*]] = math.absf %{{.*}} : tensor<3x3xf32>
// CHECK: %[[GUARD:.*]] = scf.if %[[C:.*]] -> (tensor<3xf32>) {
// CHECK:   %[[R:.*]] = math.sqrt
// CHECK:   scf.yield %[[R]]
// CHECK: } else {
// CHECK:   %[[ZERO:.*]] = arith.constant dense<0.0
// CHECK:   scf.yield %[[ZERO]]
// CHECK: %[[Y:.*]] = etrace.matmul %[[GUARD]], %[[M]] id "matmul0"
// CHECK: %[[Z:.*]] = etrace.matmul %[[Y]], %{{.*}} id "matmul1"
// CHECK: scf.if %[[C]] -> (tensor<3xf32>) {
// CHECK:   %[[A:.*]] = arith.addf %{{.*}}, %[[GUARD]]
// CHECK:   %[[B:.*]] = arith.addf %[[A]], %[[Z]]
// CHECK:   scf.yield %[[B]]
// Under compat = braintrace both branches are computed.
// COMPAT-LABEL: etrace.model @split
// COMPAT: %[[R:.*]] = math.sqrt
// COMPAT: etrace.matmul %[[R]]
// COMPAT: scf.if
// COMPAT-NOT: scf.if
// COMPAT-LABEL: etrace.model @bounded
// REMARK: remark: [Passed] cond-split | Category:etrace-graph | Function=split | Remark="primitives moved out of the branches of 'scf.if' [cond-split]"
etrace.model @split {
  etrace.param @w : tensor<3x3xf32>
  etrace.hidden @h : tensor<3xf32>
  etrace.step @update(%x: tensor<3xf32>, %c: tensor<i1>) -> tensor<3xf32> {
    %w = etrace.get @w : tensor<3x3xf32>
    %h = etrace.get @h : tensor<3xf32>
    %b = tensor.extract %c[] : tensor<i1>
    %h1 = scf.if %b -> tensor<3xf32> {
      %r = math.sqrt %x : tensor<3xf32>
      %m = math.absf %w : tensor<3x3xf32>
      %y = etrace.matmul %r, %m : tensor<3xf32>, tensor<3x3xf32> -> tensor<3xf32>
      %z = etrace.matmul %y, %w : tensor<3xf32>, tensor<3x3xf32> -> tensor<3xf32>
      %s = arith.addf %h, %r : tensor<3xf32>
      %t = arith.addf %s, %z : tensor<3xf32>
      scf.yield %t : tensor<3xf32>
    } else {
      scf.yield %h : tensor<3xf32>
    }
    etrace.set @h, %h1 : tensor<3xf32>
    etrace.yield %h1 : tensor<3xf32>
  }
}

// -----

// A loop of bounded length becomes branches; a broken promise is NaN.
// CHECK-LABEL: etrace.model @bounded
// CHECK: %[[GO:.*]] = arith.cmpi slt, %c0, %[[N:.*]] : index
// CHECK: etrace.matmul {{.*}} id "matmul0.0"
// CHECK: scf.if %[[GO]]
// CHECK: etrace.matmul {{.*}} id "matmul0.1"
// CHECK: %[[MORE:.*]] = arith.cmpi slt, %c2{{.*}}, %[[N]] : index
// CHECK: %[[NAN:.*]] = arith.constant dense<0x7FC00000> : tensor<3xf32>
// CHECK: arith.select %[[MORE]], %[[NAN]], %{{.*}} : tensor<3xf32>
etrace.model @bounded {
  etrace.param @w : tensor<3x3xf32>
  etrace.hidden @h : tensor<3xf32>
  etrace.step @update(%x: tensor<3xf32>, %turns: tensor<index>) -> tensor<3xf32> {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %w = etrace.get @w : tensor<3x3xf32>
    %h = etrace.get @h : tensor<3xf32>
    %n = tensor.extract %turns[] : tensor<index>
    %h1 = scf.for %k = %c0 to %n step %c1 iter_args(%a = %h) -> (tensor<3xf32>) {
      %y = etrace.matmul %x, %w : tensor<3xf32>, tensor<3x3xf32> -> tensor<3xf32>
      %s = arith.addf %a, %y : tensor<3xf32>
      scf.yield %s : tensor<3xf32>
    } {etrace.max_trips = 2 : i64}
    etrace.set @h, %h1 : tensor<3xf32>
    etrace.yield %h1 : tensor<3xf32>
  }
}
