//===- RaisePrimitives.h - Marked operations become primitives --*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_LIB_TRANSFORMS_IMPORT_RAISEPRIMITIVES_H
#define ETRACE_LIB_TRANSFORMS_IMPORT_RAISEPRIMITIVES_H

#include "etrace/IR/Etrace.h"

namespace etrace {
/// Turns the operations of a step with `etrace.primitive` into ETP primitives.
llvm::LogicalResult raisePrimitives(StepOp step);
} // namespace etrace

#endif // ETRACE_LIB_TRANSFORMS_IMPORT_RAISEPRIMITIVES_H
