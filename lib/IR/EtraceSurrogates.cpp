//===- EtraceSurrogates.cpp - Surrogate gradients of spikes ---------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/IR/Etrace.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include <cmath>

using namespace mlir;
using namespace etrace;
using etrace::detail::Double;
using EmitError = function_ref<InFlightDiagnostic()>;

namespace {
/// Builds pointwise arithmetic on values of one float-like type.
struct Pointwise {
  OpBuilder &builder;
  Location loc;
  Type type;

  Value constant(double value) const {
    TypedAttr attr = builder.getFloatAttr(getElementTypeOrSelf(type), value);
    if (auto shaped = dyn_cast<ShapedType>(type))
      attr = DenseElementsAttr::get(shaped, Attribute(attr));
    return arith::ConstantOp::create(builder, loc, attr);
  }
  Value add(Value a, Value b) const { return arith::AddFOp::create(builder, loc, a, b); }
  Value sub(Value a, Value b) const { return arith::SubFOp::create(builder, loc, a, b); }
  Value mul(Value a, Value b) const { return arith::MulFOp::create(builder, loc, a, b); }
  Value scale(double factor, Value a) const { return mul(constant(factor), a); }

  Value div(Value a, Value b) const { return arith::DivFOp::create(builder, loc, a, b); }
  Value plus(double shift, Value a) const { return add(constant(shift), a); }
  Value abs(Value a) const { return math::AbsFOp::create(builder, loc, a); }
  Value exp(Value a) const { return math::ExpOp::create(builder, loc, a); }
  Value square(Value a) const { return mul(a, a); }
  Value inverse(Value a) const { return div(constant(1.0), a); }
  /// yes where a <predicate> b, else no.
  Value choose(arith::CmpFPredicate predicate, Value a, double b, Value yes, Value no) const {
    Value holds = arith::CmpFOp::create(builder, loc, predicate, a, constant(b));
    return arith::SelectOp::create(builder, loc, holds, yes, no);
  }
  /// The derivative of logistic(alpha u).
  Value dLogistic(double alpha, Value u) const {
    Value s = LogisticOp::create(builder, loc, scale(alpha, u));
    return scale(alpha, mul(s, sub(constant(1.0), s)));
  }

  /// Density of the normal distribution N(u; mean, std).
  Value normal(Value u, double mean, double std) const {
    Value z = scale(1.0 / std, sub(u, constant(mean)));
    return scale(1.0 / (std::sqrt(2.0 * M_PI) * std), exp(scale(-0.5, square(z))));
  }
};
} // namespace

static LogicalResult verifyPositive(EmitError emitError, StringRef name, double value) {
  if (value > 0.0 && std::isfinite(value))
    return success();
  return emitError() << name << " of a surrogate must be positive and finite, found " << value;
}

static LogicalResult verifyFinite(EmitError emitError, StringRef name, double value) {
  if (std::isfinite(value))
    return success();
  return emitError() << name << " of a surrogate must be finite, found " << value;
}

LogicalResult ReluGradAttr::verify(EmitError emitError, Double alpha,
                                   Double width) {
  return success(succeeded(verifyPositive(emitError, "alpha", alpha)) &&
                 succeeded(verifyPositive(emitError, "width", width)));
}

LogicalResult SigmoidGradAttr::verify(EmitError emitError, Double alpha) {
  return verifyPositive(emitError, "alpha", alpha);
}

LogicalResult MultiGaussianAttr::verify(EmitError emitError, Double h, Double s,
                                        Double sigma, Double scale) {
  return success(succeeded(verifyFinite(emitError, "h", h)) &&
                 succeeded(verifyPositive(emitError, "s", s)) &&
                 succeeded(verifyPositive(emitError, "sigma", sigma)) &&
                 succeeded(verifyPositive(emitError, "scale", scale)));
}

