//===- PointSystem.cpp - The points of a pair of links --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "PointSystem.h"

using namespace mlir;
using namespace etrace;

PointSystem::PointSystem(ArrayRef<int64_t> box, const IndexBox &positions)
    : iterations(box.size()), bounds(IndexBox::fromShape(box)) {
  llvm::append_range(bounds.lower, positions.lower);
  llvm::append_range(bounds.upper, positions.upper);
  for (unsigned dim = 0; dim < size(); ++dim)
    values.push_back(LinearIndex::dim(dim, size()));
}

bool PointSystem::require(AffineMap map, const PositionLink &link) {
  for (auto [axis, expr] : llvm::enumerate(map.getResults())) {
    std::optional<LinearIndex> index = getIndex(expr);
    if (!index)
      return false;
    ranges.push_back({*index, link.index.lower[axis], link.index.upper[axis]});
    for (const PositionLink::Tie &tie : link.ties) {
      if (tie.axis != axis || !tie.isExact())
        continue;
      LinearIndex equation = *index;
      equation.add(getPosition(tie.dim), -1);
      equation.constant -= tie.low;
      equations.push_back(equation);
    }
  }
  return true;
}

PointSystem::Outcome PointSystem::solve() {
  for (unsigned dim = 0; dim < size(); ++dim)
    ranges.push_back({values[dim], bounds.lower[dim], bounds.upper[dim]});
  for (const LinearIndex &equation : equations) {
    LinearIndex rest = substitute(equation);
    if (rest.isConstant()) {
      if (rest.constant != 0)
        return Outcome::empty;
      continue;
    }
    if (!eliminate(rest))
      return Outcome::unsolved;
  }
  return narrow();
}

LinearIndex PointSystem::substitute(const LinearIndex &index) const {
  LinearIndex result(size());
  result.constant = index.constant;
  for (auto [dim, factor] : llvm::enumerate(index.factors))
    if (factor != 0)
      result.add(values[dim], factor);
  return result;
}

/// Solves `rest` = 0 for one dimension.
bool PointSystem::eliminate(const LinearIndex &rest) {
  for (unsigned dim = 0; dim < size(); ++dim) {
    int64_t factor = rest.factors[dim];
    if (factor != 1 && factor != -1)
      continue;
    LinearIndex solution(size());
    solution.add(rest, -factor);
    solution.factors[dim] = 0;
    for (LinearIndex &value : values) {
      int64_t times = value.factors[dim];
      value.factors[dim] = 0;
      value.add(solution, times);
    }
    return true;
  }
  return false;
}

/// Makes the bounds such that every point in them is in the ranges.
PointSystem::Outcome PointSystem::narrow() {
  for (bool isSingle : {true, false})
    for (const Range &range : ranges) {
      LinearIndex value = substitute(range.index);
      std::optional<unsigned> dim = value.getUnitDim();
      if (isSingle && dim)
        tighten(*dim, value, range.lower, range.upper);
      if (isSingle || bounds.isEmpty())
        continue;
      auto [low, high] = value.getRange(bounds);
      if (high < range.lower || low >= range.upper)
        return Outcome::empty;
      if (low < range.lower || high >= range.upper)
        return Outcome::unsolved;
    }
  return bounds.isEmpty() ? Outcome::empty : Outcome::solved;
}

/// lower <= factor dim + constant < upper, with a factor of 1 or -1.
void PointSystem::tighten(unsigned dim, const LinearIndex &value, int64_t lower, int64_t upper) {
  int64_t low = lower - value.constant, high = upper - value.constant;
  if (value.factors[dim] < 0)
    std::tie(low, high) = std::make_pair(1 - high, 1 - low);
  bounds.lower[dim] = std::max(bounds.lower[dim], low);
  bounds.upper[dim] = std::min(bounds.upper[dim], high);
}
