//===- LinalgTranspose.cpp - Transposes of structured operations ----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// For y[m_y(it)] += body(x[m_x(it)]), linear in x:
//     dx[m_x(it)] += body^T(dy[m_y(it)]),
// summed over the dimensions that m_x leaves out, and over the windows that overlap. The
// body is transposed by the engine that transposes programs. A tensor that the body reads
// at positions it computes receives its cotangent from a loop nest,
//     dT[index(it)] += body^T(dy[m_y(it)]).
//===----------------------------------------------------------------------===//

#include "BodyFirstGeneric.h"
#include "Models.h"
#include "etrace/Differentiation/Regions.h"
#include "etrace/Differentiation/Transpose.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::linalg;
using namespace etrace;
using namespace etrace::detail;

namespace {
/// Transposes a structured operation with respect to one value at a time.
struct StructuredTranspose {
  LinalgOp op;
  ValueRange resultCotangents;
  CotangentMap &cotangents;
  SetVector<Value> captures;

  /// The scalar cotangents that the body sends to its linear scalars.
  struct Body {
    explicit Body(Location loc, ArrayRef<utils::IteratorType> iterators)
        : generic(loc, iterators) {}
    BodyFirstGeneric generic;
    /// Cotangent of each result, as an input; null: zero.
    SmallVector<Value> incoming;
    /// By scalar of the original body (or captured value).
    DenseMap<Value, Value> outgoing;
  };

  LogicalResult transposeBody(Body &body);
  FailureOr<Value> transposeWith(OpBuilder &builder, Value scalar, Value like, AffineMap map,
                                 RankedTensorType type);
  LogicalResult transposeInput(OpBuilder &builder, OpOperand &operand);
  LogicalResult transposeInit(OpBuilder &builder, unsigned result);
  LogicalResult transposeCapture(OpBuilder &builder, Value captured);
  FailureOr<Value> transposeIteration(OpBuilder &builder, ValueRange loops, Value captured,
                                      Value total);
  LogicalResult transposeCapturedTensor(OpBuilder &builder, Value captured);
  LogicalResult run(OpBuilder &builder);
};
} // namespace

LogicalResult StructuredTranspose::transposeBody(Body &body) {
  IRMapping mapping;
  SmallVector<Value> originals, scalars, outputs;
  for (OpOperand &operand : op->getOpOperands()) {
    Value original = op.getMatchingBlockArgument(&operand);
    Value scalar = body.generic.addInput(operand.get(), op.getMatchingIndexingMap(&operand));
    mapping.map(original, scalar);
    if (cotangents.isLinear(operand.get()) || op.isDpsInit(&operand)) {
      originals.push_back(original);
      scalars.push_back(scalar);
    }
  }
  for (Value captured : captures)
    if (cotangents.isLinear(captured)) {
      originals.push_back(captured);
      scalars.push_back(captured);
    }
  for (auto [result, cotangent] : llvm::enumerate(resultCotangents)) {
    AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(result));
    body.incoming.push_back(cotangent ? Value(body.generic.addInput(cotangent, map)) : Value());
  }
  OpBuilder builder = body.generic.atEnd();
  for (Operation &inner : op.getBlock()->without_terminator())
    builder.clone(inner, mapping);
  for (Value yielded : op.getBlock()->getTerminator()->getOperands())
    outputs.push_back(mapping.lookupOrDefault(yielded));
  FailureOr<SmallVector<Value>> outgoing =
      transposeProgram(builder, body.generic.getBody(), scalars, outputs, body.incoming);
  if (failed(outgoing))
    return failure();
  for (auto [original, cotangent] : llvm::zip(originals, *outgoing))
    body.outgoing[original] = cotangent;
  return success();
}

/// The loops of an operation that adds to positions `map`: iterations that differ in a
/// parallel loop add to different positions.
static SmallVector<utils::IteratorType> getIterators(AffineMap map) {
  SmallVector<utils::IteratorType> iterators(map.getNumDims(), utils::IteratorType::reduction);
  for (AffineExpr expr : map.getResults())
    if (auto dim = dyn_cast<AffineDimExpr>(expr))
      iterators[dim.getPosition()] = utils::IteratorType::parallel;
  return iterators;
}

