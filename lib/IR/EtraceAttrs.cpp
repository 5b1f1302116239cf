//===- EtraceAttrs.cpp - Initialisers and surrogates ----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/IR/Etrace.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;
using namespace etrace;

FailureOr<etrace::detail::Double> etrace::detail::parseDouble(AsmParser &parser) {
  double value;
  if (parser.parseFloat(value))
    return failure();
  return Double(value);
}

void etrace::detail::printDouble(AsmPrinter &printer, double value) {
  printer.printFloat(APFloat(value));
}

#include "etrace/IR/EtraceAttrInterfaces.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "etrace/IR/EtraceAttrs.cpp.inc"

void EtraceDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "etrace/IR/EtraceAttrs.cpp.inc"
      >();
}

//===----------------------------------------------------------------------===//
// Initialisers
//===----------------------------------------------------------------------===//

bool ZerosAttr::isConstant() const { return true; }
double ZerosAttr::getConstant() const { return 0.0; }
bool ConstantAttr::isConstant() const { return true; }
double ConstantAttr::getConstant() const { return getValue(); }
int64_t XavierAttr::getMinimumRank() const { return 2; }
int64_t KaimingAttr::getMinimumRank() const { return 2; }
int64_t OrthogonalAttr::getMinimumRank() const { return 2; }

using EmitError = function_ref<InFlightDiagnostic()>;

LogicalResult UniformAttr::verify(EmitError emitError, etrace::detail::Double low, etrace::detail::Double high) {
  if (!(low <= high))
    return emitError() << "low must not be above high, found " << low.value << " and "
                       << high.value;
  return success();
}

LogicalResult NormalAttr::verify(EmitError emitError, etrace::detail::Double, etrace::detail::Double std) {
  if (!(std >= 0.0))
    return emitError() << "the standard deviation must not be negative, found " << std.value;
  return success();
}

LogicalResult KaimingAttr::verify(EmitError emitError, etrace::detail::Double scale) {
  if (!(scale >= 0.0))
    return emitError() << "scale must not be negative, found " << scale.value;
  return success();
}

//===----------------------------------------------------------------------===//
// Surrogates
//===----------------------------------------------------------------------===//

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

  /// Density of the normal distribution N(u; mean, std).
  Value normal(Value u, double mean, double std) const {
    Value z = scale(1.0 / std, sub(u, constant(mean)));
    Value e = math::ExpOp::create(builder, loc, scale(-0.5, mul(z, z)));
    return scale(1.0 / (std::sqrt(2.0 * M_PI) * std), e);
  }
};
} // namespace

static LogicalResult verifyPositive(EmitError emitError, StringRef name, double value) {
  if (value > 0.0 && std::isfinite(value))
    return success();
  return emitError() << name << " of a surrogate must be positive and finite, found " << value;
}

LogicalResult ReluGradAttr::verify(EmitError emitError, etrace::detail::Double alpha,
                                   etrace::detail::Double width) {
  return success(succeeded(verifyPositive(emitError, "alpha", alpha)) &&
                 succeeded(verifyPositive(emitError, "width", width)));
}

LogicalResult SigmoidGradAttr::verify(EmitError emitError, etrace::detail::Double alpha) {
  return verifyPositive(emitError, "alpha", alpha);
}

LogicalResult MultiGaussianAttr::verify(EmitError emitError, etrace::detail::Double h, etrace::detail::Double s,
                                        etrace::detail::Double sigma, etrace::detail::Double scale) {
  if (!std::isfinite(h))
    return emitError() << "h of a surrogate must be finite, found " << h.value;
  return success(succeeded(verifyPositive(emitError, "s", s)) &&
                 succeeded(verifyPositive(emitError, "sigma", sigma)) &&
                 succeeded(verifyPositive(emitError, "scale", scale)));
}

Value ReluGradAttr::buildDerivative(OpBuilder &builder, Location loc, Value u) const {
  Pointwise p{builder, loc, u.getType()};
  Value distance = math::AbsFOp::create(builder, loc, u);
  Value slope = p.scale(getAlpha(), p.sub(p.constant(getWidth()), distance));
  return arith::MaximumFOp::create(builder, loc, slope, p.constant(0.0));
}

Value SigmoidGradAttr::buildDerivative(OpBuilder &builder, Location loc, Value u) const {
  Pointwise p{builder, loc, u.getType()};
  Value s = LogisticOp::create(builder, loc, p.scale(getAlpha(), u));
  return p.scale(getAlpha(), p.mul(s, p.sub(p.constant(1.0), s)));
}

Value MultiGaussianAttr::buildDerivative(OpBuilder &builder, Location loc, Value u) const {
  Pointwise p{builder, loc, u.getType()};
  double wide = getS() * getSigma();
  Value middle = p.scale(1.0 + getH(), p.normal(u, 0.0, getSigma()));
  Value sides = p.add(p.normal(u, getSigma(), wide), p.normal(u, -getSigma(), wide));
  return p.scale(getScale(), p.sub(middle, p.scale(getH(), sides)));
}
