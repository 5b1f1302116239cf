// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s -etrace-analyze -etrace-derive-pipeline="optimizer=sgd" | FileCheck %s --check-prefixes=CHECK,TRACE,RTRL
// RUN: etrace-opt %s -etrace-analyze -etrace-derive-pipeline="optimizer=sgd window=single-step" | FileCheck %s --check-prefixes=CHECK,TRACE,SINGLE
// RUN: etrace-opt %s -etrace-analyze -etrace-derive-pipeline="rule=pp-prop optimizer=sgd" | FileCheck %s --check-prefixes=CHECK,PROP
// RUN: etrace-opt %s -etrace-analyze -etrace-derive-pipeline="queries=true" | FileCheck %s --check-prefix=QUERY

// CHECK-DAG: #[[I:.*]] = affine_map<(d0, d1) -> (d0)>
// CHECK-DAG: #[[O:.*]] = affine_map<(d0, d1) -> (d1)>
// CHECK-DAG: #[[W:.*]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK: etrace.buffer @param.w kind(param) path "w" : tensor<3x5xf32> init #etrace.orthogonal
// CHECK: etrace.buffer @hidden.h kind(hidden) path "h" : tensor<5xf32>
// TRACE-NEXT: etrace.buffer @"trace.relation0/weight/group0/0" kind(trace) path "relation0/weight/group0/0" : tensor<3x5xf32>
// PROP-NEXT: etrace.buffer @"trace.relation0/x" kind(trace) path "relation0/x" : tensor<3xf32>
// PROP-NEXT: etrace.buffer @"trace.relation0/f/group0/0" kind(trace) path "relation0/f/group0/0" : tensor<5xf32>
// PROP-NEXT: etrace.buffer @counter.steps kind(counter) path "steps" : tensor<i64>
// CHECK-NEXT: etrace.buffer @gradient.w kind(gradient) path "w" : tensor<3x5xf32>

// The step, and f = 1 - tanh(y)^2 beside it.
// CHECK: func.func private @leaky_forward(%[[X:.*]]: tensor<3xf32>, %[[H:.*]]: tensor<5xf32>, %[[PW:.*]]: tensor<3x5xf32>)
// CHECK: %[[Y:.*]] = etrace.matmul %[[X]], %[[PW]] id "matmul0"
// CHECK: %[[T:.*]] = math.tanh %[[Y]]
// CHECK: %[[H1:.*]] = arith.addf %{{.*}}, %[[T]]
// CHECK: %[[T2:.*]] = arith.mulf %[[T]], %[[T]]
// CHECK: %[[F:.*]] = arith.subf %{{.*}}, %[[T2]]
// CHECK: return %[[H1]], %[[H1]], {{.*}}%[[F]]

// The trace is read and written once, with its contraction: one operation, two results.
// RTRL: func.func private @leaky_backward
// RTRL: %[[R:.*]]:2 = linalg.generic {indexing_maps = [#[[I]], #[[O]], #[[O]], #[[O]], #[[O]], #[[W]], #[[W]]], iterator_types = ["parallel", "parallel"]}
// RTRL-SAME: outs(%{{.*}}, %{{.*}} : tensor<3x5xf32>, tensor<3x5xf32>)
// RTRL-NEXT: ^bb0(%[[XI:.*]]: f32, %[[DELTA:.*]]: f32, %[[D:.*]]: f32, %[[FI:.*]]: f32, %[[G:.*]]: f32, %[[E:.*]]: f32, %[[DW:.*]]: f32):
// RTRL-NEXT: %[[DE:.*]] = arith.mulf %[[D]], %[[E]]
// RTRL-NEXT: %[[FX:.*]] = arith.mulf %[[FI]], %[[XI]]
// RTRL-NEXT: %[[E1:.*]] = arith.addf %[[DE]], %[[FX]]
// The old trace under window(1), with the direct term.
// RTRL-NEXT: %[[GE:.*]] = arith.mulf %[[G]], %[[E]]
// RTRL-NEXT: %[[DX:.*]] = arith.mulf %[[DELTA]], %[[XI]]
// RTRL-NEXT: %[[S:.*]] = arith.addf %[[GE]], %[[DX]]
// RTRL-NEXT: %[[DW1:.*]] = arith.addf %[[DW]], %[[S]]
// RTRL-NEXT: linalg.yield %[[E1]], %[[DW1]]

