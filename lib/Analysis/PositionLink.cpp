//===- PositionLink.cpp - Positions tied to indices -----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/Analysis/PositionLink.h"

#include "mlir/IR/AffineExpr.h"
#include "mlir/IR/BuiltinTypes.h"

using namespace mlir;
using namespace etrace;

/// Extents that are not known are as good as infinite.
static constexpr int64_t kUnknownExtent = int64_t(1) << 40;

//===----------------------------------------------------------------------===//
// Boxes
//===----------------------------------------------------------------------===//

IndexBox IndexBox::fromShape(ArrayRef<int64_t> shape) {
  IndexBox box;
  for (int64_t extent : shape) {
    box.lower.push_back(0);
    box.upper.push_back(ShapedType::isDynamic(extent) ? kUnknownExtent : extent);
  }
  return box;
}

bool IndexBox::isEmpty() const {
  return llvm::any_of(llvm::zip(lower, upper), [](auto bounds) {
    return std::get<0>(bounds) >= std::get<1>(bounds);
  });
}

IndexBox IndexBox::intersect(const IndexBox &other) const {
  IndexBox box;
  for (size_t dim = 0; dim < lower.size(); ++dim) {
    box.lower.push_back(std::max(lower[dim], other.lower[dim]));
    box.upper.push_back(std::min(upper[dim], other.upper[dim]));
  }
  return box;
}

std::vector<IndexBox> IndexBox::subtract(const IndexBox &other) const {
  IndexBox common = intersect(other), rest = *this;
  if (common.isEmpty())
    return {*this};
  std::vector<IndexBox> pieces;
  for (size_t dim = 0; dim < lower.size(); ++dim) {
    IndexBox below = rest, above = rest;
    below.upper[dim] = common.lower[dim];
    above.lower[dim] = common.upper[dim];
    for (const IndexBox &piece : {below, above})
      if (!piece.isEmpty())
        pieces.push_back(piece);
    rest.lower[dim] = common.lower[dim];
    rest.upper[dim] = common.upper[dim];
  }
  return pieces;
}

//===----------------------------------------------------------------------===//
// Linear indices
//===----------------------------------------------------------------------===//

LinearIndex LinearIndex::dim(unsigned number, unsigned dims) {
  LinearIndex index(dims);
  index.factors[number] = 1;
  return index;
}

void LinearIndex::add(const LinearIndex &other, int64_t factor) {
  for (auto [mine, theirs] : llvm::zip_equal(factors, other.factors))
    mine += factor * theirs;
  constant += factor * other.constant;
}

std::optional<LinearIndex> LinearIndex::get(AffineExpr expr, unsigned first, unsigned dims) {
  LinearIndex result(dims);
  if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
    result.factors[first + dim.getPosition()] = 1;
    return result;
  }
  if (auto constant = dyn_cast<AffineConstantExpr>(expr)) {
    result.constant = constant.getValue();
    return result;
  }
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return std::nullopt;
  std::optional<LinearIndex> left = get(binary.getLHS(), first, dims);
  std::optional<LinearIndex> right = get(binary.getRHS(), first, dims);
  if (!left || !right)
    return std::nullopt;
  if (binary.getKind() == AffineExprKind::Add) {
    left->add(*right, 1);
    return left;
  }
  if (binary.getKind() != AffineExprKind::Mul || !right->isConstant())
    return std::nullopt;
  result.add(*left, right->constant);
  return result;
}

bool LinearIndex::isConstant() const {
  return llvm::all_of(factors, [](int64_t factor) { return factor == 0; });
}

std::optional<unsigned> LinearIndex::getUnitDim() const {
  std::optional<unsigned> found;
  for (auto [dim, factor] : llvm::enumerate(factors)) {
    if (factor == 0)
      continue;
    if (found || std::abs(factor) != 1)
      return std::nullopt;
    found = dim;
  }
  return found;
}

std::pair<int64_t, int64_t> LinearIndex::getRange(const IndexBox &box) const {
  return getRange(box, factors.size());
}

std::pair<int64_t, int64_t> LinearIndex::getRange(const IndexBox &box, unsigned except) const {
  int64_t low = constant, high = constant;
  for (auto [dim, factor] : llvm::enumerate(factors)) {
    if (dim == except)
      continue;
    int64_t atLower = factor * box.lower[dim], atUpper = factor * (box.upper[dim] - 1);
    low += std::min(atLower, atUpper);
    high += std::max(atLower, atUpper);
  }
  return {low, high};
}

//===----------------------------------------------------------------------===//
// Links
//===----------------------------------------------------------------------===//

PositionLink PositionLink::identity(ArrayRef<int64_t> shape) {
  PositionLink link = everything(shape, shape);
  for (unsigned axis = 0; axis < shape.size(); ++axis)
    link.ties.push_back({axis, axis, 0, 0});
  return link;
}

