//===- Stack.cpp - Values of all iterations of a loop ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/Differentiation/Stack.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace etrace;

/// Slice of a stack that is the element at `position`.
static void getElement(OpBuilder &builder, Value position, RankedTensorType type, Value like,
                       Location loc, SmallVectorImpl<OpFoldResult> &offsets,
                       SmallVectorImpl<OpFoldResult> &sizes) {
  offsets.assign(type.getRank() + 1, builder.getIndexAttr(0));
  offsets.front() = position;
  sizes.push_back(builder.getIndexAttr(1));
  for (int64_t axis = 0; axis < type.getRank(); ++axis)
    sizes.push_back(type.isDynamicDim(axis)
                        ? OpFoldResult(Value(tensor::DimOp::create(builder, loc, like, axis)))
                        : OpFoldResult(builder.getIndexAttr(type.getDimSize(axis))));
}

Value Stack::build(OpBuilder &builder, Location loc, Value capacity, Value like) {
  SmallVector<OpFoldResult> sizes = {getAsOpFoldResult(capacity)};
  if (isa<RankedTensorType>(like.getType()))
    llvm::append_range(sizes, tensor::getMixedSizes(builder, loc, like));
  return tensor::EmptyOp::create(builder, loc, sizes, getElementTypeOrSelf(like));
}

Value Stack::store(OpBuilder &builder, Location loc, Value stack, Value position, Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type)
    return tensor::InsertOp::create(builder, loc, value, stack, position);
  SmallVector<OpFoldResult> offsets, sizes;
  getElement(builder, position, type, value, loc, offsets, sizes);
  SmallVector<OpFoldResult> strides(offsets.size(), builder.getIndexAttr(1));
  return tensor::InsertSliceOp::create(builder, loc, value, stack, offsets, sizes, strides);
}

Value Stack::load(OpBuilder &builder, Location loc, Value stack, Value position, Type type) {
  auto shaped = dyn_cast<RankedTensorType>(type);
  if (!shaped)
    return tensor::ExtractOp::create(builder, loc, stack, position);
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, stack);
  SmallVector<OpFoldResult> offsets(sizes.size(), builder.getIndexAttr(0));
  SmallVector<OpFoldResult> strides(sizes.size(), builder.getIndexAttr(1));
  offsets.front() = position;
  sizes.front() = builder.getIndexAttr(1);
  return tensor::ExtractSliceOp::create(builder, loc, shaped, stack, offsets, sizes, strides);
}
