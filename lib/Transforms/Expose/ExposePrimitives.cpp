//===- ExposePrimitives.cpp - Primitives out of loops and branches --------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Expose.h"

#include "../CompatOption.h"
#include "etrace/Analysis/StepView.h"
#include "etrace/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Remarks.h"

using namespace mlir;
using namespace etrace;

namespace etrace {
#define GEN_PASS_DEF_EXPOSEPRIMITIVESPASS
#include "etrace/Transforms/Passes.h.inc"
} // namespace etrace

bool etrace::containsPrimitive(Operation *op) {
  WalkResult walk = op->walk([&](ETPOpInterface primitive) {
    return primitive == op ? WalkResult::advance() : WalkResult::interrupt();
  });
  return walk.wasInterrupted();
}

void etrace::remarkExposed(Operation *op, StringRef id, const Twine &text) {
  auto opts = remark::RemarkOpts::name(id)
                  .category("etrace-graph")
                  .function(op->getParentOfType<ModelOp>().getSymName());
  remark::passed(op->getLoc(), opts) << (text + " [" + id + "]").str();
}

namespace {
struct ExposePrimitivesPass : public etrace::impl::ExposePrimitivesPassBase<ExposePrimitivesPass> {
  using ExposePrimitivesPassBase::ExposePrimitivesPassBase;

  void runOnOperation() override {
    ModelOp model = getOperation();
    StepOp step = model.getStep();
    if (failed(setCompat(model, compat)))
      return signalPassFailure();
    if (step && (failed(StepView::get(step)) || failed(unrollLoops(step, unrollLimit)) ||
                 failed(splitBranches(step, model.isBraintraceCompat()))))
      signalPassFailure();
  }
};
} // namespace
