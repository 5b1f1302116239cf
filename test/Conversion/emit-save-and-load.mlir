// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s -etrace-emit-save-and-load | FileCheck %s
// RUN: etrace-opt %S/../../examples/lif.mlir -etrace-pipeline | FileCheck %s --check-prefix=PIPELINE

// Three buffers: "b" follows "a" without a gap, "c" does not. 16 bytes of header.
module attributes {etrace.abi = {model = "m", size = 192 : i64, entries = [], buffers = [
    {symbol = "a", offset = 0 : i64, bytes = 64 : i64},
    {symbol = "b", offset = 64 : i64, bytes = 20 : i64},
    {symbol = "c", offset = 128 : i64, bytes = 8 : i64}]}} {
}
// A null or misaligned block, or null memory, is refused.
// CHECK: llvm.func @m_save(%[[B:.*]]: !llvm.ptr, %[[M:.*]]: !llvm.ptr) -> i32
// CHECK: llvm.ptrtoint %[[B]]
// CHECK: llvm.mlir.constant(63 : i64)
// CHECK: llvm.cond_br %{{.*}}, ^[[BAD:.*]], ^[[GOOD:.*]]
// The header: hash, number of bytes.
// CHECK: %[[HASH:.*]] = llvm.mlir.constant({{-?[0-9]+}} : i64)
// CHECK: llvm.store %[[HASH]], %{{.*}} {alignment = 1 : i64}
// CHECK: %[[BYTES:.*]] = llvm.mlir.constant(92 : i64)
// CHECK: llvm.store %[[BYTES]], %{{.*}} {alignment = 1 : i64}
// Two runs.
// CHECK: %[[O0:.*]] = llvm.mlir.constant(0 : i64)
// CHECK: %[[FROM:.*]] = llvm.getelementptr %[[B]][%[[O0]]]
// CHECK: %[[O16:.*]] = llvm.mlir.constant(16 : i64)
// CHECK: %[[TO:.*]] = llvm.getelementptr %[[M]][%[[O16]]]
// CHECK: %[[N:.*]] = llvm.mlir.constant(84 : i64)
// CHECK: "llvm.intr.memcpy"(%[[TO]], %[[FROM]], %[[N]])
// CHECK: llvm.mlir.constant(128 : i64)
// CHECK: llvm.mlir.constant(100 : i64)
// CHECK: %[[N:.*]] = llvm.mlir.constant(8 : i64)
// CHECK: "llvm.intr.memcpy"(%{{.*}}, %{{.*}}, %[[N]])
// CHECK-NOT: memcpy
// CHECK: llvm.mlir.constant(0 : i32)
// CHECK: llvm.mlir.constant(1 : i32)

// CHECK: llvm.func @m_load(%[[B:.*]]: !llvm.ptr, %[[M:.*]]: !llvm.ptr) -> i32
// CHECK: llvm.load
// CHECK: llvm.icmp "ne"
// CHECK: llvm.load
// CHECK: llvm.cond_br %{{.*}}, ^[[BAD:.*]], ^[[GOOD:.*]]
// CHECK: %[[TO:.*]] = llvm.getelementptr %[[B]]
// CHECK: %[[FROM:.*]] = llvm.getelementptr %[[M]]
// CHECK: "llvm.intr.memcpy"(%[[TO]], %[[FROM]]

// PIPELINE: llvm.func @lif_save
// PIPELINE: llvm.func @lif_load
