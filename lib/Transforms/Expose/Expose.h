//===- Expose.h - Primitives out of loops and branches ----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_LIB_TRANSFORMS_EXPOSE_H
#define ETRACE_LIB_TRANSFORMS_EXPOSE_H

#include "etrace/IR/Etrace.h"

namespace etrace {

/// True if an ETP primitive stands in a region of `op`.
bool containsPrimitive(mlir::Operation *op);

/// A remark of the analysis about something that it did to a model.
void remarkExposed(mlir::Operation *op, llvm::StringRef id, const llvm::Twine &text);

/// Unrolls the loops of a step that contain primitives, outermost first, and takes the branch of
/// what is decided then. A loop of more than `limit` turns, or of nobody knows how many, is a
/// located error.
llvm::LogicalResult unrollLoops(StepOp step, int64_t limit);

/// Moves primitives out of `scf.if` and `scf.index_switch`, innermost first. What a primitive reads
/// is zero where its branch is not taken; with `speculate`, it is computed there too.
llvm::LogicalResult splitBranches(StepOp step, bool speculate);

} // namespace etrace

#endif // ETRACE_LIB_TRANSFORMS_EXPOSE_H
