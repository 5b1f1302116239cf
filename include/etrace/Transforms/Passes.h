//===- Passes.h - Transformations of models ---------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_TRANSFORMS_PASSES_H
#define ETRACE_TRANSFORMS_PASSES_H

#include "etrace/IR/Etrace.h"
#include "mlir/Pass/Pass.h"

namespace etrace {
#define GEN_PASS_DECL
#include "etrace/Transforms/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "etrace/Transforms/Passes.h.inc"
} // namespace etrace

#endif // ETRACE_TRANSFORMS_PASSES_H
