//===- RestrictedOp.cpp - One edge of a linear program --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "RestrictedOp.h"

#include "PointSystem.h"
#include "etrace/Interfaces/DifferentiationInterfaces.h"
#include "mlir/Analysis/SliceAnalysis.h"
#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace etrace;

using IsLinear = function_ref<bool(Value)>;

static ArrayRef<int64_t> getShape(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor ? tensor.getShape() : ArrayRef<int64_t>();
}

RankedTensorType RestrictedOp::getType(bool atIndex, ArrayRef<int64_t> positions) const {
  return RankedTensorType::get(atIndex ? getShape(type) : positions, getElementTypeOrSelf(type));
}

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

/// True if a structured operation adds up its terms, as far as it reduces.
static bool addsTerms(linalg::LinalgOp op, unsigned result) {
  if (op.getNumReductionLoops() == 0)
    return true;
  SmallVector<Operation *> combiners;
  return matchReduction(op.getRegionOutputArgs(), result, combiners) &&
         llvm::all_of(combiners, llvm::IsaPred<arith::AddFOp, complex::AddOp>);
}

static Value buildZero(OpBuilder &builder, Location loc, Type type) {
  return buildConstant(builder, loc, type, 0.0);
}

std::optional<RestrictedOp> RestrictedOp::getStructured(OpOperand &operand, OpResult result,
                                                        IsLinear linear) {
  auto op = cast<linalg::LinalgOp>(operand.getOwner());
  unsigned number = result.getResultNumber();
  OpOperand *init = op.getDpsInitOperand(number);
  if (!op.hasPureTensorSemantics() || !addsTerms(op, number) ||
      llvm::any_of(op.getStaticLoopRanges(), ShapedType::isDynamic))
    return std::nullopt;
  // What sums start from is in the result once, not once for each term.
  if (&operand == init && op.getNumReductionLoops() > 0)
    return getCopy(operand.get());
  RestrictedOp view(result, {op.getStaticLoopRanges(), op.getMatchingIndexingMap(&operand),
                             op.getMatchingIndexingMap(init)});
  SmallVector<BlockArgument> scalars;
  for (OpOperand &other : op->getOpOperands()) {
    if (&other == &operand || &other == init || linear(other.get()))
      continue;
    view.inputs.push_back(other.get());
    view.inputMaps.push_back(op.getMatchingIndexingMap(&other));
    scalars.push_back(op.getMatchingBlockArgument(&other));
  }
  OpOperand *read = &operand;
  view.body = [op, init, read, scalars, number](OpBuilder &builder, Value tangent,
                                                ValueRange inputs, Value accumulator,
                                                function_ref<Value(unsigned)> index) mutable {
    IRMapping mapping;
    for (BlockArgument argument : op.getBlock()->getArguments())
      mapping.map(argument, buildZero(builder, argument.getLoc(), argument.getType()));
    mapping.map(op.getMatchingBlockArgument(init), accumulator);
    mapping.map(op.getMatchingBlockArgument(read), tangent);
    for (auto [scalar, input] : llvm::zip_equal(scalars, inputs))
      mapping.map(scalar, input);
    for (Operation &nested : op.getBlock()->without_terminator()) {
      if (auto at = dyn_cast<linalg::IndexOp>(nested))
        mapping.map(at.getResult(), index(at.getDim()));
      else
        builder.clone(nested, mapping);
    }
    return mapping.lookupOrDefault(op.getBlock()->getTerminator()->getOperand(number));
  };
  return view;
}

