//===- ExpandMath.cpp - Math as inline code or calls of libm --------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Rewrite.h"
#include "etrace/Conversion/Passes.h"

#include "mlir/Conversion/MathToLibm/MathToLibm.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/DialectConversion.h"

namespace etrace {
#define GEN_PASS_DEF_EXPANDMATHPASS
#include "etrace/Conversion/Passes.h.inc"
} // namespace etrace

using namespace mlir;
using namespace etrace;

namespace {

/// Functions that every processor has as instructions, in every precision.
bool isInstruction(Operation *op) {
  return isa<math::AbsFOp, math::AbsIOp, math::CopySignOp, math::SqrtOp, math::FmaOp>(op) ||
         isa<math::FloorOp, math::CeilOp, math::TruncOp, math::RoundEvenOp>(op) ||
         isa<math::CountLeadingZerosOp, math::CountTrailingZerosOp, math::CtPopOp>(op) ||
         isa<math::IsFiniteOp, math::IsInfOp, math::IsNaNOp, math::IsNormalOp>(op);
}

/// f16 and bf16 functions are computed in f32.
template <typename OpTy>
struct ComputeInF32 : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op, PatternRewriter &rewriter) const override {
    Type type = op.getType();
    Type element = getElementTypeOrSelf(type);
    if (!element.isF16() && !element.isBF16())
      return failure();
    Location loc = op.getLoc();
    Type wide = rewriter.getF32Type();
    if (auto shaped = dyn_cast<ShapedType>(type))
      wide = shaped.clone(wide);
    SmallVector<Value> operands;
    for (Value operand : op->getOperands())
      operands.push_back(arith::ExtFOp::create(rewriter, loc, wide, operand));
    Value value = OpTy::create(rewriter, loc, TypeRange(wide), operands);
    rewriter.replaceOpWithNewOp<arith::TruncFOp>(op, type, value);
    return success();
  }
};

/// x^n for an integer n is pow(x, n): there is no powi in libm.
struct ConvertFPowI : OpRewritePattern<math::FPowIOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(math::FPowIOp op, PatternRewriter &rewriter) const override {
    Value exponent = arith::SIToFPOp::create(rewriter, op.getLoc(), op.getType(), op.getRhs());
    rewriter.replaceOpWithNewOp<math::PowFOp>(op, op.getLhs(), exponent);
    return success();
  }
};

struct ExpandMath : etrace::impl::ExpandMathPassBase<ExpandMath> {
  void runOnOperation() override {
    if (failed(expand()) || failed(approximate()) || failed(callLibm()))
      return signalPassFailure();
  }

private:
  LogicalResult expand() {
    RewritePatternSet patterns(&getContext());
    math::populateExpansionPatterns(patterns, {"rsqrt"});
    patterns.add<ConvertFPowI>(&getContext());
    patterns.add<ComputeInF32<math::TanhOp>, ComputeInF32<math::ExpOp>, ComputeInF32<math::LogOp>,
                 ComputeInF32<math::Log1pOp>, ComputeInF32<math::ExpM1Op>,
                 ComputeInF32<math::SinOp>, ComputeInF32<math::CosOp>, ComputeInF32<math::ErfOp>,
                 ComputeInF32<math::SqrtOp>, ComputeInF32<math::PowFOp>,
                 ComputeInF32<math::AtanOp>, ComputeInF32<math::SinhOp>,
                 ComputeInF32<math::CoshOp>, ComputeInF32<math::Exp2Op>,
                 ComputeInF32<math::Log2Op>>(&getContext());
    return applyToFixpoint(getOperation(), std::move(patterns));
  }

  LogicalResult approximate() {
    RewritePatternSet patterns(&getContext());
    populateMathPolynomialApproximationPatterns(patterns, MathPolynomialApproximationOptions{});
    arith::populateExpandBFloat16Patterns(patterns);
    return applyToFixpoint(getOperation(), std::move(patterns));
  }

  LogicalResult callLibm() {
    RewritePatternSet patterns(&getContext());
    populateMathToLibmConversionPatterns(patterns);
    ConversionTarget target(getContext());
    target.markUnknownOpDynamicallyLegal([](Operation *) { return true; });
    target.addDynamicallyLegalDialect<math::MathDialect>(isInstruction);
    return applyPartialConversion(getOperation(), target, std::move(patterns));
  }
};

} // namespace
