//===- FunctionalizeFunctions.cpp - States become arguments and results ---===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "../Derivatives/Derivatives.h"
#include "FunctionalForm.h"

#include "etrace/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/AttrTypeSubElements.h"

using namespace mlir;
using namespace etrace;

namespace etrace {
#define GEN_PASS_DEF_FUNCTIONALIZEFUNCTIONSPASS
#include "etrace/Transforms/Passes.h.inc"
} // namespace etrace

/// Every reference to a key becomes one to its value.
static void renameSymbols(Operation *root, const llvm::DenseMap<Attribute, StringAttr> &names) {
  AttrTypeReplacer replacer;
  replacer.addReplacement([&](SymbolRefAttr symbol) -> std::optional<Attribute> {
    auto name = names.find(symbol.getRootReference());
    if (name == names.end() || !symbol.getNestedReferences().empty())
      return std::nullopt;
    return FlatSymbolRefAttr::get(name->second);
  });
  replacer.recursivelyReplaceElementsIn(root);
}

LogicalResult etrace::functionalizeFunctions(ModuleOp module) {
  if (failed(lowerDerivatives(module)))
    return failure();
  FunctionalForms forms;
  SmallVector<std::pair<func::FuncOp, func::FuncOp>> replaced;
  for (auto function : llvm::to_vector(module.getOps<func::FuncOp>())) {
    if (forms.getUses(function).empty())
      continue;
    FailureOr<FunctionalForm> form = forms.get(function);
    if (failed(form))
      return failure();
    replaced.push_back({function, form->function});
  }
  llvm::DenseMap<Attribute, StringAttr> names;
  for (auto [function, form] : replaced) {
    names[form.getSymNameAttr()] = function.getSymNameAttr();
    form.setVisibility(function.getVisibility());
    form->removeAttr(kDerivedAttr);
    form.setSymNameAttr(function.getSymNameAttr());
    function.erase();
  }
  renameSymbols(module, names);
  return success();
}

namespace {
struct FunctionalizeFunctionsPass
    : public etrace::impl::FunctionalizeFunctionsPassBase<FunctionalizeFunctionsPass> {
  void runOnOperation() override {
    if (failed(functionalizeFunctions(getOperation())))
      signalPassFailure();
  }
};
} // namespace
