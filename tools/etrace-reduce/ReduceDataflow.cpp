//===- ReduceDataflow.cpp - Shortens the paths between values -------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The upstream reducer takes away operations that nothing uses. Here a result is replaced by an
// operand, an operand of an operand, or an argument of the function, of the same type, and what
// is dead then goes.
//===----------------------------------------------------------------------===//

#include "ReduceDataflow.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Reducer/Tester.h"

using namespace mlir;

namespace {
struct ReduceDataflowPass : PassWrapper<ReduceDataflowPass, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(ReduceDataflowPass)
  ReduceDataflowPass() = default;
  ReduceDataflowPass(const ReduceDataflowPass &other) : PassWrapper(other) {}
  StringRef getArgument() const final { return "reduce-dataflow"; }
  StringRef getDescription() const final {
    return "Replace results by operands or arguments as long as the module stays interesting";
  }

  void runOnOperation() final {
    ModuleOp module = getOperation();
    Tester tester(test, {});
    if (tester.isInteresting(module).first != Tester::Interestingness::True) {
      module.emitError() << "the module is not interesting to begin with: '" << test
                         << "' must exit with 1";
      return signalPassFailure();
    }
    while (shorten(module, tester))
      ;
  }

  Option<std::string> test{*this, "test",
                           llvm::cl::desc("a script: the exit status 1 means interesting")};

private:
  /// Last first, an operation follows those that use it and those nested in it.
  static SmallVector<Operation *> getOperations(ModuleOp module) {
    SmallVector<Operation *> ops;
    module.walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (op->getNumResults() > 0)
        ops.push_back(op);
    });
    return ops;
  }

  static void eraseDead(ModuleOp module) {
    SmallVector<Operation *> ops = getOperations(module);
    for (Operation *op : llvm::reverse(ops))
      if (isOpTriviallyDead(op))
        op->erase();
  }

  /// Values of the types of the results that are there before the operation, one for each.
  static SmallVector<SmallVector<Value>> getSubstitutes(Operation *op) {
    SmallVector<Value> candidates(op->getOperands());
    for (Value operand : op->getOperands())
      if (Operation *before = operand.getDefiningOp())
        llvm::append_range(candidates, before->getOperands());
    if (auto function = op->getParentOfType<func::FuncOp>())
      llvm::append_range(candidates, function.getArguments());
    // What was never written has no value.
    llvm::erase_if(candidates,
                   [](Value value) { return bool(value.getDefiningOp<tensor::EmptyOp>()); });
    SmallVector<SmallVector<Value>> substitutes;
    for (Value candidate : candidates)
      if (llvm::all_of(op->getResultTypes(),
                       [&](Type type) { return type == candidate.getType(); }))
        substitutes.emplace_back(op->getNumResults(), candidate);
    return substitutes;
  }

  /// One round over all operations, last first; true if the module has become smaller.
  static bool shorten(ModuleOp module, Tester &tester) {
    bool changed = false;
    for (size_t next = getOperations(module).size(); next-- > 0;) {
      SmallVector<Operation *> ops = getOperations(module);
      if (next < ops.size())
        changed |= shortenAt(module, ops[next], tester);
    }
    return changed;
  }

  static bool shortenAt(ModuleOp module, Operation *op, Tester &tester) {
    for (ArrayRef<Value> substitutes : getSubstitutes(op)) {
      IRMapping mapping;
      OwningOpRef<ModuleOp> trial = cast<ModuleOp>(module->clone(mapping));
      for (auto [result, substitute] : llvm::zip_equal(op->getResults(), substitutes))
        mapping.lookup(result).replaceAllUsesWith(mapping.lookup(substitute));
      eraseDead(*trial);
      if (tester.isInteresting(*trial).first != Tester::Interestingness::True)
        continue;
      module.getBodyRegion().takeBody(trial->getBodyRegion());
      return true;
    }
    return false;
  }
};
} // namespace

void etrace::registerReduceDataflowPass() { PassRegistration<ReduceDataflowPass>(); }
