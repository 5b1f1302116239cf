//===- StateUses.cpp - The states that a function uses --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/IR/StateUses.h"

using namespace mlir;
using namespace etrace;

/// The entry for a declaration, new or not.
static StateUse &addUse(llvm::SmallVectorImpl<StateUse> &list,
                        llvm::DenseMap<Operation *, unsigned> &numbers, SymbolRefAttr symbol,
                        const Declaration &declaration) {
  auto [it, inserted] = numbers.try_emplace(declaration.op, list.size());
  if (inserted)
    list.push_back({symbol, declaration});
  return list[it->second];
}

FunctionOpInterface StateUseAnalysis::getCallee(Operation *op) {
  if (auto call = dyn_cast<CallOpInterface>(op))
    return dyn_cast_or_null<FunctionOpInterface>(call.resolveCallableInTable(&tables));
  if (auto derivative = dyn_cast<DerivativeOpInterface>(op))
    return tables.lookupNearestSymbolFrom<func::FuncOp>(op, derivative.getCalleeAttr());
  return nullptr;
}

void StateUseAnalysis::visitOperation(Operation *op, Uses &uses) {
  auto add = [&](SymbolRefAttr symbol) -> StateUse * {
    Declaration declaration = lookupState(op, symbol, tables);
    return declaration.op ? &addUse(uses.list, uses.numbers, symbol, declaration) : nullptr;
  };
  if (auto get = dyn_cast<GetOp>(op)) {
    if (StateUse *use = add(get.getState()))
      use->read = true;
  } else if (auto set = dyn_cast<SetOp>(op)) {
    if (StateUse *use = add(set.getState()))
      use->written = true;
  } else if (FunctionOpInterface callee = getCallee(op)) {
    const Uses &inner = visit(callee);
    uses.open = std::min(uses.open, inner.open);
    for (const StateUse &use : inner.list) {
      StateUse &own = addUse(uses.list, uses.numbers, use.symbol, use.declaration);
      own.read |= use.read;
      own.written |= use.written;
    }
  }
}

const StateUseAnalysis::Uses &StateUseAnalysis::visit(FunctionOpInterface function) {
  if (auto it = found.find(function); it != found.end())
    return *it->second;
  if (auto it = chain.find(function); it != chain.end()) {
    unfinished.open = it->second;
    return unfinished;
  }
  unsigned depth = chain.size();
  chain[function] = depth;
  auto uses = std::make_unique<Uses>();
  function.walk<WalkOrder::PreOrder>([&](Operation *op) { visitOperation(op, *uses); });
  chain.erase(function);
  // The first function of a recursion knows all uses; the others are visited again when asked.
  if (uses->open >= depth) {
    uses->open = ~0u;
    llvm::SmallVector<Operation *> partial;
    for (const auto &[other, known] : found)
      if (known->open != ~0u && known->open >= depth)
        partial.push_back(other);
    for (Operation *other : partial)
      found.erase(other);
  }
  return *(found[function] = std::move(uses));
}

ArrayRef<StateUse> StateUseAnalysis::get(FunctionOpInterface function) {
  return visit(function).list;
}

SmallVector<StateUse> etrace::getStateUses(FunctionOpInterface function) {
  return llvm::to_vector(StateUseAnalysis().get(function));
}

const StateUse *etrace::findUse(ArrayRef<StateUse> uses, Operation *declaration) {
  const StateUse *use = llvm::find_if(
      uses, [&](const StateUse &other) { return other.declaration.op == declaration; });
  return use == uses.end() ? nullptr : use;
}

SymbolRefAttr etrace::getQualifiedSymbol(ModelOp model, const Declaration &declaration) {
  SymbolRefAttr local = getLocalSymbol(declaration.op);
  SmallVector<FlatSymbolRefAttr> nested = {FlatSymbolRefAttr::get(local.getRootReference())};
  llvm::append_range(nested, local.getNestedReferences());
  return SymbolRefAttr::get(model.getSymNameAttr(), nested);
}
