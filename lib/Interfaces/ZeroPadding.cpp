//===- ZeroPadding.cpp - Operands with zeros around them ------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/Interfaces/ZeroPadding.h"

#include "etrace/Interfaces/DifferentiationInterfaces.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace etrace;

namespace {
/// Where the elements of an operand lie among the zeros. Extents are those of the operand itself: a
/// tangent in its place may be gone when they are read.
struct Places {
  Places(OpBuilder &builder, Location loc, const ZeroPadding &padding, Value operand)
      : sizes(tensor::getMixedSizes(builder, loc, operand)) {
    for (auto [low, step] : llvm::zip_equal(padding.low, padding.step)) {
      offsets.push_back(builder.getIndexAttr(low));
      strides.push_back(builder.getIndexAttr(step));
    }
  }
  SmallVector<OpFoldResult> offsets, sizes, strides;
};
} // namespace

/// low + (extent - 1) * step + 1 + high.
static OpFoldResult getPaddedExtent(OpBuilder &builder, Location loc, OpFoldResult extent,
                                    const ZeroPadding &padding, size_t axis) {
  int64_t step = padding.step[axis];
  int64_t rest = padding.low[axis] + padding.high[axis] + 1 - step;
  if (std::optional<int64_t> known = getConstantIntValue(extent))
    return builder.getIndexAttr(*known * step + rest);
  Value size = getValueOrCreateConstantIndexOp(builder, loc, extent);
  Value scaled = arith::MulIOp::create(builder, loc, size,
                                       arith::ConstantIndexOp::create(builder, loc, step));
  return arith::AddIOp::create(builder, loc, scaled,
                               arith::ConstantIndexOp::create(builder, loc, rest))
      .getResult();
}

Value etrace::buildPaddedZeros(OpBuilder &builder, Location loc, ETPOpInterface primitive,
                               OpOperand &operand) {
  std::optional<ZeroPadding> padding = primitive.getPadding(operand);
  if (!padding)
    return operand.get();
  SmallVector<int64_t> shape;
  SmallVector<Value> dynamic;
  for (auto [axis, size] : llvm::enumerate(tensor::getMixedSizes(builder, loc, operand.get())))
    dispatchIndexOpFoldResult(getPaddedExtent(builder, loc, size, *padding, axis), dynamic, shape);
  auto type = RankedTensorType::get(shape, getElementTypeOrSelf(operand.get()));
  if (dynamic.empty())
    return buildConstant(builder, loc, type, 0.0);
  Value zero = buildConstant(builder, loc, type.getElementType(), 0.0);
  return tensor::SplatOp::create(builder, loc, type, zero, dynamic);
}

Value etrace::buildPadded(OpBuilder &builder, Location loc, ETPOpInterface primitive,
                          OpOperand &operand, Value value) {
  std::optional<ZeroPadding> padding = primitive.getPadding(operand);
  if (!padding)
    return value;
  Value zeros = buildPaddedZeros(builder, loc, primitive, operand);
  Places places(builder, loc, *padding, operand.get());
  return tensor::InsertSliceOp::create(builder, loc, value, zeros, places.offsets, places.sizes,
                                       places.strides);
}

Value etrace::buildUnpadded(OpBuilder &builder, Location loc, ETPOpInterface primitive,
                            OpOperand &operand, Value padded) {
  std::optional<ZeroPadding> padding = primitive.getPadding(operand);
  if (!padding)
    return padded;
  Places places(builder, loc, *padding, operand.get());
  return tensor::ExtractSliceOp::create(builder, loc,
                                        cast<RankedTensorType>(operand.get().getType()), padded,
                                        places.offsets, places.sizes, places.strides);
}
