//===- Linalg.cpp - Tangents and relations of structured operations -------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// All structured operations are one case: a scalar body and indexing maps. The tangent
// is one `linalg.generic` over the same iteration space, whose body is the tangent of
// the scalar body.
//===----------------------------------------------------------------------===//

#include "LinalgReductions.h"
#include "etrace/Differentiation/Linearize.h"
#include "etrace/Differentiation/Regions.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::linalg;
using namespace etrace;
using namespace etrace::detail;

namespace {
/// The tangent of one structured operation under construction. A maximum, a minimum or a
/// product is a `Reduction`; the tangent of other accumulators follows the body, which must
/// be linear in them or (`dual`) computes them once more, next to their tangents.
struct StructuredTangent {
  LinalgOp op;
  const TangentMap &tangents;
  bool dual;
  BodyFirstGeneric generic;
  IRMapping primal;
  /// Tangents of scalars in the body.
  TangentMap scalars;
  SmallVector<Reduction> reductions;
  /// For each result: the initial value as an input (dual: the accumulator), the
  /// accumulator of the tangent.
  SmallVector<std::pair<BlockArgument, BlockArgument>> outs;

  StructuredTangent(LinalgOp op, const TangentMap &tangents, bool dual)
      : op(op), tangents(tangents), dual(dual),
        generic(op.getLoc(), op.getIteratorTypesArray()) {}

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

  void declareResult(OpBuilder &builder, OpOperand &init, Reduction &reduction) {
    Value value = init.get(), tangent = tangents.lookup(value);
    AffineMap map = op.getMatchingIndexingMap(&init);
    auto type = cast<RankedTensorType>(value.getType());
    if (reduction) {
      reduction.buildStatistics(builder);
      tangent = reduction.buildInitTerm(builder, tangent);
    }
    BlockArgument scalar = dual ? generic.addResult(type, value, value, map)
                                : generic.addInput(value, map);
    BlockArgument sum = generic.addResult(type, value, tangent, map);
    primal.map(op.getMatchingBlockArgument(&init), scalar);
    if (!reduction && isDifferentiable(type) && (tangent || accumulates()))
      scalars.set(scalar, sum);
    outs.push_back({scalar, sum});
  }

  void declareResults(OpBuilder &builder) {
    for (auto [result, init] : llvm::enumerate(op.getDpsInitsMutable())) {
      reductions.push_back(Reduction::match(op, result));
      declareResult(builder, init, reductions.back());
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
    Reduction &reduction = reductions[result];
    Value yielded = op.getBlock()->getTerminator()->getOperand(result);
    Value value = primal.lookupOrDefault(reduction ? reduction.getContribution() : yielded);
    Value tangent = scalars.lookup(value), sum = outs[result].second;
    if (reduction && tangent) {
      Value term = reduction.buildTerm(generic, value, tangent);
      OpBuilder builder = generic.atEnd();
      return buildAdd(builder, op.getLoc(), sum, term);
    }
    if (reduction)
      tangent = sum;
    // An accumulator that nothing is added to.
    if (tangent == sum && !tangents.isActive(op.getDpsInitOperand(result)->get()))
      return {};
    return tangent;
  }

  /// Ends the body; false if no tangent is made.
  bool yield() {
    SmallVector<Value> yields;
    bool any = false;
    for (unsigned result = 0; result < op->getNumResults(); ++result) {
      Value yielded = op.getBlock()->getTerminator()->getOperand(result);
      if (dual)
        yields.push_back(primal.lookupOrDefault(yielded));
      yields.push_back(getYieldTangent(result));
      any |= bool(yields.back());
    }
    generic.yield(yields);
    return any;
  }

  /// The primal accumulator is known before and after the loops only.
  bool readsAccumulators() {
    return !dual && accumulates() &&
           llvm::any_of(outs, [](auto out) { return !out.first.use_empty(); });
  }

  SmallVector<Value> finish(OpBuilder &builder) {
    SmallVector<Value> made = generic.finish(builder), result;
    for (auto [number, reduction] : llvm::enumerate(reductions))
      result.push_back(reduction.finish(builder, made[dual ? 2 * number + 1 : number]));
    return result;
  }
};

LogicalResult emitOnBuffers(Operation *op) {
  return op->emitError() << "no derivative rule for '" << op->getName()
                         << "' on buffers; expected tensors [no-derivative-rule]";
}

LogicalResult linearizeStructured(LinalgOp op, OpBuilder &builder, const TangentMap &tangents,
                                  SmallVectorImpl<Value> &resultTangents) {
  if (!op.hasPureTensorSemantics())
    return emitOnBuffers(op);
  for (bool dual : {false, true}) {
    StructuredTangent tangent(op, tangents, dual);
    tangent.declareInputs();
    tangent.declareResults(builder);
    if (failed(tangent.linearizeBody()))
      return failure();
    bool any = tangent.yield();
    if (tangent.readsAccumulators())
      continue;
    if (any)
      resultTangents = tangent.finish(builder);
    return success();
  }
  llvm_unreachable("accumulators are at hand");
}

template <typename OpTy>
struct StructuredModel : LinearizableOpInterface::ExternalModel<StructuredModel<OpTy>, OpTy> {
  LogicalResult linearize(Operation *op, OpBuilder &builder, const TangentMap &tangents,
                          SmallVectorImpl<Value> &out) const {
    return linearizeStructured(cast<LinalgOp>(op), builder, tangents, out);
  }
};

/// y = softmax(x): dy = y (dx - sum y dx), the sum along the dimension of the softmax.
struct SoftmaxModel : LinearizableOpInterface::ExternalModel<SoftmaxModel, SoftmaxOp> {
  LogicalResult linearize(Operation *op, OpBuilder &builder, const TangentMap &tangents,
                          SmallVectorImpl<Value> &out) const {
    auto softmax = cast<SoftmaxOp>(op);
    if (!softmax.hasPureTensorSemantics())
      return emitOnBuffers(op);
    Location loc = op->getLoc();
    Value dx = tangents.lookup(softmax.getInput()), y = op->getResult(0);
    if (!dx) {
      out.push_back({});
      return success();
    }
    auto type = cast<RankedTensorType>(y.getType());
    AffineMap all = builder.getMultiDimIdentityMap(type.getRank());
    AffineMap rows = all.dropResult(softmax.getDimension());
    Value sum = buildContraction(builder, loc, {y, dx}, {all, all, rows},
                                 RankedTensorType::Builder(type).dropDim(softmax.getDimension()));
    SmallVector<utils::IteratorType> loops(type.getRank(), utils::IteratorType::parallel);
    BodyFirstGeneric generic(loc, loops);
    Value scalarY = generic.addInput(y, all), scalarDx = generic.addInput(dx, all);
    Value scalarSum = generic.addInput(sum, rows);
    generic.addResult(type, y, {}, all);
    OpBuilder body = generic.atEnd();
    Pointwise p{body, loc, scalarY};
    generic.yield(p.mul(scalarY, p.sub(scalarDx, scalarSum)));
    out.push_back(generic.finish(builder).front());
    return success();
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
    context->loadDialect<affine::AffineDialect, arith::ArithDialect, complex::ComplexDialect,
                         math::MathDialect, scf::SCFDialect, tensor::TensorDialect>();
    attachStructured<
#define GET_OP_LIST
#include "mlir/Dialect/Linalg/IR/LinalgStructuredOps.cpp.inc"
        >(context);
    SoftmaxOp::attachInterface<SoftmaxModel>(*context);
    attachLinalgTransposes(context);
  });
}
