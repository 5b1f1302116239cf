//===- Jacobian.h - Linear maps applied to a basis --------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_LIB_TRANSFORMS_DERIVATIVES_JACOBIAN_H
#define ETRACE_LIB_TRANSFORMS_DERIVATIVES_JACOBIAN_H

#include "mlir/IR/Builders.h"

namespace etrace {

/// Where the axes of the space that the basis spans stand in a block of a Jacobian.
enum class BasisAxes { leading, trailing };

/// Zeros of the type of a block (see `getJacobianType`), with the extents of the two values.
mlir::Value buildJacobianZeros(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value result,
                               mlir::Value argument, mlir::Type element);

/// Calls `apply` with every vector e_i of the basis of the space of `like`, in a loop over each
/// axis, and puts the images it returns (null: zero) into `blocks` at i.
llvm::LogicalResult
applyToBasis(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value like, BasisAxes axes,
             llvm::MutableArrayRef<mlir::Value> blocks,
             llvm::function_ref<llvm::FailureOr<llvm::SmallVector<mlir::Value>>(
                 mlir::OpBuilder &, mlir::Value basisVector)>
                 apply);

} // namespace etrace

#endif // ETRACE_LIB_TRANSFORMS_DERIVATIVES_JACOBIAN_H
