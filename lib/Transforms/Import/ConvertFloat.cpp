//===- ConvertFloat.cpp - One float type for a whole module ---------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace etrace;

namespace etrace {
#define GEN_PASS_DEF_CONVERTFLOATPASS
#include "etrace/Transforms/Passes.h.inc"
} // namespace etrace

namespace {
/// Replaces float types in the types and attributes of an operation and remembers the
/// first value that has no counterpart.
class FloatReplacer {
public:
  explicit FloatReplacer(FloatType target) : target(target) {
    // Later functions are asked first.
    replacer.addReplacement([target](FloatType) -> Type { return target; });
    replacer.addReplacement([this](FloatAttr attr) { return done(convert(attr)); });
    replacer.addReplacement([this](DenseFPElementsAttr attr) { return done(convert(attr)); });
    replacer.addReplacement([this](DenseResourceElementsAttr attr)
                                -> std::optional<std::pair<Attribute, WalkResult>> {
      if (!isa<FloatType>(attr.getType().getElementType()))
        return std::nullopt;
      failure = "holds floats in a resource, which cannot be converted here";
      return done(attr);
    });
  }

  LogicalResult replaceIn(Operation *op) {
    failure.clear();
    replacer.replaceElementsIn(op, /*replaceAttrs=*/true, /*replaceLocs=*/false,
                               /*replaceTypes=*/true);
    if (!failure.empty())
      return op->emitOpError(failure);
    return success();
  }

private:
  static std::pair<Attribute, WalkResult> done(Attribute attr) {
    return {attr, WalkResult::skip()};
  }

  APFloat convert(APFloat value) {
    bool wasFinite = value.isFinite(), losesInfo = false;
    APFloat converted = value;
    converted.convert(target.getFloatSemantics(), APFloat::rmNearestTiesToEven, &losesInfo);
    if (wasFinite && !converted.isFinite() && failure.empty()) {
      SmallString<32> text;
      value.toString(text);
      llvm::raw_string_ostream(failure)
          << "holds the constant " << text << ", which is not finite as " << target;
    }
    return converted;
  }
  Attribute convert(FloatAttr attr) {
    return FloatAttr::get(target, convert(attr.getValue()));
  }
  Attribute convert(DenseFPElementsAttr attr) {
    return attr.mapValues(target, [&](const APFloat &value) {
      return convert(value).bitcastToAPInt();
    });
  }

  FloatType target;
  AttrTypeReplacer replacer;
  std::string failure;
};

struct ConvertFloatPass : etrace::impl::ConvertFloatPassBase<ConvertFloatPass> {
  using ConvertFloatPassBase::ConvertFloatPassBase;

  void runOnOperation() override {
    FloatType target = llvm::StringSwitch<FloatType>(to)
                           .Case("f32", Float32Type::get(&getContext()))
                           .Case("f64", Float64Type::get(&getContext()))
                           .Default(FloatType());
    if (!target) {
      emitError(getOperation()->getLoc(), "option 'to' must be f32 or f64, found '") << to << "'";
      return signalPassFailure();
    }
    FloatReplacer replacer(target);
    WalkResult walk = getOperation()->walk([&](Operation *op) {
      return WalkResult(success(succeeded(checkBitcast(op, target)) &&
                                succeeded(replacer.replaceIn(op))));
    });
    if (walk.wasInterrupted())
      return signalPassFailure();
    eraseIdentityCasts();
  }

private:
  /// A bitcast between floats and integers fixes the width.
  LogicalResult checkBitcast(Operation *op, FloatType target) {
    if (!isa<arith::BitcastOp, tensor::BitcastOp>(op))
      return success();
    Type from = getElementTypeOrSelf(op->getOperand(0)), to = getElementTypeOrSelf(op->getResult(0));
    if (!isa<FloatType>(from) && !isa<FloatType>(to))
      return success();
    if (from == target || to == target)
      return success();
    return op->emitOpError("reads the bits of a float, which has no meaning as ") << target;
  }

  void eraseIdentityCasts() {
    getOperation()->walk([](Operation *op) {
      if (!isa<arith::ExtFOp, arith::TruncFOp>(op) ||
          op->getOperand(0).getType() != op->getResult(0).getType())
        return;
      op->getResult(0).replaceAllUsesWith(op->getOperand(0));
      op->erase();
    });
  }
};
} // namespace
