// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %S/../../examples/gru.mlir -etrace-analyze -etrace-derive-pipeline -etrace-lower-to-linalg -etrace-to-llvm | FileCheck %s
// RUN: etrace-opt %S/../../examples/gru.mlir -etrace-pipeline | FileCheck %s
// RUN: etrace-opt %S/../../examples/gru.mlir -etrace-pipeline=dtype=f64 | FileCheck %s --check-prefix=F64
// RUN: not etrace-opt %S/../../examples/gru.mlir -etrace-pipeline=rule=none 2>&1 | FileCheck %s --check-prefix=RULE

// All of it in one pipeline is the same as stage by stage: no allocation, no other dialect.
// CHECK: llvm.func @gru_learn
// CHECK-NOT: @malloc
// CHECK-NOT: func.func
// CHECK-NOT: memref.
// CHECK-NOT: linalg.
// F64: llvm.func @gru_learn
// F64: f64
// RULE: error: {{.*}}cannot learn by the rule 'none'
