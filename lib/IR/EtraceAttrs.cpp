//===- EtraceAttrs.cpp - Initialisers and surrogates ----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/IR/Etrace.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

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