/// The cotangent of what the body reads as `scalar` through `map`; null if it is zero.
FailureOr<Value> StructuredTranspose::transposeWith(OpBuilder &builder, Value scalar, Value like,
                                                    AffineMap map, RankedTensorType type) {
  Body body(op.getLoc(), getIterators(map));
  if (failed(transposeBody(body)))
    return failure();
  Value term = body.outgoing.lookup(scalar);
  if (!term) {
    body.generic.yield({});
    return Value();
  }
  Value sum = body.generic.addResult(type, like, {}, map);
  OpBuilder inner = body.generic.atEnd();
  // A permutation meets every position once; else several terms meet, or none.
  if (!map.isPermutation())
    term = buildAdd(inner, op.getLoc(), sum, term);
  body.generic.yield(term);
  return body.generic.finish(builder).front();
}

LogicalResult StructuredTranspose::transposeInput(OpBuilder &builder, OpOperand &operand) {
  AffineMap map = op.getMatchingIndexingMap(&operand);
  Value value = operand.get(), scalar = op.getMatchingBlockArgument(&operand);
  auto type = dyn_cast<RankedTensorType>(value.getType());
  auto scalarType = RankedTensorType::get({}, getElementTypeOrSelf(value));
  FailureOr<Value> cotangent =
      transposeWith(builder, scalar, value, map, type ? type : scalarType);
  if (failed(cotangent))
    return failure();
  if (*cotangent && !type)
    cotangent = Value(tensor::ExtractOp::create(builder, op.getLoc(), *cotangent, ValueRange{}));
  cotangents.accumulate(builder, value, *cotangent);
  return success();
}

/// y = init + ...: the cotangent of `init` is that of y.
LogicalResult StructuredTranspose::transposeInit(OpBuilder &builder, unsigned result) {
  OpOperand *init = op.getDpsInitOperand(result);
  if (op.getMatchingBlockArgument(init).use_empty())
    return success();
  Body body(op.getLoc(), op.getIteratorTypesArray());
  if (failed(transposeBody(body)))
    return failure();
  Value outgoing = body.outgoing.lookup(op.getMatchingBlockArgument(init));
  bool adds = outgoing == body.incoming[result];
  body.generic.yield({});
  if (adds) {
    cotangents.accumulate(builder, init->get(), resultCotangents[result]);
    return success();
  }
  if (op.getNumReductionLoops() > 0)
    return op.emitError() << "no transpose rule for '" << op->getName()
                          << "' that accumulates other than by addition, as a product, a maximum "
                             "or a minimum; write the reduction as a loop [no-transpose-rule]";
  return cotangents.isLinear(init->get()) ? transposeInput(builder, *init) : success();
}

/// A scalar read in every iteration receives the sum over all of them.
LogicalResult StructuredTranspose::transposeCapture(OpBuilder &builder, Value captured) {
  if (isa<RankedTensorType>(captured.getType()))
    return transposeCapturedTensor(builder, captured);
  AffineMap map = AffineMap::get(op.getNumLoops(), 0, op.getContext());
  auto type = RankedTensorType::get({}, captured.getType());
  FailureOr<Value> cotangent = transposeWith(builder, captured, captured, map, type);
  if (failed(cotangent))
    return failure();
  if (*cotangent)
    cotangent = Value(tensor::ExtractOp::create(builder, op.getLoc(), *cotangent, ValueRange{}));
  cotangents.accumulate(builder, captured, *cotangent);
  return success();
}

/// One iteration of the loop nest, with the cotangent of the captured tensor so far.
FailureOr<Value> StructuredTranspose::transposeIteration(OpBuilder &builder, ValueRange loops,
                                                         Value captured, Value total) {
  Location loc = op.getLoc();
  auto read = [&](Value value, AffineMap map) -> Value {
    if (!isa<RankedTensorType>(value.getType()))
      return value;
    SmallVector<Value> indices;
    for (AffineExpr expr : map.getResults())
      indices.push_back(getValueOrCreateConstantIndexOp(
          builder, loc,
          affine::makeComposedFoldedAffineApply(builder, loc,
                                                AffineMap::get(map.getNumDims(), 0, expr),
                                                getAsOpFoldResult(loops))));
    return tensor::ExtractOp::create(builder, loc, value, indices);
  };
  IRMapping mapping;
  SmallVector<Value> inputs = {captured}, totals = {total};
  for (Value other : captures)
    if (other != captured && cotangents.isLinear(other))
      inputs.push_back(other);
  for (OpOperand &operand : op->getOpOperands()) {
    BlockArgument scalar = op.getMatchingBlockArgument(&operand);
    if (scalar.use_empty())
      continue;
    Value element = read(operand.get(), op.getMatchingIndexingMap(&operand));
    mapping.map(scalar, element);
    if (cotangents.isLinear(operand.get()) || op.isDpsInit(&operand))
      inputs.push_back(element);
  }
  for (Operation &inner : op.getBlock()->without_terminator()) {
    if (auto index = dyn_cast<linalg::IndexOp>(inner))
      mapping.map(index.getResult(), loops[index.getDim()]);
    else
      builder.clone(inner, mapping);
  }
  SmallVector<Value> outputs, incoming;
  for (auto [result, cotangent] : llvm::enumerate(resultCotangents)) {
    outputs.push_back(
        mapping.lookupOrDefault(op.getBlock()->getTerminator()->getOperand(result)));
    AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(result));
    incoming.push_back(cotangent ? read(cotangent, map) : Value());
  }
  totals.resize(inputs.size());
  FailureOr<SmallVector<Value>> outgoing = transposeProgram(
      builder, *builder.getInsertionBlock(), inputs, outputs, incoming, {}, totals);
  if (failed(outgoing))
    return failure();
  return outgoing->front();
}

