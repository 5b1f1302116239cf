//===- EtraceAttrs.cpp - Initialisers and surrogates ----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/IR/Etrace.h"

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
// Functions of gradients
//===----------------------------------------------------------------------===//

static LogicalResult verifyFinite(EmitError emitError, StringRef name, double value) {
  if (std::isfinite(value))
    return success();
  return emitError() << name << " must be finite, found " << value;
}

LogicalResult ScaleAttr::verify(EmitError emitError, etrace::detail::Double factor) {
  return verifyFinite(emitError, "factor", factor);
}

LogicalResult ClipByValueAttr::verify(EmitError emitError, etrace::detail::Double low,
                                      etrace::detail::Double high) {
  if (!(low <= high))
    return emitError() << "low must not be above high, found " << low.value << " and "
                       << high.value;
  return success();
}

LogicalResult ClipByGlobalNormAttr::verify(EmitError emitError, etrace::detail::Double max) {
  if (max >= 0.0 && std::isfinite(max))
    return success();
  return emitError() << "max must be finite and not negative, found " << max.value;
}

LogicalResult GradientNoiseAttr::verify(EmitError emitError, etrace::detail::Double std, int64_t) {
  if (std >= 0.0 && std::isfinite(std))
    return success();
  return emitError() << "std must be finite and not negative, found " << std.value;
}

LogicalResult TransformByAttr::verify(EmitError emitError, FlatSymbolRefAttr,
                                      ArrayAttr parameters) {
  if (parameters)
    for (Attribute parameter : parameters)
      if (!isa<FloatAttr, IntegerAttr, DenseElementsAttr>(parameter))
        return emitError() << "a parameter must be a number or a tensor of numbers, found "
                           << parameter;
  return success();
}
