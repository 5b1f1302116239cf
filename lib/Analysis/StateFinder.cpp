//===- StateFinder.cpp - Which states a function uses ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/Analysis/StateFinder.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace etrace;

StateKind etrace::getStateKind(const Declaration &declaration) {
  if (declaration.role == kParamAttr)
    return StateKind::param;
  if (declaration.role == kStateAttr)
    return StateKind::plain;
  Operation *root = getRootContainer(declaration.op);
  if (!root)
    return StateKind::hidden;
  return isa<TreeStateOp>(root) ? StateKind::tree : StateKind::group;
}

StringRef etrace::stringifyStateKind(StateKind kind) {
  switch (kind) {
  case StateKind::param:
    return "param";
  case StateKind::hidden:
    return "hidden";
  case StateKind::group:
    return "group";
  case StateKind::tree:
    return "tree";
  case StateKind::plain:
    return "plain";
  }
  llvm_unreachable("unknown kind of state");
}

std::optional<StateKind> etrace::symbolizeStateKind(StringRef name) {
  return llvm::StringSwitch<std::optional<StateKind>>(name)
      .Case("param", StateKind::param)
      .Case("hidden", StateKind::hidden)
      .Case("group", StateKind::group)
      .Case("tree", StateKind::tree)
      .Case("plain", StateKind::plain)
      .Default(std::nullopt);
}

std::optional<SmallVector<int64_t>> etrace::getReferenceBuffer(Operation *declaration) {
  StateContainerOpInterface root = getRootContainer(declaration);
  if (!root)
    return std::nullopt;
  SmallVector<Declaration> components = getDeclarations(root);
  RankedTensorType type = components.front().type;
  for (const Declaration &component : components)
    if (component.type != type || component.op->getParentOp() != root)
      return std::nullopt;
  SmallVector<int64_t> buffer(type.getShape());
  buffer.push_back(components.size());
  return buffer;
}

std::string etrace::keyByPosition(unsigned position, const StateUse &) {
  return std::to_string(position);
}

std::string etrace::keyByName(unsigned, const StateUse &use) { return use.declaration.path; }

static bool isOfKind(const Declaration &declaration, ArrayRef<StateKind> kinds) {
  return kinds.empty() || llvm::is_contained(kinds, getStateKind(declaration));
}

static bool counts(const StateUse &use, StateUsage usage) {
  return usage == StateUsage::all || use.written == (usage == StateUsage::write);
}

SmallVector<FoundState> etrace::findStates(FunctionOpInterface function,
                                           ArrayRef<StateKind> kinds, StateUsage usage,
                                           StateKeyFunction key) {
  SmallVector<FoundState> found;
  llvm::StringSet<> taken;
  for (const StateUse &use : getStateUses(function)) {
    if (!isOfKind(use.declaration, kinds) || !counts(use, usage))
      continue;
    std::string name = key(found.size(), use);
    if (taken.contains(name))
      name = use.declaration.path;
    if (taken.contains(name))
      name = getPath(use.symbol);
    // Only a key function that guesses paths of other models comes here.
    for (unsigned number = 0; !taken.insert(name).second; ++number)
      name = getPath(use.symbol) + "#" + std::to_string(number);
    found.push_back({name, use});
  }
  return found;
}

SmallVector<Declaration> etrace::listStates(ModelOp model, ArrayRef<StateKind> kinds) {
  SmallVector<Declaration> declarations = getDeclarations(model);
  llvm::erase_if(declarations, [&](const Declaration &declaration) {
    return !isOfKind(declaration, kinds);
  });
  return declarations;
}
