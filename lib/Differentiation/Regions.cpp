//===- Regions.cpp - Deriving what regions and callees compute ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/Differentiation/Regions.h"
#include "etrace/Differentiation/Linearize.h"
#include "etrace/Differentiation/Transpose.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Interfaces/CallInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace etrace;

/// Adds what is captured to `values`. (`getUsedValuesDefinedAbove` sees values of ancestors of
/// `op` only; an operation of a derivative under construction reads others as well.)
static void collectCaptured(Operation *op, SetVector<Value> &values) {
  DenseSet<Region *> inside;
  op->walk<WalkOrder::PreOrder>([&](Operation *nested) {
    for (Region &region : nested->getRegions())
      inside.insert(&region);
    if (nested != op)
      for (Value operand : nested->getOperands())
        if (!inside.contains(operand.getParentRegion()))
          values.insert(operand);
  });
}

SetVector<Value> etrace::getCaptured(Operation *op) {
  SetVector<Value> captured;
  collectCaptured(op, captured);
  return captured;
}

SetVector<Value> etrace::getReads(Operation *op) {
  SetVector<Value> reads(op->operand_begin(), op->operand_end());
  collectCaptured(op, reads);
  return reads;
}

void etrace::forEachRegionEdge(RegionBranchOpInterface op,
                               function_ref<void(Value from, Value to)> edge) {
  for (RegionBranchPoint point : op.getAllRegionBranchPoints()) {
    SmallVector<RegionSuccessor> successors;
    op.getSuccessorRegions(point, successors);
    for (RegionSuccessor &successor : successors) {
      OperandRange from =
          point.isParent()
              ? op.getEntrySuccessorOperands(successor)
              : cast<RegionBranchTerminatorOpInterface>(point.getTerminatorPredecessorOrNull())
                    .getSuccessorOperands(successor);
      for (auto [value, input] : llvm::zip(from, successor.getSuccessorInputs()))
        edge(value, input);
    }
  }
}

namespace {
/// Looks for side effects, through regions and calls.
class SideEffectSearch {
public:
  explicit SideEffectSearch(Operation *scope) : scope(scope) {}

  bool find(Operation *op) {
    if (auto call = dyn_cast<CallOpInterface>(op))
      return findInCallee(call);
    bool recursive = op->hasTrait<OpTrait::HasRecursiveMemoryEffects>();
    if (auto effects = dyn_cast<MemoryEffectOpInterface>(op)) {
      if (!effects.hasNoEffect())
        return true;
    } else if (!recursive) {
      return true;
    }
    return recursive && llvm::any_of(op->getRegions(), [&](Region &r) { return findIn(r); });
  }

private:
  bool findIn(Region &region) {
    return llvm::any_of(region.getOps(), [&](Operation &nested) { return find(&nested); });
  }
  bool findInCallee(CallOpInterface call) {
    auto symbol = dyn_cast<SymbolRefAttr>(call.getCallableForCallee());
    auto callee = dyn_cast_or_null<CallableOpInterface>(
        symbol && scope ? tables.lookupNearestSymbolFrom(scope, symbol) : nullptr);
    if (!callee || !callee.getCallableRegion() || callee.getCallableRegion()->empty())
      return true;
    // A callee that is being searched adds nothing of its own.
    return visited.insert(callee).second && findIn(*callee.getCallableRegion());
  }

  Operation *scope;
  SymbolTableCollection tables;
  DenseSet<Operation *> visited;
};
} // namespace

bool etrace::hasSideEffects(Operation *op, Operation *scope) {
  return SideEffectSearch(scope).find(op);
}

LogicalResult etrace::verifyNoSideEffects(Operation *op, Operation *scope) {
  if (!hasSideEffects(op, scope))
    return success();
  return op->emitError() << "no derivative rule for '" << op->getName()
                         << "' with side effects [no-derivative-rule]";
}

void etrace::eraseDead(Block &block, Operation *scope) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (op.use_empty() && !op.hasTrait<OpTrait::IsTerminator>() && !hasSideEffects(&op, scope))
      op.erase();
}

DetachedRegions::DetachedRegions(Location loc, unsigned number) {
  OperationState state(loc, ModuleOp::getOperationName());
  for (unsigned region = 0; region < number; ++region)
    state.addRegion();
  holder = Operation::create(state);
}

SmallVector<Operation *> etrace::getSlice(Block &body, DenseSet<Value> &needed,
                                          function_ref<bool(Value)> isKnown) {
  SmallVector<Operation *> ops;
  for (Operation &op : llvm::reverse(body)) {
    if (llvm::none_of(op.getResults(), [&](Value v) { return needed.contains(v); }))
      continue;
    ops.push_back(&op);
    for (Value read : getReads(&op))
      if (!isKnown || !isKnown(read))
        needed.insert(read);
  }
  return ops;
}

SmallVector<Value> etrace::cloneSlice(OpBuilder &builder, Block &body, ValueRange values,
                                      IRMapping &mapping) {
  auto isKnown = [&](Value value) { return mapping.contains(value); };
  DenseSet<Value> needed;
  for (Value value : values)
    if (!isKnown(value))
      needed.insert(value);
  SmallVector<Operation *> slice = getSlice(body, needed, isKnown);
  for (Operation *op : llvm::reverse(slice))
    builder.clone(*op, mapping);
  return llvm::map_to_vector(values, [&](Value v) { return mapping.lookupOrDefault(v); });
}

bool etrace::readsInSlice(Block &body, ValueRange values, ValueRange others) {
  DenseSet<Value> needed(values.begin(), values.end());
  getSlice(body, needed);
  return llvm::any_of(others, [&](Value v) { return needed.contains(v); });
}

TangentMap etrace::getCapturedTangents(Operation *op, const TangentMap &tangents) {
  TangentMap inside(tangents.getContext());
  for (Value value : getCaptured(op))
    inside.set(value, tangents.lookup(value));
  return inside;
}

FailureOr<DerivedBody> etrace::linearizeBody(OpBuilder &builder, Block &body, ValueRange values,
                                             IRMapping &mapping, TangentMap &inside) {
  for (Operation &op : body.without_terminator())
    builder.clone(op, mapping);
  if (failed(linearizeBlock(builder, *builder.getInsertionBlock(), inside)))
    return failure();
  DerivedBody derived;
  for (Value value : values) {
    derived.primals.push_back(mapping.lookupOrDefault(value));
    derived.tangents.push_back(inside.lookup(derived.primals.back()));
  }
  return derived;
}

FailureOr<SmallVector<Value>>
etrace::transposeBody(OpBuilder &builder, Block &body, ValueRange inputs, ValueRange outputs,
                      ValueRange cotangents, IRMapping &mapping,
                      const DifferentiationContext &context, ValueRange inputCotangents) {
  // What receives no cotangent need not be there.
  SmallVector<Value> live, incoming;
  for (auto [output, cotangent] : llvm::zip(outputs, cotangents))
    if (cotangent) {
      live.push_back(output);
      incoming.push_back(cotangent);
    }
  SmallVector<Value> mapped = cloneSlice(builder, body, live, mapping);
  Block &block = *builder.getInsertionBlock();
  FailureOr<SmallVector<Value>> result =
      transposeProgram(builder, block, inputs, mapped, incoming, context, inputCotangents);
  if (failed(result))
    return failure();
  // Hold on to the result while what led to the transposed program goes.
  DenseSet<Value> kept(result->begin(), result->end());
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (op.use_empty() && !hasSideEffects(&op, context.scope) &&
        llvm::none_of(op.getResults(), [&](Value v) { return kept.contains(v); }))
      op.erase();
  return result;
}