PositionLink PositionLink::everything(ArrayRef<int64_t> positions, ArrayRef<int64_t> shape) {
  return {{}, IndexBox::fromShape(shape), IndexBox::fromShape(positions)};
}

bool PositionLink::tie(const Tie &added) {
  for (Tie &tie : ties)
    if (tie.axis == added.axis && tie.dim == added.dim) {
      tie.low = std::max(tie.low, added.low);
      tie.high = std::min(tie.high, added.high);
      return tie.low <= tie.high;
    }
  ties.push_back(added);
  return true;
}

bool PositionLink::isTied(unsigned axis) const {
  return llvm::any_of(ties,
                      [&](const Tie &tie) { return tie.axis == axis && tie.isExact(); });
}

bool PositionLink::narrow() {
  // As often as there are ties: one may follow from all others.
  for (size_t round = 0; round <= ties.size(); ++round)
    for (const Tie &tie : ties) {
      int64_t &low = position.lower[tie.dim], &high = position.upper[tie.dim];
      int64_t &first = index.lower[tie.axis], &last = index.upper[tie.axis];
      low = std::max(low, first - tie.high);
      high = std::min(high, last - tie.low);
      first = std::max(first, low + tie.low);
      last = std::min(last, high + tie.high);
    }
  return !index.isEmpty() && !position.isEmpty();
}

bool PositionLink::determinesPosition() const {
  for (size_t dim = 0; dim < position.lower.size(); ++dim)
    if (!position.isOne(dim) &&
        llvm::none_of(ties, [&](const Tie &tie) { return tie.dim == dim && tie.isExact(); }))
      return false;
  return true;
}

bool PositionLink::determinesIndex() const {
  for (size_t axis = 0; axis < index.lower.size(); ++axis)
    if (!index.isOne(axis) && !isTied(axis))
      return false;
  return true;
}

bool PositionLink::isIdentity(ArrayRef<int64_t> positions) const {
  if (index.lower.size() != positions.size() || !determinesPosition() || !determinesIndex() ||
      !(index == IndexBox::fromShape(positions)) || !(position == index))
    return false;
  return llvm::all_of(ties, [&](const Tie &tie) {
    return positions[tie.dim] == 1 || (tie.axis == tie.dim && tie.low <= 0 && tie.high >= 0);
  });
}

std::optional<PositionLink> etrace::intersect(const PositionLink &a, const PositionLink &b) {
  PositionLink both{a.ties, a.index.intersect(b.index), a.position.intersect(b.position)};
  for (const PositionLink::Tie &tie : b.ties)
    if (!both.tie(tie))
      return std::nullopt;
  if (!both.narrow())
    return std::nullopt;
  return both;
}

PositionLinks etrace::intersect(const PositionLinks &a, const PositionLinks &b) {
  PositionLinks both;
  for (const PositionLink &left : a)
    for (const PositionLink &right : b)
      if (std::optional<PositionLink> link = intersect(left, right))
        join(both, *link);
  return both;
}

void etrace::join(PositionLinks &links, ArrayRef<PositionLink> more) {
  for (const PositionLink &link : more)
    if (!llvm::is_contained(links, link))
      links.push_back(link);
}

/// True if both give an index that they have in common the same position, or (not `byIndex`) a
/// position the same index.
static bool agree(const PositionLink &a, const PositionLink &b, bool byIndex) {
  const IndexBox &boxA = byIndex ? a.position : a.index, &boxB = byIndex ? b.position : b.index;
  for (unsigned dim = 0; dim < boxA.lower.size(); ++dim) {
    bool sameConstant =
        boxA.isOne(dim) && boxB.isOne(dim) && boxA.lower[dim] == boxB.lower[dim];
    bool sameTie = llvm::any_of(a.ties, [&](const PositionLink::Tie &tie) {
      return (byIndex ? tie.dim : tie.axis) == dim && tie.isExact() &&
             llvm::is_contained(b.ties, tie);
    });
    if (!sameConstant && !sameTie)
      return false;
  }
  return true;
}

/// True if every index in the box, or (not `byIndex`) every position, is in the link.
static bool fillsBox(const PositionLink &link, bool byIndex) {
  llvm::SmallDenseSet<unsigned> seen;
  return llvm::all_of(link.ties, [&](const PositionLink::Tie &tie) {
    return tie.isExact() && seen.insert(byIndex ? tie.dim : tie.axis).second;
  });
}

/// The parts of `box` that no link of a function has; nothing if one disagrees with `link`.
static std::optional<std::vector<IndexBox>>
getRest(const PositionLink &link, const IndexBox &box, const PositionLinks &function,
        llvm::function_ref<const IndexBox &(const PositionLink &)> getBox, bool byIndex) {
  std::vector<IndexBox> pieces = {box};
  for (const PositionLink &other : function) {
    std::vector<IndexBox> rest;
    for (const IndexBox &piece : pieces) {
      bool meets = !piece.intersect(getBox(other)).isEmpty();
      if (meets && (!agree(link, other, byIndex) || !fillsBox(other, byIndex)))
        return std::nullopt;
      llvm::append_range(rest, piece.subtract(getBox(other)));
    }
    pieces = std::move(rest);
  }
  return pieces;
}

