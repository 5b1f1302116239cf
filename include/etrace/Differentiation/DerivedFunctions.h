//===- DerivedFunctions.h - Tangents and transposes of functions -*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The drivers for functions: linearise, transpose; reverse mode is the second of the first.
//
//     f(x, y) -> r          with dx:        f_jvp_wrt_0(x, y, dx) -> dr
//     g(x, y, dx) -> dr     linear in dx:   g_transpose(x, y, cotangent of dr) -> that of dx
//
// The numbers of the arguments are left out of a name if they are all that could be. A derived
// function stands beside its source and is derived once for each set of arguments: its attribute
// `etrace.derived` says from what, and which of the results that it could have it has (the
// others are zero).
//===----------------------------------------------------------------------===//
#ifndef ETRACE_DIFFERENTIATION_DERIVEDFUNCTIONS_H
#define ETRACE_DIFFERENTIATION_DERIVEDFUNCTIONS_H

#include "etrace/Interfaces/DifferentiationInterfaces.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace etrace {

/// f_jvp(x, dx of `arguments`): the tangents of the results.
llvm::FailureOr<mlir::func::FuncOp> getTangentFunction(mlir::func::FuncOp source,
                                                       llvm::ArrayRef<int64_t> arguments);

/// g_transpose(x, cotangents of `results`): the cotangents of `arguments`, in which g is linear
/// and which it takes no more.
llvm::FailureOr<mlir::func::FuncOp>
getTransposedFunction(mlir::func::FuncOp source, llvm::ArrayRef<int64_t> arguments,
                      llvm::ArrayRef<int64_t> results, const DifferentiationContext &context);

/// The function beside `source` whose `etrace.derived` has this description, or null.
mlir::func::FuncOp findDerivedFunction(mlir::func::FuncOp source,
                                       mlir::DictionaryAttr description);

/// The arguments of a tangent function that are tangents; none of another function.
llvm::SmallVector<int64_t> getTangentArguments(mlir::func::FuncOp function);

} // namespace etrace

#endif // ETRACE_DIFFERENTIATION_DERIVEDFUNCTIONS_H
