//===- StateUses.cpp - The states that a function uses --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/IR/StateUses.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;
using namespace etrace;

namespace {
/// Visits every function once; what a callee uses is used where it is called.
class StateUseSearch {
public:
  using Uses = llvm::MapVector<Operation *, StateUse>;

  const Uses &visit(FunctionOpInterface function) {
    auto [it, inserted] = found.try_emplace(function, nullptr);
    if (!inserted)
      // A function that is being visited adds nothing of its own.
      return it->second ? *it->second : none;
    auto uses = std::make_unique<Uses>();
    function.walk<WalkOrder::PreOrder>([&](Operation *op) { visitOperation(op, *uses); });
    return *(found[function] = std::move(uses));
  }

private:
  void visitOperation(Operation *op, Uses &uses) {
    if (auto get = dyn_cast<GetOp>(op))
      add(op, get.getState(), uses).read = true;
    else if (auto set = dyn_cast<SetOp>(op))
      add(op, set.getState(), uses).written = true;
    else if (auto callee = getCallee(op))
      for (const auto &[declaration, use] : visit(callee)) {
        StateUse &own = uses.insert({declaration, use}).first->second;
        own.read |= use.read;
        own.written |= use.written;
      }
  }

  FunctionOpInterface getCallee(Operation *op) {
    if (auto call = dyn_cast<CallOpInterface>(op))
      return dyn_cast_or_null<FunctionOpInterface>(call.resolveCallable());
    if (auto derivative = dyn_cast<DerivativeOpInterface>(op))
      return tables.lookupNearestSymbolFrom<func::FuncOp>(op, derivative.getCalleeAttr());
    return nullptr;
  }

  StateUse &add(Operation *op, SymbolRefAttr symbol, Uses &uses) {
    Declaration declaration = lookupState(op, symbol, tables);
    StateUse &use = uses[declaration.op];
    if (!use.symbol)
      use = {symbol, declaration};
    return use;
  }

  SymbolTableCollection tables;
  llvm::DenseMap<Operation *, std::unique_ptr<Uses>> found;
  const Uses none;
};
} // namespace

SmallVector<StateUse> etrace::getStateUses(FunctionOpInterface function) {
  StateUseSearch search;
  SmallVector<StateUse> uses;
  for (const auto &[declaration, use] : search.visit(function))
    if (declaration)
      uses.push_back(use);
  return uses;
}

const StateUse *etrace::findUse(ArrayRef<StateUse> uses, Operation *declaration) {
  const StateUse *use = llvm::find_if(
      uses, [&](const StateUse &other) { return other.declaration.op == declaration; });
  return use == uses.end() ? nullptr : use;
}

SymbolRefAttr etrace::getQualifiedSymbol(ModelOp model, const Declaration &declaration) {
  SmallVector<FlatSymbolRefAttr> nested;
  auto add = [&](Operation *op) {
    nested.push_back(FlatSymbolRefAttr::get(SymbolTable::getSymbolName(op)));
  };
  if (Operation *group = declaration.op->getParentOp(); group != model)
    add(group);
  add(declaration.op);
  return SymbolRefAttr::get(model.getSymNameAttr(), nested);
}
