// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s -etrace-analyze -etrace-outline-graph | FileCheck %s
// RUN: etrace-opt %s -etrace-analyze -etrace-outline-graph -etrace-derive-pipeline -o /dev/null

// The model keeps its step and its graph.
// CHECK: etrace.model @cell
// CHECK: etrace.step @update
// CHECK: etrace.relation @relation0
// CHECK-LABEL: func.func @cell.group0.transition(
// CHECK-SAME: %[[X:arg0]]: tensor<3xf64> {etrace.name = "input:x"}, %[[C:arg1]]: tensor<4xf64> {etrace.name = "state:c"}, %[[H:arg2]]: tensor<4xf64> {etrace.name = "state:h"}
// CHECK-SAME: %[[W:arg3]]: tensor<3x4xf64> {etrace.name = "param:w"})
// CHECK-SAME: -> (tensor<4xf64> {etrace.name = "state:c"}, tensor<4xf64> {etrace.name = "state:h"}) {
// CHECK: %[[Y:.*]] = etrace.matmul %[[X]], %[[W]]
// CHECK: %[[C1:.*]] = arith.addf %{{.*}}, %[[Y]]
// CHECK: %[[T:.*]] = math.tanh %[[C1]]
// CHECK: return %[[C1]], %{{.*}} : tensor<4xf64>, tensor<4xf64>

// Only what is not zero by proof: c by c, h by c, h by h.
// CHECK-LABEL: func.func @cell.group0.jacobian(
// CHECK-SAME: -> (tensor<4xf64> {etrace.name = "D/group0/0/0"}, tensor<4xf64> {etrace.name = "D/group0/1/0"}, tensor<4xf64> {etrace.name = "D/group0/1/1"}) {
// CHECK: return

// h reads the new c as it is: the trace has that edge. The output reads both perturbed.
// CHECK-LABEL: func.func @cell.group0.perturbed(
// CHECK-SAME: %[[PC:arg4]]: tensor<4xf64> {etrace.name = "perturbation:c"}, %[[PH:arg5]]: tensor<4xf64> {etrace.name = "perturbation:h"})
// CHECK-SAME: -> (tensor<4xf64> {etrace.name = "output:out"}, tensor<4xf64> {etrace.name = "state:c"}, tensor<4xf64> {etrace.name = "state:h"}
// CHECK: %[[Y:.*]] = etrace.matmul %[[X]], %[[W]]
// CHECK: %[[C1:.*]] = arith.addf %{{.*}}, %[[Y]]
// CHECK: %[[T:.*]] = math.tanh %[[C1]]
// CHECK: %[[H1:.*]] = arith.addf %{{.*}}, %[[T]]
// CHECK: %[[CP:.*]] = arith.addf %[[C1]], %[[PC]]
// CHECK: %[[HP:.*]] = arith.addf %[[H1]], %[[PH]]
// CHECK: %[[OUT:.*]] = arith.mulf %[[CP]], %[[HP]]
// CHECK: return %[[OUT]], %[[CP]], %[[HP]]

// CHECK-LABEL: func.func @cell.relation0.factors(
// CHECK-SAME: -> (tensor<3xf64> {etrace.name = "x/relation0"}, tensor<4xf64> {etrace.name = "f/relation0/group0/0"}, tensor<4xf64> {etrace.name = "f/relation0/group0/1"}) {
// CHECK: return %[[X]],
// CHECK-NOT: func.func
etrace.model @cell {
  etrace.param @w : tensor<3x4xf64>
  etrace.hidden @c : tensor<4xf64>
  etrace.hidden @h : tensor<4xf64>
  etrace.step @update(%x: tensor<3xf64>) -> tensor<4xf64> {
    %c = etrace.get @c : tensor<4xf64>
    %h = etrace.get @h : tensor<4xf64>
    %w = etrace.get @w : tensor<3x4xf64>
    %k = arith.constant dense<0.5> : tensor<4xf64>
    %kc = arith.mulf %k, %c : tensor<4xf64>
    %y = etrace.matmul %x, %w : tensor<3xf64>, tensor<3x4xf64> -> tensor<4xf64>
    %c1 = arith.addf %kc, %y : tensor<4xf64>
    %t = math.tanh %c1 : tensor<4xf64>
    %kh = arith.mulf %k, %h : tensor<4xf64>
    %h1 = arith.addf %kh, %t : tensor<4xf64>
    etrace.set @c, %c1 : tensor<4xf64>
    etrace.set @h, %h1 : tensor<4xf64>
    %out = arith.mulf %c1, %h1 : tensor<4xf64>
    etrace.yield %out : tensor<4xf64>
  }
}
