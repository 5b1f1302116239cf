//===- Destinations.h - Which memory a result is computed in ----*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_CONVERSION_DESTINATIONS_H
#define ETRACE_CONVERSION_DESTINATIONS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

namespace etrace {

/// Gives every user of an uninitialised or filled tensor, or of one constant throughout, its
/// own copy of it, so that no two results compete for one piece of memory.
void unshareDestinations(mlir::func::FuncOp function);

/// Makes `value` a result computed in `destination`, a tensor of the same type, without
/// changing its contents; returns the new value. It is `destination` itself, the end of a
/// chain of operations whose first destination it is, or a copy into it (inserted by
/// `builder`).
mlir::Value settle(mlir::OpBuilder &builder, mlir::Value value, mlir::Value destination);

/// Settles what is inserted in a tensor in its slice of that, where nobody else reads either:
/// what a loop stores of its iterations, and pieces of one tensor.
void settleInsertions(mlir::func::FuncOp function);

/// Settles what loops carry in the arguments which carry it: bufferisation demands this.
void settleLoops(mlir::func::FuncOp function);

} // namespace etrace

#endif // ETRACE_CONVERSION_DESTINATIONS_H
