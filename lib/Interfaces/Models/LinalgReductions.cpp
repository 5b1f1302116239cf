//===- LinalgReductions.cpp - Maxima and products -------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "LinalgReductions.h"
#include "mlir/Analysis/SliceAnalysis.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::linalg;
using namespace etrace;
using namespace etrace::detail;
using arith::CmpFPredicate;

//===----------------------------------------------------------------------===//
// Recognition
//===----------------------------------------------------------------------===//

/// True if the body computes `value` from an accumulator.
static bool readsAccumulator(LinalgOp op, Value value) {
  auto isAccumulator = [&](Value v) {
    return llvm::is_contained(op.getRegionOutputArgs(), v);
  };
  if (isAccumulator(value))
    return true;
  SetVector<Operation *> slice;
  BackwardSliceOptions options;
  options.inclusive = true;
  options.omitUsesFromAbove = false;
  options.filter = [&](Operation *inner) { return op->isProperAncestor(inner); };
  if (failed(getBackwardSlice(value, &slice, options)))
    return true;
  return llvm::any_of(slice, [&](Operation *inner) {
    return llvm::any_of(inner->getOperands(), isAccumulator);
  });
}

/// True if elements are read at sums of loop indices: windows, which may overlap.
static bool readsWindows(LinalgOp op) {
  return llvm::any_of(op.getDpsInputOperands(), [&](OpOperand *operand) {
    return llvm::any_of(op.getMatchingIndexingMap(operand).getResults(), [](AffineExpr expr) {
      return !isa<AffineDimExpr, AffineConstantExpr>(expr);
    });
  });
}

Reduction Reduction::match(LinalgOp op, unsigned result) {
  Reduction reduction;
  Value accumulator = op.getRegionOutputArgs()[result];
  Value yielded = op.getBlock()->getTerminator()->getOperand(result);
  Operation *combiner = yielded.getDefiningOp();
  if (op.getNumReductionLoops() == 0 || !combiner || !accumulator.hasOneUse() ||
      *accumulator.user_begin() != combiner || combiner->getBlock() != op.getBlock())
    return reduction;
  if (isa<arith::MaximumFOp, arith::MaxNumFOp, arith::MinimumFOp, arith::MinNumFOp>(combiner))
    reduction.kind = readsWindows(op) ? Kind::FirstExtremum : Kind::Extremum;
  else if (isa<arith::MulFOp>(combiner))
    reduction.kind = Kind::Product;
  else
    return reduction;
  bool first = combiner->getOperand(0) == accumulator;
  reduction.op = op;
  reduction.result = result;
  reduction.combiner = combiner;
  reduction.contribution = combiner->getOperand(first);
  return readsAccumulator(op, reduction.contribution) ? Reduction() : reduction;
}

/// True if the accumulator starts at the infinity that never wins.
static bool startsAtIdentity(Operation *combiner, Value init) {
  bool maximum = isa<arith::MaximumFOp, arith::MaxNumFOp>(combiner);
  return isKnownEverywhere(init, [&](Value constant) {
    return maximum ? matchPattern(constant, m_NegInfFloat())
                   : matchPattern(constant, m_PosInfFloat());
  });
}

//===----------------------------------------------------------------------===//
// Statistics
//===----------------------------------------------------------------------===//

/// [a = b] as a number.
static Value buildEqual(const Pointwise &p, Value a, Value b) {
  return p.choose(CmpFPredicate::OEQ, a, b, p.constant(1.0), p.constant(0.0));
}
/// The factor, and 1 for a factor that is zero.
static Value buildFactor(const Pointwise &p, Value c) {
  return p.choose(CmpFPredicate::OEQ, c, p.constant(0.0), p.constant(1.0), c);
}

SmallVector<Reduction::Statistic> Reduction::getStatistics(OpBuilder &builder) {
  Location loc = op.getLoc();
  Value init = op.getDpsInitOperand(result)->get();
  Pointwise p{builder, loc, init};
  Type real = getElementTypeOrSelf(init);
  if (kind == Kind::FirstExtremum)
    return {{builder.getI64Type(), Value(), [this, loc](OpBuilder &b, Value c, Value y, Value o) {
               Value same = arith::CmpFOp::create(b, loc, CmpFPredicate::OEQ, c, y);
               Value none = buildConstant(b, loc, b.getI64Type(), 0.0);
               Value order = arith::SelectOp::create(b, loc, same, buildOrder(b), none);
               return Value(arith::MaxSIOp::create(b, loc, o, order));
             }}};
  auto countOf = [loc](OpBuilder &b, Value a, Value other, Value total) -> Value {
    return arith::AddFOp::create(b, loc, total, buildEqual(Pointwise{b, loc, a}, a, other));
  };
  if (kind == Kind::Extremum) {
    Value y = op->getResult(result);
    Value start = startsAtIdentity(combiner, init) ? Value() : buildEqual(p, init, y);
    return {{real, start, countOf}};
  }
  auto multiply = [loc](OpBuilder &b, Value c, Value, Value total) -> Value {
    return arith::MulFOp::create(b, loc, total, buildFactor(Pointwise{b, loc, c}, c));
  };
  auto countZeros = [loc, countOf](OpBuilder &b, Value c, Value, Value total) -> Value {
    return countOf(b, c, buildConstant(b, loc, c.getType(), 0.0), total);
  };
  return {{real, buildFactor(p, init), multiply},
          {real, buildEqual(p, init, p.constant(0.0)), countZeros}};
}

