//===- Etrace.cpp - Models of etrace operations ---------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ETP primitives are one case, described by their indexing maps:
//     y[m_y(it)] = sum_it prod_k operand_k[m_k(it)] + additive operands.
// Dimensions that an index operand gives are as good as free for the relation of positions.
//===----------------------------------------------------------------------===//

#include "Models.h"
#include "etrace/Differentiation/Regions.h"
#include "etrace/IR/Etrace.h"
#include "etrace/Interfaces/ZeroPadding.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace etrace;
using namespace etrace::detail;

namespace {
//===----------------------------------------------------------------------===//
// ETP primitives
//===----------------------------------------------------------------------===//

/// Product operands as their maps index them, and these maps, with one operand replaced.
void getFactors(OpBuilder &builder, ETPOpInterface op, OpOperand &replaced, Value by,
                AffineMap byMap, SmallVectorImpl<Value> &factors,
                SmallVectorImpl<AffineMap> &maps) {
  SmallVector<AffineMap> all = op.getIndexingMapsArray();
  for (OpOperand *operand : op.getProductOperands()) {
    bool here = operand == &replaced;
    factors.push_back(here ? by
                           : buildPadded(builder, op.getLoc(), op, *operand, operand->get()));
    maps.push_back(here ? byMap : all[operand->getOperandNumber()]);
  }
}

/// dy = sum over active factors of the product with the factor's tangent in its place,
/// plus the tangents of additive operands.
template <typename OpTy>
struct ETPModel : LinearizableOpInterface::ExternalModel<ETPModel<OpTy>, OpTy> {
  LogicalResult linearize(Operation *op, OpBuilder &builder, const TangentMap &tangents,
                          SmallVectorImpl<Value> &out) const {
    auto primitive = cast<ETPOpInterface>(op);
    SmallVector<AffineMap> all = primitive.getIndexingMapsArray();
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    Value sum;
    auto add = [&](ArrayRef<Value> factors, ArrayRef<AffineMap> maps,
                   ArrayRef<DimIndex> indices) {
      Value term = buildContraction(builder, op->getLoc(), factors, maps, type, indices);
      sum = sum ? buildAdd(builder, op->getLoc(), sum, term) : term;
    };
    for (OpOperand *operand : primitive.getProductOperands()) {
      Value tangent = tangents.lookup(operand->get());
      if (!tangent)
        continue;
      tangent = buildPadded(builder, op->getLoc(), primitive, *operand, tangent);
      SmallVector<Value> factors;
      SmallVector<AffineMap> maps;
      getFactors(builder, primitive, *operand, tangent, all[operand->getOperandNumber()], factors,
                 maps);
      maps.push_back(all.back());
      add(factors, maps, primitive.getDimIndices());
    }
    for (OpOperand *operand : primitive.getAdditiveOperands())
      if (Value tangent = tangents.lookup(operand->get()))
        add(tangent, {all[operand->getOperandNumber()], all.back()}, {});
    out.push_back(sum);
    return success();
  }
};

/// The cotangent of a factor is the product with the cotangent of y in its place.
template <typename OpTy>
struct ETPTranspose : LinearTransposeOpInterface::ExternalModel<ETPTranspose<OpTy>, OpTy> {
  bool isLinearIn(Operation *op, Linear linear) const {
    auto primitive = cast<ETPOpInterface>(op);
    unsigned factors = llvm::count_if(primitive.getProductOperands(),
                                      [&](OpOperand *o) { return linear(o->get()); });
    bool zeroProduct = llvm::any_of(primitive.getProductOperands(),
                                    [&](OpOperand *o) { return isKnownZero(o->get()); });
    return (factors == 1 || (factors == 0 && zeroProduct)) &&
           llvm::all_of(primitive.getAdditiveOperands(),
                        [&](OpOperand *o) { return isTerm(o->get(), linear); });
  }
  LogicalResult transpose(Operation *op, OpBuilder &builder, ValueRange results,
                          CotangentMap &cotangents) const {
    auto primitive = cast<ETPOpInterface>(op);
    SmallVector<AffineMap> all = primitive.getIndexingMapsArray();
    Location loc = op->getLoc();
    auto send = [&](OpOperand &operand, ArrayRef<Value> factors, ArrayRef<AffineMap> maps,
                    ArrayRef<DimIndex> indices) {
      Value like = buildPaddedZeros(builder, loc, primitive, operand);
      auto type = cast<RankedTensorType>(like.getType());
      Value padded = buildContraction(builder, loc, factors, maps, type, indices, like);
      cotangents.accumulate(builder, operand.get(),
                            buildUnpadded(builder, loc, primitive, operand, padded));
    };
    for (OpOperand *operand : primitive.getProductOperands()) {
      if (!cotangents.isLinear(operand->get()))
        continue;
      SmallVector<Value> factors;
      SmallVector<AffineMap> maps;
      getFactors(builder, primitive, *operand, results[0], all.back(), factors, maps);
      maps.push_back(all[operand->getOperandNumber()]);
      send(*operand, factors, maps, primitive.getDimIndices());
    }
    for (OpOperand *operand : primitive.getAdditiveOperands())
      if (cotangents.isLinear(operand->get()))
        send(*operand, results[0], {all.back(), all[operand->getOperandNumber()]}, {});
    return success();
  }
};

/// Where an operand is read: at the place in the padded operand, among whose zeros are its
/// elements.
AffineMap getReadMap(ETPOpInterface op, OpOperand &operand) {
  AffineMap map = op.getIndexingMapsArray()[operand.getOperandNumber()];
  std::optional<ZeroPadding> padding = op.getPadding(operand);
  if (!padding)
    return map;
  SmallVector<AffineExpr> exprs;
  for (auto [expr, low, step] : llvm::zip_equal(map.getResults(), padding->low, padding->step))
    exprs.push_back((expr - low).floorDiv(step));
  return AffineMap::get(map.getNumDims(), 0, exprs, op.getContext());
}

template <typename OpTy>
struct ETPRelation : PositionRelationOpInterface::ExternalModel<ETPRelation<OpTy>, OpTy> {
  FailureOr<PositionRelation> getPositionRelation(Operation *op, unsigned operand,
                                                  unsigned) const {
    auto primitive = cast<ETPOpInterface>(op);
    SmallVector<int64_t> box = getIterationExtents(primitive);
    if (llvm::any_of(box, ShapedType::isDynamic))
      return failure();
    return PositionRelation{box, getReadMap(primitive, op->getOpOperand(operand)),
                            primitive.getIndexingMapsArray().back()};
  }
};

//===----------------------------------------------------------------------===//
// Pointwise operations
//===----------------------------------------------------------------------===//

struct SpikeModel : LinearizableOpInterface::ExternalModel<SpikeModel, SpikeOp> {
  Value buildPartial(Operation *op, OpBuilder &builder, unsigned, unsigned operand) const {
    auto spike = cast<SpikeOp>(op);
    if (operand != 0)
      return {}; // The spike does not depend on the derivative that stands for its own.
    if (spike.getDerivative())
      return spike.getDerivative();
    auto surrogate = cast<SurrogateAttrInterface>(Attribute(spike.getSurrogate()));
    return surrogate.buildDerivative(builder, op->getLoc(), spike.getInput());
  }
};

//===----------------------------------------------------------------------===//
// Custom derivatives
//===----------------------------------------------------------------------===//

/// Clones what a region computes; returns what it yields.
SmallVector<Value> inlineRegion(OpBuilder &builder, Region &region, ValueRange arguments) {
  IRMapping mapping;
  mapping.map(region.getArguments(), arguments);
  return cloneSlice(builder, region.front(), region.front().getTerminator()->getOperands(),
                    mapping);
}

/// A jvp is inlined. A vjp belongs to a linear operation, whose transpose it is.
struct CustomModel : LinearizableOpInterface::ExternalModel<CustomModel, CustomDerivativeOp> {
  LogicalResult linearize(Operation *op, OpBuilder &builder, const TangentMap &tangents,
                          SmallVectorImpl<Value> &out) const {
    auto custom = cast<CustomDerivativeOp>(op);
    SmallVector<Value> incoming;
    for (Value input : custom.getInputs())
      if (isFloatLike(input)) {
        Value tangent = tangents.lookup(input);
        incoming.push_back(tangent ? tangent
                                   : ZeroTangentOp::create(builder, op->getLoc(), input.getType(),
                                                           input));
      }
    SmallVector<Value> outgoing;
    if (custom.getVjp().empty()) {
      SmallVector<Value> arguments(custom.getInputs());
      llvm::append_range(arguments, incoming);
      outgoing = inlineRegion(builder, custom.getJvp(), arguments);
    } else {
      SmallVector<Type> types;
      for (Value result : llvm::make_filter_range(op->getResults(), isFloatLike))
        types.push_back(result.getType());
      auto linear =
          CustomLinearOp::create(builder, op->getLoc(), types, incoming, custom.getInputs());
      IRMapping forward, transposed;
      custom.getJvp().cloneInto(&linear.getForward(), forward);
      custom.getVjp().cloneInto(&linear.getTransposed(), transposed);
      llvm::append_range(outgoing, linear.getResults());
    }
    unsigned next = 0;
    for (Value result : op->getResults())
      out.push_back(isFloatLike(result) ? outgoing[next++] : Value());
    return success();
  }
};

struct CustomTranspose
    : LinearTransposeOpInterface::ExternalModel<CustomTranspose, CustomLinearOp> {
  bool isLinearIn(Operation *op, Linear linear) const {
    auto custom = cast<CustomLinearOp>(op);
    return llvm::none_of(custom.getResiduals(), linear) &&
           llvm::all_of(custom.getTangents(), [&](Value v) { return isTerm(v, linear); });
  }
  LogicalResult transpose(Operation *op, OpBuilder &builder, ValueRange results,
                          CotangentMap &cotangents) const {
    auto custom = cast<CustomLinearOp>(op);
    SmallVector<Value> arguments(custom.getResiduals());
    for (auto [result, cotangent] : llvm::zip(op->getResults(), results))
      arguments.push_back(cotangent ? cotangent : buildZerosLike(builder, op->getLoc(), result));
    SmallVector<Value> outgoing = inlineRegion(builder, custom.getTransposed(), arguments);
    for (auto [tangent, cotangent] : llvm::zip(custom.getTangents(), outgoing))
      cotangents.accumulate(builder, tangent, cotangent);
    return success();
  }
};

/// Linear, and it sends nothing anywhere.
struct ZeroTangentTranspose
    : LinearTransposeOpInterface::ExternalModel<ZeroTangentTranspose, ZeroTangentOp> {
  bool isLinearIn(Operation *, Linear) const { return true; }
  LogicalResult transpose(Operation *, OpBuilder &, ValueRange, CotangentMap &) const {
    return success();
  }
};

/// y (1 - y): finite for all x.
Value dLogistic(const Pointwise &p, Value, Value y) {
  return p.mul(y, p.sub(p.constant(1.0), y));
}

/// The identity; tangents and cotangents pass.
struct FreshModel : LinearizableOpInterface::ExternalModel<FreshModel, FreshOp> {
  LogicalResult linearize(Operation *op, OpBuilder &, const TangentMap &tangents,
                          SmallVectorImpl<Value> &out) const {
    out.push_back(tangents.lookup(op->getOperand(0)));
    return success();
  }
};
struct FreshTranspose : LinearTransposeOpInterface::ExternalModel<FreshTranspose, FreshOp> {
  bool isLinearIn(Operation *, Linear) const { return true; }
  LogicalResult transpose(Operation *op, OpBuilder &builder, ValueRange results,
                          CotangentMap &cotangents) const {
    cotangents.accumulate(builder, op->getOperand(0), results[0]);
    return success();
  }
};

/// Attaches the models of primitives to the operations that are primitives.
template <typename... OpTys>
void attachPrimitives(MLIRContext *context) {
  auto attach = [&](auto *tag) {
    using OpTy = std::remove_pointer_t<decltype(tag)>;
    if constexpr (std::is_base_of_v<ETPOpInterface::Trait<OpTy>, OpTy>)
      OpTy::template attachInterface<ETPModel<OpTy>, ETPTranspose<OpTy>, ETPRelation<OpTy>>(
          *context);
  };
  (attach(static_cast<OpTys *>(nullptr)), ...);
}
} // namespace

void etrace::detail::registerEtraceModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, EtraceDialect *) {
    context->loadDialect<arith::ArithDialect, linalg::LinalgDialect, math::MathDialect,
                         tensor::TensorDialect>();
    attachPrimitives<
#define GET_OP_LIST
#include "etrace/IR/EtraceOps.cpp.inc"
        >(context);
    attachIndexedModels(context);
    attachLowRankModels(context);
    SpikeOp::attachInterface<SpikeModel, PointwiseRelation<SpikeOp>>(*context);
    LogisticOp::attachInterface<UnaryModel<LogisticOp, dLogistic>,
                                PointwiseRelation<LogisticOp>>(*context);
    StopGradientOp::attachInterface<ZeroModel<StopGradientOp>>(*context);
    RandomNormalOp::attachInterface<ZeroModel<RandomNormalOp>>(*context);
    CustomDerivativeOp::attachInterface<CustomModel>(*context);
    CustomLinearOp::attachInterface<CustomTranspose>(*context);
    ZeroTangentOp::attachInterface<ZeroTangentTranspose>(*context);
    FreshOp::attachInterface<FreshModel, FreshTranspose, PointwiseRelation<FreshOp>>(*context);
  });
}
