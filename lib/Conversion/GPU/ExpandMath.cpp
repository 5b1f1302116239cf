//===- ExpandMath.cpp - Device math without a library ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "../Rewrite.h"
#include "etrace/Conversion/GPU/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace etrace {
#define GEN_PASS_DEF_GPUEXPANDMATHPASS
#include "etrace/Conversion/GPU/Passes.h.inc"
} // namespace etrace

using namespace mlir;
using namespace etrace;

namespace {

/// Replaces a function by the intrinsic of the same meaning, called by name: the
/// conversion to NVVM refuses some of the LLVM dialect's own operations.
template <typename SourceOp>
struct ToIntrinsic : OpRewritePattern<SourceOp> {
  ToIntrinsic(MLIRContext *context, StringRef intrinsic)
      : OpRewritePattern<SourceOp>(context), intrinsic(intrinsic) {}

  LogicalResult matchAndRewrite(SourceOp op, PatternRewriter &rewriter) const override {
    if (!op.getType().isF32())
      return rewriter.notifyMatchFailure(op, "only f32 scalars");
    rewriter.replaceOpWithNewOp<LLVM::CallIntrinsicOp>(
        op, op.getType(), rewriter.getStringAttr(intrinsic), op->getOperands());
    return success();
  }

private:
  StringRef intrinsic;
};

/// 1 / sqrt(x), both correctly rounded.
struct ExpandRsqrt : OpRewritePattern<math::RsqrtOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(math::RsqrtOp op, PatternRewriter &rewriter) const override {
    Value root = math::SqrtOp::create(rewriter, op.getLoc(), op.getOperand());
    Value one = arith::ConstantOp::create(rewriter, op.getLoc(),
                                          rewriter.getFloatAttr(op.getType(), 1.0));
    rewriter.replaceOpWithNewOp<arith::DivFOp>(op, one, root);
    return success();
  }
};

/// The target rounds to integers, takes magnitudes and signs, and fuses a multiplication
/// with an addition by one instruction each.
void populateIntrinsics(RewritePatternSet &patterns) {
  MLIRContext *context = patterns.getContext();
  patterns.add<ToIntrinsic<math::SqrtOp>>(context, "llvm.nvvm.sqrt.rn.f");
  patterns.add<ToIntrinsic<math::AbsFOp>>(context, "llvm.fabs.f32");
  patterns.add<ToIntrinsic<math::FloorOp>>(context, "llvm.floor.f32");
  patterns.add<ToIntrinsic<math::CeilOp>>(context, "llvm.ceil.f32");
  patterns.add<ToIntrinsic<math::TruncOp>>(context, "llvm.trunc.f32");
  patterns.add<ToIntrinsic<math::RoundEvenOp>>(context, "llvm.roundeven.f32");
  patterns.add<ToIntrinsic<math::CopySignOp>>(context, "llvm.copysign.f32");
  patterns.add<ToIntrinsic<math::FmaOp>>(context, "llvm.fma.f32");
  patterns.add<ToIntrinsic<arith::MaxNumFOp>>(context, "llvm.maxnum.f32");
  patterns.add<ToIntrinsic<arith::MinNumFOp>>(context, "llvm.minnum.f32");
}

LogicalResult requireSinglePrecision(Operation *module) {
  auto isDouble = [](Type type) { return getElementTypeOrSelf(type).isF64(); };
  WalkResult result = module->walk([&](Operation *op) {
    if (llvm::none_of(op->getResultTypes(), isDouble) &&
        llvm::none_of(op->getOperandTypes(), isDouble))
      return WalkResult::advance();
    op->emitError("f64 in device code: only f32 is supported on the GPU; retype the model with "
                  "etrace-convert-float{to=f32} [gpu-f32-only]");
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

/// Whatever is left would call libdevice.
LogicalResult requireExpanded(Operation *module) {
  WalkResult result = module->walk([](Operation *op) {
    if (!isa_and_present<math::MathDialect>(op->getDialect()) && !isa<arith::RemFOp>(op))
      return WalkResult::advance();
    op->emitError() << "'" << op->getName()
                    << "' has no device code without a library; expand it before the GPU path "
                       "[gpu-math-unsupported]";
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

struct GPUExpandMathPass : etrace::impl::GPUExpandMathPassBase<GPUExpandMathPass> {
  void runOnOperation() override;
};

void GPUExpandMathPass::runOnOperation() {
  if (failed(requireSinglePrecision(getOperation())))
    return signalPassFailure();
  // Two rounds: the approximations make operations that have intrinsics, such as
  // math.floor and math.fma, and the intrinsics must not hide their arguments.
  RewritePatternSet approximations(&getContext());
  math::populateExpansionPatterns(approximations,
                                  {"sinh", "cosh", "tan", "asinh", "acosh", "atanh", "exp2",
                                   "powf", "fpowi", "round"});
  populateMathPolynomialApproximationPatterns(approximations);
  approximations.add<ExpandRsqrt>(&getContext());
  RewritePatternSet intrinsics(&getContext());
  populateIntrinsics(intrinsics);
  if (failed(applyToFixpoint(getOperation(), std::move(approximations))) ||
      failed(applyToFixpoint(getOperation(), std::move(intrinsics))) ||
      failed(requireExpanded(getOperation())))
    return signalPassFailure();
}

} // namespace