/// An elementwise operation is itself on scalars.
std::optional<RestrictedOp> RestrictedOp::getPointwise(OpOperand &operand, OpResult result,
                                                       IsLinear linear) {
  Operation *op = operand.getOwner();
  ArrayRef<int64_t> shape = getShape(result.getType());
  if (llvm::any_of(shape, ShapedType::isDynamic) || op->getNumResults() != 1)
    return std::nullopt;
  AffineMap identity = AffineMap::getMultiDimIdentityMap(shape.size(), op->getContext());
  auto getMap = [&](Value value) {
    return isa<RankedTensorType>(value.getType())
               ? identity
               : AffineMap::get(shape.size(), 0, op->getContext());
  };
  RestrictedOp view(result, {SmallVector<int64_t>(shape), getMap(operand.get()), identity});
  SmallVector<int> inputOf;
  for (OpOperand &other : op->getOpOperands()) {
    bool isInput = &other != &operand && !linear(other.get());
    inputOf.push_back(isInput ? int(view.inputs.size()) : -1);
    if (isInput) {
      view.inputs.push_back(other.get());
      view.inputMaps.push_back(getMap(other.get()));
    }
  }
  unsigned read = operand.getOperandNumber();
  view.body = [op, read, inputOf](OpBuilder &builder, Value tangent, ValueRange inputs, Value,
                                  function_ref<Value(unsigned)>) {
    OperationState state(op->getLoc(), op->getName());
    state.addAttributes(op->getAttrs());
    for (auto [number, operand] : llvm::enumerate(op->getOperands()))
      state.operands.push_back(number == read         ? tangent
                               : inputOf[number] >= 0 ? inputs[inputOf[number]]
                                                      : buildZero(builder, op->getLoc(),
                                                                  getElementTypeOrSelf(operand)));
    state.addTypes(getElementTypeOrSelf(op->getResult(0)));
    return builder.create(state)->getResult(0);
  };
  return view;
}

RestrictedOp RestrictedOp::getCopy(Value value) {
  ArrayRef<int64_t> shape = getShape(value.getType());
  AffineMap identity = AffineMap::getMultiDimIdentityMap(shape.size(), value.getContext());
  RestrictedOp view(value, {SmallVector<int64_t>(shape), identity, identity});
  view.body = [](OpBuilder &, Value tangent, ValueRange, Value, function_ref<Value(unsigned)>) {
    return tangent;
  };
  return view;
}

/// The operations of the tensor dialect move elements. A relation may say too much: it does
/// of a destination, which is overwritten in part, and of what is gathered.
std::optional<RestrictedOp> RestrictedOp::getMove(OpOperand &operand, OpResult result) {
  Operation *op = operand.getOwner();
  auto destination = dyn_cast<DestinationStyleOpInterface>(op);
  auto interface = dyn_cast<PositionRelationOpInterface>(op);
  if (!interface || !isa<tensor::TensorDialect>(op->getDialect()) ||
      (destination && destination.isDpsInit(&operand)))
    return std::nullopt;
  FailureOr<PositionRelation> relation =
      interface.getPositionRelation(operand.getOperandNumber(), result.getResultNumber());
  if (failed(relation) || llvm::any_of(relation->box, ShapedType::isDynamic))
    return std::nullopt;
  for (unsigned dim = 0; dim < relation->box.size(); ++dim)
    if (!relation->resultMap.isFunctionOfDim(dim))
      return std::nullopt;
  RestrictedOp view = getCopy(result);
  view.relation = *relation;
  return view;
}

std::optional<RestrictedOp> RestrictedOp::get(OpOperand &operand, OpResult result,
                                              IsLinear isLinear) {
  Operation *op = operand.getOwner();
  if (isa<linalg::LinalgOp>(op))
    return getStructured(operand, result, isLinear);
  if (op->hasTrait<OpTrait::Elementwise>())
    return getPointwise(operand, result, isLinear);
  return getMove(operand, result);
}

//===----------------------------------------------------------------------===//
// A loop over the points of a pair of links
//===----------------------------------------------------------------------===//

namespace etrace {
/// The part of a tensor that is read or written, and where in this part.
struct Access {
  std::vector<LinearIndex> index;
  SmallVector<OpFoldResult> offsets, sizes, strides;
  SmallVector<int64_t> shape;
  AffineMap map;

  /// True if two axes have the same index.
  bool isDiagonal() const {
    llvm::SmallDenseSet<unsigned> dims;
    return llvm::any_of(map.getResults(), [&](AffineExpr expr) {
      auto dim = dyn_cast<AffineDimExpr>(expr);
      return dim && !dims.insert(dim.getPosition()).second;
    });
  }
  bool isWhole(Type type) const { return getShape(type) == ArrayRef(shape); }
};

/// Emits a `linalg.generic` over the dimensions that a system leaves.
class PointBuilder {
public:
  PointBuilder(OpBuilder &builder, Location loc, const PointSystem &system)
      : builder(builder), loc(loc), system(system), numbers(system.size(), -1) {}

