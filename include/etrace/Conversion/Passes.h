//===- Passes.h - From learner IR to the LLVM dialect -----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_CONVERSION_PASSES_H
#define ETRACE_CONVERSION_PASSES_H

#include "etrace/IR/Etrace.h"
#include "mlir/Pass/Pass.h"

namespace etrace {
#define GEN_PASS_DECL
#include "etrace/Conversion/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "etrace/Conversion/Passes.h.inc"
} // namespace etrace

#endif // ETRACE_CONVERSION_PASSES_H
