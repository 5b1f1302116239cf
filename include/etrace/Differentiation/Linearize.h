//===- Linearize.h - Forward mode over a block ------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_DIFFERENTIATION_LINEARIZE_H
#define ETRACE_DIFFERENTIATION_LINEARIZE_H

#include "etrace/Interfaces/DifferentiationInterfaces.h"
#include "mlir/IR/Block.h"

namespace etrace {

/// Hooks into a linearisation.
struct LinearizeOptions {
  /// Called before an active operation; true makes all its results symbolic zeros
  /// (the edge through the operation is cut).
  std::function<bool(mlir::Operation *)> cut;
  /// Called with every result and its tangent (null: zero), right after it was made;
  /// returns the tangent to use. A derivation seeds or drops tangents here.
  std::function<mlir::Value(mlir::OpBuilder &, mlir::Value primal, mlir::Value tangent)> rewrite;
};

/// Walks the operations of `block` (terminator left out) in order and emits, at the
/// insertion point of `builder`, the tangents of every value that depends on a value
/// with a tangent in `tangents`. `tangents` is extended; a result that has a tangent from
/// the start is a seed and keeps it. An active operation without a
/// rule is a located error that names the operation; never a silent zero.
llvm::LogicalResult linearizeBlock(mlir::OpBuilder &builder, mlir::Block &block,
                                   TangentMap &tangents, const LinearizeOptions &options = {});

/// True if the operation reads an active value, as an operand or captured by a region.
bool readsActiveValue(mlir::Operation *op, const TangentMap &tangents);

} // namespace etrace

#endif // ETRACE_DIFFERENTIATION_LINEARIZE_H
