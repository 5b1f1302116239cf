//===- StateFinder.h - Which states a function uses -------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_ANALYSIS_STATEFINDER_H
#define ETRACE_ANALYSIS_STATEFINDER_H

#include "etrace/IR/StateUses.h"

namespace etrace {

/// What a declaration declares; `group` and `tree` are components of a group state and of a tree
/// state (with all that nests in it).
enum class StateKind { param, hidden, group, tree, plain };
StateKind getStateKind(const Declaration &declaration);
llvm::StringRef stringifyStateKind(StateKind kind);
std::optional<StateKind> symbolizeStateKind(llvm::StringRef name);

/// The buffer in which the reference stores a component, (positions..., S) for the S of its
/// container; nothing for a state of its own, and where the reference has no such container (of
/// components that differ in shape or nest).
std::optional<llvm::SmallVector<int64_t>> getReferenceBuffer(mlir::Operation *declaration);

/// Which uses count. A state that is read and written counts as written, so every state that
/// is used is in exactly one of `read` and `write`.
enum class StateUsage { all, read, write };

/// A state with its key, which no other state of the same list has.
struct FoundState {
  std::string key;
  StateUse use;
};

/// The key of a state that is the `position`-th of its list.
using StateKeyFunction = llvm::function_ref<std::string(unsigned position, const StateUse &use)>;
/// "0", "1", ...
std::string keyByPosition(unsigned position, const StateUse &use);
/// The path in the model: "weight", "neuron.V".
std::string keyByName(unsigned position, const StateUse &use);

/// The states that a function or step uses, in order of first access, without running it. An
/// empty list of kinds is all. A key that is taken gives way to the state's name, and a name
/// that is taken to the path with the model.
llvm::SmallVector<FoundState> findStates(mlir::FunctionOpInterface function,
                                         llvm::ArrayRef<StateKind> kinds = {},
                                         StateUsage usage = StateUsage::all,
                                         StateKeyFunction key = keyByPosition);

/// The declarations of a model of some kinds (none: all), in order.
llvm::SmallVector<Declaration> listStates(ModelOp model, llvm::ArrayRef<StateKind> kinds = {});

} // namespace etrace

#endif // ETRACE_ANALYSIS_STATEFINDER_H
