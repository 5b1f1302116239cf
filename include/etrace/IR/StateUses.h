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

/// The name of a declared state in functions beside its model: @model::@neuron::@V.
mlir::SymbolRefAttr getQualifiedSymbol(ModelOp model, const Declaration &declaration);

/// The use of a declared state, or null.
const StateUse *findUse(llvm::ArrayRef<StateUse> uses, mlir::Operation *declaration);

} // namespace etrace

#endif // ETRACE_IR_STATEUSES_H
