//===- Tensor.cpp - Models of tensor operations on elements and shapes ----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Models.h"
#include "etrace/Differentiation/Linearize.h"
#include "etrace/Differentiation/Regions.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::tensor;
using namespace etrace;
using namespace etrace::detail;

FailureOr<PositionRelation> etrace::detail::pointwiseRelation(Value operand, Value result) {
  MLIRContext *context = operand.getContext();
  auto type = dyn_cast<RankedTensorType>(result.getType());
  if (!type)
    return PositionRelation{{}, AffineMap::get(context), AffineMap::get(context)};
  if (!type.hasStaticShape())
    return failure();
  AffineMap identity = AffineMap::getMultiDimIdentityMap(type.getRank(), context);
  // A scalar operand, such as the condition of a select, is read by every position.
  bool scalar = !isa<RankedTensorType>(operand.getType());
  return PositionRelation{llvm::to_vector(type.getShape()),
                          scalar ? AffineMap::get(type.getRank(), 0, context) : identity,
                          identity};
}

namespace {
/// A map from a box of `dims` dimensions to one constant position; failure if an index
/// is not constant.
FailureOr<AffineMap> constantPosition(unsigned dims, ValueRange indices, MLIRContext *context) {
  SmallVector<AffineExpr> exprs;
  for (Value index : indices) {
    APInt value;
    if (!matchPattern(index, m_ConstantInt(&value)))
      return failure();
    exprs.push_back(getAffineConstantExpr(value.getSExtValue(), context));
  }
  return AffineMap::get(dims, 0, exprs, context);
}

//===----------------------------------------------------------------------===//
// splat, from_elements
//===----------------------------------------------------------------------===//

struct SplatModel : LinearizableOpInterface::ExternalModel<SplatModel, SplatOp> {
  LogicalResult linearize(Operation *op, OpBuilder &builder, const TangentMap &tangents,
                          SmallVectorImpl<Value> &out) const {
    auto splat = cast<SplatOp>(op);
    out.push_back(SplatOp::create(builder, op->getLoc(), splat.getType(),
                                  tangents.lookup(splat.getInput()), splat.getDynamicSizes()));
    return success();
  }
};
struct SplatTranspose : LinearTransposeOpInterface::ExternalModel<SplatTranspose, SplatOp> {
  bool isLinearIn(Operation *, Linear) const { return true; }
  LogicalResult transpose(Operation *op, OpBuilder &builder, ValueRange results,
                          CotangentMap &cotangents) const {
    cotangents.accumulate(builder, op->getOperand(0),
                          buildSum(builder, op->getLoc(), results[0]));
    return success();
  }
};

struct FromElementsModel
    : LinearizableOpInterface::ExternalModel<FromElementsModel, FromElementsOp> {
  LogicalResult linearize(Operation *op, OpBuilder &builder, const TangentMap &tangents,
                          SmallVectorImpl<Value> &out) const {
    SmallVector<Value> elements;
    for (Value element : op->getOperands())
      elements.push_back(tangentOrZeros(builder, tangents, element));
    out.push_back(
        FromElementsOp::create(builder, op->getLoc(), op->getResult(0).getType(), elements));
    return success();
  }
};

/// The position of element number `number`, row by row.
SmallVector<int64_t> getPosition(ArrayRef<int64_t> shape, int64_t number) {
  SmallVector<int64_t> position(shape.size());
  for (int64_t axis = shape.size() - 1; axis >= 0; --axis) {
    position[axis] = number % shape[axis];
    number /= shape[axis];
  }
  return position;
}

struct FromElementsTranspose
    : LinearTransposeOpInterface::ExternalModel<FromElementsTranspose, FromElementsOp> {
  bool isLinearIn(Operation *op, Linear linear) const {
    return llvm::all_of(op->getOperands(), [&](Value v) { return isTerm(v, linear); });
  }
  LogicalResult transpose(Operation *op, OpBuilder &builder, ValueRange results,
                          CotangentMap &cotangents) const {
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    for (auto [number, element] : llvm::enumerate(op->getOperands())) {
      if (!cotangents.isLinear(element))
        continue;
      SmallVector<Value> indices;
      for (int64_t index : getPosition(type.getShape(), number))
        indices.push_back(arith::ConstantIndexOp::create(builder, op->getLoc(), index));
      cotangents.accumulate(builder, element,
                            ExtractOp::create(builder, op->getLoc(), results[0], indices));
    }
    return success();
  }
};
struct FromElementsRelation
    : PositionRelationOpInterface::ExternalModel<FromElementsRelation, FromElementsOp> {
  FailureOr<PositionRelation> getPositionRelation(Operation *op, unsigned operand,
                                                  unsigned) const {
    MLIRContext *context = op->getContext();
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    SmallVector<int64_t> position = getPosition(type.getShape(), operand);
    SmallVector<AffineExpr> exprs;
    for (int64_t index : position)
      exprs.push_back(getAffineConstantExpr(index, context));
    return PositionRelation{{}, AffineMap::get(context), AffineMap::get(0, 0, exprs, context)};
  }
};

//===----------------------------------------------------------------------===//
// extract, insert
//===----------------------------------------------------------------------===//

struct ExtractModel : LinearizableOpInterface::ExternalModel<ExtractModel, ExtractOp> {
  LogicalResult linearize(Operation *op, OpBuilder &builder, const TangentMap &tangents,
                          SmallVectorImpl<Value> &out) const {
    auto extract = cast<ExtractOp>(op);
    out.push_back(ExtractOp::create(builder, op->getLoc(), tangents.lookup(extract.getTensor()),
                                    extract.getIndices()));
    return success();
  }
};
struct ExtractTranspose : LinearTransposeOpInterface::ExternalModel<ExtractTranspose, ExtractOp> {
  bool isLinearIn(Operation *, Linear) const { return true; }
  LogicalResult transpose(Operation *op, OpBuilder &builder, ValueRange results,
                          CotangentMap &cotangents) const {
    auto extract = cast<ExtractOp>(op);
    Location loc = op->getLoc();
    Value source = extract.getTensor(), cotangent = results[0];
    if (!cotangents.isLinear(source))
      return success();
    // One element of the total changes.
    Value total = cotangents.lookup(source);
    if (total)
      cotangent = buildAdd(builder, loc,
                           ExtractOp::create(builder, loc, total, extract.getIndices()), cotangent);
    else
      total = buildZerosLike(builder, loc, source);
    cotangents.set(source,
                   InsertOp::create(builder, loc, cotangent, total, extract.getIndices()));
    return success();
  }
};
struct ExtractRelation : PositionRelationOpInterface::ExternalModel<ExtractRelation, ExtractOp> {
  FailureOr<PositionRelation> getPositionRelation(Operation *op, unsigned operand,
                                                  unsigned) const {
    auto extract = cast<ExtractOp>(op);
    FailureOr<AffineMap> map = constantPosition(0, extract.getIndices(), op->getContext());
    if (failed(map) || operand != 0)
      return failure();
    return PositionRelation{{}, *map, AffineMap::get(op->getContext())};
  }
};

struct InsertModel : LinearizableOpInterface::ExternalModel<InsertModel, InsertOp> {
  LogicalResult linearize(Operation *op, OpBuilder &builder, const TangentMap &tangents,
                          SmallVectorImpl<Value> &out) const {
    auto insert = cast<InsertOp>(op);
    Value scalar = tangentOrZeros(builder, tangents, insert.getScalar());
    Value dest = tangentOrZeros(builder, tangents, insert.getDest());
    out.push_back(InsertOp::create(builder, op->getLoc(), scalar, dest, insert.getIndices()));
    return success();
  }
};
struct InsertTranspose : LinearTransposeOpInterface::ExternalModel<InsertTranspose, InsertOp> {
  bool isLinearIn(Operation *op, Linear linear) const {
    return isTerm(op->getOperand(0), linear) && isTerm(op->getOperand(1), linear);
  }
  LogicalResult transpose(Operation *op, OpBuilder &builder, ValueRange results,
                          CotangentMap &cotangents) const {
    auto insert = cast<InsertOp>(op);
    Location loc = op->getLoc();
    ValueRange indices = insert.getIndices();
    if (cotangents.isLinear(insert.getScalar()))
      cotangents.accumulate(builder, insert.getScalar(),
                            ExtractOp::create(builder, loc, results[0], indices));
    if (cotangents.isLinear(insert.getDest())) {
      Value zero = buildZerosLike(builder, loc, insert.getScalar());
      cotangents.accumulate(builder, insert.getDest(),
                            InsertOp::create(builder, loc, zero, results[0], indices));
    }
    return success();
  }
};
struct InsertRelation : PositionRelationOpInterface::ExternalModel<InsertRelation, InsertOp> {
  FailureOr<PositionRelation> getPositionRelation(Operation *op, unsigned operand,
                                                  unsigned) const {
    auto insert = cast<InsertOp>(op);
    if (operand == 1)
      return pointwiseRelation(insert.getDest(), insert.getResult());
    FailureOr<AffineMap> map = constantPosition(0, insert.getIndices(), op->getContext());
    if (failed(map) || operand != 0)
      return failure();
    return PositionRelation{{}, AffineMap::get(op->getContext()), *map};
  }
};

//===----------------------------------------------------------------------===//
// cast, expand_shape, collapse_shape
//===----------------------------------------------------------------------===//

struct CastModel : LinearizableOpInterface::ExternalModel<CastModel, CastOp> {
  LogicalResult linearize(Operation *op, OpBuilder &builder, const TangentMap &tangents,
                          SmallVectorImpl<Value> &out) const {
    out.push_back(CastOp::create(builder, op->getLoc(), op->getResult(0).getType(),
                                 tangents.lookup(op->getOperand(0))));
    return success();
  }
};
struct CastTranspose : LinearTransposeOpInterface::ExternalModel<CastTranspose, CastOp> {
  bool isLinearIn(Operation *, Linear) const { return true; }
  LogicalResult transpose(Operation *op, OpBuilder &builder, ValueRange results,
                          CotangentMap &cotangents) const {
    Value x = op->getOperand(0);
    cotangents.accumulate(builder, x,
                          CastOp::create(builder, op->getLoc(), x.getType(), results[0]));
    return success();
  }
};
struct CastRelation : PositionRelationOpInterface::ExternalModel<CastRelation, CastOp> {
  FailureOr<PositionRelation> getPositionRelation(Operation *op, unsigned, unsigned) const {
    if (!isa<RankedTensorType>(op->getOperand(0).getType()))
      return failure();
    return pointwiseRelation(op->getOperand(0), op->getResult(0));
  }
};

/// Reshapes have attributes that a clone keeps: the tangent is the same operation.
template <typename OpTy>
struct ReshapeModel : LinearizableOpInterface::ExternalModel<ReshapeModel<OpTy>, OpTy> {
  LogicalResult linearize(Operation *op, OpBuilder &builder, const TangentMap &tangents,
                          SmallVectorImpl<Value> &out) const {
    IRMapping mapping;
    mapping.map(op->getOperand(0), tangents.lookup(op->getOperand(0)));
    out.push_back(builder.clone(*op, mapping)->getResult(0));
    return success();
  }
};
struct ExpandTranspose
    : LinearTransposeOpInterface::ExternalModel<ExpandTranspose, ExpandShapeOp> {
  bool isLinearIn(Operation *, Linear) const { return true; }
  LogicalResult transpose(Operation *op, OpBuilder &builder, ValueRange results,
                          CotangentMap &cotangents) const {
    auto expand = cast<ExpandShapeOp>(op);
    cotangents.accumulate(builder, expand.getSrc(),
                          CollapseShapeOp::create(builder, op->getLoc(), expand.getSrcType(),
                                                  results[0],
                                                  expand.getReassociationIndices()));
    return success();
  }
};
/// `value` with the extents of `like`.
Value buildReshapeLike(OpBuilder &builder, Location loc, Value value, Value like) {
  auto type = cast<RankedTensorType>(like.getType());
  SmallVector<Value> extents;
  for (OpFoldResult extent : getMixedSizes(builder, loc, like))
    extents.push_back(getValueOrCreateConstantIndexOp(builder, loc, extent));
  auto shapeType = RankedTensorType::get({type.getRank()}, builder.getIndexType());
  Value shape = FromElementsOp::create(builder, loc, shapeType, extents);
  return ReshapeOp::create(builder, loc, type, value, shape);
}

struct CollapseTranspose
    : LinearTransposeOpInterface::ExternalModel<CollapseTranspose, CollapseShapeOp> {
  bool isLinearIn(Operation *, Linear) const { return true; }
  LogicalResult transpose(Operation *op, OpBuilder &builder, ValueRange results,
                          CotangentMap &cotangents) const {
    auto collapse = cast<CollapseShapeOp>(op);
    Location loc = op->getLoc();
    Value source = collapse.getSrc();
    SmallVector<ReassociationIndices, 4> groups = collapse.getReassociationIndices();
    // The lowering of `expand_shape` knows one dynamic extent in a group.
    bool simple = llvm::all_of(groups, [&](const ReassociationIndices &group) {
      return llvm::count_if(group, [&](int64_t dim) {
               return collapse.getSrcType().isDynamicDim(dim);
             }) <= 1;
    });
    Value cotangent =
        simple ? Value(ExpandShapeOp::create(builder, loc, collapse.getSrcType(), results[0],
                                             groups, getMixedSizes(builder, loc, source)))
               : buildReshapeLike(builder, loc, results[0], source);
    cotangents.accumulate(builder, source, cotangent);
    return success();
  }
};

/// The cotangent is reshaped to the extents of the source.
struct ReshapeTranspose : LinearTransposeOpInterface::ExternalModel<ReshapeTranspose, ReshapeOp> {
  bool isLinearIn(Operation *, Linear) const { return true; }
  LogicalResult transpose(Operation *op, OpBuilder &builder, ValueRange results,
                          CotangentMap &cotangents) const {
    Value source = op->getOperand(0);
    if (!isa<RankedTensorType>(source.getType()))
      return op->emitError() << "no transpose rule for '" << op->getName()
                             << "' of an unranked tensor [no-transpose-rule]";
    cotangents.accumulate(builder, source,
                          buildReshapeLike(builder, op->getLoc(), results[0], source));
    return success();
  }
};

/// The box is the expanded shape; a collapsed index is the row-major number within
/// its group of dimensions, of which those of extent 1 count nothing.
template <typename OpTy, bool expands>
struct ReshapeRelation
    : PositionRelationOpInterface::ExternalModel<ReshapeRelation<OpTy, expands>, OpTy> {
  FailureOr<PositionRelation> getPositionRelation(Operation *op, unsigned operand,
                                                  unsigned) const {
    auto reshape = cast<OpTy>(op);
    RankedTensorType fine = expands ? reshape.getResultType() : reshape.getSrcType();
    if (operand != 0 || !fine.hasStaticShape())
      return failure();
    MLIRContext *context = op->getContext();
    SmallVector<AffineExpr> exprs;
    for (const ReassociationIndices &group : reshape.getReassociationIndices()) {
      AffineExpr expr = getAffineConstantExpr(0, context);
      for (int64_t dim : group)
        if (fine.getDimSize(dim) != 1)
          expr = expr * fine.getDimSize(dim) + getAffineDimExpr(dim, context);
      exprs.push_back(expr);
    }
    AffineMap coarse = AffineMap::get(fine.getRank(), 0, exprs, context);
    AffineMap identity = AffineMap::getMultiDimIdentityMap(fine.getRank(), context);
    return PositionRelation{llvm::to_vector(fine.getShape()), expands ? coarse : identity,
                            expands ? identity : coarse};
  }
};

//===----------------------------------------------------------------------===//
// generate
//===----------------------------------------------------------------------===//

/// The operation as a structured one over the positions of its result.
linalg::GenericOp buildStructured(OpBuilder &builder, GenerateOp op) {
  Location loc = op.getLoc();
  auto type = cast<RankedTensorType>(op.getType());
  Value empty = EmptyOp::create(builder, loc, type, op.getDynamicExtents());
  AffineMap identity = AffineMap::getMultiDimIdentityMap(type.getRank(), op.getContext());
  SmallVector<utils::IteratorType> loops(type.getRank(), utils::IteratorType::parallel);
  Block &body = op.getBody().front();
  return linalg::GenericOp::create(
      builder, loc, type, ValueRange(), empty, identity, loops,
      [&](OpBuilder &inner, Location, ValueRange) {
        IRMapping mapping;
        for (BlockArgument index : body.getArguments())
          mapping.map(index, linalg::IndexOp::create(inner, loc, index.getArgNumber()));
        for (Operation &nested : body.without_terminator())
          inner.clone(nested, mapping);
        Value element = body.getTerminator()->getOperand(0);
        linalg::YieldOp::create(inner, loc, mapping.lookupOrDefault(element));
      });
}

struct GenerateModel : LinearizableOpInterface::ExternalModel<GenerateModel, GenerateOp> {
  LogicalResult linearize(Operation *op, OpBuilder &builder, const TangentMap &tangents,
                          SmallVectorImpl<Value> &out) const {
    linalg::GenericOp generic = buildStructured(builder, cast<GenerateOp>(op));
    LogicalResult result =
        cast<LinearizableOpInterface>(generic.getOperation()).linearize(builder, tangents, out);
    generic.erase();
    return result;
  }
};
} // namespace

