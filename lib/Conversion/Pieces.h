//===- Pieces.h - Tensors put together of slices ----------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_LIB_CONVERSION_PIECES_H
#define ETRACE_LIB_CONVERSION_PIECES_H

#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace etrace {

/// Tensors at disjoint constant places of `whole`, the last inserted first.
struct Pieces {
  llvm::SmallVector<mlir::tensor::InsertSliceOp> inserts;
  mlir::Value whole;

  int64_t countElements() const;
  /// False if one of them reaches into a box of constant offsets and sizes.
  bool isBeside(llvm::ArrayRef<int64_t> offsets, llvm::ArrayRef<int64_t> sizes) const;
};

/// Offsets, sizes and extents are constant, neighbours stay neighbours.
bool isConstantBox(mlir::OffsetSizeAndStrideOpInterface slice);

/// Adds the pieces that `value` consists of; false if they are not disjoint or not constant.
bool addPieces(mlir::Value value, Pieces &pieces);

} // namespace etrace

#endif // ETRACE_LIB_CONVERSION_PIECES_H
