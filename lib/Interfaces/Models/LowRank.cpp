//===- LowRank.cpp - Models of the product with a weight of low rank ------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// With w = alpha b a:   dy = dx w + x (alpha (db a + b da)) + dbias.
//===----------------------------------------------------------------------===//

#include "Models.h"
#include "etrace/Interfaces/Contraction.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;
using namespace etrace;
using namespace etrace::detail;

/// x y, summed over the last axis of x and the first of y.
static Value buildProduct(OpBuilder &builder, Location loc, Value x, Value y) {
  auto left = cast<RankedTensorType>(x.getType()), right = cast<RankedTensorType>(y.getType());
  unsigned k = left.getRank() - 1, n = k + 1;
  auto shape = llvm::to_vector(left.getShape());
  shape.back() = right.getDimSize(1);
  return buildContraction(
      builder, loc, {x, y},
      selectDims(builder.getContext(), n + 1, {appendDims(k, {k}), {k, n}, appendDims(k, {n})}),
      RankedTensorType::get(shape, left.getElementType()));
}

/// alpha b a.
static Value buildWeight(OpBuilder &builder, LoraMatmulOp op, Value b, Value a) {
  Location loc = op.getLoc();
  Value weight = buildProduct(builder, loc, b, a);
  if (op.getAlpha().isExactlyValue(1.0))
    return weight;
  Value alpha = buildConstantLike(builder, loc, weight, op.getAlpha().convertToDouble());
  return buildMul(builder, loc, weight, alpha);
}

namespace {
struct LoraParts : linalg::AggregatedOpInterface::ExternalModel<LoraParts, LoraMatmulOp> {
  FailureOr<SmallVector<Value>> decomposeOperation(Operation *op, OpBuilder &builder) const {
    auto lora = cast<LoraMatmulOp>(op);
    Value weight = buildWeight(builder, lora, lora.getB(), lora.getA());
    return SmallVector<Value>{MatmulOp::create(builder, op->getLoc(), lora.getType(), lora.getX(),
                                               weight, lora.getBias(), lora.getIdAttr())};
  }
};

struct LoraModel : LinearizableOpInterface::ExternalModel<LoraModel, LoraMatmulOp> {
  LogicalResult linearize(Operation *op, OpBuilder &builder, const TangentMap &tangents,
                          SmallVectorImpl<Value> &out) const {
    auto lora = cast<LoraMatmulOp>(op);
    Location loc = op->getLoc();
    Value sum;
    auto add = [&](Value term) { sum = sum ? buildAdd(builder, loc, sum, term) : term; };
    auto addWeight = [&](Value b, Value a) {
      add(buildProduct(builder, loc, lora.getX(), buildWeight(builder, lora, b, a)));
    };
    if (Value dx = tangents.lookup(lora.getX()))
      add(buildProduct(builder, loc, dx, buildWeight(builder, lora, lora.getB(), lora.getA())));
    if (Value db = tangents.lookup(lora.getB()))
      addWeight(db, lora.getA());
    if (Value da = tangents.lookup(lora.getA()))
      addWeight(lora.getB(), da);
    if (Value dbias = lora.getBias() ? tangents.lookup(lora.getBias()) : Value()) {
      unsigned rank = lora.getType().getRank();
      add(buildContraction(builder, loc, dbias,
                           selectDims(builder.getContext(), rank, {{rank - 1}, appendDims(rank, {})}),
                           lora.getType()));
    }
    out.push_back(sum);
    return success();
  }
};
} // namespace

void etrace::detail::attachLowRankModels(MLIRContext *context) {
  LoraMatmulOp::attachInterface<LoraModel, LoraParts>(*context);
}
