//===- EtraceCustomOps.cpp - Custom derivatives ---------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/IR/Etrace.h"

using namespace mlir;
using namespace etrace;

/// The types of those values that have a tangent.
static SmallVector<Type> getTangentTypes(TypeRange types) {
  return llvm::to_vector(llvm::make_filter_range(
      types, [](Type type) { return isa<FloatType>(getElementTypeOrSelf(type)); }));
}

/// Checks that a region takes `first` and then `second`, and yields `results`.
static LogicalResult verifyRegionTypes(Operation *op, Region &region, StringRef name,
                                       TypeRange first, TypeRange second, TypeRange results) {
  SmallVector<Type> arguments(first);
  llvm::append_range(arguments, second);
  auto check = [&](TypeRange found, ArrayRef<Type> expected, StringRef verb) -> LogicalResult {
    if (found == TypeRange(expected))
      return success();
    return op->emitOpError() << "region '" << name << "' must " << verb << " (" << expected
                             << "), found (" << found << ")";
  };
  if (failed(check(region.getArgumentTypes(), arguments, "take")))
    return failure();
  auto yield = dyn_cast<YieldOp>(region.front().getTerminator());
  if (!yield)
    return op->emitOpError() << "region '" << name << "' must end with 'etrace.yield'";
  return check(yield.getOperandTypes(), SmallVector<Type>(results), "yield");
}

LogicalResult CustomDerivativeOp::verifyRegions() {
  // CD1.
  if (getJvp().empty() && getVjp().empty())
    return emitOpError("needs a region 'jvp' or a region 'vjp'");
  // CD2.
  TypeRange inputs = getInputs().getTypes(), results = getResultTypes();
  SmallVector<Type> tangents = getTangentTypes(inputs), outputs = getTangentTypes(results);
  if (failed(verifyRegionTypes(*this, getBody(), "body", inputs, {}, results)))
    return failure();
  if (!getJvp().empty() &&
      failed(verifyRegionTypes(*this, getJvp(), "jvp", inputs, tangents, outputs)))
    return failure();
  if (!getVjp().empty() &&
      failed(verifyRegionTypes(*this, getVjp(), "vjp", inputs, outputs, tangents)))
    return failure();
  return success();
}

LogicalResult CustomLinearOp::verifyRegions() {
  // CL1.
  TypeRange residuals = getResiduals().getTypes(), tangents = getTangents().getTypes();
  if (!getForward().empty() && failed(verifyRegionTypes(*this, getForward(), "forward", residuals,
                                                        tangents, getResultTypes())))
    return failure();
  return verifyRegionTypes(*this, getTransposed(), "transpose", residuals, getResultTypes(),
                           tangents);
}
