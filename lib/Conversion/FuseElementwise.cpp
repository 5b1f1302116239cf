//===- FuseElementwise.cpp - Fuse elementwise chains ----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Rewrite.h"
#include "etrace/Conversion/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace etrace {
#define GEN_PASS_DEF_FUSEELEMENTWISEPASS
#include "etrace/Conversion/Passes.h.inc"
} // namespace etrace

using namespace mlir;
using namespace etrace;

namespace {

/// Whether the operation copies values without computing.
bool onlyMovesData(linalg::GenericOp op) {
  return llvm::hasSingleElement(*op.getBody()) && op.getNumLoops() > 0;
}

bool isWorthFusing(OpOperand *operand) {
  auto producer = operand->get().getDefiningOp<linalg::GenericOp>();
  auto consumer = dyn_cast<linalg::GenericOp>(operand->getOwner());
  if (!producer || !consumer)
    return false;
  if (onlyMovesData(producer))
    return true;
  bool onlyUser = llvm::all_of(producer->getUsers(),
                               [&](Operation *user) { return user == consumer; });
  return onlyUser && consumer.getNumParallelLoops() == consumer.getNumLoops() &&
         consumer.getNumLoops() == producer.getNumLoops() &&
         producer->getBlock() == consumer->getBlock();
}

/// Fusion keeps the result of the producer even if no one reads it, and with it a second
/// claim on one destination: w += a, then w += b. A dead result goes; its initial value,
/// if the body reads it, becomes an input.
struct DropDeadResult : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp op, PatternRewriter &rewriter) const override {
    if (op.getNumResults() < 2 || op.getNumParallelLoops() != op.getNumLoops())
      return failure();
    auto dead = llvm::find_if(op.getResults(), [](Value result) { return result.use_empty(); });
    if (dead == op.getResults().end())
      return failure();
    unsigned number = std::distance(op.getResults().begin(), dead);
    unsigned numInputs = op.getNumDpsInputs();
    SmallVector<Value> inputs = op.getInputs(), outputs = op.getOutputs(), kept;
    SmallVector<AffineMap> maps = op.getIndexingMapsArray();
    inputs.push_back(outputs[number]);
    AffineMap map = maps[numInputs + number];
    outputs.erase(outputs.begin() + number);
    maps.erase(maps.begin() + numInputs + number);
    maps.insert(maps.begin() + numInputs, map);
    for (OpResult result : op.getResults())
      if (result.getResultNumber() != number)
        kept.push_back(result);

    auto replacement =
        linalg::GenericOp::create(rewriter, op.getLoc(), TypeRange(ValueRange(kept)), inputs,
                                  outputs, maps, op.getIteratorTypesArray());
    rewriter.inlineRegionBefore(op.getRegion(), replacement.getRegion(),
                                replacement.getRegion().begin());
    Block &body = replacement.getRegion().front();
    BlockArgument old = body.getArgument(numInputs + number);
    BlockArgument input = body.insertArgument(numInputs, old.getType(), old.getLoc());
    rewriter.replaceAllUsesWith(old, input);
    body.eraseArgument(old.getArgNumber());
    rewriter.modifyOpInPlace(body.getTerminator(),
                             [&] { body.getTerminator()->eraseOperand(number); });
    for (auto [result, value] : llvm::zip(kept, replacement.getResults()))
      rewriter.replaceAllUsesWith(result, value);
    rewriter.eraseOp(op);
    return success();
  }
};

struct FuseElementwise : etrace::impl::FuseElementwisePassBase<FuseElementwise> {
  void runOnOperation() override {
    if (failed(generalise()))
      return signalPassFailure();
    RewritePatternSet patterns(&getContext());
    linalg::populateElementwiseOpsFusionPatterns(patterns, isWorthFusing);
    linalg::populateEraseUnusedOperandsAndResultsPatterns(patterns);
    patterns.add<DropDeadResult>(&getContext());
    if (failed(applyToFixpoint(getOperation(), std::move(patterns))))
      signalPassFailure();
  }

private:
  static void replaceSplat(IRRewriter &rewriter, tensor::SplatOp op) {
    rewriter.setInsertionPoint(op);
    auto type = cast<RankedTensorType>(op.getType());
    Value empty = tensor::EmptyOp::create(rewriter, op.getLoc(), type.getShape(),
                                          type.getElementType(), op.getDynamicSizes());
    rewriter.replaceOpWithNewOp<linalg::FillOp>(op, op.getInput(), empty);
  }

  /// clamp(x, low, high) = min(max(x, low), high).
  static void replaceClamp(IRRewriter &rewriter, math::ClampFOp op) {
    rewriter.setInsertionPoint(op);
    Value raised =
        arith::MaximumFOp::create(rewriter, op.getLoc(), op.getValue(), op.getMin());
    rewriter.replaceOpWithNewOp<arith::MinimumFOp>(op, raised, op.getMax());
  }

  /// Named operations and those that consist of several (softmax) become generic ones.
  /// `linalg.fill` keeps its name: fusion and bufferisation know it.
  LogicalResult generalise() {
    IRRewriter rewriter(&getContext());
    SmallVector<Operation *> operations;
    getOperation()->walk([&](linalg::AggregatedOpInterface op) { operations.push_back(op); });
    for (Operation *op : operations) {
      rewriter.setInsertionPoint(op);
      FailureOr<SmallVector<Value>> values =
          cast<linalg::AggregatedOpInterface>(op).decomposeOperation(rewriter);
      if (failed(values))
        return op->emitError("cannot be decomposed into simple operations");
      rewriter.replaceOp(op, *values);
    }
    operations.clear();
    getOperation()->walk([&](tensor::SplatOp op) { operations.push_back(op); });
    for (Operation *op : operations)
      replaceSplat(rewriter, cast<tensor::SplatOp>(op));
    operations.clear();
    getOperation()->walk([&](math::ClampFOp op) { operations.push_back(op); });
    for (Operation *op : operations)
      replaceClamp(rewriter, cast<math::ClampFOp>(op));
    operations.clear();
    getOperation()->walk([&](linalg::LinalgOp op) {
      if (!isa<linalg::GenericOp, linalg::FillOp>(op.getOperation()))
        operations.push_back(op);
    });
    for (Operation *op : operations) {
      rewriter.setInsertionPoint(op);
      if (failed(linalg::generalizeNamedOp(rewriter, cast<linalg::LinalgOp>(op))))
        return op->emitError("has no general form");
    }
    return success();
  }
};

} // namespace
