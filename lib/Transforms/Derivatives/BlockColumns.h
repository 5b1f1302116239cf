//===- BlockColumns.h - Columns of a block Jacobian ----------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_LIB_TRANSFORMS_DERIVATIVES_BLOCKCOLUMNS_H
#define ETRACE_LIB_TRANSFORMS_DERIVATIVES_BLOCKCOLUMNS_H

#include "RestrictedOp.h"
#include "etrace/Analysis/PositionPaths.h"
#include "etrace/Analysis/TangentProgram.h"
#include "llvm/ADT/SetVector.h"

namespace etrace {

/// Derives D[p, a, b] = d state_a'[p] / d state_b[p] from the linearisation of a transition.
///
/// Beside every value v of the linear program stands the sum, over all paths h[p] -> ... -> v[i],
/// of the products along them, for those points (p, i) that lie on a path from p back to p. If
/// an index i belongs to one position p, v has its own shape and operations that keep positions
/// apart stay as they are; if a position has one index, v has the shape of the positions. An
/// operation that mixes positions is restricted to the points. Where neither holds the block is
/// not a matter of single positions.
class BlockColumns {
public:
  /// The program's residuals are hoisted out of it. `outputs` are tangents of the new states, null
  /// for zero, all of type `state`.
  BlockColumns(TangentProgram &program, mlir::ValueRange outputs, mlir::Type state,
               MixingPolicy policy);

  /// D[., ., b] for the state whose tangent is `seed`: a value for each output (null: zero).
  /// Failure if positions mix and the policy is not to drop the edge; see `emitMixing`.
  llvm::FailureOr<llvm::SmallVector<mlir::Value>> build(mlir::OpBuilder &builder,
                                                        mlir::Value seed);
  /// A located error about the operation at which `build` failed.
  llvm::LogicalResult emitMixing() const;
  /// The operation of the primal program at which `build` failed.
  mlir::Operation *getMixer() const { return program.getPrimal(mixer); }

private:
  /// A value at the points of the links.
  struct Spread {
    PositionLinks links;
    bool atIndex;
    mlir::Value value;
  };
  bool isLinear(mlir::Value value) const;
  llvm::LogicalResult visit(mlir::OpBuilder &builder, mlir::Operation &op);
  bool cloneWhole(mlir::OpBuilder &builder, mlir::Operation &op,
                  llvm::ArrayRef<PositionLinks> reached);
  llvm::LogicalResult restrict(mlir::OpBuilder &builder, mlir::OpResult result,
                               const PositionLinks &wanted);
  llvm::FailureOr<mlir::Value> buildRestricted(mlir::OpBuilder &builder, mlir::OpResult result,
                                               const PositionLinks &points, bool atIndex);
  llvm::FailureOr<mlir::Value> finish(mlir::OpBuilder &builder, mlir::Value output);
  llvm::LogicalResult handleMixing(mlir::Operation *op);
  llvm::SetVector<mlir::Operation *> collectMixing() const;

  TangentProgram &program;
  llvm::SmallVector<mlir::Value> outputs;
  mlir::Type state;
  MixingPolicy policy;
  PathsToOutputs paths;
  llvm::DenseMap<mlir::Value, Spread> spreads;
  /// Operations that were restricted, and the one that could not be.
  llvm::SetVector<mlir::Operation *> restricted, dropped;
  mlir::Operation *mixer = nullptr;
};

} // namespace etrace

#endif // ETRACE_LIB_TRANSFORMS_DERIVATIVES_BLOCKCOLUMNS_H