LogicalResult ArctanAttr::verify(EmitError emitError, Double alpha) {
  return verifyPositive(emitError, "alpha", alpha);
}
LogicalResult PiecewiseQuadraticAttr::verify(EmitError emitError, Double alpha) {
  return verifyPositive(emitError, "alpha", alpha);
}
LogicalResult PiecewiseExpAttr::verify(EmitError emitError, Double alpha) {
  return verifyPositive(emitError, "alpha", alpha);
}
LogicalResult SoftSignAttr::verify(EmitError emitError, Double alpha) {
  return verifyPositive(emitError, "alpha", alpha);
}
LogicalResult NonzeroSignLogAttr::verify(EmitError emitError, Double alpha) {
  return verifyPositive(emitError, "alpha", alpha);
}
LogicalResult ErfAttr::verify(EmitError emitError, Double alpha) {
  return verifyPositive(emitError, "alpha", alpha);
}
LogicalResult QPseudoSpikeAttr::verify(EmitError emitError, Double alpha) {
  return verifyPositive(emitError, "alpha", alpha);
}
LogicalResult InvSquareGradAttr::verify(EmitError emitError, Double alpha) {
  return verifyPositive(emitError, "alpha", alpha);
}
LogicalResult SlayerGradAttr::verify(EmitError emitError, Double alpha) {
  return verifyPositive(emitError, "alpha", alpha);
}

LogicalResult S2NNAttr::verify(EmitError emitError, Double alpha, Double beta) {
  return success(succeeded(verifyPositive(emitError, "alpha", alpha)) &&
                 succeeded(verifyPositive(emitError, "beta", beta)));
}

LogicalResult GaussianGradAttr::verify(EmitError emitError, Double sigma, Double alpha) {
  return success(succeeded(verifyPositive(emitError, "sigma", sigma)) &&
                 succeeded(verifyPositive(emitError, "alpha", alpha)));
}

LogicalResult PiecewiseLeakyReluAttr::verify(EmitError emitError, Double c, Double w) {
  return success(succeeded(verifyFinite(emitError, "c", c)) &&
                 succeeded(verifyPositive(emitError, "w", w)));
}

LogicalResult SquarewaveFourierSeriesAttr::verify(EmitError emitError, int64_t terms,
                                                  Double period) {
  return success(succeeded(verifyPositive(emitError, "terms", terms)) &&
                 succeeded(verifyPositive(emitError, "period", period)));
}

LogicalResult LeakyReluAttr::verify(EmitError emitError, Double alpha, Double beta) {
  return success(succeeded(verifyFinite(emitError, "alpha", alpha)) &&
                 succeeded(verifyFinite(emitError, "beta", beta)));
}

LogicalResult LogTailedReluAttr::verify(EmitError emitError, Double alpha) {
  return verifyFinite(emitError, "alpha", alpha);
}

Value ReluGradAttr::buildDerivative(OpBuilder &builder, Location loc, Value u) const {
  Pointwise p{builder, loc, u.getType()};
  Value slope = p.scale(getAlpha(), p.sub(p.constant(getWidth()), p.abs(u)));
  return arith::MaximumFOp::create(builder, loc, slope, p.constant(0.0));
}

Value SigmoidGradAttr::buildDerivative(OpBuilder &builder, Location loc, Value u) const {
  Pointwise p{builder, loc, u.getType()};
  return p.dLogistic(getAlpha(), u);
}

Value MultiGaussianAttr::buildDerivative(OpBuilder &builder, Location loc, Value u) const {
  Pointwise p{builder, loc, u.getType()};
  double wide = getS() * getSigma();
  Value middle = p.scale(1.0 + getH(), p.normal(u, 0.0, getSigma()));
  Value sides = p.add(p.normal(u, getSigma(), wide), p.normal(u, -getSigma(), wide));
  return p.scale(getScale(), p.sub(middle, p.scale(getH(), sides)));
}

Value ArctanAttr::buildDerivative(OpBuilder &builder, Location loc, Value u) const {
  Pointwise p{builder, loc, u.getType()};
  Value slope = p.square(p.scale(M_PI * getAlpha() / 2.0, u));
  return p.div(p.constant(getAlpha() / 2.0), p.plus(1.0, slope));
}

Value S2NNAttr::buildDerivative(OpBuilder &builder, Location loc, Value u) const {
  Pointwise p{builder, loc, u.getType()};
  // Where u < 0 is not known, as for NaN, NaN comes out.
  Value right = p.div(p.constant(getBeta()), p.plus(1.0, u));
  return p.choose(arith::CmpFPredicate::OLT, u, 0.0, p.dLogistic(getAlpha(), u), right);
}

Value GaussianGradAttr::buildDerivative(OpBuilder &builder, Location loc, Value u) const {
  Pointwise p{builder, loc, u.getType()};
  return p.scale(getAlpha(), p.normal(u, 0.0, getSigma()));
}

