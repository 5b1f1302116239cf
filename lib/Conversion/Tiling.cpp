//===- Tiling.cpp - What lowering to vectors shares -----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Tiling.h"

using namespace mlir;

LogicalResult
etrace::tileGenerics(Operation *root, int64_t vectorBits,
                     llvm::function_ref<bool(IRRewriter &, linalg::GenericOp)> emit) {
  if (vectorBits < 64 || !llvm::isPowerOf2_64(vectorBits))
    return root->emitError() << "expected vector-bits to be a power of two and at least 64, "
                             << "found " << vectorBits;
  SmallVector<linalg::GenericOp> operations;
  root->walk([&](linalg::GenericOp op) { operations.push_back(op); });
  IRRewriter rewriter(root->getContext());
  for (linalg::GenericOp op : operations) {
    rewriter.setInsertionPoint(op);
    if (emit(rewriter, op))
      rewriter.eraseOp(op);
  }
  return success();
}
