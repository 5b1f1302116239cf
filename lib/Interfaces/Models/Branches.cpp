//===- Branches.cpp - Models of operations that run one of their regions --===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The derivative branches in the same way; a branch computes the primal values that it reads
// again.
//===----------------------------------------------------------------------===//

#include "BodyFirstGeneric.h"
#include "Models.h"
#include "etrace/Differentiation/Regions.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace etrace;
using namespace etrace::detail;

namespace {
using Values = SmallVector<Value>;

/// Ends a branch with the values that are not zero in all branches.
void yieldKept(Location loc, Block &block, ArrayRef<Value> values, ArrayRef<Value> like,
               ArrayRef<bool> keep, Operation *scope) {
  OpBuilder builder = atBlockEnd(loc.getContext(), &block);
  Values kept;
  for (auto [value, model, flag] : llvm::zip(values, like, keep))
    if (flag)
      kept.push_back(value ? value : buildZerosLike(builder, loc, model));
  scf::YieldOp::create(builder, loc, kept);
  eraseDead(block, scope);
}

/// Builds an operation that branches as `op` does. `fill` fills a branch and returns one value
/// for each of `like`, with its type (null: zero). So does the function.
FailureOr<Values> buildBranches(Operation *op, OpBuilder &builder, ArrayRef<Value> like,
                                Operation *scope,
                                function_ref<FailureOr<Values>(OpBuilder &, Block &branch)> fill) {
  OperationState state(op->getLoc(), op->getName(), op->getOperands(), {}, op->getAttrs());
  DetachedRegions branches(op->getLoc(), op->getNumRegions());
  SmallVector<Values> values;
  SmallVector<bool> keep(like.size(), false);
  for (unsigned number = 0; number < op->getNumRegions(); ++number) {
    OpBuilder inner = atBlockEnd(op->getContext(), &branches[number].emplaceBlock());
    FailureOr<Values> filled = fill(inner, op->getRegion(number).front());
    if (failed(filled))
      return failure();
    for (auto [flag, value] : llvm::zip(keep, *filled))
      flag |= bool(value);
    values.push_back(std::move(*filled));
  }
  for (auto [value, flag] : llvm::zip(like, keep))
    if (flag)
      state.addTypes(value.getType());
  for (auto [number, results] : llvm::enumerate(values)) {
    yieldKept(op->getLoc(), branches[number].front(), results, like, keep, scope);
    state.addRegion()->takeBody(branches[number]);
  }
  Values out(like.size());
  if (state.types.empty())
    return out;
  Operation *result = builder.create(state);
  unsigned next = 0;
  for (auto [value, flag] : llvm::zip(out, keep))
    if (flag)
      value = result->getResult(next++);
  return out;
}

template <typename OpTy>
struct BranchModel : LinearizableOpInterface::ExternalModel<BranchModel<OpTy>, OpTy> {
  LogicalResult linearize(Operation *op, OpBuilder &builder, const TangentMap &tangents,
                          SmallVectorImpl<Value> &out) const {
    Operation *scope = tangents.getContext().scope;
    if (failed(verifyNoSideEffects(op, scope)))
      return failure();
    TangentMap inside = getCapturedTangents(op, tangents);
    auto fill = [&](OpBuilder &inner, Block &branch) -> FailureOr<Values> {
      IRMapping mapping;
      FailureOr<DerivedBody> derived =
          linearizeBody(inner, branch, branch.getTerminator()->getOperands(), mapping, inside);
      if (failed(derived))
        return failure();
      return derived->tangents;
    };
    FailureOr<Values> results = buildBranches(op, builder, Values(op->getResults()), scope, fill);
    if (failed(results))
      return failure();
    out.append(results->begin(), results->end());
    return success();
  }
};

template <typename OpTy>
struct BranchTranspose : LinearTransposeOpInterface::ExternalModel<BranchTranspose<OpTy>, OpTy> {
  bool isLinearIn(Operation *op, Linear linear) const {
    return llvm::none_of(op->getOperands(), linear);
  }
  LogicalResult transpose(Operation *op, OpBuilder &builder, ValueRange results,
                          CotangentMap &cotangents) const {
    Values inputs;
    for (Value value : getCaptured(op))
      if (cotangents.isLinear(value))
        inputs.push_back(value);
    const DifferentiationContext &context = cotangents.getContext();
    auto fill = [&](OpBuilder &inner, Block &branch) {
      IRMapping mapping;
      return transposeBody(inner, branch, inputs, branch.getTerminator()->getOperands(), results,
                           mapping, context);
    };
    FailureOr<Values> outgoing = buildBranches(op, builder, inputs, context.scope, fill);
    if (failed(outgoing))
      return failure();
    for (auto [value, cotangent] : llvm::zip(inputs, *outgoing))
      cotangents.accumulate(builder, value, cotangent);
    return success();
  }
};
} // namespace

void etrace::detail::attachBranchModels(MLIRContext *context) {
  scf::IfOp::attachInterface<BranchModel<scf::IfOp>, BranchTranspose<scf::IfOp>>(*context);
  scf::IndexSwitchOp::attachInterface<BranchModel<scf::IndexSwitchOp>,
                                      BranchTranspose<scf::IndexSwitchOp>>(*context);
}
