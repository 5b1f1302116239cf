//===- IndexedContraction.cpp - Reads and writes through indices ----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// A contraction whose result has no given dimension reads through the indices: one
// linalg.generic over the other dimensions. One whose result has some writes through them: a
// loop over the other dimensions, as two of its points may write one element. Every index is
// taken into the extent of its dimension, so that nothing lies outside a tensor.
//===----------------------------------------------------------------------===//

#include "IndexedContraction.h"

#include "etrace/IR/Etrace.h"
#include "etrace/Interfaces/Contraction.h"
#include "etrace/Interfaces/DifferentiationInterfaces.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/DialectConversion.h"

using namespace mlir;
using namespace etrace;

/// `value` as an index in [0, extent).
static Value clampIndex(OpBuilder &builder, Location loc, Value value, int64_t extent) {
  if (!isa<IndexType>(value.getType()))
    value = arith::IndexCastOp::create(builder, loc, builder.getIndexType(), value);
  Value first = arith::ConstantIndexOp::create(builder, loc, 0);
  Value last = arith::ConstantIndexOp::create(builder, loc, extent - 1);
  value = arith::MaxSIOp::create(builder, loc, value, first);
  return arith::MinSIOp::create(builder, loc, value, last);
}

namespace {
/// One contraction under conversion.
class IndexedLowering {
public:
  IndexedLowering(IndexedContractionOp op, ValueRange factors, ValueRange indices, Value init)
      : op(op), factors(factors), init(init), dimIndices(op.getDimIndices()),
        factorMaps(op.getFactorMaps()), resultMap(op.getResultMap()),
        extents(resultMap.getNumDims()), given(resultMap.getNumDims()) {
    for (auto [index, value] : llvm::zip_equal(dimIndices, indices)) {
      index.index = value;
      given.set(index.dim);
    }
    measure(resultMap, init);
    for (auto [map, factor] : llvm::zip_equal(factorMaps, factors))
      measure(map, factor);
    for (const DimIndex &index : dimIndices)
      measure(index.map, index.index);
  }
  Value build(OpBuilder &builder) {
    return usesGiven(resultMap) ? buildLoops(builder) : buildGeneric(builder);
  }

private:
  void measure(AffineMap map, Value value) {
    for (auto [axis, expr] : llvm::enumerate(map.getResults()))
      extents[cast<AffineDimExpr>(expr).getPosition()] =
          cast<RankedTensorType>(value.getType()).getDimSize(axis);
  }
  bool usesGiven(AffineMap map) const {
    return llvm::any_of(dimIndices, [&](const DimIndex &i) { return map.isFunctionOfDim(i.dim); });
  }
  /// The coordinates of a tensor where the iteration space is at `point`.
  static SmallVector<Value> select(AffineMap map, ArrayRef<Value> point) {
    return llvm::map_to_vector(map.getResults(), [&](AffineExpr expr) {
      return point[cast<AffineDimExpr>(expr).getPosition()];
    });
  }
  /// Takes the given dimensions out of a map.
  AffineMap project(AffineMap map) const { return projectDims(map, given, true); }
  Value multiply(OpBuilder &builder, ArrayRef<Value> values);
  void addExtents(OpBuilder &builder, SmallVectorImpl<Value> &inputs,
                  SmallVectorImpl<AffineMap> &maps) const;
  Value buildGeneric(OpBuilder &builder);
  Value buildLoops(OpBuilder &builder);
  Value buildUpdate(OpBuilder &builder, SmallVector<Value> point, Value total);

  IndexedContractionOp op;
  ValueRange factors;
  Value init;
  SmallVector<DimIndex> dimIndices;
  SmallVector<AffineMap> factorMaps;
  AffineMap resultMap;
  SmallVector<int64_t> extents;
  llvm::SmallBitVector given;
};
} // namespace

Value IndexedLowering::multiply(OpBuilder &builder, ArrayRef<Value> values) {
  if (values.empty())
    return buildConstant(builder, op.getLoc(), getElementTypeOrSelf(init), 1.0);
  Value product = values.front();
  for (Value factor : values.drop_front())
    product = arith::MulFOp::create(builder, op.getLoc(), product, factor);
  return product;
}

