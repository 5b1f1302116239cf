//===- ParallelLoop.h - Loops whose turns are independent -------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_LIB_CONVERSION_PARALLELLOOP_H
#define ETRACE_LIB_CONVERSION_PARALLELLOOP_H

#include "mlir/Dialect/SCF/IR/SCF.h"

namespace etrace {

/// Replaces a loop without results, whose turns are independent, by `scf.parallel`.
mlir::scf::ParallelOp makeParallel(mlir::RewriterBase &rewriter, mlir::scf::ForOp loop);

} // namespace etrace

#endif // ETRACE_LIB_CONVERSION_PARALLELLOOP_H
