//===- FunctionalForm.h - Functions without access to states ----*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_LIB_TRANSFORMS_STATES_FUNCTIONALFORM_H
#define ETRACE_LIB_TRANSFORMS_STATES_FUNCTIONALFORM_H

#include "etrace/IR/Derivatives.h"
#include "etrace/IR/StateUses.h"

namespace etrace {

/// A function that takes the states it reads in front of its arguments and returns those it
/// writes behind its results.
struct FunctionalForm {
  mlir::func::FuncOp function;
  llvm::SmallVector<StateTarget> taken, returned;
};

/// Functional forms of the functions of a module, which do not change meanwhile; functions in
/// which no derivative is asked for.
class FunctionalForms {
public:
  /// The form that is there already, or a new private one behind the function. It takes the
  /// states of `also` too, whether they are read or not.
  llvm::FailureOr<FunctionalForm> get(mlir::func::FuncOp function,
                                      llvm::ArrayRef<StateTarget> also = {});
  llvm::ArrayRef<StateUse> getUses(mlir::func::FuncOp function) { return uses.get(function); }

private:
  llvm::LogicalResult verify(mlir::func::FuncOp function);

  StateUseAnalysis uses;
  /// Forms that take no other states.
  llvm::DenseMap<mlir::Operation *, FunctionalForm> known;
  /// Functions whose form is not finished.
  llvm::DenseSet<mlir::Operation *> open;
};

/// Brings all functions of a module into functional form, under their names. Derivatives are
/// lowered before.
llvm::LogicalResult functionalizeFunctions(mlir::ModuleOp module);

/// Builds a call of the functional form, or of a function derived from it: reads the states
/// that it takes, and writes those that are its last results. The other results.
llvm::SmallVector<mlir::Value> buildStatefulCall(mlir::OpBuilder &builder, mlir::Location loc,
                                                 mlir::func::FuncOp callee,
                                                 const FunctionalForm &form,
                                                 mlir::ValueRange operands);

} // namespace etrace

#endif // ETRACE_LIB_TRANSFORMS_STATES_FUNCTIONALFORM_H
