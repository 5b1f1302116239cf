//===- Parallelize.cpp - linalg on memrefs to parallel loops --------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// A thread owns one point of the parallel dimensions and walks the reduction
// dimensions alone, in order. So no two threads write one element, and a sum has the
// same order of additions at every launch.
//
//===----------------------------------------------------------------------===//

#include "etrace/Conversion/GPU/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/PatternMatch.h"

namespace etrace {
#define GEN_PASS_DEF_GPUPARALLELIZEPASS
#include "etrace/Conversion/GPU/Passes.h.inc"
} // namespace etrace

using namespace mlir;

namespace {

struct GPUParallelizePass : etrace::impl::GPUParallelizePassBase<GPUParallelizePass> {
  void runOnOperation() override;
};

/// Parallel dimensions first, each kind in its order.
SmallVector<unsigned> parallelFirst(linalg::LinalgOp op) {
  SmallVector<unsigned> order;
  op.getParallelDims(order);
  op.getReductionDims(order);
  return order;
}

LogicalResult parallelize(IRRewriter &rewriter, linalg::LinalgOp op) {
  if (!op.hasPureBufferSemantics())
    return op.emitError("expected an operation on memrefs; bufferise before "
                        "etrace-gpu-parallelize [gpu-not-bufferised]");
  rewriter.setInsertionPoint(op);
  if (!isa<linalg::GenericOp>(op.getOperation())) {
    FailureOr<linalg::GenericOp> generic = linalg::generalizeNamedOp(rewriter, op);
    if (failed(generic))
      return op.emitError("has no loop form for the GPU [gpu-unsupported-operation]");
    op = cast<linalg::LinalgOp>(generic->getOperation());
  }
  SmallVector<unsigned> order = parallelFirst(op);
  if (!llvm::is_sorted(order)) {
    FailureOr<linalg::GenericOp> generic =
        linalg::interchangeGenericOp(rewriter, cast<linalg::GenericOp>(op.getOperation()), order);
    if (failed(generic))
      return op.emitError("iterators cannot be reordered [gpu-unsupported-operation]");
    op = cast<linalg::LinalgOp>(generic->getOperation());
  }
  rewriter.setInsertionPoint(op);
  if (failed(linalg::linalgOpToParallelLoops(rewriter, op)))
    return op.emitError("has no loop form for the GPU [gpu-unsupported-operation]");
  rewriter.eraseOp(op);
  return success();
}

void GPUParallelizePass::runOnOperation() {
  IRRewriter rewriter(&getContext());
  SmallVector<memref::CopyOp> copies;
  getOperation().walk([&](memref::CopyOp op) { copies.push_back(op); });
  for (memref::CopyOp op : copies) {
    rewriter.setInsertionPoint(op);
    linalg::makeMemRefCopyOp(rewriter, op.getLoc(), op.getSource(), op.getTarget());
    rewriter.eraseOp(op);
  }
  SmallVector<linalg::LinalgOp> operations;
  getOperation().walk([&](linalg::LinalgOp op) { operations.push_back(op); });
  for (linalg::LinalgOp op : operations)
    if (failed(parallelize(rewriter, op)))
      return signalPassFailure();
}

} // namespace
