//===- Jacobian.cpp - Linear maps applied to a basis ----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Jacobian.h"
#include "etrace/IR/Derivatives.h"
#include "etrace/Interfaces/Contraction.h"
#include "etrace/Interfaces/DifferentiationInterfaces.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace etrace;

Value etrace::buildJacobianZeros(OpBuilder &builder, Location loc, Value result, Value argument,
                                 Type element) {
  Type type = getJacobianType(result.getType(), argument.getType(), element);
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || tensor.hasStaticShape())
    return buildConstant(builder, loc, type, 0.0);
  SmallVector<Value> extents;
  for (Value value : {result, argument}) {
    auto part = dyn_cast<RankedTensorType>(value.getType());
    for (int64_t axis = 0; part && axis < part.getRank(); ++axis)
      if (part.isDynamicDim(axis))
        extents.push_back(tensor::DimOp::create(builder, loc, value, axis));
  }
  return tensor::SplatOp::create(builder, loc, tensor,
                                 buildConstant(builder, loc, element, 0.0), extents);
}

/// One at `indices`, zero elsewhere.
static Value buildBasisVector(OpBuilder &builder, Location loc, Value like, ValueRange indices) {
  if (indices.empty())
    return buildConstantLike(builder, loc, like, 1.0);
  Value one = buildConstant(builder, loc, getElementTypeOrSelf(like), 1.0);
  return tensor::InsertOp::create(builder, loc, one, buildZerosLike(builder, loc, like), indices);
}

/// Puts the image of a vector of the basis into the block of a Jacobian.
static Value insertImage(OpBuilder &builder, Location loc, Value image, Value block,
                         ValueRange indices, BasisAxes axes) {
  auto blockType = dyn_cast<RankedTensorType>(block.getType());
  auto imageType = dyn_cast<RankedTensorType>(image.getType());
  if (indices.empty() && imageType == blockType)
    return image;
  if (blockType.hasStaticShape() && blockType.getNumElements() == 0)
    return block;
  if (!imageType)
    return indices.empty() ? tensor::FromElementsOp::create(builder, loc, blockType, image)
                                 .getResult()
                           : tensor::InsertOp::create(builder, loc, image, block, indices)
                                 .getResult();
  SmallVector<OpFoldResult> offsets(imageType.getRank(), builder.getIndexAttr(0));
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, image);
  size_t at = axes == BasisAxes::leading ? 0 : sizes.size();
  SmallVector<OpFoldResult> ones(indices.size(), builder.getIndexAttr(1));
  SmallVector<OpFoldResult> position(indices.begin(), indices.end());
  offsets.insert(offsets.begin() + at, position.begin(), position.end());
  sizes.insert(sizes.begin() + at, ones.begin(), ones.end());
  SmallVector<OpFoldResult> strides(blockType.getRank(), builder.getIndexAttr(1));
  return tensor::InsertSliceOp::create(builder, loc, image, block, offsets, sizes, strides);
}

LogicalResult etrace::applyToBasis(
    OpBuilder &builder, Location loc, Value like, BasisAxes axes, MutableArrayRef<Value> blocks,
    function_ref<FailureOr<SmallVector<Value>>(OpBuilder &, Value)> apply) {
  SmallVector<Value> extents;
  if (isa<RankedTensorType>(like.getType()))
    extents = getValueOrCreateConstantIndexOp(builder, loc,
                                              tensor::getMixedSizes(builder, loc, like));
  SmallVector<Value> zeros, ones;
  for (size_t axis = 0; axis < extents.size(); ++axis) {
    zeros.push_back(arith::ConstantIndexOp::create(builder, loc, 0));
    ones.push_back(arith::ConstantIndexOp::create(builder, loc, 1));
  }
  bool failure = false;
  auto body = [&](OpBuilder &inner, Location, ValueRange indices, ValueRange carried) {
    scf::ValueVector next(carried.begin(), carried.end());
    FailureOr<SmallVector<Value>> images =
        apply(inner, buildBasisVector(inner, loc, like, indices));
    failure |= failed(images);
    if (failed(images))
      return next;
    for (auto [block, image] : llvm::zip_equal(next, *images))
      if (image)
        block = insertImage(inner, loc, image, block, indices, axes);
    return next;
  };
  scf::LoopNest nest =
      scf::buildLoopNest(builder, loc, zeros, extents, ones, ValueRange(blocks), body);
  llvm::copy(nest.results, blocks.begin());
  return success(!failure);
}