  /// Chooses the dimensions: those of the result, then those that are summed over. False if
  /// they do not enumerate the points, each once.
  bool choose(const Access &result, ArrayRef<Access> reads) {
    for (const LinearIndex &index : result.index) {
      std::optional<unsigned> dim = index.getUnitDim();
      if (index.isConstant())
        continue;
      if (!dim || index.factors[*dim] != 1)
        return false;
      add(*dim);
    }
    parallel = dims.size();
    for (const Access &read : reads)
      for (const LinearIndex &index : read.index)
        for (unsigned dim = 0; dim < system.size(); ++dim)
          if (index.factors[dim] != 0)
            add(dim);
    for (unsigned dim = 0; dim < system.size(); ++dim)
      if (system.isLeft(dim) && numbers[dim] < 0 && !system.getBounds().isOne(dim))
        return false;
    return true;
  }

  /// The expression of an index in the chosen dimensions, which begin at 0.
  AffineExpr getExpr(const LinearIndex &index) const {
    AffineExpr expr = builder.getAffineConstantExpr(index.constant);
    for (auto [dim, factor] : llvm::enumerate(index.factors))
      if (factor != 0)
        expr = expr + (numbers[dim] < 0
                           ? builder.getAffineConstantExpr(system.getBounds().lower[dim])
                           : builder.getAffineDimExpr(numbers[dim]) +
                                 system.getBounds().lower[dim]) *
                          factor;
    return expr;
  }

  /// Cuts the tensor to what is accessed.
  void cut(Access &access) const {
    SmallVector<AffineExpr> exprs;
    for (const LinearIndex &index : access.index) {
      auto [low, high] = index.getRange(system.getBounds());
      exprs.push_back(getExpr(index) - low);
      access.offsets.push_back(builder.getIndexAttr(low));
      access.sizes.push_back(builder.getIndexAttr(high - low + 1));
      access.strides.push_back(builder.getIndexAttr(1));
      access.shape.push_back(high - low + 1);
    }
    access.map = AffineMap::get(dims.size(), 0, exprs, builder.getContext());
  }

  Value extract(const Access &access, Value tensor) const {
    if (!isa<RankedTensorType>(tensor.getType()) || access.isWhole(tensor.getType()))
      return tensor;
    return tensor::ExtractSliceOp::create(builder, loc, tensor, access.offsets, access.sizes,
                                          access.strides);
  }
  unsigned getNumDims() const { return dims.size(); }

  /// True if every dimension is found from the extent of an operand.
  bool areExtentsKnown(const Access &result, ArrayRef<Access> reads) const {
    for (unsigned number = 0; number < dims.size(); ++number) {
      auto names = [&](const Access &access) {
        return llvm::is_contained(access.map.getResults(), builder.getAffineDimExpr(number));
      };
      if (!names(result) && llvm::none_of(reads, names))
        return false;
    }
    return true;
  }

  SmallVector<utils::IteratorType> getIterators() const {
    SmallVector<utils::IteratorType> iterators(dims.size(), utils::IteratorType::reduction);
    std::fill_n(iterators.begin(), parallel, utils::IteratorType::parallel);
    return iterators;
  }

private:
  void add(unsigned dim) {
    if (numbers[dim] >= 0)
      return;
    numbers[dim] = dims.size();
    dims.push_back(dim);
  }

  OpBuilder &builder;
  Location loc;
  const PointSystem &system;
  SmallVector<int> numbers;
  SmallVector<unsigned> dims;
  unsigned parallel = 0;
};
} // namespace etrace

/// Where an indexing map leads from the points of a system; false if it divides.
static bool addIndex(const PointSystem &system, AffineMap map, Access &access) {
  for (AffineExpr expr : map.getResults()) {
    std::optional<LinearIndex> index = system.getIndex(expr);
    if (!index)
      return false;
    access.index.push_back(system.substitute(*index));
  }
  return true;
}