// The new trace under single-step, no direct term.
// SINGLE: func.func private @leaky_backward
// SINGLE: %{{.*}}:2 = linalg.generic {indexing_maps = [#[[I]], #[[O]], #[[O]], #[[O]], #[[W]], #[[W]]], iterator_types = ["parallel", "parallel"]}
// SINGLE-NEXT: ^bb0(%[[XI:.*]]: f32, %[[D:.*]]: f32, %[[FI:.*]]: f32, %[[G:.*]]: f32, %[[E:.*]]: f32, %[[DW:.*]]: f32):
// SINGLE-NEXT: %[[DE:.*]] = arith.mulf %[[D]], %[[E]]
// SINGLE-NEXT: %[[FX:.*]] = arith.mulf %[[FI]], %[[XI]]
// SINGLE-NEXT: %[[E1:.*]] = arith.addf %[[DE]], %[[FX]]
// SINGLE-NEXT: %[[GE:.*]] = arith.mulf %[[G]], %[[E1]]
// SINGLE-NEXT: %[[DW1:.*]] = arith.addf %[[DW]], %[[GE]]
// SINGLE-NEXT: linalg.yield %[[E1]], %[[DW1]]

// No tensor of the weight's shape but the weight and its gradient.
// PROP: func.func private @leaky_update_traces(
// PROP-NOT: tensor<3x5xf32>
// PROP: func.func private @leaky_backward
// PROP: linalg.generic {{.*}}iterator_types = ["parallel", "parallel"]} {{.*}} outs(%{{.*}} : tensor<3x5xf32>)

// CHECK: func.func private @leaky_loss_gradient(%{{.*}}: tensor<5xf32>, %{{.*}}: tensor<5xf32>) -> (f32, tensor<5xf32>)
// CHECK: func.func @leaky_step({{.*}} attributes {etrace.entry = "step"}
// CHECK: func.func @leaky_step_sequence({{.*}} attributes {etrace.entry = "step_sequence"}
// CHECK: func.func @leaky_advance({{.*}} attributes {etrace.entry = "advance"}
// CHECK: call @leaky_forward
// CHECK: call @leaky_update_traces
// CHECK: func.func @leaky_learn(
// CHECK-SAME: tensor<3xf32> {etrace.name = "x"}
// CHECK-SAME: tensor<5xf32> {etrace.name = "target"}
// CHECK-SAME: tensor<5xf32> {etrace.buffer = "hidden.h"}
// CHECK-SAME: tensor<3x5xf32> {etrace.buffer = "param.w"}
// CHECK-SAME: -> (tensor<f32> {etrace.name = "loss"}, tensor<5xf32> {etrace.name = "out"}, tensor<5xf32> {etrace.buffer = "hidden.h"}
// CHECK-SAME: tensor<3x5xf32> {etrace.buffer = "gradient.w"})
// CHECK: call @leaky_forward
// CHECK: call @leaky_loss_gradient
// CHECK: call @leaky_backward
// CHECK: func.func @leaky_learn_sequence({{.*}} attributes {etrace.entry = "learn_sequence"}
// CHECK: scf.for
// CHECK: func.func @leaky_apply({{.*}} attributes {etrace.entry = "apply"}
// CHECK: func.func @leaky_reset({{.*}} attributes {etrace.entry = "reset"}
// CHECK: func.func @leaky_init({{.*}} attributes {etrace.entry = "init"}
// CHECK-NOT: etrace.model

// QUERY: etrace.buffer @"query.D/group0/0/0" kind(query) path "D/group0/0/0" : tensor<5xf32>
// QUERY: etrace.buffer @"query.f/relation0/group0/0" kind(query)
// QUERY: etrace.buffer @"query.x/relation0" kind(query) path "x/relation0" : tensor<3xf32>
// QUERY: etrace.buffer @"optimizer.m/w" kind(optimizer)
// QUERY: etrace.buffer @optimizer.updates kind(optimizer)
etrace.model @leaky {
  etrace.param @w : tensor<3x5xf32> init #etrace.orthogonal
  etrace.hidden @h : tensor<5xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<5xf32> {
    %h = etrace.get @h : tensor<5xf32>
    %w = etrace.get @w : tensor<3x5xf32>
    %y = etrace.matmul %x, %w : tensor<3xf32>, tensor<3x5xf32> -> tensor<5xf32>
    %t = math.tanh %y : tensor<5xf32>
    %leak = arith.constant dense<0.5> : tensor<5xf32>
    %kept = arith.mulf %leak, %h : tensor<5xf32>
    %h1 = arith.addf %kept, %t : tensor<5xf32>
    etrace.set @h, %h1 : tensor<5xf32>
    etrace.yield %h1 : tensor<5xf32>
  }
  etrace.loss @squared_error(%out: tensor<5xf32>, %target: tensor<5xf32>) -> f32 {
    %d = arith.subf %out, %target : tensor<5xf32>
    %s = arith.mulf %d, %d : tensor<5xf32>
    %zero = arith.constant dense<0.0> : tensor<f32>
    %sum = linalg.reduce { arith.addf } ins(%s : tensor<5xf32>)
        outs(%zero : tensor<f32>) dimensions = [0]
    %loss = tensor.extract %sum[] : tensor<f32>
    etrace.yield %loss : f32
  }
}
