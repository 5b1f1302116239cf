// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %S/../../examples/gru.mlir -etrace-analyze | FileCheck %s
// RUN: etrace-opt %S/../../examples/gru.mlir -etrace-analyze | etrace-opt -etrace-analyze | FileCheck %s
// RUN: etrace-opt %S/../../examples/gru.mlir -etrace-analyze=compat=braintrace | FileCheck %s --check-prefix=COMPAT
// RUN: not etrace-opt %S/../../examples/gru.mlir -etrace-analyze=rule=d-rtrl 2>&1 | FileCheck %s --check-prefix=OPTION

// Functional form, and the graph beside it; a second run finds the same.
// CHECK: etrace.model @gru {
// CHECK-NOT: etrace.get
// CHECK: etrace.step @update({{.*}} tensor<5xf32> {etrace.hidden = "h"}
// CHECK: etrace.group @group0
// CHECK: etrace.relation @relation0
// CHECK: etrace.relation @relation1
// CHECK-NOT: etrace.relation
// CHECK: etrace.excluded @wr reason "relation-excluded-weight-to-weight"
// CHECK-NEXT: etrace.excluded @br reason "relation-excluded-weight-to-weight"
// COMPAT: etrace.model @gru attributes {compat = #etrace.compat<braintrace>}
// OPTION: no such option rule