/// Where the tangents at the points of a system stand in their tensor.
static bool addIndex(const PointSystem &system, AffineMap map, const Placement &placement,
                     Access &access) {
  if (placement.atIndex)
    return addIndex(system, map, access);
  for (unsigned dim = 0; dim < placement.link.position.lower.size(); ++dim)
    access.index.push_back(system.substitute(system.getPosition(dim)));
  return true;
}

/// The value of an expression of the dimensions of a `linalg.generic`, within its body.
static Value buildIndex(OpBuilder &builder, Location loc, AffineExpr expr, unsigned dims) {
  SmallVector<Value> values;
  for (unsigned dim = 0; dim < dims; ++dim)
    values.push_back(linalg::IndexOp::create(builder, loc, dim));
  return affine::expandAffineExpr(builder, loc, expr, values, {});
}

/// Adds `part`, computed for what `access` describes of `sum` (null: zero).
static Value addPart(OpBuilder &builder, Location loc, const PointBuilder &points,
                     const Access &access, Value sum, Value part, RankedTensorType type) {
  if (access.isWhole(type))
    return sum ? buildAdd(builder, loc, sum, part) : part;
  if (sum)
    part = buildAdd(builder, loc, points.extract(access, sum), part);
  else
    sum = buildZero(builder, loc, type);
  return tensor::InsertSliceOp::create(builder, loc, part, sum, access.offsets, access.sizes,
                                       access.strides);
}

Value RestrictedOp::buildPart(OpBuilder &builder, const PointSystem &system,
                              const PointBuilder &points, ArrayRef<Value> operands,
                              ArrayRef<Access> reads, const Access &result) const {
  SmallVector<Value> cuts;
  SmallVector<AffineMap> maps;
  for (auto [operand, read] : llvm::zip_equal(operands, reads)) {
    cuts.push_back(points.extract(read, operand));
    maps.push_back(read.map);
  }
  maps.push_back(result.map);
  Value init = buildZero(builder, loc,
                         RankedTensorType::get(result.shape, getElementTypeOrSelf(type)));
  auto generic = linalg::GenericOp::create(
      builder, loc, init.getType(), cuts, init, maps, points.getIterators(),
      [&](OpBuilder &inner, Location, ValueRange scalars) {
        auto index = [&](unsigned dim) {
          LinearIndex it = system.substitute(LinearIndex::dim(dim, system.size()));
          return buildIndex(inner, loc, points.getExpr(it), points.getNumDims());
        };
        // What a diagonal leaves out is zero: the body must read what it starts from.
        Value start = result.isDiagonal() ? buildZero(inner, loc, scalars.back().getType())
                                          : scalars.back();
        Value value = body(inner, scalars.front(), scalars.drop_front().drop_back(), start, index);
        if (result.isDiagonal())
          value = buildAdd(inner, loc, scalars.back(), value);
        linalg::YieldOp::create(inner, loc, value);
      });
  return generic.getResult(0);
}

FailureOr<Value> RestrictedOp::build(OpBuilder &builder, Value tangent, const Placement &from,
                                     Value sum, const Placement &to,
                                     ArrayRef<int64_t> positions) const {
  PointSystem system(relation.box, from.link.position.intersect(to.link.position));
  if (!system.require(relation.operandMap, from.link) ||
      !system.require(relation.resultMap, to.link))
    return failure();
  PointSystem::Outcome outcome = system.solve();
  if (outcome == PointSystem::Outcome::empty)
    return sum;
  if (outcome == PointSystem::Outcome::unsolved)
    return failure();
  std::vector<Access> reads(1);
  Access result;
  if (!addIndex(system, relation.operandMap, from, reads.front()) ||
      !addIndex(system, relation.resultMap, to, result))
    return failure();
  for (AffineMap map : inputMaps)
    if (!addIndex(system, map, reads.emplace_back()))
      return failure();
  PointBuilder points(builder, loc, system);
  if (!points.choose(result, reads))
    return failure();
  points.cut(result);
  llvm::for_each(reads, [&](Access &read) { points.cut(read); });
  if (!points.areExtentsKnown(result, reads))
    return failure();
  SmallVector<Value> operands = {tangent};
  llvm::append_range(operands, inputs);
  Value part = buildPart(builder, system, points, operands, reads, result);
  return addPart(builder, loc, points, result, sum, part, getType(to.atIndex, positions));
}