/// The number of this iteration and those that follow in its reduction, row by row: the
/// first iteration has the largest.
Value Reduction::buildOrder(OpBuilder &body) {
  Location loc = op.getLoc();
  Value order = buildConstant(body, loc, body.getIndexType(), 0.0);
  for (auto [loop, extent] : extents) {
    Value index = linalg::IndexOp::create(body, loc, loop);
    Value one = buildConstant(body, loc, body.getIndexType(), 1.0);
    Value last = arith::SubIOp::create(body, loc, extent, one);
    Value behind = arith::SubIOp::create(body, loc, last, index);
    order = arith::MulIOp::create(body, loc, order, extent);
    order = arith::AddIOp::create(body, loc, order, behind);
  }
  Value one = buildConstant(body, loc, body.getIndexType(), 1.0);
  order = arith::AddIOp::create(body, loc, order, one);
  return arith::IndexCastOp::create(body, loc, body.getI64Type(), order);
}

void Reduction::buildStatistics(OpBuilder &builder) {
  Location loc = op.getLoc();
  if (kind == Kind::FirstExtremum)
    for (auto [loop, range] : llvm::enumerate(op.createLoopRanges(builder, loc)))
      if (op.getIteratorTypesArray()[loop] == utils::IteratorType::reduction)
        extents.push_back(
            {loop, getValueOrCreateConstantIndexOp(builder, loc, range.size)});
  BodyFirstGeneric generic(loc, op.getIteratorTypesArray());
  IRMapping mapping;
  for (OpOperand &operand : op->getOpOperands())
    mapping.map(op.getMatchingBlockArgument(&operand),
                generic.addInput(operand.get(), op.getMatchingIndexingMap(&operand)));
  OpOperand *init = op.getDpsInitOperand(result);
  AffineMap map = op.getMatchingIndexingMap(init);
  Value y = generic.addInput(op->getResult(result), map);
  OpBuilder body = generic.atEnd();
  for (Operation &inner : op.getBlock()->without_terminator())
    body.clone(inner, mapping);
  auto type = cast<RankedTensorType>(init->get().getType());
  SmallVector<Value> totals;
  for (const Statistic &statistic : getStatistics(builder)) {
    auto totalType = RankedTensorType::get(type.getShape(), statistic.element);
    BlockArgument total = generic.addResult(totalType, init->get(), statistic.init, map);
    totals.push_back(statistic.add(body, mapping.lookupOrDefault(contribution), y, total));
  }
  generic.yield(totals);
  statistics = generic.finish(builder);
}

//===----------------------------------------------------------------------===//
// The tangent
//===----------------------------------------------------------------------===//

/// The product of the other factors, given that of all which are not zero.
static Value buildOthers(const Pointwise &p, Value c, Value product, Value zeros) {
  Value zero = p.constant(0.0), one = p.constant(1.0);
  Value isOnlyZero = p.choose(CmpFPredicate::OEQ, zeros, one, product, zero);
  Value rest = p.choose(CmpFPredicate::OEQ, zeros, zero, p.div(product, buildFactor(p, c)), zero);
  return p.choose(CmpFPredicate::OEQ, c, zero, isOnlyZero, rest);
}

/// w dc for scalars or tensors; `order` is that of the iteration, null for others.
Value Reduction::weigh(const Pointwise &p, Value c, Value dc, Value y, ValueRange statistics,
                       Value order) {
  if (kind == Kind::Extremum)
    return p.choose(CmpFPredicate::OEQ, c, y, dc, p.constant(0.0));
  if (kind == Kind::Product)
    return p.mul(buildOthers(p, c, statistics[0], statistics[1]), dc);
  Value first = arith::CmpIOp::create(p.builder, p.loc, arith::CmpIPredicate::eq, order,
                                      statistics[0]);
  return arith::SelectOp::create(p.builder, p.loc, first, dc, p.constant(0.0));
}

Value Reduction::buildInitTerm(OpBuilder &builder, Value initTangent) {
  if (!initTangent)
    return {};
  Value init = op.getDpsInitOperand(result)->get();
  Value order;
  if (kind == Kind::FirstExtremum)
    order = buildZerosLike(builder, op.getLoc(), statistics[0]);
  return weigh(Pointwise{builder, op.getLoc(), init}, init, initTangent, op->getResult(result),
               statistics, order);
}

Value Reduction::buildTerm(BodyFirstGeneric &generic, Value c, Value dc) {
  AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(result));
  Value y = generic.addInput(op->getResult(result), map), order;
  SmallVector<Value> readings;
  for (Value statistic : statistics)
    readings.push_back(generic.addInput(statistic, map));
  OpBuilder body = generic.atEnd();
  if (kind == Kind::FirstExtremum)
    order = buildOrder(body);
  return weigh(Pointwise{body, op.getLoc(), dc}, c, dc, y, readings, order);
}

Value Reduction::finish(OpBuilder &builder, Value sum) {
  if (!sum || kind != Kind::Extremum)
    return sum;
  return arith::DivFOp::create(builder, op.getLoc(), sum, statistics[0]);
}
