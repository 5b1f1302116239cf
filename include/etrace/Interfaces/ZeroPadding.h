//===- ZeroPadding.h - Operands with zeros around them ----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_INTERFACES_ZEROPADDING_H
#define ETRACE_INTERFACES_ZEROPADDING_H

#include "etrace/IR/Etrace.h"

namespace etrace {

/// Builds zeros of the type and extents of an operand with its padding; the operand itself if it
/// has none.
mlir::Value buildPaddedZeros(mlir::OpBuilder &builder, mlir::Location loc,
                             ETPOpInterface primitive, mlir::OpOperand &operand);

/// Builds `value`, an operand of a primitive or of the operand's shape, as the operand's map
/// indexes it: with the zeros around and between its elements.
mlir::Value buildPadded(mlir::OpBuilder &builder, mlir::Location loc, ETPOpInterface primitive,
                        mlir::OpOperand &operand, mlir::Value value);

/// The transpose of `buildPadded`: the elements of `padded` at the places of the operand's.
mlir::Value buildUnpadded(mlir::OpBuilder &builder, mlir::Location loc, ETPOpInterface primitive,
                          mlir::OpOperand &operand, mlir::Value padded);

} // namespace etrace

#endif // ETRACE_INTERFACES_ZEROPADDING_H
