//===- AccumulateInPlace.cpp - Sums without a summand of their own --------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

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

/// True if the operation adds to its one destination: yields out + f(inputs).
static bool addsToDestination(linalg::LinalgOp op) {
  if (op.getNumDpsInits() != 1 || op.getNumReductionLoops() == 0)
    return false;
  Block *body = op.getBlock();
  BlockArgument out = body->getArgument(op.getNumDpsInputs());
  auto sum = body->getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  return sum && out.hasOneUse() && sum->hasOneUse() && (sum.getLhs() == out || sum.getRhs() == out);
}

namespace {
struct AccumulateSum : OpRewritePattern<arith::AddFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::AddFOp add, PatternRewriter &rewriter) const override {
    for (auto [sum, accumulated] : {std::pair(add.getLhs(), add.getRhs()),
                                    std::pair(add.getRhs(), add.getLhs())}) {
      auto op = sum.getDefiningOp<linalg::LinalgOp>();
      // What someone else reads would be copied.
      if (!op || !sum.hasOneUse() || !accumulated.hasOneUse() || op->getBlock() != add->getBlock() ||
          accumulated.getParentBlock() != add->getBlock() || !addsToDestination(op) ||
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

//===----------------------------------------------------------------------===//
// (a at p in zeros) + (b at q in zeros) -> a at p and b at q
//===----------------------------------------------------------------------===//

/// Tensors at places of a tensor of zeros.
struct Pieces {
  SmallVector<tensor::InsertSliceOp> inserts;
  Value zeros;
};

struct JoinPieces : OpRewritePattern<arith::AddFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::AddFOp add, PatternRewriter &rewriter) const override;
};
} // namespace

static bool isStatic(tensor::InsertSliceOp op) {
  auto isOne = [](int64_t stride) { return stride == 1; };
  return op.getSourceType().hasStaticShape() && op.getType().hasStaticShape() &&
         !ShapedType::isDynamicShape(op.getStaticOffsets()) &&
         !ShapedType::isDynamicShape(op.getStaticSizes()) &&
         llvm::all_of(op.getStaticStrides(), isOne);
}

static bool areDisjoint(tensor::InsertSliceOp a, tensor::InsertSliceOp b) {
  for (auto [aOffset, aSize, bOffset, bSize] :
       llvm::zip(a.getStaticOffsets(), a.getStaticSizes(), b.getStaticOffsets(),
                 b.getStaticSizes()))
    if (aOffset + aSize <= bOffset || bOffset + bSize <= aOffset)
      return true;
  return false;
}

/// Adds the pieces that `value` consists of; false if it is not zeros around disjoint pieces.
static bool addPieces(Value value, Pieces &pieces) {
  while (auto insert = value.getDefiningOp<tensor::InsertSliceOp>()) {
    if (!isStatic(insert) || llvm::any_of(pieces.inserts, [&](tensor::InsertSliceOp other) {
          return !areDisjoint(insert, other);
        }))
      return false;
    pieces.inserts.push_back(insert);
    value = insert.getDest();
  }
  pieces.zeros = value;
  return isKnownZero(value);
}

LogicalResult JoinPieces::matchAndRewrite(arith::AddFOp add, PatternRewriter &rewriter) const {
  auto type = dyn_cast<RankedTensorType>(add.getType());
  Pieces pieces;
  if (!type || !addPieces(add.getLhs(), pieces) || !addPieces(add.getRhs(), pieces) ||
      pieces.inserts.empty())
    return rewriter.notifyMatchFailure(add, "operands are not disjoint pieces");
  int64_t covered = 0;
  for (tensor::InsertSliceOp insert : pieces.inserts)
    covered += insert.getSourceType().getNumElements();
  Value whole = pieces.zeros;
  if (covered == type.getNumElements())
    whole = tensor::EmptyOp::create(rewriter, add.getLoc(), type.getShape(),
                                    type.getElementType());
  for (tensor::InsertSliceOp insert : pieces.inserts)
    whole = tensor::InsertSliceOp::create(rewriter, insert.getLoc(), insert.getSource(), whole,
                                          insert.getMixedOffsets(), insert.getMixedSizes(),
                                          insert.getMixedStrides());
  rewriter.replaceOp(add, whole);
  return success();
}

namespace {
struct AccumulateInPlacePass
    : public etrace::impl::AccumulateInPlacePassBase<AccumulateInPlacePass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<AccumulateSum, JoinPieces>(&getContext());
    if (failed(applyToFixpoint(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
