//===- StateJacobian.h - Jacobians of states by states ------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_LIB_TRANSFORMS_DERIVATIVES_STATEJACOBIAN_H
#define ETRACE_LIB_TRANSFORMS_DERIVATIVES_STATEJACOBIAN_H

#include "etrace/IR/Derivatives.h"

namespace etrace {

/// D[., a, b] of the function's `states` and their new values `outputs`, row by row, each of the
/// type of a state or null for zero. On failure `mixer` is the operation that mixes positions, or
/// null; the error is emitted unless the policy is `full` and positions mix.
llvm::FailureOr<llvm::SmallVector<mlir::Value>>
buildStateBlocks(mlir::OpBuilder &builder, mlir::func::FuncOp function, mlir::ValueRange states,
                 mlir::ValueRange outputs, MixingPolicy policy, mlir::Operation *&mixer);

/// D[p, a, b] from blocks D[., a, b].
mlir::Value assembleBlockJacobian(mlir::OpBuilder &builder, mlir::Location loc,
                                  mlir::ValueRange blocks, mlir::Type state);
/// J[p, a, q, b] from blocks with the axes of p, then those of q.
mlir::Value assembleFullJacobian(mlir::OpBuilder &builder, mlir::Location loc,
                                 mlir::ValueRange blocks, mlir::Type state);
/// block[p, p], of the type of a state.
mlir::Value extractDiagonal(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value block,
                            mlir::Type state);

} // namespace etrace

#endif // ETRACE_LIB_TRANSFORMS_DERIVATIVES_STATEJACOBIAN_H
