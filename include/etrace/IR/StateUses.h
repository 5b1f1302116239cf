//===- StateUses.h - The states that a function uses ------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_IR_STATEUSES_H
#define ETRACE_IR_STATEUSES_H

#include "etrace/IR/Etrace.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace etrace {

/// How a function uses a state or parameter.
struct StateUse {
  /// As the function names it: @model::@state.
  mlir::SymbolRefAttr symbol;
  Declaration declaration;
  bool read = false;
  bool written = false;
};

/// The states that a function or step reads or writes, in order of first access, through calls
/// and derivatives. Nothing runs: an access in a branch counts.
llvm::SmallVector<StateUse> getStateUses(mlir::FunctionOpInterface function);

/// The same for many functions of a module, each visited once; they must not change meanwhile.
class StateUseAnalysis {
public:
  llvm::ArrayRef<StateUse> get(mlir::FunctionOpInterface function);

private:
  /// What a function uses. If it takes part in a recursion that is being visited, what the
  /// functions from the `open`-th of the chain of calls on use is missing.
  struct Uses {
    llvm::SmallVector<StateUse> list;
    llvm::DenseMap<mlir::Operation *, unsigned> numbers;
    unsigned open = ~0u;
  };
  const Uses &visit(mlir::FunctionOpInterface function);
  void visitOperation(mlir::Operation *op, Uses &uses);
  mlir::FunctionOpInterface getCallee(mlir::Operation *op);

  mlir::SymbolTableCollection tables;
  llvm::DenseMap<mlir::Operation *, std::unique_ptr<Uses>> found;
  /// The chain of calls that is being visited, with the place of each function in it.
  llvm::DenseMap<mlir::Operation *, unsigned> chain;
  /// What a function in the chain is taken to use by those that it calls.
  Uses unfinished;
};

/// The name of a declared state in functions beside its model: @model::@neuron::@V.
mlir::SymbolRefAttr getQualifiedSymbol(ModelOp model, const Declaration &declaration);

/// The use of a declared state, or null.
const StateUse *findUse(llvm::ArrayRef<StateUse> uses, mlir::Operation *declaration);

} // namespace etrace

#endif // ETRACE_IR_STATEUSES_H
