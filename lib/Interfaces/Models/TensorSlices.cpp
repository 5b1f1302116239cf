//===- TensorSlices.cpp - Models of slices, concatenation and padding -----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Models.h"
#include "etrace/Differentiation/Regions.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::tensor;
using namespace etrace;
using namespace etrace::detail;

namespace {
SmallVector<OpFoldResult> unitStrides(OpBuilder &builder, int64_t rank) {
  return SmallVector<OpFoldResult>(rank, builder.getIndexAttr(1));
}

OpFoldResult addExtents(OpBuilder &builder, Location loc, OpFoldResult a, OpFoldResult b) {
  std::optional<int64_t> constantA = getConstantIntValue(a), constantB = getConstantIntValue(b);
  if (constantA && constantB)
    return builder.getIndexAttr(*constantA + *constantB);
  return arith::AddIOp::create(builder, loc, getValueOrCreateConstantIndexOp(builder, loc, a),
                               getValueOrCreateConstantIndexOp(builder, loc, b))
      .getResult();
}

/// The box of the small side of a slice with the maps to the small and the large side;
/// failure if offsets, sizes or strides are not constant.
template <typename OpTy>
FailureOr<PositionRelation> sliceRelation(OpTy slice) {
  auto offsets = getConstantIntValues(slice.getMixedOffsets());
  auto sizes = getConstantIntValues(slice.getMixedSizes());
  auto strides = getConstantIntValues(slice.getMixedStrides());
  if (!offsets || !sizes || !strides)
    return failure();
  MLIRContext *context = slice.getContext();
  llvm::SmallBitVector dropped = slice.getDroppedDims();
  SmallVector<AffineExpr> small, large;
  for (auto [dim, offset, stride] : llvm::enumerate(*offsets, *strides)) {
    AffineExpr expr = getAffineDimExpr(dim, context);
    large.push_back(expr * stride + offset);
    if (!dropped[dim])
      small.push_back(expr);
  }
  unsigned dims = large.size();
  return PositionRelation{*sizes,
                          AffineMap::get(dims, 0, small, context),
                          AffineMap::get(dims, 0, large, context)};
}

//===----------------------------------------------------------------------===//
// extract_slice
//===----------------------------------------------------------------------===//

struct ExtractSliceModel
    : LinearizableOpInterface::ExternalModel<ExtractSliceModel, ExtractSliceOp> {
  LogicalResult linearize(Operation *op, OpBuilder &builder, const TangentMap &tangents,
                          SmallVectorImpl<Value> &out) const {
    auto slice = cast<ExtractSliceOp>(op);
    out.push_back(ExtractSliceOp::create(
        builder, op->getLoc(), slice.getType(), tangents.lookup(slice.getSource()),
        slice.getMixedOffsets(), slice.getMixedSizes(), slice.getMixedStrides()));
    return success();
  }
};
struct ExtractSliceTranspose
    : LinearTransposeOpInterface::ExternalModel<ExtractSliceTranspose, ExtractSliceOp> {
  bool isLinearIn(Operation *, Linear) const { return true; }
  LogicalResult transpose(Operation *op, OpBuilder &builder, ValueRange results,
                          CotangentMap &cotangents) const {
    auto slice = cast<ExtractSliceOp>(op);
    Location loc = op->getLoc();
    Value source = slice.getSource(), cotangent = results[0];
    if (!cotangents.isLinear(source))
      return success();
    SmallVector<OpFoldResult> offsets = slice.getMixedOffsets(), sizes = slice.getMixedSizes(),
                              strides = slice.getMixedStrides();
    // This part of the total changes, nothing else.
    Value total = cotangents.lookup(source);
    if (total)
      cotangent = buildAdd(builder, loc,
                           ExtractSliceOp::create(builder, loc, slice.getType(), total, offsets,
                                                  sizes, strides),
                           cotangent);
    else
      total = buildZerosLike(builder, loc, source);
    cotangents.set(source, InsertSliceOp::create(builder, loc, cotangent, total, offsets, sizes,
                                                 strides));
    return success();
  }
};
struct ExtractSliceRelation
    : PositionRelationOpInterface::ExternalModel<ExtractSliceRelation, ExtractSliceOp> {
  FailureOr<PositionRelation> getPositionRelation(Operation *op, unsigned operand,
                                                  unsigned) const {
    FailureOr<PositionRelation> relation = sliceRelation(cast<ExtractSliceOp>(op));
    if (failed(relation) || operand != 0)
      return failure();
    std::swap(relation->operandMap, relation->resultMap);
    return relation;
  }
};

//===----------------------------------------------------------------------===//
// insert_slice
//===----------------------------------------------------------------------===//

struct InsertSliceModel
    : LinearizableOpInterface::ExternalModel<InsertSliceModel, InsertSliceOp> {
  LogicalResult linearize(Operation *op, OpBuilder &builder, const TangentMap &tangents,
                          SmallVectorImpl<Value> &out) const {
    auto slice = cast<InsertSliceOp>(op);
    Value source = tangentOrZeros(builder, tangents, slice.getSource());
    Value dest = tangentOrZeros(builder, tangents, slice.getDest());
    out.push_back(InsertSliceOp::create(builder, op->getLoc(), source, dest,
                                        slice.getMixedOffsets(), slice.getMixedSizes(),
                                        slice.getMixedStrides()));
    return success();
  }
};
struct InsertSliceTranspose
    : LinearTransposeOpInterface::ExternalModel<InsertSliceTranspose, InsertSliceOp> {
  bool isLinearIn(Operation *op, Linear linear) const {
    return isTerm(op->getOperand(0), linear) && isTerm(op->getOperand(1), linear);
  }
  LogicalResult transpose(Operation *op, OpBuilder &builder, ValueRange results,
                          CotangentMap &cotangents) const {
    auto slice = cast<InsertSliceOp>(op);
    Location loc = op->getLoc();
    if (cotangents.isLinear(slice.getSource()))
      cotangents.accumulate(
          builder, slice.getSource(),
          ExtractSliceOp::create(builder, loc, slice.getSourceType(), results[0],
                                 slice.getMixedOffsets(), slice.getMixedSizes(),
                                 slice.getMixedStrides()));
    if (cotangents.isLinear(slice.getDest())) {
      Value zeros = buildZerosLike(builder, loc, slice.getSource());
      cotangents.accumulate(
          builder, slice.getDest(),
          InsertSliceOp::create(builder, loc, zeros, results[0], slice.getMixedOffsets(),
                                slice.getMixedSizes(), slice.getMixedStrides()));
    }
    return success();
  }
};
struct InsertSliceRelation
    : PositionRelationOpInterface::ExternalModel<InsertSliceRelation, InsertSliceOp> {
  FailureOr<PositionRelation> getPositionRelation(Operation *op, unsigned operand,
                                                  unsigned) const {
    auto slice = cast<InsertSliceOp>(op);
    if (operand == 0)
      return sliceRelation(slice);
    if (operand == 1)
      return pointwiseRelation(slice.getDest(), slice.getResult());
    return failure();
  }
};

//===----------------------------------------------------------------------===//
// concat
//===----------------------------------------------------------------------===//

struct ConcatModel : LinearizableOpInterface::ExternalModel<ConcatModel, ConcatOp> {
  LogicalResult linearize(Operation *op, OpBuilder &builder, const TangentMap &tangents,
                          SmallVectorImpl<Value> &out) const {
    auto concat = cast<ConcatOp>(op);
    SmallVector<Value> inputs;
    for (Value input : concat.getInputs())
      inputs.push_back(tangentOrZeros(builder, tangents, input));
    out.push_back(
        ConcatOp::create(builder, op->getLoc(), concat.getType(), concat.getDim(), inputs));
    return success();
  }
};
struct ConcatTranspose : LinearTransposeOpInterface::ExternalModel<ConcatTranspose, ConcatOp> {
  bool isLinearIn(Operation *op, Linear linear) const {
    return llvm::all_of(op->getOperands(), [&](Value v) { return isTerm(v, linear); });
  }
  LogicalResult transpose(Operation *op, OpBuilder &builder, ValueRange results,
                          CotangentMap &cotangents) const {
    auto concat = cast<ConcatOp>(op);
    Location loc = op->getLoc();
    int64_t rank = concat.getRank();
    SmallVector<OpFoldResult> offsets(rank, builder.getIndexAttr(0));
    OpFoldResult &offset = offsets[concat.getDim()];
    for (Value input : concat.getInputs()) {
      auto type = cast<RankedTensorType>(input.getType());
      if (cotangents.isLinear(input))
        cotangents.accumulate(
            builder, input,
            ExtractSliceOp::create(builder, loc, type, results[0], offsets,
                                   getMixedSizes(builder, loc, input),
                                   unitStrides(builder, rank)));
      offset = addExtents(builder, loc, offset, getMixedSize(builder, loc, input, concat.getDim()));
    }
    return success();
  }
};
struct ConcatRelation : PositionRelationOpInterface::ExternalModel<ConcatRelation, ConcatOp> {
  FailureOr<PositionRelation> getPositionRelation(Operation *op, unsigned operand,
                                                  unsigned) const {
    auto concat = cast<ConcatOp>(op);
    MLIRContext *context = op->getContext();
    int64_t offset = 0;
    for (unsigned before = 0; before <= operand; ++before) {
      auto type = cast<RankedTensorType>(op->getOperand(before).getType());
      if (!type.hasStaticShape())
        return failure();
      if (before < operand)
        offset += type.getDimSize(concat.getDim());
    }
    auto type = cast<RankedTensorType>(op->getOperand(operand).getType());
    AffineMap identity = AffineMap::getMultiDimIdentityMap(type.getRank(), context);
    SmallVector<AffineExpr> exprs = llvm::to_vector(identity.getResults());
    exprs[concat.getDim()] = exprs[concat.getDim()] + offset;
    return PositionRelation{llvm::to_vector(type.getShape()), identity,
                            AffineMap::get(type.getRank(), 0, exprs, context)};
  }
};

//===----------------------------------------------------------------------===//
// pad
//===----------------------------------------------------------------------===//

/// The tangent is padded with the tangent of the padding value.
struct PadModel : LinearizableOpInterface::ExternalModel<PadModel, PadOp> {
  LogicalResult linearize(Operation *op, OpBuilder &builder, const TangentMap &tangents,
                          SmallVectorImpl<Value> &out) const {
    auto pad = cast<PadOp>(op);
    Value padding = pad.getConstantPaddingValue();
    SetVector<Value> captured = getCaptured(op);
    if (!padding && llvm::any_of(captured, [&](Value v) { return tangents.isActive(v); }))
      return op->emitError() << "no derivative rule for '" << op->getName()
                             << "' that computes its padding from a differentiated value; compute "
                                "one value before the operation [no-derivative-rule]";
    Value source = tangentOrZeros(builder, tangents, pad.getSource());
    Value value = padding && tangents.isActive(padding)
                      ? tangents.lookup(padding)
                      : buildConstant(builder, op->getLoc(), pad.getType().getElementType(), 0.0);
    out.push_back(PadOp::create(builder, op->getLoc(), pad.getType(), source,
                                pad.getMixedLowPad(), pad.getMixedHighPad(), value));
    return success();
  }
};
struct PadTranspose : LinearTransposeOpInterface::ExternalModel<PadTranspose, PadOp> {
  bool isLinearIn(Operation *op, Linear linear) const {
    Value padding = cast<PadOp>(op).getConstantPaddingValue();
    return isTerm(op->getOperand(0), linear) && padding && isTerm(padding, linear);
  }
  LogicalResult transpose(Operation *op, OpBuilder &builder, ValueRange results,
                          CotangentMap &cotangents) const {
    auto pad = cast<PadOp>(op);
    Location loc = op->getLoc();
    Value source = pad.getSource(), padding = pad.getConstantPaddingValue();
    SmallVector<OpFoldResult> sizes = getMixedSizes(builder, loc, source);
    SmallVector<OpFoldResult> strides = unitStrides(builder, pad.getSourceType().getRank());
    if (cotangents.isLinear(source))
      cotangents.accumulate(builder, source,
                            ExtractSliceOp::create(builder, loc, pad.getSourceType(), results[0],
                                                   pad.getMixedLowPad(), sizes, strides));
    if (cotangents.isLinear(padding)) {
      Value zeros = buildZerosLike(builder, loc, source);
      Value frame = InsertSliceOp::create(builder, loc, zeros, results[0], pad.getMixedLowPad(),
                                          sizes, strides);
      cotangents.accumulate(builder, padding, buildSum(builder, loc, frame));
    }
    return success();
  }
};
struct PadRelation : PositionRelationOpInterface::ExternalModel<PadRelation, PadOp> {
  FailureOr<PositionRelation> getPositionRelation(Operation *op, unsigned operand,
                                                  unsigned) const {
    auto pad = cast<PadOp>(op);
    RankedTensorType type = pad.getSourceType();
    if (operand != 0 || !type.hasStaticShape() ||
        llvm::any_of(pad.getStaticLow(), ShapedType::isDynamic))
      return failure();
    AffineMap identity = AffineMap::getMultiDimIdentityMap(type.getRank(), op->getContext());
    SmallVector<AffineExpr> exprs;
    for (auto [expr, low] : llvm::zip(identity.getResults(), pad.getStaticLow()))
      exprs.push_back(expr + low);
    return PositionRelation{llvm::to_vector(type.getShape()), identity,
                            AffineMap::get(type.getRank(), 0, exprs, op->getContext())};
  }
};
} // namespace

void etrace::detail::registerTensorSliceModels(MLIRContext *context) {
  ExtractSliceOp::attachInterface<ExtractSliceModel, ExtractSliceTranspose,
                                  ExtractSliceRelation>(*context);
  InsertSliceOp::attachInterface<InsertSliceModel, InsertSliceTranspose, InsertSliceRelation>(
      *context);
  ConcatOp::attachInterface<ConcatModel, ConcatTranspose, ConcatRelation>(*context);
  PadOp::attachInterface<PadModel, PadTranspose, PadRelation>(*context);
}
