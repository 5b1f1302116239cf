// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s -split-input-file -verify-diagnostics -etrace-emit-save-and-load

// expected-error @+1 {{expected memory to be bound first (etrace-bind-memory)}}
module {
}

// -----

module attributes {etrace.abi = {model = "m", size = 64 : i64, entries = [], buffers = []}} {
  // expected-error @+1 {{has the name of the function that loads the state of the model}}
  llvm.func @m_load(%block: !llvm.ptr) -> i32
}
