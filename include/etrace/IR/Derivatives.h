//===- Derivatives.h - What may be asked of a function ----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_IR_DERIVATIVES_H
#define ETRACE_IR_DERIVATIVES_H

#include "etrace/IR/Etrace.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace etrace {

/// A state as the target of a derivative.
struct StateTarget {
  mlir::SymbolRefAttr symbol;
  Declaration declaration;
};

/// A derivative of a function f(x...) -> (y..., aux...).
struct DerivativeRequest {
  Derivative kind;
  /// The states with respect to which f is differentiated; their derivatives come first.
  llvm::SmallVector<StateTarget> states;
  /// Numbers of the arguments with respect to which f is differentiated.
  llvm::SmallVector<int64_t> wrt;
  /// How many of the last results are auxiliary: handed on, not differentiated.
  unsigned aux = 0;
  /// Whether y is handed on as well.
  bool value = false;
  /// Whether a Jacobian is derived in the mode that takes fewer passes.
  bool automatic = false;
  /// Functions of the derivatives (`GradientTransformAttrInterface`), or null.
  mlir::ArrayAttr transforms;
  /// What to do where positions of states mix.
  MixingPolicy mixing = MixingPolicy::error;
  /// What the reverse pass keeps of a loop that does not say so itself.
  CheckpointPolicy checkpoint = CheckpointPolicy::all;

  /// True if f maps the arguments in `wrt`, states of one type, to their new values.
  bool isOfStates() const {
    return kind == Derivative::block_jacobian || kind == Derivative::full_jacobian;
  }
};

/// A derivative in the words of the user; see the operations.
struct DerivativeQuestion {
  Derivative kind;
  /// Symbols, or null: the function uses no states.
  mlir::ArrayAttr states;
  /// Null: the first argument, or none beside states.
  mlir::DenseI64ArrayAttr wrt;
  bool allowUnused = false;
  bool hasAux = false;
  bool returnValue = false;
  bool automatic = false;
  mlir::ArrayAttr transforms;
  MixingPolicy mixing = MixingPolicy::error;
};

DerivativeQuestion getQuestion(DerivativeOpInterface op);

/// What a derived function takes behind the arguments of the function, and what it returns.
struct DerivativeTypes {
  llvm::SmallVector<mlir::Type> seeds, results;
};

/// Starts an error at whoever asks; the text goes on with a verb.
using EmitError = llvm::function_ref<mlir::InFlightDiagnostic()>;

/// A derivative as users ask for it: checked, an error says what to do instead.
llvm::FailureOr<DerivativeRequest> getDerivativeRequest(mlir::func::FuncOp function,
                                                        const DerivativeQuestion &question,
                                                        EmitError emitError);

/// The type of a block of a Jacobian: the axes of the result, then those of the argument; a
/// scalar if both are.
mlir::Type getJacobianType(mlir::Type result, mlir::Type argument, mlir::Type element);

/// An error unless the function has a body that can be differentiated, with respect to these
/// arguments.
llvm::LogicalResult verifyDifferentiable(mlir::func::FuncOp function, llvm::ArrayRef<int64_t> wrt,
                                         EmitError emitError);

DerivativeTypes getDerivativeTypes(mlir::FunctionType function, const DerivativeRequest &request);

} // namespace etrace

#endif // ETRACE_IR_DERIVATIVES_H
