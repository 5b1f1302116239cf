//===- LowerLoops.cpp - Loops in the order of memory ----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/Conversion/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include <numeric>

namespace etrace {
#define GEN_PASS_DEF_LOWERLOOPSPASS
#include "etrace/Conversion/Passes.h.inc"
} // namespace etrace

using namespace mlir;
using namespace etrace;

namespace {

/// Stands for a stride that is not known.
constexpr int64_t kLargeStride = int64_t(1) << 20;

/// By how much the expression grows with a dimension, for linear expressions.
int64_t getCoefficient(AffineExpr expr, unsigned dim, unsigned numDims) {
  MLIRContext *context = expr.getContext();
  SmallVector<AffineExpr> zero(numDims, getAffineConstantExpr(0, context)), unit = zero;
  unit[dim] = getAffineConstantExpr(1, context);
  auto evaluate = [&](ArrayRef<AffineExpr> point) -> int64_t {
    auto constant = dyn_cast<AffineConstantExpr>(expr.replaceDims(point));
    return constant ? constant.getValue() : 0;
  };
  return std::abs(evaluate(unit) - evaluate(zero));
}

/// The sum over the operands of the distance in memory between neighbours along `dim`.
int64_t getStride(linalg::GenericOp op, unsigned dim) {
  int64_t sum = 0;
  for (OpOperand &operand : op->getOpOperands()) {
    auto type = dyn_cast<MemRefType>(operand.get().getType());
    if (!type)
      continue;
    SmallVector<int64_t> strides;
    int64_t offset;
    if (failed(type.getStridesAndOffset(strides, offset)))
      strides.assign(type.getRank(), kLargeStride);
    AffineMap map = op.getMatchingIndexingMap(&operand);
    for (auto [expr, stride] : llvm::zip(map.getResults(), strides))
      sum += getCoefficient(expr, dim, map.getNumDims()) *
             (ShapedType::isDynamic(stride) ? kLargeStride : stride);
  }
  return sum;
}

/// Largest strides outermost; loops of one turn first.
SmallVector<unsigned> getLoopOrder(linalg::GenericOp op) {
  SmallVector<int64_t> strides, extents = op.getStaticLoopRanges();
  for (unsigned dim = 0; dim < op.getNumLoops(); ++dim)
    strides.push_back(extents[dim] == 1 ? std::numeric_limits<int64_t>::max()
                                        : getStride(op, dim));
  SmallVector<unsigned> order(op.getNumLoops());
  std::iota(order.begin(), order.end(), 0);
  llvm::sort(order, [&](unsigned a, unsigned b) {
    return strides[a] != strides[b] ? strides[a] > strides[b] : a < b;
  });
  return order;
}

/// Products and sums may be contracted to fused multiply-adds; a sum over the innermost loop
/// may also be reassociated, or it would run at the latency of one addition a step.
void relaxArithmetic(linalg::GenericOp op) {
  bool sums = op.getNumLoops() > 0 && op.getIteratorTypesArray().back() ==
                                          utils::IteratorType::reduction;
  for (Operation &inner : *op.getBody()) {
    if (!isa<arith::AddFOp, arith::SubFOp, arith::MulFOp>(inner))
      continue;
    auto flags = cast<arith::ArithFastMathInterface>(inner).getFastMathFlagsAttr().getValue() |
                 arith::FastMathFlags::contract;
    bool accumulates = isa<arith::AddFOp>(inner) &&
                       llvm::any_of(inner.getOperands(), [&](Value value) {
                         return llvm::is_contained(op.getRegionOutputArgs(), value);
                       });
    if (sums && accumulates)
      flags = flags | arith::FastMathFlags::reassoc;
    inner.setAttr("fastmath", arith::FastMathFlagsAttr::get(op.getContext(), flags));
  }
}

struct LowerLoops : etrace::impl::LowerLoopsPassBase<LowerLoops> {
  void runOnOperation() override {
    SmallVector<linalg::LinalgOp> operations;
    getOperation()->walk([&](linalg::LinalgOp op) { operations.push_back(op); });
    IRRewriter rewriter(&getContext());
    for (linalg::LinalgOp op : operations)
      if (failed(lower(rewriter, op)))
        return signalPassFailure();
  }

private:
  static LogicalResult lower(IRRewriter &rewriter, linalg::LinalgOp op) {
    rewriter.setInsertionPoint(op);
    if (!op.hasPureBufferSemantics())
      return op.emitError("expected operands in memory");
    auto generic = dyn_cast<linalg::GenericOp>(op.getOperation());
    if (!generic) {
      FailureOr<linalg::GenericOp> general = linalg::generalizeNamedOp(rewriter, op);
      if (failed(general))
        return op.emitError("has no general form");
      generic = *general;
    }
    if (generic.getNumLoops() > 1 && !generic.hasIndexSemantics()) {
      FailureOr<linalg::GenericOp> ordered =
          linalg::interchangeGenericOp(rewriter, generic, getLoopOrder(generic));
      if (succeeded(ordered))
        generic = *ordered;
    }
    relaxArithmetic(generic);
    rewriter.setInsertionPoint(generic);
    if (failed(linalg::linalgOpToLoops(rewriter, generic)))
      return generic.emitError("cannot be lowered to loops");
    rewriter.eraseOp(generic);
    return success();
  }
};

} // namespace
