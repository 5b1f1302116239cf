//===- PositionAnalysis.cpp - Which positions reach which -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Accesses compose along an operation with the relation {it -> (operand, result)}:
// from result index j = R(it) follows it, from it the operand index O(it), and there
// the source index map(O(it)). If j does not determine every coordinate of `it` that
// O reads, the operation mixes positions.
//===----------------------------------------------------------------------===//

#include "etrace/Analysis/PositionAnalysis.h"

#include "etrace/Differentiation/Regions.h"
#include "mlir/IR/AffineExpr.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace etrace;

static std::optional<std::pair<unsigned, int64_t>> getShiftedDim(AffineExpr expr);

/// More accesses than this are treated as mixing: a gather through many slices.
static constexpr unsigned kMaxAccesses = 16;

bool PositionSet::isPointwise() const {
  return !mixer && llvm::all_of(accesses, [](const PositionAccess &access) {
    return access.map.isIdentity();
  });
}

AffineMap PositionSet::getProjection() const {
  if (mixer || accesses.empty())
    return {};
  AffineMap map = accesses.front().map;
  for (const PositionAccess &access : accesses)
    if (access.map != map)
      return {};
  llvm::SmallDenseSet<unsigned> used;
  for (AffineExpr result : map.getResults()) {
    if (isa<AffineConstantExpr>(result))
      continue;
    auto dim = dyn_cast<AffineDimExpr>(result);
    if (!dim || !used.insert(dim.getPosition()).second)
      return {};
  }
  return map;
}

/// The access as a piece; none if an axis is scaled, permuted, repeated or of unknown extent.
static std::optional<PositionPiece> getPiece(const PositionAccess &access) {
  if (access.map.getNumDims() != access.map.getNumResults())
    return std::nullopt;
  PositionPiece piece{{}, access.lower, access.upper};
  for (auto [axis, expr] : llvm::enumerate(access.map.getResults())) {
    if (access.upper[axis] < 0)
      return std::nullopt;
    auto shifted = getShiftedDim(expr);
    auto constant = dyn_cast<AffineConstantExpr>(expr);
    if (shifted && shifted->first == axis)
      piece.shift.push_back(shifted->second);
    else if (constant && access.upper[axis] == access.lower[axis] + 1)
      piece.shift.push_back(constant.getValue() - access.lower[axis]);
    else
      return std::nullopt;
  }
  return piece;
}

SmallVector<PositionPiece> PositionSet::getPieces() const {
  SmallVector<PositionPiece> pieces;
  if (mixer)
    return pieces;
  for (const PositionAccess &access : accesses) {
    std::optional<PositionPiece> piece = getPiece(access);
    if (!piece)
      return {};
    pieces.push_back(*piece);
  }
  return pieces;
}

void PositionSet::join(const PositionSet &other) {
  if (!mixer)
    mixer = other.mixer;
  for (const PositionAccess &access : other.accesses)
    if (!llvm::is_contained(accesses, access))
      accesses.push_back(access);
}

namespace {
/// `it` as a function of the result index, one expression per dimension (null: not
/// determined), and the result indices that occur.
struct Inverse {
  SmallVector<AffineExpr> iteration;
  SmallVector<int64_t> lower, upper;
};
} // namespace

/// Splits `expr` into dimension + constant.
static std::optional<std::pair<unsigned, int64_t>> getShiftedDim(AffineExpr expr) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return std::make_pair(dim.getPosition(), int64_t(0));
  auto sum = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!sum || sum.getKind() != AffineExprKind::Add)
    return std::nullopt;
  auto dim = dyn_cast<AffineDimExpr>(sum.getLHS());
  auto shift = dyn_cast<AffineConstantExpr>(sum.getRHS());
  if (!dim || !shift)
    return std::nullopt;
  return std::make_pair(dim.getPosition(), shift.getValue());
}

static Inverse invert(const PositionRelation &relation, ArrayRef<int64_t> resultShape) {
  MLIRContext *context = relation.resultMap.getContext();
  Inverse inverse;
  inverse.iteration.resize(relation.box.size());
  for (auto [axis, expr] : llvm::enumerate(relation.resultMap.getResults())) {
    inverse.lower.push_back(0);
    inverse.upper.push_back(resultShape[axis]);
    auto shifted = getShiftedDim(expr);
    if (!shifted)
      continue;
    auto [dim, shift] = *shifted;
    // Of extent 1 or not: the axis' index, not 0, keeps identities what they are.
    inverse.iteration[dim] = getAffineDimExpr(axis, context) - shift;
    if (relation.box[dim] >= 0 && resultShape[axis] >= 0) {
      inverse.lower.back() = shift;
      inverse.upper.back() = shift + relation.box[dim];
    }
  }
  // A dimension of extent 1 needs no result axis to determine it.
  for (auto [dim, extent] : llvm::enumerate(relation.box))
    if (extent == 1 && !inverse.iteration[dim])
      inverse.iteration[dim] = getAffineConstantExpr(0, context);
  return inverse;
}