/// The positions that are read follow from values: a loop nest adds to them one by one.
LogicalResult StructuredTranspose::transposeCapturedTensor(OpBuilder &builder, Value captured) {
  Location loc = op.getLoc();
  SmallVector<Value> lower, upper, step;
  for (Range range : op.createLoopRanges(builder, loc)) {
    lower.push_back(getValueOrCreateConstantIndexOp(builder, loc, range.offset));
    upper.push_back(getValueOrCreateConstantIndexOp(builder, loc, range.size));
    step.push_back(getValueOrCreateConstantIndexOp(builder, loc, range.stride));
  }
  Value zeros = buildZerosLike(builder, loc, captured);
  bool transposed = true;
  scf::LoopNest nest = scf::buildLoopNest(
      builder, loc, lower, upper, step, zeros,
      [&](OpBuilder &inner, Location, ValueRange loops, ValueRange totals) {
        FailureOr<Value> total = transposeIteration(inner, loops, captured, totals.front());
        transposed = succeeded(total);
        return scf::ValueVector{transposed ? *total : totals.front()};
      });
  if (!transposed)
    return failure();
  if (!nest.loops.empty())
    eraseDeadOps(*nest.loops.back().getBody());
  cotangents.accumulate(builder, captured, nest.results.front());
  return success();
}

LogicalResult StructuredTranspose::run(OpBuilder &builder) {
  for (Value captured : captures)
    if (cotangents.isLinear(captured) && failed(transposeCapture(builder, captured)))
      return failure();
  for (unsigned result = 0; result < op->getNumResults(); ++result)
    if (failed(transposeInit(builder, result)))
      return failure();
  for (OpOperand *operand : op.getDpsInputOperands())
    if (cotangents.isLinear(operand->get()) && failed(transposeInput(builder, *operand)))
      return failure();
  return success();
}

namespace {
/// Accumulators must start at a linear value or at zero; the scalars of the body are
/// checked by transposing it.
bool isStructuredLinear(LinalgOp op, Linear linear) {
  if (!op.hasPureTensorSemantics())
    return false;
  for (OpOperand &init : op.getDpsInitsMutable())
    if (!op.getMatchingBlockArgument(&init).use_empty() && !linear(init.get()) &&
        !isKnownZero(init.get()))
      return false;
  return true;
}

template <typename OpTy>
struct StructuredTransposeModel
    : LinearTransposeOpInterface::ExternalModel<StructuredTransposeModel<OpTy>, OpTy> {
  bool isLinearIn(Operation *op, Linear linear) const {
    return isStructuredLinear(cast<LinalgOp>(op), linear);
  }
  LogicalResult transpose(Operation *op, OpBuilder &builder, ValueRange results,
                          CotangentMap &cotangents) const {
    auto structured = cast<LinalgOp>(op);
    StructuredTranspose transpose{structured, results, cotangents, getCaptured(structured)};
    return transpose.run(builder);
  }
};

template <typename... OpTys>
void attachTransposes(MLIRContext *context) {
  (OpTys::template attachInterface<StructuredTransposeModel<OpTys>>(*context), ...);
}
} // namespace

void etrace::detail::attachLinalgTransposes(MLIRContext *context) {
  attachTransposes<
#define GET_OP_LIST
#include "mlir/Dialect/Linalg/IR/LinalgStructuredOps.cpp.inc"
      >(context);
}