void etrace::detail::registerTensorModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, TensorDialect *) {
    context->loadDialect<arith::ArithDialect, linalg::LinalgDialect>();
    SplatOp::attachInterface<SplatModel, SplatTranspose>(*context);
    FromElementsOp::attachInterface<FromElementsModel, FromElementsTranspose,
                                    FromElementsRelation>(*context);
    ExtractOp::attachInterface<ExtractModel, ExtractTranspose, ExtractRelation>(*context);
    InsertOp::attachInterface<InsertModel, InsertTranspose, InsertRelation>(*context);
    CastOp::attachInterface<CastModel, CastTranspose, CastRelation>(*context);
    ExpandShapeOp::attachInterface<ReshapeModel<ExpandShapeOp>, ExpandTranspose,
                                   ReshapeRelation<ExpandShapeOp, true>>(*context);
    CollapseShapeOp::attachInterface<ReshapeModel<CollapseShapeOp>, CollapseTranspose,
                                     ReshapeRelation<CollapseShapeOp, false>>(*context);
    ReshapeOp::attachInterface<ReshapeModel<ReshapeOp>, ReshapeTranspose>(*context);
    GenerateOp::attachInterface<GenerateModel>(*context);
    SplatOp::attachInterface<PointwiseRelation<SplatOp>>(*context);
    registerTensorSliceModels(context);
  });
}
