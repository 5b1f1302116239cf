//===- TraceDomain.h - The iteration space of a trace -----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_ANALYSIS_TRACEDOMAIN_H
#define ETRACE_ANALYSIS_TRACEDOMAIN_H

#include "etrace/Analysis/StepGraph.h"

namespace etrace {

/// Where a tensor is read from an iteration space: by a map of its dimensions and, behind
/// these, of one dimension for each of `indices`, which give it.
struct Access {
  Access(mlir::AffineMap map = {}) : map(map) {}
  explicit operator bool() const { return bool(map); }
  bool reads(unsigned dim) const;
  mlir::AffineMap map;
  llvm::SmallVector<DimIndex> indices;
};

/// The iteration space of a trace: pairs (element of the leaf, hidden position). Every
/// access leads from it to a tensor.
struct TraceDomain {
  llvm::SmallVector<int64_t> extents;
  Access position, output, multiplicand;
  mlir::AffineMap leaf;
  /// Where an index gives dimensions of the trace or changes from step to step: how x is read,
  /// and at which points of the space; the multiplicand is 0 at others.
  std::optional<Access> selection;
  /// Dimensions of hidden positions that neither y nor the leaf has (a broadcast tail).
  bool hasBroadcast = false;
  mlir::AffineMap getIdentity(mlir::MLIRContext *context) const {
    return mlir::AffineMap::getMultiDimIdentityMap(extents.size(), context);
  }
};

/// The operand that multiplies a leaf in the primitive; null if its factor is 1.
mlir::OpOperand *getMultiplicand(ETPOpInterface primitive, mlir::OpOperand &leaf);

/// Where the trace of a target lives: at its group's positions, or, if a position reads several of
/// y, at those of y. The shape, and the map from there to y.
llvm::ArrayRef<int64_t> getTraceShape(const StepGraph &graph, const WeightRelation &relation,
                                      const RelationTarget &target);
mlir::AffineMap getTracePositions(const StepGraph &graph, const WeightRelation &relation,
                                  const RelationTarget &target);

/// The iteration space of the trace of a leaf at a target; nothing if the primitive sums over a
/// dimension that neither the leaf nor the hidden positions have.
std::optional<TraceDomain> computeTraceDomain(const StepGraph &graph,
                                              const WeightRelation &relation,
                                              const RelationTarget &target,
                                              const WeightLeaf &leaf);

} // namespace etrace

#endif // ETRACE_ANALYSIS_TRACEDOMAIN_H
