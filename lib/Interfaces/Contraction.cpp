//===- Contraction.cpp - Sums of products by indexing maps ----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/Interfaces/Contraction.h"
#include "etrace/Interfaces/DifferentiationInterfaces.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace etrace;

/// The dynamic extents of the result, read from `like` or from operands that share the dimension.
static SmallVector<Value> dynamicExtents(OpBuilder &builder, Location loc,
                                         ArrayRef<Value> operands, ArrayRef<AffineMap> maps,
                                         RankedTensorType type, Value like) {
  SmallVector<Value> extents;
  for (auto [axis, expr] : llvm::enumerate(maps.back().getResults())) {
    if (!type.isDynamicDim(axis))
      continue;
    if (!isa<AffineDimExpr>(expr)) {
      extents.push_back(tensor::DimOp::create(builder, loc, like, axis));
      continue;
    }
    for (auto [operand, map] : llvm::zip(operands, maps.drop_back()))
      if (std::optional<unsigned> position = map.getResultPosition(expr)) {
        extents.push_back(tensor::DimOp::create(builder, loc, operand, *position));
        break;
      }
  }
  return extents;
}

Value etrace::buildIndexedContraction(OpBuilder &builder, Location loc, ArrayRef<Value> operands,
                                      ArrayRef<AffineMap> maps, ArrayRef<DimIndex> indices,
                                      Value init) {
  // An index of a dimension that no operand has restricts nothing.
  SmallVector<DimIndex> kept;
  llvm::copy_if(indices, std::back_inserter(kept), [&](const DimIndex &index) {
    return llvm::any_of(maps, [&](AffineMap map) { return map.isFunctionOfDim(index.dim); });
  });
  auto all = llvm::to_vector(maps.drop_back());
  for (const DimIndex &index : kept)
    all.push_back(index.map);
  all.push_back(maps.back());
  llvm::SmallBitVector unused = getUnusedDimsBitVector(all);
  SmallVector<Value> values;
  SmallVector<int64_t> dims;
  for (const DimIndex &index : kept) {
    values.push_back(index.index);
    dims.push_back(index.dim - llvm::count_if(unused.set_bits(), [&](unsigned dim) {
                     return dim < index.dim;
                   }));
  }
  for (AffineMap &map : all)
    map = projectDims(map, unused, /*compressDimsFlag=*/true);
  return IndexedContractionOp::create(builder, loc, init.getType(), operands, values, init,
                                      builder.getDenseI64ArrayAttr(dims),
                                      builder.getAffineMapArrayAttr(all));
}

Value etrace::buildContraction(OpBuilder &builder, Location loc, ArrayRef<Value> operands,
                               ArrayRef<AffineMap> allMaps, RankedTensorType resultType,
                               ArrayRef<DimIndex> indices, Value like) {
  auto maps = indices.empty() ? compressUnusedDims(allMaps) : llvm::to_vector(allMaps);
  AffineMap resultMap = maps.back();
  // A permutation meets every position once; else several terms meet, or none.
  bool sums = !indices.empty() || !resultMap.isPermutation();
  if (!sums && operands.size() == 1 && maps.front() == resultMap &&
      operands.front().getType() == resultType)
    return operands.front();
  SmallVector<utils::IteratorType> iterators(resultMap.getNumDims(),
                                             utils::IteratorType::reduction);
  for (AffineExpr expr : resultMap.getResults())
    if (auto dim = dyn_cast<AffineDimExpr>(expr))
      iterators[dim.getPosition()] = utils::IteratorType::parallel;
  Value init =
      tensor::EmptyOp::create(builder, loc, resultType,
                              dynamicExtents(builder, loc, operands, maps, resultType, like));
  if (sums) {
    Value zero = buildConstant(builder, loc, resultType.getElementType(), 0.0);
    init = linalg::FillOp::create(builder, loc, zero, init).getResult(0);
  }
  if (!indices.empty())
    return buildIndexedContraction(builder, loc, operands, maps, indices, init);
  auto body = [&](OpBuilder &b, Location l, ValueRange args) {
    Value product = args.front();
    for (Value factor : args.drop_front().drop_back())
      product = buildMul(b, l, product, factor);
    if (sums)
      product = buildAdd(b, l, args.back(), product);
    linalg::YieldOp::create(b, l, product);
  };
  return linalg::GenericOp::create(builder, loc, resultType, operands, init, maps, iterators, body)
      .getResult(0);
}

Value etrace::buildSum(OpBuilder &builder, Location loc, Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  unsigned rank = type.getRank();
  MLIRContext *context = builder.getContext();
  SmallVector<AffineMap> maps = {AffineMap::getMultiDimIdentityMap(rank, context),
                                 AffineMap::get(rank, 0, context)};
  Value sum = buildContraction(builder, loc, tensor, maps,
                               RankedTensorType::get({}, type.getElementType()));
  return tensor::ExtractOp::create(builder, loc, sum, ValueRange{});
}

Value etrace::buildConstantLike(OpBuilder &builder, Location loc, Value like, double value) {
  auto type = dyn_cast<RankedTensorType>(like.getType());
  if (!type || type.hasStaticShape())
    return buildConstant(builder, loc, like.getType(), value);
  SmallVector<Value> extents;
  for (int64_t axis = 0; axis < type.getRank(); ++axis)
    if (type.isDynamicDim(axis))
      extents.push_back(tensor::DimOp::create(builder, loc, like, axis));
  Value element = buildConstant(builder, loc, type.getElementType(), value);
  return tensor::SplatOp::create(builder, loc, type, element, extents);
}

Value etrace::convertFloat(OpBuilder &builder, Location loc, Value value, Type type) {
  if (value.getType() == type)
    return value;
  auto from = cast<FloatType>(getElementTypeOrSelf(value));
  auto to = cast<FloatType>(getElementTypeOrSelf(type));
  if (from.getWidth() < to.getWidth())
    return arith::ExtFOp::create(builder, loc, type, value);
  return arith::TruncFOp::create(builder, loc, type, value);
}

Value etrace::buildZerosLike(OpBuilder &builder, Location loc, Value like) {
  return buildConstantLike(builder, loc, like, 0.0);
}

bool etrace::isKnownEverywhere(Value value, llvm::function_ref<bool(Value)> holds) {
  if (holds(value))
    return true;
  Operation *op = value.getDefiningOp();
  if (!op)
    return false;
  if (auto fill = dyn_cast<linalg::FillOp>(op))
    return isKnownEverywhere(fill.getInputs()[0], holds);
  if (isa<tensor::SplatOp, tensor::ExpandShapeOp, tensor::CollapseShapeOp, tensor::CastOp,
          tensor::ExtractSliceOp, linalg::BroadcastOp>(op))
    return isKnownEverywhere(op->getOperand(0), holds);
  return false;
}

bool etrace::isKnownZero(Value value) { return isKnownEverywhere(value, isZeroConstant); }
