//===- Stack.h - Values of all iterations of a loop -------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_DIFFERENTIATION_STACK_H
#define ETRACE_DIFFERENTIATION_STACK_H

#include "mlir/IR/Builders.h"

namespace etrace {

/// Values of all iterations of a loop, stacked along a first axis.
class Stack {
public:
  /// `capacity` is an index; `like` gives the type and the extents of an element.
  static mlir::Value build(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value capacity,
                           mlir::Value like);
  static mlir::Value store(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value stack,
                           mlir::Value position, mlir::Value value);
  static mlir::Value load(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value stack,
                          mlir::Value position, mlir::Type type);
};

} // namespace etrace

#endif // ETRACE_DIFFERENTIATION_STACK_H
