//===- Transpose.h - Reverse mode: transpose a linear program ---*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_DIFFERENTIATION_TRANSPOSE_H
#define ETRACE_DIFFERENTIATION_TRANSPOSE_H

#include "etrace/Interfaces/DifferentiationInterfaces.h"
#include "mlir/IR/Block.h"

namespace etrace {

/// Transposes the linear program that computes `outputs` from `inputs` by operations
/// of `block`: emits, at the insertion point of `builder`, the cotangents of all
/// `inputs`, given those of the outputs (null entries are zeros on both sides).
/// Operations that do not depend on the inputs are left alone and their results used
/// as they are. Fails with a located error if an operation is not linear or has no
/// transpose. `context` holds for the operations with regions and the calls among them. Values
/// of `inputCotangents`, one for each input if there are any, are added to.
llvm::FailureOr<llvm::SmallVector<mlir::Value>>
transposeProgram(mlir::OpBuilder &builder, mlir::Block &block, mlir::ValueRange inputs,
                 mlir::ValueRange outputs, mlir::ValueRange outputCotangents,
                 DifferentiationContext context = {}, mlir::ValueRange inputCotangents = {});

/// The values, linear in `inputs`, that cotangents of `roots` may reach through the operations of
/// `block` and their regions.
llvm::DenseSet<mlir::Value> findLive(mlir::Block &block, mlir::ValueRange inputs,
                                     mlir::ValueRange roots);

/// Makes whoever asks for an extent of `value` ask `by`, which has the same shape: the
/// inputs of a transposed program are the tangents of values that are at hand.
void replaceExtents(mlir::Value value, mlir::Value by);

} // namespace etrace

#endif // ETRACE_DIFFERENTIATION_TRANSPOSE_H
