// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --etrace-define-shared --split-input-file --verify-diagnostics

// expected-error @below {{expected a function 'part' that takes the same arguments and a range}}
llvm.func @part.shared(!llvm.ptr, i64, !llvm.ptr) attributes {etrace.shared_part = @part, sym_visibility = "private"}

// -----

llvm.func @part(%a: !llvm.ptr) {
  llvm.return
}
// expected-error @below {{expected a function 'part' that takes the same arguments and a range}}
llvm.func @part.shared(!llvm.ptr, i64, !llvm.ptr) attributes {etrace.shared_part = @part, sym_visibility = "private"}
