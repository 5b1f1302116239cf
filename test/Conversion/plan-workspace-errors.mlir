// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --etrace-plan-workspace --verify-diagnostics

// expected-error @+1 {{expected memory to be bound first (etrace-bind-memory)}}
module {}