Value PiecewiseQuadraticAttr::buildDerivative(OpBuilder &builder, Location loc, Value u) const {
  Pointwise p{builder, loc, u.getType()};
  Value distance = p.abs(u);
  Value slope = p.plus(getAlpha(), p.scale(-getAlpha() * getAlpha(), distance));
  return p.choose(arith::CmpFPredicate::OGT, distance, 1.0 / getAlpha(), p.constant(0.0),
                  slope);
}

Value PiecewiseExpAttr::buildDerivative(OpBuilder &builder, Location loc, Value u) const {
  Pointwise p{builder, loc, u.getType()};
  return p.scale(getAlpha() / 2.0, p.exp(p.scale(-getAlpha(), p.abs(u))));
}

Value SoftSignAttr::buildDerivative(OpBuilder &builder, Location loc, Value u) const {
  Pointwise p{builder, loc, u.getType()};
  Value width = p.plus(1.0, p.scale(getAlpha(), p.abs(u)));
  return p.div(p.constant(getAlpha() / 2.0), p.square(width));
}

Value NonzeroSignLogAttr::buildDerivative(OpBuilder &builder, Location loc, Value u) const {
  Pointwise p{builder, loc, u.getType()};
  return p.inverse(p.plus(1.0 / getAlpha(), p.abs(u)));
}

Value ErfAttr::buildDerivative(OpBuilder &builder, Location loc, Value u) const {
  Pointwise p{builder, loc, u.getType()};
  Value exponent = p.scale(-getAlpha() * getAlpha(), p.square(u));
  return p.scale(getAlpha() / std::sqrt(M_PI), p.exp(exponent));
}

Value PiecewiseLeakyReluAttr::buildDerivative(OpBuilder &builder, Location loc, Value u) const {
  Pointwise p{builder, loc, u.getType()};
  return p.choose(arith::CmpFPredicate::OLE, p.abs(u), getW(), p.constant(0.5 / getW()),
                  p.constant(getC()));
}

Value SquarewaveFourierSeriesAttr::buildDerivative(OpBuilder &builder, Location loc,
                                                   Value u) const {
  Pointwise p{builder, loc, u.getType()};
  Value sum;
  for (int64_t i = 1; i <= getTerms(); ++i) {
    Value phase = p.scale((2 * i - 1) * 2.0 * M_PI / getPeriod(), u);
    Value term = math::CosOp::create(builder, loc, phase);
    sum = sum ? p.add(sum, term) : term;
  }
  return p.scale(4.0 / getPeriod(), sum);
}

Value QPseudoSpikeAttr::buildDerivative(OpBuilder &builder, Location loc, Value u) const {
  Pointwise p{builder, loc, u.getType()};
  // b^(-alpha) = exp(-alpha log b), where b >= 1.
  Value base = p.plus(1.0, p.scale(2.0 / (getAlpha() + 1.0), p.abs(u)));
  return p.exp(p.scale(-getAlpha(), math::LogOp::create(builder, loc, base)));
}

Value LeakyReluAttr::buildDerivative(OpBuilder &builder, Location loc, Value u) const {
  Pointwise p{builder, loc, u.getType()};
  return p.choose(arith::CmpFPredicate::OLT, u, 0.0, p.constant(getAlpha()),
                  p.constant(getBeta()));
}

Value LogTailedReluAttr::buildDerivative(OpBuilder &builder, Location loc, Value u) const {
  Pointwise p{builder, loc, u.getType()};
  Value right = p.choose(arith::CmpFPredicate::OLE, u, 1.0, p.constant(1.0), p.inverse(u));
  return p.choose(arith::CmpFPredicate::OLE, u, 0.0, p.constant(getAlpha()), right);
}

Value InvSquareGradAttr::buildDerivative(OpBuilder &builder, Location loc, Value u) const {
  Pointwise p{builder, loc, u.getType()};
  return p.inverse(p.square(p.plus(1.0, p.scale(getAlpha(), p.abs(u)))));
}

Value SlayerGradAttr::buildDerivative(OpBuilder &builder, Location loc, Value u) const {
  Pointwise p{builder, loc, u.getType()};
  return p.exp(p.scale(-getAlpha(), p.abs(u)));
}
