//===- BuildEntries.cpp - Functions that use states become entries --------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// See docs/LearnerIR.md for the roles of arguments and results.
//===----------------------------------------------------------------------===//

#include "../Derive/BufferEntries.h"
#include "FunctionalForm.h"

#include "etrace/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace etrace;

namespace etrace {
#define GEN_PASS_DEF_BUILDENTRIESPASS
#include "etrace/Transforms/Passes.h.inc"
} // namespace etrace

/// Gives an argument or result that stands for a state the role of its buffer.
static DictionaryAttr bindState(ModelOp model, DictionaryAttr attributes) {
  if (!attributes)
    return attributes;
  for (StringRef role : {StringRef(kParamAttr), StringRef(kHiddenAttr), StringRef(kStateAttr)})
    if (auto path = attributes.getAs<StringAttr>(role)) {
      StringRef local = path.getValue().drop_front(model.getSymName().size() + 1);
      Builder builder(attributes.getContext());
      return builder.getDictionaryAttr(builder.getNamedAttr(
          kBufferAttr,
          builder.getStringAttr(getBufferSymbol(lookupDeclaration(model, local)))));
    }
  return attributes;
}

namespace {
struct BuildEntriesPass : public etrace::impl::BuildEntriesPassBase<BuildEntriesPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    SmallVector<func::FuncOp> entries;
    for (auto function : module.getOps<func::FuncOp>())
      if (function->hasAttr(kEntryAttr))
        entries.push_back(function);
    auto models = llvm::to_vector(module.getOps<ModelOp>());
    // A learner has its buffers.
    if (entries.empty() || models.empty() || !module.getOps<BufferOp>().empty())
      return;
    if (failed(verify(models)) || failed(functionalizeFunctions(module)))
      return signalPassFailure();
    build(models.front());
  }

private:
  LogicalResult verify(ArrayRef<ModelOp> models) {
    if (models.size() > 1)
      return ModelOp(models[1]).emitOpError("is a second model; the entries of a module use the "
                                            "states of one [one-model]");
    ModelOp model = models.front();
    if (StepOp step = model.getStep()) {
      InFlightDiagnostic diag = model.emitOpError(
          "has a step, so its entries are derived from it; the functions of a module become "
          "entries with a model of states alone [entry-model]");
      diag.attachNote(step.getLoc()) << "the step";
      return diag;
    }
    for (const Declaration &declaration : getDeclarations(model))
      if (declaration.role != kParamAttr && failed(verifyInitialState(declaration)))
        return failure();
    for (StringRef name : {"reset", "init"})
      if (auto function = getOperation().lookupSymbol<func::FuncOp>(
              (model.getSymName() + "_" + name).str()))
        return function.emitOpError("has the name of an entry that is made for the model "
                                    "[entry-name]");
    return success();
  }

  void build(ModelOp model) {
    ModuleOp module = getOperation();
    OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
    for (const Declaration &declaration : getDeclarations(model))
      declareBuffer(builder, declaration.op->getLoc(), declaration);
    for (auto entry : module.getOps<func::FuncOp>()) {
      if (!entry->hasAttr(kEntryAttr))
        continue;
      for (unsigned index = 0; index < entry.getNumArguments(); ++index)
        entry.setArgAttrs(index, bindState(model, entry.getArgAttrDict(index)));
      for (unsigned index = 0; index < entry.getNumResults(); ++index)
        entry.setResultAttrs(index, bindState(model, entry.getResultAttrDict(index)));
    }
    builder.setInsertionPoint(model);
    for (StringRef name : {"reset", "init"})
      buildResetEntry(builder, model.getLoc(), module, model.getSymName(), name,
                      /*everything=*/name == "init");
    model.erase();
  }
};
} // namespace