/// linalg takes the extent of a dimension from an operand: for those that only reads through
/// indices have, from one that is never read. `maps` ends with the result's.
void IndexedLowering::addExtents(OpBuilder &builder, SmallVectorImpl<Value> &inputs,
                                 SmallVectorImpl<AffineMap> &maps) const {
  SmallVector<int64_t> shape;
  SmallVector<AffineExpr> exprs;
  for (unsigned dim = 0, free = 0; dim < extents.size(); ++dim) {
    if (given.test(dim))
      continue;
    if (llvm::none_of(maps, [&](AffineMap map) { return map.isFunctionOfDim(free); })) {
      shape.push_back(extents[dim]);
      exprs.push_back(builder.getAffineDimExpr(free));
    }
    ++free;
  }
  if (shape.empty())
    return;
  inputs.push_back(
      tensor::EmptyOp::create(builder, init.getLoc(), shape, getElementTypeOrSelf(init)));
  AffineMap map = AffineMap::get(maps.back().getNumDims(), 0, exprs, builder.getContext());
  maps.insert(maps.end() - 1, map);
}

Value IndexedLowering::buildGeneric(OpBuilder &builder) {
  Location loc = op.getLoc();
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  // The indices, then what is read without them.
  for (const DimIndex &index : dimIndices) {
    inputs.push_back(index.index);
    maps.push_back(project(index.map));
  }
  for (auto [factor, map] : llvm::zip_equal(factors, factorMaps))
    if (!usesGiven(map)) {
      inputs.push_back(factor);
      maps.push_back(project(map));
    }
  maps.push_back(project(resultMap));
  addExtents(builder, inputs, maps);
  SmallVector<utils::IteratorType> iterators;
  for (unsigned dim = 0; dim < extents.size(); ++dim)
    if (!given.test(dim))
      iterators.push_back(resultMap.isFunctionOfDim(dim) ? utils::IteratorType::parallel
                                                         : utils::IteratorType::reduction);
  // What only reads needs no zeros to add to.
  bool adds = llvm::is_contained(iterators, utils::IteratorType::reduction) || !isKnownZero(init);
  Value out = init;
  auto type = cast<RankedTensorType>(init.getType());
  if (!adds)
    out = tensor::EmptyOp::create(builder, loc, type.getShape(), type.getElementType());
  auto body = [&](OpBuilder &nested, Location, ValueRange arguments) {
    SmallVector<Value> point(extents.size()), values;
    for (unsigned dim = 0, free = 0; dim < extents.size(); ++dim)
      if (!given.test(dim))
        point[dim] = linalg::IndexOp::create(nested, loc, free++);
    for (auto [index, argument] : llvm::zip(dimIndices, arguments))
      point[index.dim] = clampIndex(nested, loc, argument, extents[index.dim]);
    unsigned next = dimIndices.size();
    for (auto [factor, map] : llvm::zip_equal(factors, factorMaps))
      values.push_back(usesGiven(map)
                           ? tensor::ExtractOp::create(nested, loc, factor, select(map, point))
                           : arguments[next++]);
    Value value = multiply(nested, values);
    if (adds)
      value = arith::AddFOp::create(nested, loc, arguments.back(), value);
    linalg::YieldOp::create(nested, loc, value);
  };
  return linalg::GenericOp::create(builder, loc, type, inputs, out, maps, iterators, body)
      .getResult(0);
}

/// total[...] += product at one point; the given dimensions of `point` are null still.
Value IndexedLowering::buildUpdate(OpBuilder &builder, SmallVector<Value> point, Value total) {
  Location loc = op.getLoc();
  for (const DimIndex &index : dimIndices) {
    Value value = tensor::ExtractOp::create(builder, loc, index.index, select(index.map, point));
    point[index.dim] = clampIndex(builder, loc, value, extents[index.dim]);
  }
  SmallVector<Value> values;
  for (auto [factor, map] : llvm::zip_equal(factors, factorMaps))
    values.push_back(tensor::ExtractOp::create(builder, loc, factor, select(map, point)));
  SmallVector<Value> where = select(resultMap, point);
  Value sum = tensor::ExtractOp::create(builder, loc, total, where);
  sum = arith::AddFOp::create(builder, loc, sum, multiply(builder, values));
  return tensor::InsertOp::create(builder, loc, sum, total, where);
}

Value IndexedLowering::buildLoops(OpBuilder &builder) {
  Location loc = op.getLoc();
  SmallVector<unsigned> free;
  SmallVector<Value> lower, upper, steps;
  for (unsigned dim = 0; dim < extents.size(); ++dim)
    if (!given.test(dim)) {
      free.push_back(dim);
      lower.push_back(arith::ConstantIndexOp::create(builder, loc, 0));
      upper.push_back(arith::ConstantIndexOp::create(builder, loc, extents[dim]));
      steps.push_back(arith::ConstantIndexOp::create(builder, loc, 1));
    }
  SmallVector<Value> point(extents.size());
  scf::LoopNest nest = scf::buildLoopNest(
      builder, loc, lower, upper, steps, init,
      [&](OpBuilder &nested, Location, ValueRange at, ValueRange totals) -> scf::ValueVector {
        for (auto [dim, value] : llvm::zip_equal(free, at))
          point[dim] = value;
        return {buildUpdate(nested, point, totals.front())};
      });
  return nest.results.front();
}

