//===- GradientTransforms.cpp - Models of functions of derivatives --------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Models.h"
#include "etrace/IR/StateUses.h"
#include "etrace/Interfaces/Contraction.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace etrace;
using namespace etrace::detail;

namespace {
using Values = SmallVector<Value>;

template <typename Model, typename AttrTy>
using TransformModel = GradientTransformAttrInterface::ExternalModel<Model, AttrTy>;

struct ScaleModel : TransformModel<ScaleModel, ScaleAttr> {
  Values buildTransform(Attribute attr, OpBuilder &builder, Location loc,
                        ValueRange gradients) const {
    return llvm::map_to_vector(gradients, [&](Value g) -> Value {
      Value factor = buildConstantLike(builder, loc, g, cast<ScaleAttr>(attr).getFactor());
      return arith::MulFOp::create(builder, loc, factor, g);
    });
  }
};

struct ClipByValueModel : TransformModel<ClipByValueModel, ClipByValueAttr> {
  Values buildTransform(Attribute attr, OpBuilder &builder, Location loc,
                        ValueRange gradients) const {
    auto clip = cast<ClipByValueAttr>(attr);
    return llvm::map_to_vector(gradients, [&](Value g) -> Value {
      Value low = buildConstantLike(builder, loc, g, clip.getLow());
      Value high = buildConstantLike(builder, loc, g, clip.getHigh());
      Value above = arith::MaximumFOp::create(builder, loc, g, low);
      return arith::MinimumFOp::create(builder, loc, above, high);
    });
  }
};

/// A number times a float or tensor of floats.
Value multiply(OpBuilder &builder, Location loc, Value factor, Value g) {
  if (isa<FloatType>(g.getType()))
    return arith::MulFOp::create(builder, loc, factor, g);
  AffineMap identity =
      builder.getMultiDimIdentityMap(cast<RankedTensorType>(g.getType()).getRank());
  SmallVector<utils::IteratorType> iterators(identity.getNumDims(),
                                             utils::IteratorType::parallel);
  auto body = [&](OpBuilder &inner, Location, ValueRange values) {
    linalg::YieldOp::create(
        inner, loc,
        arith::MulFOp::create(inner, loc, factor, values.front()).getResult());
  };
  return linalg::GenericOp::create(builder, loc, g.getType(), g, buildZerosLike(builder, loc, g),
                                   ArrayRef<AffineMap>{identity, identity}, iterators, body)
      .getResult(0);
}

/// min(1, max / (n + 1e-6)) with n the root of the sum of all squares, in the widest type.
struct ClipByGlobalNormModel : TransformModel<ClipByGlobalNormModel, ClipByGlobalNormAttr> {
  Values buildTransform(Attribute attr, OpBuilder &builder, Location loc,
                        ValueRange gradients) const {
    if (gradients.empty())
      return {};
    Type widest = builder.getF32Type();
    for (Value g : gradients)
      if (Type type = getElementTypeOrSelf(g);
          cast<FloatType>(type).getWidth() > cast<FloatType>(widest).getWidth())
        widest = type;
    Value sum = buildConstant(builder, loc, widest, 0.0);
    for (Value g : gradients) {
      Value square = arith::MulFOp::create(builder, loc, g, g);
      if (isa<RankedTensorType>(square.getType()))
        square = buildSum(builder, loc, square);
      sum = arith::AddFOp::create(builder, loc, sum,
                                  convertFloat(builder, loc, square, widest));
    }
    Value norm = math::SqrtOp::create(builder, loc, sum);
    norm = arith::AddFOp::create(builder, loc, norm, buildConstant(builder, loc, widest, 1e-6));
    Value max =
        buildConstant(builder, loc, widest, cast<ClipByGlobalNormAttr>(attr).getMax());
    Value factor = arith::MinimumFOp::create(builder, loc,
                                             buildConstant(builder, loc, widest, 1.0),
                                             arith::DivFOp::create(builder, loc, max, norm));
    return llvm::map_to_vector(gradients, [&](Value g) {
      return multiply(builder, loc,
                      convertFloat(builder, loc, factor, getElementTypeOrSelf(g)), g);
    });
  }
};

struct GradientNoiseModel : TransformModel<GradientNoiseModel, GradientNoiseAttr> {
  Values buildTransform(Attribute attr, OpBuilder &builder, Location loc,
                        ValueRange gradients) const {
    auto noise = cast<GradientNoiseAttr>(attr);
    Values results;
    for (auto [number, g] : llvm::enumerate(gradients)) {
      Value normal = RandomNormalOp::create(
          builder, loc, g.getType(), g, /*counter=*/Value(),
          builder.getI64IntegerAttr(noise.getSeed()),
          builder.getStringAttr("gradient_noise." + Twine(number)));
      Value std = buildConstantLike(builder, loc, g, noise.getStd());
      results.push_back(arith::AddFOp::create(
          builder, loc, g, arith::MulFOp::create(builder, loc, std, normal)));
    }
    return results;
  }
};

struct TransformByModel : TransformModel<TransformByModel, TransformByAttr> {
  LogicalResult verifyTransform(Attribute attr, Operation *scope, TypeRange gradients,
                                function_ref<InFlightDiagnostic()> emitError) const {
    auto transform = cast<TransformByAttr>(attr);
    auto function = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(
        scope, transform.getFunction());
    if (!function)
      return emitError() << "names " << transform.getFunction()
                         << " in transforms, which is not a 'func.func' beside the function that "
                            "is differentiated [derivative-transforms]";
    if (!getStateUses(function).empty())
      return emitError() << "names " << transform.getFunction()
                         << " in transforms, which uses states; hand it what it needs as "
                            "parameters [derivative-transforms]";
    SmallVector<Type> inputs(gradients);
    for (Attribute parameter : getParameters(transform))
      inputs.push_back(cast<TypedAttr>(parameter).getType());
    auto expected = FunctionType::get(scope->getContext(), inputs, gradients);
    if (function.getFunctionType() == expected)
      return success();
    InFlightDiagnostic diag = emitError()
                              << "hands its derivatives to " << transform.getFunction()
                              << ", which must have the type " << expected
                              << " [derivative-transforms]";
    diag.attachNote(function.getLoc()) << "it has the type " << function.getFunctionType();
    return diag;
  }
  Values buildTransform(Attribute attr, OpBuilder &builder, Location loc,
                        ValueRange gradients) const {
    auto transform = cast<TransformByAttr>(attr);
    Values operands(gradients);
    for (Attribute parameter : getParameters(transform))
      operands.push_back(arith::ConstantOp::create(builder, loc, cast<TypedAttr>(parameter)));
    auto call = func::CallOp::create(builder, loc, transform.getFunction(),
                                     gradients.getTypes(), operands);
    return Values(call.getResults());
  }

private:
  static ArrayRef<Attribute> getParameters(TransformByAttr transform) {
    return transform.getParameters() ? transform.getParameters().getValue()
                                     : ArrayRef<Attribute>();
  }
};
} // namespace

void etrace::detail::registerGradientTransformModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, EtraceDialect *) {
    context->loadDialect<arith::ArithDialect, func::FuncDialect, linalg::LinalgDialect,
                         math::MathDialect, tensor::TensorDialect>();
    ScaleAttr::attachInterface<ScaleModel>(*context);
    ClipByValueAttr::attachInterface<ClipByValueModel>(*context);
    ClipByGlobalNormAttr::attachInterface<ClipByGlobalNormModel>(*context);
    GradientNoiseAttr::attachInterface<GradientNoiseModel>(*context);
    TransformByAttr::attachInterface<TransformByModel>(*context);
  });
}
