//===- Derivatives.h - Functions derived from functions ---------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_LIB_TRANSFORMS_DERIVATIVES_DERIVATIVES_H
#define ETRACE_LIB_TRANSFORMS_DERIVATIVES_DERIVATIVES_H

#include "etrace/IR/Derivatives.h"

namespace etrace {

/// The derived function: the one that is there already, or a new private one behind `function`.
/// It takes what `function` takes, then the seeds; see `getDerivativeTypes`.
llvm::FailureOr<mlir::func::FuncOp> getDerivative(mlir::func::FuncOp function,
                                                  const DerivativeRequest &request);

/// Replaces all derivatives that `root` asks for by calls, and those that the functions ask for
/// that are differentiated. A function whose derivative depends on itself is a located error.
llvm::LogicalResult lowerDerivatives(mlir::Operation *root);

} // namespace etrace

#endif // ETRACE_LIB_TRANSFORMS_DERIVATIVES_DERIVATIVES_H
