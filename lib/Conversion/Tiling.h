//===- Tiling.h - What lowering to vectors shares ---------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_LIB_CONVERSION_TILING_H
#define ETRACE_LIB_CONVERSION_TILING_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace etrace {

/// Calls `emit` in front of each linalg.generic below `root`, and erases those for which it is
/// true. An error if registers of `vectorBits` bits do not exist: no power of two, or below 64.
mlir::LogicalResult
tileGenerics(mlir::Operation *root, int64_t vectorBits,
             llvm::function_ref<bool(mlir::IRRewriter &, mlir::linalg::GenericOp)> emit);

} // namespace etrace

#endif // ETRACE_LIB_CONVERSION_TILING_H
