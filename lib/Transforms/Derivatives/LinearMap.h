//===- LinearMap.h - The derivative of a body at a point --------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_LIB_TRANSFORMS_DERIVATIVES_LINEARMAP_H
#define ETRACE_LIB_TRANSFORMS_DERIVATIVES_LINEARMAP_H

#include "etrace/Analysis/TangentProgram.h"

namespace etrace {

/// The linear map dx -> dy from some arguments of a function to some results, at the point of
/// its arguments. What it keeps of the function (the residuals) is computed once, in front of
/// the terminator; each application reads it.
class LinearMap {
public:
  LinearMap(mlir::func::FuncOp function, mlir::ValueRange inputs, mlir::ValueRange outputs,
            CheckpointPolicy checkpoint = CheckpointPolicy::all);

  /// Linearises. An operation on a path from an input to an output without a rule is a located
  /// error; what reaches no output is left alone.
  llvm::LogicalResult build();
  /// The same without moving residuals: the function stays as it is, the map cannot be applied.
  llvm::LogicalResult linearize();
  /// True if an output depends on the input.
  bool dependsOn(unsigned input);
  /// The linear program; its arguments are tangents of the inputs.
  TangentProgram &getProgram() { return program; }
  /// The values of the program that are tangents of the outputs; null: zero.
  mlir::ValueRange getOutputTangents() { return outputTangents; }
  /// dy for given dx; null: zero.
  llvm::SmallVector<mlir::Value> apply(mlir::OpBuilder &builder, mlir::ValueRange tangents);
  /// The cotangents of x for given cotangents of y; null on both sides: zero.
  llvm::FailureOr<llvm::SmallVector<mlir::Value>> applyTransposed(mlir::OpBuilder &builder,
                                                                  mlir::ValueRange cotangents);

private:
  llvm::LogicalResult provideExtents(mlir::OpBuilder &builder, mlir::Operation *previous);

  mlir::func::FuncOp function;
  mlir::Block &body;
  llvm::SmallVector<mlir::Value> inputs, outputs, outputTangents;
  CheckpointPolicy checkpoint;
  TangentProgram program;
};

} // namespace etrace

#endif // ETRACE_LIB_TRANSFORMS_DERIVATIVES_LINEARMAP_H
