//===- ConvertEtraceToLinalg.cpp - Computational operations to linalg -----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "IndexedContraction.h"
#include "RandomNormal.h"
#include "etrace/Conversion/Passes.h"
#include "etrace/Interfaces/Contraction.h"
#include "etrace/Interfaces/ZeroPadding.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/DialectConversion.h"

namespace etrace {
#define GEN_PASS_DEF_CONVERTETRACETOLINALGPASS
#include "etrace/Conversion/Passes.h.inc"
} // namespace etrace

using namespace mlir;
using namespace etrace;

namespace {

/// A constant of `type`, a float or a tensor of floats.
Value buildConstant(OpBuilder &builder, Location loc, Type type, double value) {
  TypedAttr attr = builder.getFloatAttr(getElementTypeOrSelf(type), value);
  if (auto shaped = dyn_cast<ShapedType>(type))
    attr = DenseElementsAttr::get(shaped, attr);
  return arith::ConstantOp::create(builder, loc, attr);
}

/// H(u) = 1[u >= 0].
struct ConvertSpike : OpConversionPattern<SpikeOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(SpikeOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value u = adaptor.getInput();
    Value zero = buildConstant(rewriter, loc, u.getType(), 0.0);
    Value fires = arith::CmpFOp::create(rewriter, loc, arith::CmpFPredicate::OGE, u, zero);
    rewriter.replaceOpWithNewOp<arith::UIToFPOp>(op, u.getType(), fires);
    return success();
  }
};

/// 1 / (1 + exp(-x)): exp may overflow to infinity, where the quotient is 0.
struct ConvertLogistic : OpConversionPattern<LogisticOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(LogisticOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value x = adaptor.getInput();
    Value one = buildConstant(rewriter, loc, x.getType(), 1.0);
    Value negated = arith::NegFOp::create(rewriter, loc, x);
    Value power = math::ExpOp::create(rewriter, loc, negated);
    Value sum = arith::AddFOp::create(rewriter, loc, one, power);
    rewriter.replaceOpWithNewOp<arith::DivFOp>(op, one, sum);
    return success();
  }
};

/// `stop_gradient` and `fresh` matter to derivation only.
template <typename OpTy>
struct ConvertIdentity : OpConversionPattern<OpTy> {
  using OpConversionPattern<OpTy>::OpConversionPattern;
  LogicalResult matchAndRewrite(OpTy op, typename OpTy::Adaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOp(op, adaptor.getOperands().front());
    return success();
  }
};

/// Replaces an operation by what one of its regions computes from `arguments`.
static LogicalResult inlineRegion(Operation *op, Region &region, ValueRange arguments,
                                  ConversionPatternRewriter &rewriter) {
  Block &block = region.front();
  Operation *yield = block.getTerminator();
  SmallVector<Value> results(yield->getOperands());
  rewriter.eraseOp(yield);
  rewriter.inlineBlockBefore(&block, op, arguments);
  rewriter.replaceOp(op, results);
  return success();
}

struct ConvertCustomDerivative : OpConversionPattern<CustomDerivativeOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(CustomDerivativeOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    return inlineRegion(op, op.getBody(), adaptor.getInputs(), rewriter);
  }
};

struct ConvertCustomLinear : OpConversionPattern<CustomLinearOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(CustomLinearOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    SmallVector<Value> arguments(adaptor.getResiduals());
    llvm::append_range(arguments, adaptor.getTangents());
    return inlineRegion(op, op.getForward(), arguments, rewriter);
  }
};

struct ConvertZeroTangent : OpConversionPattern<ZeroTangentOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(ZeroTangentOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOp(op, buildZerosLike(rewriter, op.getLoc(), adaptor.getLike()));
    return success();
  }
};

struct ConvertRandomNormal : OpConversionPattern<RandomNormalOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(RandomNormalOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOp(
        op, buildRandomNormal(rewriter, op, adaptor.getLike(), adaptor.getCounter()));
    return success();
  }
};

/// y[map_y(it)] = additive operands + sum_it prod_k operand_k[map_k(it)].
struct ConvertPrimitive : OpInterfaceConversionPattern<ETPOpInterface> {
  using OpInterfaceConversionPattern::OpInterfaceConversionPattern;
  LogicalResult matchAndRewrite(ETPOpInterface op, ArrayRef<Value> operands,
                                ConversionPatternRewriter &rewriter) const override;

private:
  /// Rewrites a map from the iteration space to one from the axes of the result.
  static AffineMap inResultSpace(AffineMap map, AffineMap result);
  static Value buildAdditive(ETPOpInterface op, ArrayRef<Value> operands,
                             RankedTensorType type, OpBuilder &builder);
};

AffineMap ConvertPrimitive::inResultSpace(AffineMap map, AffineMap result) {
  SmallVector<AffineExpr> axes;
  for (AffineExpr expr : map.getResults()) {
    std::optional<unsigned> axis = result.getResultPosition(expr);
    if (!axis)
      return {};
    axes.push_back(getAffineDimExpr(*axis, map.getContext()));
  }
  return AffineMap::get(result.getNumResults(), 0, axes, map.getContext());
}

