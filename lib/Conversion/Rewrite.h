//===- Rewrite.h - Patterns until none applies ------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_LIB_CONVERSION_REWRITE_H
#define ETRACE_LIB_CONVERSION_REWRITE_H

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace etrace {

/// Applies patterns until none does. The driver by itself gives up after ten rounds, which large
/// modules need, and fails without a word.
inline llvm::LogicalResult applyToFixpoint(mlir::Operation *root,
                                           mlir::RewritePatternSet &&patterns) {
  mlir::GreedyRewriteConfig config;
  config.setMaxIterations(mlir::GreedyRewriteConfig::kNoLimit);
  return mlir::applyPatternsGreedily(root, std::move(patterns), config);
}

} // namespace etrace

#endif // ETRACE_LIB_CONVERSION_REWRITE_H