/// Narrows the result indices to those whose operand index lies in [lower, upper).
/// Returns false if none is left.
static bool restrict(Inverse &inverse, AffineMap operandOfResult, const PositionAccess &access) {
  for (auto [axis, expr] : llvm::enumerate(operandOfResult.getResults())) {
    if (auto constant = dyn_cast<AffineConstantExpr>(expr)) {
      if (constant.getValue() < access.lower[axis] || constant.getValue() >= access.upper[axis])
        return false;
      continue;
    }
    auto shifted = getShiftedDim(expr);
    if (!shifted || access.upper[axis] < 0)
      continue; // May-read: keeping more indices is safe.
    auto [dim, shift] = *shifted;
    inverse.lower[dim] = std::max(inverse.lower[dim], access.lower[axis] - shift);
    if (inverse.upper[dim] >= 0)
      inverse.upper[dim] = std::min(inverse.upper[dim], access.upper[axis] - shift);
    if (inverse.upper[dim] >= 0 && inverse.lower[dim] >= inverse.upper[dim])
      return false;
  }
  return true;
}

/// What a result reads through one operand.
static PositionSet compose(Operation *op, const PositionRelation &relation, const PositionSet &set,
                           ArrayRef<int64_t> resultShape) {
  Inverse inverse = invert(relation, resultShape);
  SmallVector<AffineExpr> operandIndex;
  MLIRContext *context = op->getContext();
  for (AffineExpr expr : relation.operandMap.getResults()) {
    bool determined = true;
    SmallVector<AffineExpr> iteration;
    for (auto [dim, value] : llvm::enumerate(inverse.iteration)) {
      determined &= value || !expr.isFunctionOfDim(dim);
      iteration.push_back(value ? value : getAffineConstantExpr(0, context));
    }
    if (!determined)
      return {{}, op};
    operandIndex.push_back(expr.replaceDims(iteration));
  }
  AffineMap operandOfResult =
      simplifyAffineMap(AffineMap::get(resultShape.size(), 0, operandIndex, context));
  PositionSet result;
  for (const PositionAccess &access : set.accesses) {
    Inverse narrowed = inverse;
    if (!restrict(narrowed, operandOfResult, access))
      continue;
    result.accesses.push_back({simplifyAffineMap(access.map.compose(operandOfResult)),
                               narrowed.lower, narrowed.upper});
  }
  return result;
}

void PositionAnalysis::addSource(Value source) {
  auto type = dyn_cast<RankedTensorType>(source.getType());
  int64_t rank = type ? type.getRank() : 0;
  PositionAccess self{AffineMap::getMultiDimIdentityMap(rank, source.getContext()),
                      SmallVector<int64_t>(rank, 0),
                      type ? SmallVector<int64_t>(type.getShape()) : SmallVector<int64_t>()};
  sets[source] = PositionSet{{self}, nullptr};
}

PositionAnalysis::PositionAnalysis(Block &program, Value source) {
  addSource(source);
  for (Operation &op : program)
    visit(op);
}

PositionAnalysis::PositionAnalysis(Operation &op, Value source) {
  addSource(source);
  visit(op);
}

/// Values move along the edges between regions until nothing is added to what they read.
void PositionAnalysis::visitRegions(RegionBranchOpInterface op) {
  for (bool changed = true; changed;) {
    changed = false;
    for (Region &region : op->getRegions())
      for (Operation &nested : region.getOps())
        visit(nested);
    forEachRegionEdge(op, [&](Value from, Value to) {
      PositionSet moved = sets.lookup(from);
      PositionSet &set = sets[to];
      if (moved.isNone() || set.mixer)
        return;
      size_t before = set.accesses.size();
      set.join(moved);
      if (set.accesses.size() > kMaxAccesses)
        set = {{}, op};
      changed |= set.mixer || set.accesses.size() > before;
    });
  }
}

void PositionAnalysis::visit(Operation &op) {
  if (auto branches = dyn_cast<RegionBranchOpInterface>(op))
    return visitRegions(branches);
  // Values that a region captures count; without an operand they have no relation.
  PositionSet captured;
  op.walk([&](Operation *nested) {
    if (nested != &op)
      for (Value operand : nested->getOperands())
        if (auto it = sets.find(operand); it != sets.end() && !it->second.isNone())
          captured.mixer = &op;
  });
  auto interface = dyn_cast<PositionRelationOpInterface>(op);
  for (OpResult value : op.getResults()) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    ArrayRef<int64_t> shape = type ? type.getShape() : ArrayRef<int64_t>();
    PositionSet set = captured;
    for (OpOperand &operand : op.getOpOperands()) {
      PositionSet read = sets.lookup(operand.get());
      if (read.isNone())
        continue;
      if (read.mixer) {
        set.join(read);
        continue;
      }
      FailureOr<PositionRelation> relation = failure();
      if (interface)
        relation = interface.getPositionRelation(operand.getOperandNumber(),
                                                 value.getResultNumber());
      set.join(failed(relation) ? PositionSet{{}, &op} : compose(&op, *relation, read, shape));
    }
    if (set.accesses.size() > kMaxAccesses)
      set = {{}, &op};
    if (!set.isNone())
      sets[value] = set;
  }
}
