//===- Pieces.cpp - Tensors put together of slices ------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Pieces.h"

using namespace mlir;
using namespace etrace;

bool etrace::isConstantBox(OffsetSizeAndStrideOpInterface slice) {
  return !ShapedType::isDynamicShape(slice.getStaticOffsets()) &&
         !ShapedType::isDynamicShape(slice.getStaticSizes()) && slice.hasUnitStride();
}

int64_t Pieces::countElements() const {
  int64_t count = 0;
  for (tensor::InsertSliceOp insert : inserts)
    count += insert.getSourceType().getNumElements();
  return count;
}

bool Pieces::isBeside(ArrayRef<int64_t> offsets, ArrayRef<int64_t> sizes) const {
  return llvm::all_of(inserts, [&](tensor::InsertSliceOp insert) {
    auto dims = llvm::zip(insert.getStaticOffsets(), insert.getStaticSizes(), offsets, sizes);
    return llvm::any_of(dims, [](auto dim) {
      auto [aOffset, aSize, bOffset, bSize] = dim;
      return aOffset + aSize <= bOffset || bOffset + bSize <= aOffset;
    });
  });
}

bool etrace::addPieces(Value value, Pieces &pieces) {
  while (auto insert = value.getDefiningOp<tensor::InsertSliceOp>()) {
    if (!isConstantBox(insert) || !insert.getType().hasStaticShape() ||
        !pieces.isBeside(insert.getStaticOffsets(), insert.getStaticSizes()))
      return false;
    pieces.inserts.push_back(insert);
    value = insert.getDest();
  }
  pieces.whole = value;
  return true;
}
