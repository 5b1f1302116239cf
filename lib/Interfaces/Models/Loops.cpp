//===- Loops.cpp - Models of loops ----------------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The tangent of a loop is a loop that carries tangents beside the values that it carries
// already. Whether a carried value has a tangent is found by trial: active is what starts
// active or becomes so in an iteration.
//===----------------------------------------------------------------------===//

#include "Loops.h"
#include "BodyFirstGeneric.h"
#include "etrace/Differentiation/Transpose.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace etrace;
using namespace etrace::detail;

namespace {
using Values = SmallVector<Value>;

/// Derives the body in `block` for the tangents of `active` carried values; extends `active`
/// until it is closed.
FailureOr<DerivedBody> linearizeLoopBody(scf::ForOp loop, const TangentMap &tangents,
                                         llvm::BitVector &active, Region &region) {
  for (;;) {
    Block &block = region.emplaceBlock();
    IRMapping mapping;
    TangentMap inside = getCapturedTangents(loop, tangents);
    Value induction = loop.getInductionVar();
    mapping.map(induction, block.addArgument(induction.getType(), induction.getLoc()));
    addArguments(block, loop.getRegionIterArgs(), active, mapping, inside);
    OpBuilder inner = atBlockEnd(loop.getContext(), &block);
    FailureOr<DerivedBody> derived =
        linearizeBody(inner, *loop.getBody(), loop.getYieldedValues(), mapping, inside);
    if (failed(derived) || !addActive(active, derived->tangents))
      return derived;
    block.dropAllReferences();
    block.erase();
  }
}

/// Builds the loop around a derived body. It carries what its tangents need.
scf::ForOp buildTangentLoop(OpBuilder &builder, scf::ForOp loop, const TangentMap &tangents,
                            const llvm::BitVector &active, DerivedBody derived, Region &body) {
  Location loc = loop.getLoc();
  Block &block = body.front();
  unsigned carries = active.size();
  OpBuilder inner = atBlockEnd(loop.getContext(), &block);
  Values yields = derived.primals, inits(loop.getInitArgs());
  for (unsigned number : active.set_bits()) {
    Value tangent = derived.tangents[number];
    yields.push_back(tangent ? tangent : buildZerosLike(inner, loc, derived.primals[number]));
  }
  llvm::append_range(inits, getTangents(builder, loop.getInitArgs(), tangents, active));
  llvm::BitVector live(yields.size());
  live.set(carries, yields.size());
  Values arguments(block.args_begin() + 1, block.args_end());
  closeOverCarries(block, arguments, yields, live);
  scf::YieldOp::create(inner, loc, select(yields, live));
  eraseDead(block, tangents.getContext().scope);
  for (unsigned number = live.size(); number-- > 0;)
    if (!live.test(number))
      block.eraseArgument(number + 1);
  auto result = scf::ForOp::create(builder, loc, loop.getLowerBound(), loop.getUpperBound(),
                                   loop.getStep(), select(inits, live), nullptr,
                                   loop.getUnsignedCmp());
  result->setDiscardableAttrs(loop->getDiscardableAttrDictionary());
  result.getRegion().takeBody(body);
  return result;
}

struct ForModel : LinearizableOpInterface::ExternalModel<ForModel, scf::ForOp> {
  LogicalResult linearize(Operation *op, OpBuilder &builder, const TangentMap &tangents,
                          SmallVectorImpl<Value> &out) const {
    auto loop = cast<scf::ForOp>(op);
    if (failed(verifyNoSideEffects(op, tangents.getContext().scope)))
      return failure();
    llvm::BitVector active(loop.getNumRegionIterArgs());
    addActive(active, llvm::map_to_vector(loop.getInitArgs(),
                                          [&](Value v) { return tangents.lookup(v); }));
    DetachedRegions detached(op->getLoc());
    Region &body = detached[0];
    FailureOr<DerivedBody> derived = linearizeLoopBody(loop, tangents, active, body);
    if (failed(derived))
      return failure();
    out.resize(active.size());
    if (active.none())
      return success();
    auto result = buildTangentLoop(builder, loop, tangents, active, *derived, body);
    for (auto [number, tangent] :
         llvm::zip(active.set_bits(), result.getResults().take_back(active.count())))
      out[number] = tangent;
    return success();
  }
};

struct ForTranspose : LinearTransposeOpInterface::ExternalModel<ForTranspose, scf::ForOp> {
  bool isLinearIn(Operation *op, Linear linear) const {
    auto loop = cast<scf::ForOp>(op);
    for (auto [init, argument] : llvm::zip(loop.getInitArgs(), loop.getRegionIterArgs()))
      if (linear(argument) && !isTerm(init, linear))
        return false;
    return !linear(loop.getLowerBound()) && !linear(loop.getUpperBound()) &&
           !linear(loop.getStep());
  }
  LogicalResult transpose(Operation *op, OpBuilder &builder, ValueRange results,
                          CotangentMap &cotangents) const {
    return LoopReversal(cast<scf::ForOp>(op), builder, cotangents).run(results);
  }
};

} // namespace

void etrace::detail::attachLoopModels(MLIRContext *context) {
  scf::ForOp::attachInterface<ForModel, ForTranspose>(*context);
}

void etrace::detail::registerSCFModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, scf::SCFDialect *) {
    context->loadDialect<arith::ArithDialect, cf::ControlFlowDialect, math::MathDialect,
                         tensor::TensorDialect>();
    attachBranchModels(context);
    attachLoopModels(context);
    attachWhileModels(context);
  });
}
