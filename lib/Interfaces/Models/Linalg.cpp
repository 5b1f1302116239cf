//===- Linalg.cpp - Tangents and relations of structured operations -------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// All structured operations are one case: a scalar body and indexing maps. The tangent
// is one `linalg.generic` over the same iteration space, whose body is the tangent of
// the scalar body.
//===----------------------------------------------------------------------===//

#include "BodyFirstGeneric.h"
#include "Models.h"
#include "etrace/Differentiation/Linearize.h"
#include "etrace/Differentiation/Regions.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::linalg;
using namespace etrace;
using namespace etrace::detail;

namespace {
/// The tangent of one structured operation under construction.
struct StructuredTangent {
  LinalgOp op;
  const TangentMap &tangents;
  BodyFirstGeneric generic;
  IRMapping primal;
  /// Tangents of scalars in the body.
  TangentMap scalars;
  /// For each result: the initial value as an input, the accumulator of the tangent.
  SmallVector<std::pair<BlockArgument, BlockArgument>> outs;

  StructuredTangent(LinalgOp op, const TangentMap &tangents)
      : op(op), tangents(tangents), generic(op.getLoc(), op.getIteratorTypesArray()) {}

  bool accumulates() { return op.getNumReductionLoops() > 0; }

  void declareInputs() {
    for (OpOperand *operand : op.getDpsInputOperands()) {
      AffineMap map = op.getMatchingIndexingMap(operand);
      BlockArgument scalar = generic.addInput(operand->get(), map);
      primal.map(op.getMatchingBlockArgument(operand), scalar);
      if (Value tangent = tangents.lookup(operand->get()))
        scalars.set(scalar, generic.addInput(tangent, map));
    }
  }

  void declareResults() {
    for (OpOperand &init : op.getDpsInitsMutable()) {
      AffineMap map = op.getMatchingIndexingMap(&init);
      BlockArgument scalar = generic.addInput(init.get(), map);
      primal.map(op.getMatchingBlockArgument(&init), scalar);
      Value tangent = tangents.lookup(init.get());
      auto type = cast<RankedTensorType>(init.get().getType());
      BlockArgument sum = generic.addResult(type, init.get(), tangent, map);
      if (isa<FloatType>(type.getElementType()) && (tangent || accumulates()))
        scalars.set(scalar, sum);
      outs.push_back({scalar, sum});
    }
  }

  /// Clones the body and appends its tangent.
  LogicalResult linearizeBody() {
    SetVector<Value> captured = getCaptured(op);
    for (Value value : captured)
      scalars.set(value, tangents.lookup(value));
    OpBuilder builder = generic.atEnd();
    for (Operation &inner : op.getBlock()->without_terminator())
      builder.clone(inner, primal);
    return linearizeBlock(builder, generic.getBody(), scalars);
  }

  /// The tangent of the body's result; null if it is zero.
  Value getYieldTangent(unsigned result) {
    Value yielded = op.getBlock()->getTerminator()->getOperand(result);
    Value tangent = scalars.lookup(primal.lookupOrDefault(yielded));
    OpOperand *init = op.getDpsInitOperand(result);
    // An accumulator that nothing is added to.
    if (tangent == outs[result].second && !tangents.isActive(init->get()))
      return {};
    return tangent;
  }

  /// The primal accumulator is known before and after the loops only.
  LogicalResult checkAccumulators() {
    if (!accumulates())
      return success();
    for (auto [scalar, sum] : outs)
      if (!scalar.use_empty())
        return op.emitError()
               << "no derivative rule for '" << op->getName()
               << "' that is not linear in its accumulator, such as a maximum or a product; wrap "
                  "its input in 'etrace.stop_gradient' if the derivative cancels, as for the "
                  "maximum in log-sum-exp [no-derivative-rule]";
    return success();
  }
};

LogicalResult linearizeStructured(LinalgOp op, OpBuilder &builder, const TangentMap &tangents,
                                  SmallVectorImpl<Value> &resultTangents) {
  if (!op.hasPureTensorSemantics())
    return op.emitError() << "no derivative rule for '" << op->getName()
                          << "' on buffers; expected tensors [no-derivative-rule]";
  StructuredTangent tangent(op, tangents);
  tangent.declareInputs();
  tangent.declareResults();
  if (failed(tangent.linearizeBody()))
    return failure();
  SmallVector<Value> yields;
  for (unsigned result = 0; result < op->getNumResults(); ++result)
    yields.push_back(tangent.getYieldTangent(result));
  tangent.generic.yield(yields);
  if (failed(tangent.checkAccumulators()))
    return failure();
  resultTangents = tangent.generic.finish(builder);
  return success();
}

template <typename OpTy>
struct StructuredModel : LinearizableOpInterface::ExternalModel<StructuredModel<OpTy>, OpTy> {
  LogicalResult linearize(Operation *op, OpBuilder &builder, const TangentMap &tangents,
                          SmallVectorImpl<Value> &out) const {
    return linearizeStructured(cast<LinalgOp>(op), builder, tangents, out);
  }
};

/// The iteration space with the maps of operand and result.
FailureOr<PositionRelation> structuredRelation(LinalgOp op, unsigned operand, unsigned result) {
  if (!op.hasPureTensorSemantics())
    return failure();
  SmallVector<int64_t> box = op.getStaticLoopRanges();
  if (llvm::any_of(box, ShapedType::isDynamic))
    return failure();
  return PositionRelation{box, op.getMatchingIndexingMap(&op->getOpOperand(operand)),
                          op.getMatchingIndexingMap(op.getDpsInitOperand(result))};
}

template <typename OpTy>
struct StructuredRelation
    : PositionRelationOpInterface::ExternalModel<StructuredRelation<OpTy>, OpTy> {
  FailureOr<PositionRelation> getPositionRelation(Operation *op, unsigned operand,
                                                  unsigned result) const {
    return structuredRelation(cast<LinalgOp>(op), operand, result);
  }
};

template <typename... OpTys>
void attachStructured(MLIRContext *context) {
  (OpTys::template attachInterface<StructuredModel<OpTys>, StructuredRelation<OpTys>>(*context),
   ...);
}
} // namespace

void etrace::detail::registerLinalgModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, LinalgDialect *) {
    context->loadDialect<arith::ArithDialect, math::MathDialect, tensor::TensorDialect>();
    attachStructured<
#define GET_OP_LIST
#include "mlir/Dialect/Linalg/IR/LinalgStructuredOps.cpp.inc"
        >(context);
    attachLinalgTransposes(context);
  });
}
