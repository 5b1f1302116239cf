//===- AccumulateInPlace.cpp - Sums without a summand of their own --------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Contraction.h"
#include "Pieces.h"
#include "Rewrite.h"
#include "etrace/Conversion/Passes.h"
#include "etrace/Interfaces/Contraction.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

namespace etrace {
#define GEN_PASS_DEF_ACCUMULATEINPLACEPASS
#include "etrace/Conversion/Passes.h.inc"
} // namespace etrace

using namespace mlir;
using namespace etrace;

//===----------------------------------------------------------------------===//
// acc + (0 + sum) -> sum onto acc
//===----------------------------------------------------------------------===//

namespace {
struct AccumulateSum : OpRewritePattern<arith::AddFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::AddFOp add, PatternRewriter &rewriter) const override {
    for (auto [sum, accumulated] : {std::pair(add.getLhs(), add.getRhs()),
                                    std::pair(add.getRhs(), add.getLhs())}) {
      auto op = sum.getDefiningOp<linalg::LinalgOp>();
      // What someone else reads would be copied.
      if (!op || !sum.hasOneUse() || !accumulated.hasOneUse() ||
          op->getBlock() != add->getBlock() ||
          accumulated.getParentBlock() != add->getBlock() || op.getNumReductionLoops() == 0 ||
          !addsToDestination(op) ||
          !isKnownZero(op.getDpsInits().front()) || matchPattern(accumulated, m_Constant()))
        continue;
      IRMapping mapping;
      mapping.map(op.getDpsInits().front(), accumulated);
      rewriter.replaceOp(add, rewriter.clone(*op, mapping)->getResults());
      return success();
    }
    return rewriter.notifyMatchFailure(add, "no operand is a sum onto zeros of its own");
  }
};
} // namespace

//===----------------------------------------------------------------------===//
// (a at p in zeros) + (b at q in zeros) -> a at p and b at q
//===----------------------------------------------------------------------===//

/// Adds the pieces that `value` consists of; false if it is not zeros around disjoint pieces.
static bool addPiecesInZeros(Value value, Pieces &pieces) {
  return addPieces(value, pieces) && isKnownZero(pieces.whole);
}

/// Puts the pieces together again; zeros that they cover need not be there.
static Value joinPieces(PatternRewriter &rewriter, Location loc, RankedTensorType type,
                        const Pieces &pieces) {
  Value whole = pieces.whole;
  if (pieces.countElements() == type.getNumElements())
    whole = tensor::EmptyOp::create(rewriter, loc, type.getShape(), type.getElementType());
  for (tensor::InsertSliceOp insert : llvm::reverse(pieces.inserts))
    whole = tensor::InsertSliceOp::create(rewriter, insert.getLoc(), insert.getSource(), whole,
                                          insert.getMixedOffsets(), insert.getMixedSizes(),
                                          insert.getMixedStrides());
  return whole;
}

namespace {
struct JoinPieces : OpRewritePattern<arith::AddFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::AddFOp add, PatternRewriter &rewriter) const override {
    auto type = dyn_cast<RankedTensorType>(add.getType());
    Pieces pieces;
    if (!type || !addPiecesInZeros(add.getLhs(), pieces) ||
        !addPiecesInZeros(add.getRhs(), pieces) || pieces.inserts.empty())
      return rewriter.notifyMatchFailure(add, "operands are not disjoint pieces");
    rewriter.replaceOp(add, joinPieces(rewriter, add.getLoc(), type, pieces));
    return success();
  }
};

/// What lies beside all pieces is zero: nothing is added to it.
struct AddBesidePieces : OpRewritePattern<arith::AddFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::AddFOp add, PatternRewriter &rewriter) const override {
    for (auto [value, other] : {std::pair(add.getLhs(), add.getRhs()),
                                std::pair(add.getRhs(), add.getLhs())}) {
      auto slice = value.getDefiningOp<tensor::ExtractSliceOp>();
      Pieces pieces;
      if (!slice || !isConstantBox(slice) || !addPiecesInZeros(slice.getSource(), pieces) ||
          !pieces.isBeside(slice.getStaticOffsets(), slice.getStaticSizes()))
        continue;
      rewriter.replaceOp(add, other);
      return success();
    }
    return rewriter.notifyMatchFailure(add, "no operand lies beside pieces in zeros");
  }
};

/// Zeros that are covered by pieces need not be there.
struct CoverZeros : OpRewritePattern<tensor::InsertSliceOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tensor::InsertSliceOp insert,
                                PatternRewriter &rewriter) const override {
    Pieces pieces;
    if (!addPiecesInZeros(insert.getResult(), pieces) ||
        pieces.countElements() != insert.getType().getNumElements())
      return rewriter.notifyMatchFailure(insert, "pieces do not cover zeros");
    rewriter.replaceOp(insert, joinPieces(rewriter, insert.getLoc(), insert.getType(), pieces));
    return success();
  }
};
} // namespace

namespace {
struct AccumulateInPlacePass
    : public etrace::impl::AccumulateInPlacePassBase<AccumulateInPlacePass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<AccumulateSum, JoinPieces, AddBesidePieces, CoverZeros>(&getContext());
    if (failed(applyToFixpoint(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
