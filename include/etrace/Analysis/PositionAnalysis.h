//===- PositionAnalysis.h - Which positions reach which ---------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_ANALYSIS_POSITIONANALYSIS_H
#define ETRACE_ANALYSIS_POSITIONANALYSIS_H

#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Block.h"
#include "mlir/IR/Operation.h"
#include "mlir/IR/Value.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "llvm/ADT/DenseMap.h"

namespace etrace {

/// value[i] may read source[map(i)] for lower <= i < upper.
struct PositionAccess {
  mlir::AffineMap map;
  llvm::SmallVector<int64_t> lower, upper;
  bool operator==(const PositionAccess &other) const {
    return map == other.map && lower == other.lower && upper == other.upper;
  }
};

/// value[i] may read source[i + shift] for lower <= i < upper.
struct PositionPiece {
  llvm::SmallVector<int64_t> shift, lower, upper;
};

/// How a value depends on the positions of a source. The lattice is
/// nothing < sets of affine accesses < mixing.
struct PositionSet {
  llvm::SmallVector<PositionAccess> accesses;
  /// The operation that mixes positions, which may be nested in one of the program; null if
  /// none does.
  mlir::Operation *mixer = nullptr;

  bool isNone() const { return accesses.empty() && !mixer; }
  /// Position i reads source position i only.
  bool isPointwise() const;
  /// All accesses have one map, and it is a projection of positions (identity or
  /// broadcast): each position reads one source position. Returns it, or null.
  mlir::AffineMap getProjection() const;
  /// If the accesses move positions without turning them round (slices of one value that meet):
  /// the moves, one piece for each access. Empty if there are other accesses or none.
  llvm::SmallVector<PositionPiece> getPieces() const;
  void join(const PositionSet &other);
};

/// Runs over the operations of a tangent program in order.
class PositionAnalysis {
public:
  PositionAnalysis(mlir::Block &program, mlir::Value source);
  /// Looks at one operation that reads the source.
  PositionAnalysis(mlir::Operation &op, mlir::Value source);
  PositionSet lookup(mlir::Value value) const { return sets.lookup(value); }

private:
  void addSource(mlir::Value source);
  void visit(mlir::Operation &op);
  void visitRegions(mlir::RegionBranchOpInterface op);
  llvm::DenseMap<mlir::Value, PositionSet> sets;
};

} // namespace etrace

#endif // ETRACE_ANALYSIS_POSITIONANALYSIS_H
