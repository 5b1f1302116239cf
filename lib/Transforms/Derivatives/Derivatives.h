//===- Derivatives.h - Functions derived from functions ---------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_LIB_TRANSFORMS_DERIVATIVES_DERIVATIVES_H
#define ETRACE_LIB_TRANSFORMS_DERIVATIVES_DERIVATIVES_H

#include "etrace/IR/Derivatives.h"

namespace etrace {

/// Builds what the derivative operation of a request stands for: a call of the derived function.
/// States are read in front of it and written behind it.
llvm::FailureOr<llvm::SmallVector<mlir::Value>>
buildDerivativeCall(mlir::OpBuilder &builder, mlir::Location loc, mlir::func::FuncOp function,
                    const DerivativeRequest &request, mlir::ValueRange operands);

/// The derived function of one that uses no states: the one that is there already, or a new private one behind `function`.
/// It takes what `function` takes, then the seeds; see `getDerivativeTypes`.
llvm::FailureOr<mlir::func::FuncOp> getDerivative(mlir::func::FuncOp function,
                                                  const DerivativeRequest &request);

/// f.grad_0_2_value_aux
std::string getDerivedName(mlir::func::FuncOp function, const DerivativeRequest &request);

/// Says in an attribute `etrace.result` of each result of a derived function what it is.
void nameResults(mlir::func::FuncOp derived, mlir::func::FuncOp function,
                 const DerivativeRequest &request);

/// Replaces all derivatives that `root` asks for by calls, and those that the functions ask for
/// that are differentiated. A function whose derivative depends on itself is a located error.
llvm::LogicalResult lowerDerivatives(mlir::Operation *root,
                                     CheckpointPolicy checkpoint = CheckpointPolicy::all);

/// The function of a name; null after an error at `module`, which ends in `purpose`
/// (" to transpose").
mlir::func::FuncOp findFunction(mlir::ModuleOp module, llvm::StringRef name,
                                llvm::StringRef purpose);

/// The policy of a name; else an error at `op`.
llvm::FailureOr<CheckpointPolicy> parseCheckpointPolicy(mlir::Operation *op, llvm::StringRef name);

} // namespace etrace

#endif // ETRACE_LIB_TRANSFORMS_DERIVATIVES_DERIVATIVES_H
