// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Traces that follow from others: three of the four gates of an LSTM have one of c alone, the fourth
// one of h alone. What one pass over a trace reads of h it reads of c, times m of the step before.
// DEFINE: %{lstm} = etrace-opt %src_root/examples/zoo/lstm.mlir -etrace-analyze
// RUN: %{lstm} -etrace-derive-pipeline=window=1 | FileCheck %s
// RUN: %{lstm} -etrace-derive-pipeline="window=1 slots=all" | FileCheck %s --check-prefix=ALL
// RUN: %{lstm} -etrace-derive-pipeline="window=single-step" | FileCheck %s --check-prefix=SINGLE
// RUN: %{lstm} -etrace-derive-pipeline="window=1 rule=pp-prop" | FileCheck %s --check-prefix=PROP
// RUN: etrace-opt %src_root/examples/zoo/lstm.mlir -etrace-analyze=compat=braintrace \
// RUN:   -etrace-derive-pipeline=window=1 | FileCheck %s --check-prefix=ALL

// CHECK: kind(trace) path "relation0/weight/group0/1" : tensor<7x4xf32>
// CHECK-NEXT: kind(trace) path "relation0/bias/group0/1" : tensor<4xf32>
// CHECK-NEXT: kind(trace) path "relation1/weight/group0/1" : tensor<7x4xf32>
// CHECK-NEXT: kind(trace) path "relation1/bias/group0/1" : tensor<4xf32>
// CHECK-NEXT: kind(trace) path "relation2/weight/group0/1" : tensor<7x4xf32>
// CHECK-NEXT: kind(trace) path "relation2/bias/group0/1" : tensor<4xf32>
// CHECK-NEXT: kind(trace) path "relation3/weight/group0/0" : tensor<7x4xf32>
// CHECK-NEXT: kind(trace) path "relation3/bias/group0/0" : tensor<4xf32>
// CHECK-NEXT: kind(trace) path "multiple/group0/0/1" : tensor<4xf32>
// CHECK-NOT: kind(trace)

// ALL-COUNT-14: kind(trace)
// ALL-NOT: kind(trace)

// Nothing reads m of the step before.
// SINGLE-COUNT-8: kind(trace)
// SINGLE-NOT: kind(trace)

// PROP: kind(trace) path "relation0/x" : tensor<7xf32>
// PROP-NEXT: kind(trace) path "relation0/f/group0/1" : tensor<4xf32>
// PROP-NEXT: kind(trace) path "relation1/f/group0/1" : tensor<4xf32>
// PROP-NEXT: kind(trace) path "relation2/f/group0/1" : tensor<4xf32>
// PROP-NEXT: kind(trace) path "relation3/f/group0/0" : tensor<4xf32>
// PROP: kind(trace) path "multiple/group0/0/1" : tensor<4xf32>

// RUN: %{lstm} -etrace-derive-pipeline=window=1 -remarks-filter=etrace-derive -remark-policy=all -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK
// REMARK: lstm.mlir:27:11: remark: [Passed] trace-slots {{.*}}"traces of 'matmul0' take 144 bytes instead of 256: the trace of 'h' from that of 'c' [trace-slots]"
// REMARK: lstm.mlir:29:11: remark: [Passed] trace-slots {{.*}}'matmul1' take 144 bytes instead of 256
// REMARK: lstm.mlir:31:11: remark: [Passed] trace-slots {{.*}}'matmul2'
// REMARK-NOT: 'matmul3'
