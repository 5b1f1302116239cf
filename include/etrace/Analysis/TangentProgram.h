//===- TangentProgram.h - Linearisations kept apart from a step -*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_ANALYSIS_TANGENTPROGRAM_H
#define ETRACE_ANALYSIS_TANGENTPROGRAM_H

#include "etrace/Differentiation/Linearize.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace etrace {

/// A linear program beside a primal block: its seeds are arguments of a block of its
/// own, its operations read values of the primal block. Thrown away with the object.
class TangentProgram {
public:
  explicit TangentProgram(mlir::Block &primal);
  ~TangentProgram();
  TangentProgram(const TangentProgram &) = delete;

  /// Adds a seed: the tangent of `value`.
  mlir::Value addSeed(mlir::Value value);
  /// Adds a seed that is not (yet) the tangent of anything.
  mlir::Value addFreeSeed(mlir::Type type);
  llvm::LogicalResult build(const LinearizeOptions &options);
  mlir::Value getTangent(mlir::Value value) const { return tangents.lookup(value); }
  mlir::Block &getBlock() { return *block; }
  /// The operation of the primal block whose tangent `op`, of the program or nested in one of
  /// it, helps to compute; null if there is none.
  mlir::Operation *getPrimal(mlir::Operation *op) const {
    return primalOf.lookup(block->findAncestorOpInBlock(*op));
  }
  /// Moves the operations that do not depend on a seed (the residuals) to a place behind the
  /// operations of the primal block.
  void hoistResiduals(mlir::Block &target, mlir::Block::iterator before);
  void hoistResiduals(mlir::Operation *before) {
    hoistResiduals(*before->getBlock(), before->getIterator());
  }

private:
  mlir::Block &primal;
  mlir::OwningOpRef<mlir::func::FuncOp> scratch;
  mlir::Block *block;
  TangentMap tangents;
  llvm::DenseMap<mlir::Operation *, mlir::Operation *> primalOf;
};

} // namespace etrace

#endif // ETRACE_ANALYSIS_TANGENTPROGRAM_H
