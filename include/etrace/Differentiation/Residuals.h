//===- Residuals.h - What a reverse pass keeps ------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_DIFFERENTIATION_RESIDUALS_H
#define ETRACE_DIFFERENTIATION_RESIDUALS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace etrace {

/// The bytes of values together; none if an extent is dynamic.
std::optional<int64_t> getBytes(mlir::ValueRange values);

/// Remarks, at `source`, what the reverse pass in `body` keeps: what the operations on the way from
/// `cotangents` to `outgoing` read of what the others compute, in bytes and by operation.
void reportResiduals(mlir::func::FuncOp source, mlir::Block &body, mlir::ValueRange cotangents,
                     mlir::ValueRange outgoing);

} // namespace etrace

#endif // ETRACE_DIFFERENTIATION_RESIDUALS_H