/// The sum of the additive operands, broadcast to the result; zero if there is none.
Value ConvertPrimitive::buildAdditive(ETPOpInterface op, ArrayRef<Value> operands,
                                      RankedTensorType type, OpBuilder &builder) {
  Location loc = op.getLoc();
  Value empty = tensor::EmptyOp::create(builder, loc, type.getShape(), type.getElementType());
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  SmallVector<Value> inputs;
  SmallVector<AffineMap> inputMaps;
  for (OpOperand *operand : op.getAdditiveOperands()) {
    AffineMap map = inResultSpace(maps[operand->getOperandNumber()], maps.back());
    if (!map)
      return {};
    inputs.push_back(operands[operand->getOperandNumber()]);
    inputMaps.push_back(map);
  }
  if (inputs.empty()) {
    Value zero = buildConstant(builder, loc, type.getElementType(), 0.0);
    return linalg::FillOp::create(builder, loc, zero, empty).getResult(0);
  }
  inputMaps.push_back(builder.getMultiDimIdentityMap(type.getRank()));
  SmallVector<utils::IteratorType> iterators(type.getRank(), utils::IteratorType::parallel);
  auto sum = [](OpBuilder &b, Location loc, ValueRange args) {
    Value value = args.front();
    for (Value next : args.drop_front().drop_back())
      value = arith::AddFOp::create(b, loc, value, next);
    linalg::YieldOp::create(b, loc, value);
  };
  return linalg::GenericOp::create(builder, loc, type, inputs, empty, inputMaps, iterators, sum)
      .getResult(0);
}

LogicalResult ConvertPrimitive::matchAndRewrite(ETPOpInterface op, ArrayRef<Value> operands,
                                                ConversionPatternRewriter &rewriter) const {
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  if (!type.hasStaticShape())
    return op->emitError("expected static shapes, found ") << type;
  Value init = buildAdditive(op, operands, type, rewriter);
  if (!init)
    return op->emitError("an additive operand varies along an axis that the result lacks");
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  SmallVector<Value> inputs;
  SmallVector<AffineMap> productMaps;
  for (OpOperand *operand : op.getProductOperands()) {
    inputs.push_back(buildPadded(rewriter, op.getLoc(), op, *operand,
                                 operands[operand->getOperandNumber()]));
    productMaps.push_back(maps[operand->getOperandNumber()]);
  }
  if (inputs.empty()) {
    rewriter.replaceOp(op, init);
    return success();
  }
  productMaps.push_back(maps.back());
  if (SmallVector<DimIndex> indices = op.getDimIndices(); !indices.empty()) {
    rewriter.replaceOp(op, buildIndexedContraction(rewriter, op.getLoc(), inputs, productMaps,
                                                   indices, init));
    return success();
  }
  SmallVector<utils::IteratorType> iterators(maps.back().getNumDims(),
                                             utils::IteratorType::reduction);
  for (AffineExpr axis : maps.back().getResults())
    iterators[cast<AffineDimExpr>(axis).getPosition()] = utils::IteratorType::parallel;
  auto accumulate = [](OpBuilder &b, Location loc, ValueRange args) {
    Value product = args.front();
    for (Value factor : args.drop_front().drop_back())
      product = arith::MulFOp::create(b, loc, product, factor);
    Value sum = arith::AddFOp::create(b, loc, args.back(), product);
    linalg::YieldOp::create(b, loc, sum);
  };
  rewriter.replaceOpWithNewOp<linalg::GenericOp>(op, TypeRange(type), inputs, init, productMaps,
                                                 iterators, accumulate);
  return success();
}

/// Operations that stand for several.
struct ConvertAggregated : OpInterfaceConversionPattern<linalg::AggregatedOpInterface> {
  using OpInterfaceConversionPattern::OpInterfaceConversionPattern;
  LogicalResult matchAndRewrite(linalg::AggregatedOpInterface op, ArrayRef<Value>,
                                ConversionPatternRewriter &rewriter) const override {
    if (!isa<EtraceDialect>(op->getDialect()))
      return failure();
    FailureOr<SmallVector<Value>> values = op.decomposeOperation(rewriter);
    if (failed(values))
      return failure();
    rewriter.replaceOp(op, *values);
    return success();
  }
};

/// What has a vjp alone cannot be computed forwards.
LogicalResult verifyForward(func::FuncOp function) {
  WalkResult walk = function.walk([](CustomLinearOp op) {
    if (!op.getForward().empty())
      return WalkResult::advance();
    op.emitError("forward mode of a custom derivative that has a region 'vjp' only; add a region "
                 "'jvp' [no-derivative-rule]");
    return WalkResult::interrupt();
  });
  return failure(walk.wasInterrupted());
}

struct ConvertEtraceToLinalg
    : etrace::impl::ConvertEtraceToLinalgPassBase<ConvertEtraceToLinalg> {
  void runOnOperation() override {
    MLIRContext *context = &getContext();
    ConversionTarget target(*context);
    target.markUnknownOpDynamicallyLegal([](Operation *) { return true; });
    target.addIllegalDialect<EtraceDialect>();
    RewritePatternSet patterns(context);
    patterns.add<ConvertSpike, ConvertLogistic, ConvertIdentity<StopGradientOp>,
                 ConvertIdentity<FreshOp>, ConvertPrimitive, ConvertCustomDerivative,
                 ConvertCustomLinear, ConvertZeroTangent, ConvertRandomNormal, ConvertAggregated>(
        context);
    populateIndexedContractionPatterns(patterns);
    FrozenRewritePatternSet frozen(std::move(patterns));
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (failed(verifyForward(function)) ||
          failed(applyPartialConversion(function, target, frozen)))
        return signalPassFailure();
  }
};

} // namespace
