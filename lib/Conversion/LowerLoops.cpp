//===- LowerLoops.cpp - Loops in the order of memory ----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Arithmetic.h"
#include "ParallelLoop.h"
#include "etrace/Conversion/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"

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

/// The distance in memory between neighbours along `dim`.
int64_t getStride(linalg::GenericOp op, OpOperand &operand, unsigned dim) {
  auto type = cast<MemRefType>(operand.get().getType());
  SmallVector<int64_t> strides;
  int64_t offset;
  if (failed(type.getStridesAndOffset(strides, offset)))
    strides.assign(type.getRank(), kLargeStride);
  AffineMap map = op.getMatchingIndexingMap(&operand);
  int64_t sum = 0;
  for (auto [expr, stride] : llvm::zip(map.getResults(), strides))
    sum += getCoefficient(expr, dim, map.getNumDims()) *
           (ShapedType::isDynamic(stride) ? kLargeStride : stride);
  return sum;
}

/// The stride in the largest array, a trace say, which should be passed through in order; for
/// a dimension that it does not have, the sum of the strides in the others.
int64_t getStride(linalg::GenericOp op, unsigned dim) {
  int64_t sum = 0, largest = -1, stride = 0;
  for (OpOperand &operand : op->getOpOperands()) {
    auto type = dyn_cast<MemRefType>(operand.get().getType());
    if (!type)
      continue;
    int64_t distance = getStride(op, operand, dim);
    int64_t elements = type.hasStaticShape() ? type.getNumElements()
                                             : std::numeric_limits<int64_t>::max();
    if (elements > largest) {
      largest = elements;
      stride = distance;
    }
    sum += distance;
  }
  return stride ? stride : sum;
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

/// Turns that are taken together where that saves loads; two or more such remain, a loop.
constexpr int64_t kJammedTurns = 2;
/// Bytes of the arrays that turns pass through, from which their order matters more: two rows at a
/// time are no longer one run through memory, which is what memory outside the caches serves best.
constexpr int64_t kJammedBytes = 6 << 20;

/// Bytes of the arrays that depend on the dimension; a lot if that is not known.
int64_t getPassedBytes(linalg::GenericOp op, unsigned dim) {
  int64_t bytes = 0;
  for (OpOperand &operand : op->getOpOperands()) {
    auto type = dyn_cast<MemRefType>(operand.get().getType());
    if (!type || !op.getMatchingIndexingMap(&operand).isFunctionOfDim(dim))
      continue;
    if (!type.hasStaticShape() || !type.getElementType().isIntOrFloat())
      return std::numeric_limits<int64_t>::max();
    bytes += type.getNumElements() * llvm::divideCeil(type.getElementTypeBitWidth(), 8);
  }
  return bytes;
}

/// A parallel loop around others whose turns read the same elements of two operands or more:
/// taken a few at a time, they read them once. In a pass over a trace, e[i, b, o] with the
/// vectors D, f and g of [b, o], this is the loop over i. The innermost loop stays one run
/// through memory.
std::optional<unsigned> findJammedLoop(linalg::GenericOp op) {
  std::optional<unsigned> best;
  int64_t most = 1;
  SmallVector<int64_t> extents = op.getStaticLoopRanges();
  for (unsigned dim = 0; dim + 1 < op.getNumLoops(); ++dim) {
    if (op.getIteratorTypesArray()[dim] != utils::IteratorType::parallel ||
        ShapedType::isDynamic(extents[dim]) || extents[dim] < 2 * kJammedTurns ||
        getPassedBytes(op, dim) > kJammedBytes)
      continue;
    int64_t saved = llvm::count_if(op.getDpsInputOperands(), [&](OpOperand *operand) {
      AffineMap map = op.getMatchingIndexingMap(operand);
      return map.isFunctionOfDim(op.getNumLoops() - 1) && !map.isFunctionOfDim(dim);
    });
    if (saved > most) {
      most = saved;
      best = dim;
    }
  }
  return best;
}

/// Takes kJammedTurns turns of `loop` at a time, those left over in a loop of their own. The
/// nest is perfect, so the turns follow each other in `innermost`.
void jam(IRRewriter &rewriter, scf::ForOp loop, scf::ForOp innermost, int64_t extent) {
  Location loc = loop.getLoc();
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(rewriter, loc, value);
  };
  int64_t whole = extent / kJammedTurns * kJammedTurns;
  rewriter.setInsertionPoint(loop);
  Value middle = constant(whole), step = constant(kJammedTurns);
  if (whole != extent) {
    rewriter.setInsertionPointAfter(loop);
    cast<scf::ForOp>(rewriter.clone(*loop)).setLowerBound(middle);
  }
  loop.setUpperBound(middle);
  loop.setStep(step);
  rewriter.setInsertionPoint(innermost.getBody()->getTerminator());
  auto turn = llvm::map_to_vector(innermost.getBody()->without_terminator(),
                                  [](Operation &op) { return &op; });
  for (int64_t number = 1; number < kJammedTurns; ++number) {
    IRMapping mapping;
    Value index = loop.getInductionVar();
    mapping.map(index, arith::AddIOp::create(rewriter, loc, index, constant(number)));
    for (Operation *op : turn)
      rewriter.clone(*op, mapping);
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
    return lowerOrdered(rewriter, generic);
  }

  /// The outermost loop of more than one turn is marked if its turns are independent.
  static LogicalResult lowerOrdered(IRRewriter &rewriter, linalg::GenericOp op) {
    rewriter.setInsertionPoint(op);
    FailureOr<linalg::LinalgLoops> loops = linalg::linalgOpToLoops(rewriter, op);
    if (failed(loops))
      return op.emitError("cannot be lowered to loops");
    if (std::optional<unsigned> dim = findJammedLoop(op))
      jam(rewriter, cast<scf::ForOp>((*loops)[*dim]), cast<scf::ForOp>(loops->back()),
          op.getStaticLoopRanges()[*dim]);
    for (auto [loop, extent, iterator] :
         llvm::zip(*loops, op.getStaticLoopRanges(), op.getIteratorTypesArray())) {
      if (extent == 1)
        continue;
      if (iterator == utils::IteratorType::parallel)
        makeParallel(rewriter, cast<scf::ForOp>(loop));
      break;
    }
    rewriter.eraseOp(op);
    return success();
  }
};

} // namespace
