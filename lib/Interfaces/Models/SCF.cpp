//===- SCF.cpp - Models of structured control flow ------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A branch of the derivative recomputes the primal values that it needs.
//===----------------------------------------------------------------------===//

#include "BodyFirstGeneric.h"
#include "Models.h"
#include "etrace/Differentiation/Linearize.h"
#include "etrace/Differentiation/Transpose.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;
using namespace etrace;
using namespace etrace::detail;

namespace {
using Values = SmallVector<Value>;

/// Clones the operations of a branch; returns the clones of what it yields.
Values cloneBranch(OpBuilder &builder, Block *branch) {
  IRMapping mapping;
  for (Operation &op : branch->without_terminator())
    builder.clone(op, mapping);
  Values yielded;
  for (Value value : branch->getTerminator()->getOperands())
    yielded.push_back(mapping.lookupOrDefault(value));
  return yielded;
}

/// Ends a branch with the values that are not zero in both branches, and erases what
/// these do not need.
void yieldKept(Location loc, Block &block, ArrayRef<Value> values, ArrayRef<Value> like,
               ArrayRef<bool> keep) {
  OpBuilder builder = atBlockEnd(loc.getContext(), &block);
  Values kept;
  for (auto [value, model, flag] : llvm::zip(values, like, keep))
    if (flag)
      kept.push_back(value ? value : buildZerosLike(builder, loc, model));
  scf::YieldOp::create(builder, loc, kept);
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (!op.hasTrait<OpTrait::IsTerminator>() && isOpTriviallyDead(&op))
      op.erase();
}

/// Builds an `scf.if` on the condition of `op`. `fill` fills a branch and returns one value
/// for each of `like`, with its type (null: zero). So does the function.
FailureOr<Values> buildIf(scf::IfOp op, OpBuilder &builder, ArrayRef<Value> like,
                          function_ref<FailureOr<Values>(OpBuilder &, Block *branch)> fill) {
  Region regions[2];
  Values values[2];
  SmallVector<bool> keep(like.size(), false);
  for (unsigned side : {0, 1}) {
    OpBuilder inner = atBlockEnd(op.getContext(), &regions[side].emplaceBlock());
    FailureOr<Values> filled = fill(inner, side == 0 ? op.thenBlock() : op.elseBlock());
    if (failed(filled))
      return failure();
    values[side] = *filled;
    for (auto [flag, value] : llvm::zip(keep, values[side]))
      flag |= bool(value);
  }
  SmallVector<Type> types;
  for (auto [value, flag] : llvm::zip(like, keep))
    if (flag)
      types.push_back(value.getType());
  for (unsigned side : {0, 1})
    yieldKept(op.getLoc(), regions[side].front(), values[side], like, keep);
  Values out(like.size());
  if (types.empty())
    return out;
  auto result = scf::IfOp::create(builder, op.getLoc(), types, op.getCondition(),
                                  /*addThenBlock=*/false, /*addElseBlock=*/false);
  result.getThenRegion().takeBody(regions[0]);
  result.getElseRegion().takeBody(regions[1]);
  unsigned next = 0;
  for (auto [value, flag] : llvm::zip(out, keep))
    if (flag)
      value = result.getResult(next++);
  return out;
}

struct IfModel : LinearizableOpInterface::ExternalModel<IfModel, scf::IfOp> {
  LogicalResult linearize(Operation *op, OpBuilder &builder, const TangentMap &tangents,
                          SmallVectorImpl<Value> &out) const {
    if (!isMemoryEffectFree(op))
      return op->emitError() << "no derivative rule for '" << op->getName()
                             << "' with side effects [no-derivative-rule]";
    TangentMap inside;
    SetVector<Value> captured;
    getUsedValuesDefinedAbove(op->getRegions(), captured);
    for (Value value : captured)
      inside.set(value, tangents.lookup(value));
    auto fill = [&](OpBuilder &inner, Block *branch) -> FailureOr<Values> {
      Values yielded = cloneBranch(inner, branch);
      if (failed(linearizeBlock(inner, *inner.getInsertionBlock(), inside)))
        return failure();
      for (Value &value : yielded)
        value = inside.lookup(value);
      return yielded;
    };
    FailureOr<Values> results =
        buildIf(cast<scf::IfOp>(op), builder, Values(op->getResults()), fill);
    if (failed(results))
      return failure();
    out.append(results->begin(), results->end());
    return success();
  }
};

struct IfTranspose : LinearTransposeOpInterface::ExternalModel<IfTranspose, scf::IfOp> {
  bool isLinearIn(Operation *op, Linear linear) const {
    return !linear(cast<scf::IfOp>(op).getCondition());
  }
  LogicalResult transpose(Operation *op, OpBuilder &builder, ValueRange results,
                          CotangentMap &cotangents) const {
    SetVector<Value> captured;
    getUsedValuesDefinedAbove(op->getRegions(), captured);
    Values inputs;
    for (Value value : captured)
      if (cotangents.isLinear(value))
        inputs.push_back(value);
    auto fill = [&](OpBuilder &inner, Block *branch) {
      Values yielded = cloneBranch(inner, branch);
      return transposeProgram(inner, *inner.getInsertionBlock(), inputs, yielded, results);
    };
    FailureOr<Values> outgoing = buildIf(cast<scf::IfOp>(op), builder, inputs, fill);
    if (failed(outgoing))
      return failure();
    for (auto [value, cotangent] : llvm::zip(inputs, *outgoing))
      cotangents.accumulate(builder, value, cotangent);
    return success();
  }
};
} // namespace

void etrace::detail::registerSCFModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, scf::SCFDialect *) {
    context->loadDialect<arith::ArithDialect, tensor::TensorDialect>();
    scf::IfOp::attachInterface<IfModel, IfTranspose>(*context);
  });
}
