//===- PositionPaths.h - From a position back to itself ---------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// A block Jacobian D[p] is a sum over paths h[p] -> v[i] -> ... -> h'[p]. These functions say
// which indices i of each value v lie on such a path: those that p reaches and that reach p.
//===----------------------------------------------------------------------===//
#ifndef ETRACE_ANALYSIS_POSITIONPATHS_H
#define ETRACE_ANALYSIS_POSITIONPATHS_H

#include "etrace/Analysis/PositionLink.h"
#include "mlir/IR/Block.h"

namespace etrace {

/// The positions that a state of this type has: the axes of a tensor, none of a scalar.
llvm::ArrayRef<int64_t> getPositions(mlir::Type state);

/// Where the pairs (p, i) of `read` are in a result of an operation that reads it.
PositionLinks followForward(mlir::Operation *op, mlir::Value read, const PositionLinks &links,
                            mlir::OpResult result);

/// The indices of values of a linear program that reach a position of an output, a new state.
class PathsToOutputs {
public:
  PathsToOutputs(mlir::Block &program, mlir::ValueRange outputs,
                 llvm::ArrayRef<int64_t> positions);
  /// Pairs (p, i): index i of the value reaches position p. Empty: nothing does.
  const PositionLinks &lookup(mlir::Value value) const;

private:
  void visit(mlir::Operation &op);
  void add(mlir::Value value, const PositionLinks &more);

  llvm::ArrayRef<int64_t> positions;
  llvm::DenseMap<mlir::Value, PositionLinks> links;
};

/// The indices of values of a linear program that a position of an input, an old state, reaches.
class PathsFromInput {
public:
  PathsFromInput(mlir::Block &program, mlir::Value input);
  /// Pairs (p, i): position p reaches index i of the value.
  PositionLinks lookup(mlir::Value value) const { return links.lookup(value); }

private:
  llvm::DenseMap<mlir::Value, PositionLinks> links;
};

} // namespace etrace

#endif // ETRACE_ANALYSIS_POSITIONPATHS_H
