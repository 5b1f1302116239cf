//===- PointSystem.h - The points of a pair of links ---------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_LIB_TRANSFORMS_DERIVATIVES_POINTSYSTEM_H
#define ETRACE_LIB_TRANSFORMS_DERIVATIVES_POINTSYSTEM_H

#include "etrace/Analysis/PositionLink.h"

namespace etrace {

/// Equations between the dimensions of `it` and of p, solved one by one; the dimensions that
/// are left enumerate the points.
class PointSystem {
public:
  PointSystem(llvm::ArrayRef<int64_t> box, const IndexBox &positions);
  unsigned size() const { return bounds.lower.size(); }

  std::optional<LinearIndex> getIndex(mlir::AffineExpr expr) const {
    return LinearIndex::get(expr, 0, size());
  }
  LinearIndex getPosition(unsigned dim) const {
    return LinearIndex::dim(iterations + dim, size());
  }
  /// index[axis] = p[dim] + shift where tied exactly, and lies in the box. False if the map
  /// divides.
  bool require(mlir::AffineMap map, const PositionLink &link);

  enum class Outcome { solved, empty, unsolved };
  Outcome solve();
  /// The index in terms of the dimensions that are left.
  LinearIndex substitute(const LinearIndex &index) const;
  const IndexBox &getBounds() const { return bounds; }
  bool isLeft(unsigned dim) const { return values[dim].factors[dim] == 1; }

private:
  bool eliminate(const LinearIndex &rest);
  Outcome narrow();
  void tighten(unsigned dim, const LinearIndex &value, int64_t lower, int64_t upper);

  struct Range {
    LinearIndex index;
    int64_t lower, upper;
  };
  unsigned iterations;
  IndexBox bounds;
  std::vector<LinearIndex> values;
  std::vector<LinearIndex> equations;
  std::vector<Range> ranges;
};

} // namespace etrace

#endif // ETRACE_LIB_TRANSFORMS_DERIVATIVES_POINTSYSTEM_H