std::optional<PositionLinks> etrace::makeFunction(const PositionLinks &links, bool byIndex) {
  auto getBox = [&](const PositionLink &link) -> const IndexBox & {
    return byIndex ? link.index : link.position;
  };
  // Diagonals last: what they have in common with others is no box.
  PositionLinks sorted, result;
  for (bool fills : {true, false})
    llvm::copy_if(links, std::back_inserter(sorted), [&](const PositionLink &link) {
      return fillsBox(link, byIndex) == fills;
    });
  for (const PositionLink &link : sorted) {
    if (!(byIndex ? link.determinesPosition() : link.determinesIndex()))
      return std::nullopt;
    std::optional<std::vector<IndexBox>> rest =
        getRest(link, getBox(link), result, getBox, byIndex);
    if (!rest)
      return std::nullopt;
    for (const IndexBox &piece : *rest) {
      PositionLink part = link;
      (byIndex ? part.index : part.position) = piece;
      if (part.narrow())
        result.push_back(part);
    }
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Composition
//===----------------------------------------------------------------------===//

/// The index that an expression stands for; dimensions of extent 1 are 0.
static std::optional<LinearIndex> getIndex(AffineExpr expr, ArrayRef<int64_t> box) {
  std::optional<LinearIndex> index = LinearIndex::get(expr, 0, box.size());
  if (index)
    for (auto [dim, factor] : llvm::enumerate(index->factors))
      if (box[dim] == 1)
        factor = 0;
  return index;
}

/// The pairs (p, it) with (p, operandMap(it)) in the link, and perhaps more: an index is one
/// dimension plus something in a range.
static std::optional<PositionLink> pullBack(const PositionLink &link,
                                            const PositionRelation &relation) {
  PositionLink iteration{{}, IndexBox::fromShape(relation.box), link.position};
  IndexBox box = iteration.index;
  for (auto [axis, expr] : llvm::enumerate(relation.operandMap.getResults())) {
    std::optional<LinearIndex> index = getIndex(expr, relation.box);
    if (!index)
      continue;
    auto [least, most] = index->getRange(box);
    if (most < link.index.lower[axis] || least >= link.index.upper[axis])
      return std::nullopt;
    for (auto [dim, factor] : llvm::enumerate(index->factors)) {
      if (factor != 1)
        continue;
      auto [low, high] = index->getRange(box, dim);
      int64_t &lower = iteration.index.lower[dim], &upper = iteration.index.upper[dim];
      lower = std::max(lower, link.index.lower[axis] - high);
      upper = std::min(upper, link.index.upper[axis] - low);
      for (const PositionLink::Tie &tie : link.ties)
        if (tie.axis == axis &&
            !iteration.tie({unsigned(dim), tie.dim, tie.low - high, tie.high - low}))
          return std::nullopt;
    }
    // p + low <= index <= p + high, wherever the index is.
    for (const PositionLink::Tie &tie : link.ties)
      if (tie.axis == axis) {
        int64_t &lower = iteration.position.lower[tie.dim];
        int64_t &upper = iteration.position.upper[tie.dim];
        lower = std::max(lower, least - tie.high);
        upper = std::min(upper, most - tie.low + 1);
      }
  }
  return iteration;
}

/// The pairs (p, resultMap(it)), and perhaps more.
static PositionLink pushForward(const PositionLink &iteration, const PositionRelation &relation,
                                ArrayRef<int64_t> shape) {
  PositionLink result{{}, IndexBox::fromShape(shape), iteration.position};
  for (auto [axis, expr] : llvm::enumerate(relation.resultMap.getResults())) {
    std::optional<LinearIndex> index = getIndex(expr, relation.box);
    if (!index)
      continue;
    auto [least, most] = index->getRange(iteration.index);
    result.index.lower[axis] = std::max(result.index.lower[axis], least);
    result.index.upper[axis] = std::min(result.index.upper[axis], most + 1);
    for (const PositionLink::Tie &tie : iteration.ties)
      if (index->factors[tie.axis] == 1) {
        auto [low, high] = index->getRange(iteration.index, tie.axis);
        result.tie({unsigned(axis), tie.dim, tie.low + low, tie.high + high});
      }
  }
  return result;
}

std::optional<PositionLink> etrace::compose(const PositionLink &link,
                                            const PositionRelation &relation,
                                            ArrayRef<int64_t> resultShape) {
  std::optional<PositionLink> iteration = pullBack(link, relation);
  if (!iteration || !iteration->narrow())
    return std::nullopt;
  PositionLink result = pushForward(*iteration, relation, resultShape);
  if (!result.narrow())
    return std::nullopt;
  return result;
}