namespace {
struct ConvertIndexedContraction : OpConversionPattern<IndexedContractionOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(IndexedContractionOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    for (Value operand : op->getOperands())
      if (!cast<RankedTensorType>(operand.getType()).hasStaticShape())
        return op->emitError("expected static shapes, found ") << operand.getType();
    IndexedLowering lowering(op, adaptor.getFactors(), adaptor.getIndices(), adaptor.getInit());
    rewriter.replaceOp(op, lowering.build(rewriter));
    return success();
  }
};

/// Row k of entry e is the last with pointers[k] <= e, found by halving.
struct ConvertExpandPointers : OpConversionPattern<ExpandPointersOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(ExpandPointersOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override;
};
} // namespace

/// The rows of pointers that are known.
static FailureOr<DenseElementsAttr> expandConstant(ExpandPointersOp op, DenseIntElementsAttr known) {
  auto pointers = llvm::map_to_vector(known, [](const APInt &p) { return p.getSExtValue(); });
  RankedTensorType type = op.getType();
  int64_t entries = type.getDimSize(0);
  if (!llvm::is_sorted(pointers) || pointers.front() != 0 || pointers.back() != entries)
    return op->emitOpError() << "expects pointers that rise from 0 to the number of entries, "
                             << entries << " [compressed-pointers]";
  unsigned width = type.getElementType().isIndex() ? 64 : type.getElementTypeBitWidth();
  SmallVector<APInt> rows;
  for (int64_t entry = 0; entry < entries; ++entry)
    rows.push_back(APInt(width, llvm::upper_bound(pointers, entry) - pointers.begin() - 1));
  return DenseElementsAttr::get(type, rows);
}

LogicalResult
ConvertExpandPointers::matchAndRewrite(ExpandPointersOp op, OpAdaptor adaptor,
                                       ConversionPatternRewriter &rewriter) const {
  Location loc = op.getLoc();
  RankedTensorType type = op.getType(), pointers = op.getPointers().getType();
  if (!type.hasStaticShape() || !pointers.hasStaticShape())
    return op->emitError("expected static shapes, found ") << type << " of " << pointers;
  DenseIntElementsAttr known;
  if (matchPattern(op.getPointers(), m_Constant(&known))) {
    FailureOr<DenseElementsAttr> expanded = expandConstant(op, known);
    if (failed(expanded))
      return failure();
    rewriter.replaceOpWithNewOp<arith::ConstantOp>(op, *expanded);
    return success();
  }
  int64_t rows = pointers.getDimSize(0) - 1;
  Value empty = tensor::EmptyOp::create(rewriter, loc, type.getShape(), type.getElementType());
  auto body = [&](OpBuilder &nested, Location, ValueRange) {
    Value entry = linalg::IndexOp::create(nested, loc, 0);
    Value row = arith::ConstantIndexOp::create(nested, loc, 0);
    for (int64_t width = llvm::PowerOf2Ceil(rows); width >= 1; width /= 2) {
      Value step = arith::ConstantIndexOp::create(nested, loc, width);
      Value next = arith::AddIOp::create(nested, loc, row, step);
      Value inside = clampIndex(nested, loc, next, rows);
      Value pointer = tensor::ExtractOp::create(nested, loc, adaptor.getPointers(), inside);
      if (!isa<IndexType>(pointer.getType()))
        pointer = arith::IndexCastOp::create(nested, loc, nested.getIndexType(), pointer);
      Value before =
          arith::CmpIOp::create(nested, loc, arith::CmpIPredicate::sle, pointer, entry);
      Value isRow = arith::CmpIOp::create(nested, loc, arith::CmpIPredicate::eq, next, inside);
      Value take = arith::AndIOp::create(nested, loc, before, isRow);
      row = arith::SelectOp::create(nested, loc, take, next, row);
    }
    if (!isa<IndexType>(type.getElementType()))
      row = arith::IndexCastOp::create(nested, loc, type.getElementType(), row);
    linalg::YieldOp::create(nested, loc, row);
  };
  SmallVector<AffineMap> maps = {rewriter.getMultiDimIdentityMap(1)};
  rewriter.replaceOpWithNewOp<linalg::GenericOp>(
      op, TypeRange(type), ValueRange(), empty, maps,
      ArrayRef<utils::IteratorType>{utils::IteratorType::parallel}, body);
  return success();
}

void etrace::populateIndexedContractionPatterns(RewritePatternSet &patterns) {
  patterns.add<ConvertIndexedContraction, ConvertExpandPointers>(patterns.getContext());
}
