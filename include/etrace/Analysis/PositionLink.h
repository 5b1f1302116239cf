//===- PositionLink.h - Positions tied to indices ---------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_ANALYSIS_POSITIONLINK_H
#define ETRACE_ANALYSIS_POSITIONLINK_H

#include "etrace/Interfaces/DifferentiationInterfaces.h"

#include <optional>
#include <vector>

namespace etrace {

/// lower <= x < upper in every dimension.
struct IndexBox {
  llvm::SmallVector<int64_t> lower, upper;

  static IndexBox fromShape(llvm::ArrayRef<int64_t> shape);
  bool operator==(const IndexBox &other) const {
    return lower == other.lower && upper == other.upper;
  }
  bool isEmpty() const;
  bool isOne(unsigned dim) const { return upper[dim] - lower[dim] <= 1; }
  IndexBox intersect(const IndexBox &other) const;
  /// Disjoint boxes of the points that are not in `other`.
  std::vector<IndexBox> subtract(const IndexBox &other) const;
};

/// A set of pairs (position p of a state, index i of a value): p[dim] + low <= i[axis] <=
/// p[dim] + high for every tie, i and p in boxes.
struct PositionLink {
  struct Tie {
    unsigned axis, dim;
    int64_t low, high;
    /// i[axis] = p[dim] + low.
    bool isExact() const { return low == high; }
    bool operator==(const Tie &other) const {
      return axis == other.axis && dim == other.dim && low == other.low && high == other.high;
    }
  };
  llvm::SmallVector<Tie> ties;
  IndexBox index, position;

  /// i = p.
  static PositionLink identity(llvm::ArrayRef<int64_t> shape);
  /// All pairs.
  static PositionLink everything(llvm::ArrayRef<int64_t> positions,
                                 llvm::ArrayRef<int64_t> shape);
  bool operator==(const PositionLink &other) const {
    return ties == other.ties && index == other.index && position == other.position;
  }
  /// Adds a tie; false if no pair is left.
  bool tie(const Tie &added);
  bool isTied(unsigned axis) const;
  /// Makes the boxes as small as the ties allow; false if no pair is left.
  bool narrow();
  /// An index belongs to one position.
  bool determinesPosition() const;
  /// A position has one index.
  bool determinesIndex() const;
  bool isIdentity(llvm::ArrayRef<int64_t> positions) const;
};

using PositionLinks = std::vector<PositionLink>;

/// Pairs (p, i) of both.
std::optional<PositionLink> intersect(const PositionLink &a, const PositionLink &b);
PositionLinks intersect(const PositionLinks &a, const PositionLinks &b);

/// The pairs (p, resultMap(it)) with (p, operandMap(it)) in `link`, and perhaps more.
std::optional<PositionLink> compose(const PositionLink &link, const PositionRelation &relation,
                                    llvm::ArrayRef<int64_t> resultShape);

/// Adds links that are not there yet.
void join(PositionLinks &links, llvm::ArrayRef<PositionLink> more);

/// The same pairs without those that occur twice, if an index belongs to one position
/// (`byIndex`), or a position has one index; else nothing.
std::optional<PositionLinks> makeFunction(const PositionLinks &links, bool byIndex);

/// A sum of multiples of dimensions and a constant.
struct LinearIndex {
  llvm::SmallVector<int64_t> factors;
  int64_t constant = 0;

  explicit LinearIndex(unsigned dims) : factors(dims, 0) {}
  static LinearIndex dim(unsigned number, unsigned dims);
  /// Nothing if the expression divides; dimensions are counted from `first`.
  static std::optional<LinearIndex> get(mlir::AffineExpr expr, unsigned first, unsigned dims);
  void add(const LinearIndex &other, int64_t factor);
  /// The smallest and the largest value in a box of all but the dimension `except`.
  std::pair<int64_t, int64_t> getRange(const IndexBox &box, unsigned except) const;
  /// The only dimension, if it is one with the factor 1 or -1.
  std::optional<unsigned> getUnitDim() const;
  bool isConstant() const;
  /// The smallest and the largest value in a box.
  std::pair<int64_t, int64_t> getRange(const IndexBox &box) const;
};

} // namespace etrace

#endif // ETRACE_ANALYSIS_POSITIONLINK_H
