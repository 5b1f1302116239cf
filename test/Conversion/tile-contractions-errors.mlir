// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: not etrace-opt %s --etrace-tile-contractions=vector-bits=96 2>&1 | FileCheck %s

// CHECK: error: expected vector-bits to be a power of two and at least 64, found 96
module {}
