//===- Indexed.cpp - Models of the contraction with index operands --------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Multilinear in its factors, and linear with them in `init`; the cotangent of a factor is the
// contraction with the cotangent of the result in its place.
//===----------------------------------------------------------------------===//

#include "Models.h"
#include "etrace/Interfaces/Contraction.h"

using namespace mlir;
using namespace etrace;
using namespace etrace::detail;

namespace {
struct IndexedModel : LinearizableOpInterface::ExternalModel<IndexedModel, IndexedContractionOp> {
  LogicalResult linearize(Operation *op, OpBuilder &builder, const TangentMap &tangents,
                          SmallVectorImpl<Value> &out) const {
    auto contraction = cast<IndexedContractionOp>(op);
    Value sum = tangents.lookup(contraction.getInit());
    SmallVector<AffineMap> maps = contraction.getFactorMaps();
    maps.push_back(contraction.getResultMap());
    for (auto [number, factor] : llvm::enumerate(contraction.getFactors())) {
      Value tangent = tangents.lookup(factor);
      if (!tangent)
        continue;
      SmallVector<Value> factors(contraction.getFactors());
      factors[number] = tangent;
      Value init = sum ? sum : buildZerosLike(builder, op->getLoc(), contraction.getInit());
      sum = buildIndexedContraction(builder, op->getLoc(), factors, maps,
                                    contraction.getDimIndices(), init);
    }
    out.push_back(sum);
    return success();
  }
};

struct IndexedTranspose
    : LinearTransposeOpInterface::ExternalModel<IndexedTranspose, IndexedContractionOp> {
  bool isLinearIn(Operation *op, Linear linear) const {
    auto contraction = cast<IndexedContractionOp>(op);
    unsigned factors = llvm::count_if(contraction.getFactors(), linear);
    bool zeroProduct = llvm::any_of(contraction.getFactors(), isKnownZero);
    return (factors == 1 || (factors == 0 && zeroProduct)) &&
           isTerm(contraction.getInit(), linear);
  }
  LogicalResult transpose(Operation *op, OpBuilder &builder, ValueRange results,
                          CotangentMap &cotangents) const {
    auto contraction = cast<IndexedContractionOp>(op);
    cotangents.accumulate(builder, contraction.getInit(), results[0]);
    SmallVector<AffineMap> all = contraction.getFactorMaps();
    for (auto [number, factor] : llvm::enumerate(contraction.getFactors())) {
      if (!cotangents.isLinear(factor))
        continue;
      SmallVector<Value> factors(contraction.getFactors());
      SmallVector<AffineMap> maps = all;
      factors[number] = results[0];
      maps[number] = contraction.getResultMap();
      maps.push_back(all[number]);
      cotangents.accumulate(builder, factor,
                            buildContraction(builder, op->getLoc(), factors, maps,
                                             cast<RankedTensorType>(factor.getType()),
                                             contraction.getDimIndices()));
    }
    return success();
  }
};

/// What an index gives may be any position.
struct IndexedRelation
    : PositionRelationOpInterface::ExternalModel<IndexedRelation, IndexedContractionOp> {
  FailureOr<PositionRelation> getPositionRelation(Operation *op, unsigned operand,
                                                  unsigned) const {
    auto contraction = cast<IndexedContractionOp>(op);
    AffineMap result = contraction.getResultMap();
    SmallVector<AffineMap> factors = contraction.getFactorMaps();
    AffineMap map = operand < factors.size() ? factors[operand] : result;
    SmallVector<int64_t> box(result.getNumDims(), 1);
    auto measure = [&](Value value, AffineMap indexing) {
      for (auto [axis, expr] : llvm::enumerate(indexing.getResults()))
        box[cast<AffineDimExpr>(expr).getPosition()] =
            cast<RankedTensorType>(value.getType()).getDimSize(axis);
    };
    measure(op->getOperand(operand), map);
    measure(contraction.getResult(), result);
    if (llvm::any_of(box, ShapedType::isDynamic))
      return failure();
    return PositionRelation{box, map, result};
  }
};
} // namespace

void etrace::detail::attachIndexedModels(MLIRContext *context) {
  IndexedContractionOp::attachInterface<IndexedModel, IndexedTranspose, IndexedRelation>(*context);
}
