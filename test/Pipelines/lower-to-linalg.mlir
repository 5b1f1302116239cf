// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %S/../../examples/gru.mlir -etrace-analyze -etrace-derive-pipeline -etrace-lower-to-linalg | FileCheck %s

// No operation of the dialect computes any more; entries alone remain, with what they
// call inlined.
// CHECK: etrace.buffer @param.wz
// CHECK-NOT: etrace.matmul
// CHECK-NOT: etrace.logistic
// CHECK-NOT: func.func private
// CHECK: func.func @gru_learn{{.*}}etrace.entry = "learn"
// CHECK-NOT: call @gru_forward
// CHECK: linalg.
