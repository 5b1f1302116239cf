//===- Chains.cpp - From the parameter to the primitive to the state ------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "StepGraphBuilder.h"

using namespace mlir;
using namespace etrace;

llvm::DenseSet<Value> etrace::forwardSlice(Block &body, ArrayRef<Value> from,
                                           llvm::function_ref<bool(Operation *)> stopAt,
                                           llvm::function_ref<bool(Value)> stopBehind) {
  llvm::DenseSet<Value> reached(from.begin(), from.end());
  for (Operation &op : body.without_terminator()) {
    bool reads = false;
    op.walk([&](Operation *nested) {
      for (Value operand : nested->getOperands())
        reads |= reached.contains(operand) && !stopBehind(operand);
    });
    if (!reads || isa<StopGradientOp>(op) || stopAt(&op))
      continue;
    for (Value result : op.getResults())
      if (isFloatLike(result))
        reached.insert(result);
  }
  return reached;
}

FailureOr<WeightLeaf> etrace::traceLeaf(const StepView &step, ETPOpInterface primitive,
                                        OpOperand &operand) {
  WeightLeaf leaf{&operand, primitive.getLeafName(operand).str(), {}, {}};
  llvm::SetVector<Operation *> chain;
  llvm::SetVector<Value> params;
  Value varying;
  SmallVector<Value> worklist = {operand.get()};
  llvm::DenseSet<Value> seen;
  while (!worklist.empty()) {
    Value value = worklist.pop_back_val();
    if (!seen.insert(value).second)
      continue;
    if (auto argument = dyn_cast<BlockArgument>(value)) {
      if (argument.getOwner() != &step.getBody())
        continue; // An argument of a region inside the chain.
      if (step.findParam(value))
        params.insert(value);
      else
        varying = value;
      continue;
    }
    Operation *op = value.getDefiningOp();
    chain.insert(op);
    op->walk([&](Operation *nested) { llvm::append_range(worklist, nested->getOperands()); });
  }
  if (!params.empty() && varying) {
    InFlightDiagnostic diag =
        primitive.emitOpError("has a trainable operand that depends on a parameter and on a value "
                              "that changes every step [operand-chain-varies]");
    diag.attachNote(varying.getLoc()) << "the changing value";
    diag.attachNote(primitive.getLoc())
        << "apply the changing factor to the result of the primitive, or use an ordinary operation";
    return failure();
  }
  for (const StepParameter &param : step.params)
    if (params.contains(param.value))
      leaf.params.push_back(param.path);
  // Program order; constants count only if they lead somewhere from a parameter.
  for (Operation &op : step.getBody())
    if (chain.contains(&op) && op.getNumOperands())
      leaf.chain.push_back(&op);
  return leaf;
}

SmallVector<Operation *> etrace::traceTail(const StepGraph &graph, ETPOpInterface primitive,
                                           const RelationTarget &target,
                                           ArrayRef<unsigned> groups) {
  const StepView &step = graph.step;
  auto isForeign = [&](Value value) {
    for (auto [index, state] : llvm::enumerate(step.states))
      if (state.isHidden && state.after == value &&
          !llvm::is_contained(groups, unsigned(graph.findGroup(index))))
        return true;
    return false;
  };
  llvm::DenseSet<Value> reached =
      forwardSlice(step.getBody(), {primitive->getResult(0)}, isOpaquePrimitive, isForeign);
  // Back from the states, as far as y reaches.
  llvm::DenseSet<Operation *> tail;
  SmallVector<Value> worklist;
  for (unsigned number : target.reach)
    worklist.push_back(step.states[graph.groups[target.group].members[number]].after);
  while (!worklist.empty()) {
    Value value = worklist.pop_back_val();
    Operation *op = value.getDefiningOp();
    if (!op || op == primitive || !reached.contains(value) || !tail.insert(op).second)
      continue;
    op->walk([&](Operation *nested) { llvm::append_range(worklist, nested->getOperands()); });
  }
  SmallVector<Operation *> ordered;
  for (Operation &op : step.getBody())
    if (tail.contains(&op))
      ordered.push_back(&op);
  return ordered;
}
