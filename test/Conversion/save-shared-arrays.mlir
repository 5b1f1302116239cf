// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s -etrace-emit-save-and-load | FileCheck %s

// Buffers that share an array are saved with the first of them, each byte once.
// CHECK: llvm.func @m_save
// CHECK: llvm.mlir.constant(136 : i64)
// CHECK: %[[N:.*]] = llvm.mlir.constant(136 : i64)
// CHECK: "llvm.intr.memcpy"(%{{.*}}, %{{.*}}, %[[N]])
// CHECK-NOT: memcpy
// CHECK: llvm.func @m_load
module attributes {etrace.abi = {model = "m", size = 192 : i64, entries = [], buffers = [
    {symbol = "e", offset = 0 : i64, bytes = 64 : i64, layout = {array = @e, members = 2 : i64}},
    {symbol = "f", offset = 16 : i64, bytes = 64 : i64, layout = {array = @e, members = 2 : i64}},
    {symbol = "c", offset = 128 : i64, bytes = 8 : i64}]}} {
}
