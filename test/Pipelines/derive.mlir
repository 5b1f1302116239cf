// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %S/../../examples/gru.mlir -etrace-analyze -etrace-derive-pipeline="rule=pp-prop decay=0.5 window=single-step optimizer=sgd" | FileCheck %s
// RUN: etrace-opt %S/../../examples/gru.mlir -etrace-analyze -etrace-derive-pipeline="rule=pp-prop decay=0.5 window=single-step optimizer=sgd" | etrace-opt | FileCheck %s

// Options reach the pass; the result is simplified and verifies on its own.
// CHECK: etrace.buffer @"trace.relation0/x" kind(trace)
// CHECK-NOT: kind(optimizer)
// CHECK: func.func private @gru_update_traces
// CHECK: arith.constant dense<5.000000e-01>
// CHECK: func.func @gru_learn
// CHECK-NOT: etrace.model
