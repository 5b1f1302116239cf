//===- LinearMap.cpp - The derivative of a body at a point ----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "LinearMap.h"
#include "etrace/Differentiation/Regions.h"
#include "etrace/Differentiation/Residuals.h"
#include "etrace/Differentiation/Transpose.h"

using namespace mlir;
using namespace etrace;

LinearMap::LinearMap(func::FuncOp function, ValueRange inputs, ValueRange outputs,
                     CheckpointPolicy checkpoint)
    : function(function), body(function.getBody().front()), inputs(inputs), outputs(outputs),
      checkpoint(checkpoint), program(body) {}

LogicalResult LinearMap::build() {
  if (failed(linearize()))
    return failure();
  program.hoistResiduals(body.getTerminator());
  return success();
}

LogicalResult LinearMap::linearize() {
  for (Value input : inputs)
    program.addSeed(input);
  DenseSet<Value> needed(outputs.begin(), outputs.end());
  SmallVector<Operation *> slice = getSlice(body, needed);
  DenseSet<Operation *> active(slice.begin(), slice.end());
  LinearizeOptions options;
  options.cut = [&](Operation *op) { return op->getBlock() == &body && !active.contains(op); };
  if (failed(program.build(options)))
    return failure();
  for (Value output : outputs)
    outputTangents.push_back(program.getTangent(output));
  return success();
}

bool LinearMap::dependsOn(unsigned input) {
  DenseSet<Value> needed;
  for (Value tangent : outputTangents)
    if (tangent)
      needed.insert(tangent);
  getSlice(program.getBlock(), needed);
  return needed.contains(program.getBlock().getArgument(input));
}

SmallVector<Value> LinearMap::apply(OpBuilder &builder, ValueRange tangents) {
  IRMapping mapping;
  mapping.map(program.getBlock().getArguments(), tangents);
  SmallVector<Value> active;
  for (Value tangent : outputTangents)
    if (tangent)
      active.push_back(tangent);
  cloneSlice(builder, program.getBlock(), active, mapping);
  return llvm::map_to_vector(outputTangents, [&](Value tangent) {
    return tangent ? mapping.lookupOrDefault(tangent) : Value();
  });
}

FailureOr<SmallVector<Value>> LinearMap::applyTransposed(OpBuilder &builder,
                                                         ValueRange cotangents) {
  Operation *previous = nullptr;
  if (builder.getInsertionPoint() != builder.getInsertionBlock()->begin())
    previous = &*std::prev(builder.getInsertionPoint());
  DifferentiationContext context;
  context.scope = function;
  context.checkpoint = checkpoint;
  FailureOr<SmallVector<Value>> result =
      transposeProgram(builder, program.getBlock(), program.getBlock().getArguments(),
                       outputTangents, cotangents, context);
  if (failed(result) || failed(provideExtents(builder, previous)))
    return failure();
  if (builder.getInsertionBlock() == &body) {
    SmallVector<Value> outgoing;
    llvm::copy_if(*result, std::back_inserter(outgoing), [](Value value) { return bool(value); });
    reportResiduals(function, body, cotangents, outgoing);
  }
  return result;
}

/// A transposed program may ask for extents of tangents. They are the same at all tangents: let
/// the arguments themselves be some, since they have the right types.
LogicalResult LinearMap::provideExtents(OpBuilder &builder, Operation *previous) {
  Block &tangents = program.getBlock();
  SmallVector<OpOperand *> reads;
  DenseSet<Value> needed;
  auto collect = [&](Value value) {
    for (OpOperand &use : value.getUses())
      if (!tangents.getParent()->isAncestor(use.getOwner()->getParentRegion())) {
        reads.push_back(&use);
        needed.insert(value);
      }
  };
  llvm::for_each(tangents.getArguments(), collect);
  for (Operation &op : tangents)
    llvm::for_each(op.getResults(), collect);
  if (reads.empty())
    return success();
  OpBuilder::InsertionGuard guard(builder);
  if (previous)
    builder.setInsertionPointAfter(previous);
  else
    builder.setInsertionPointToStart(builder.getInsertionBlock());
  IRMapping mapping;
  mapping.map(tangents.getArguments(), inputs);
  SmallVector<Value> values(needed.begin(), needed.end());
  cloneSlice(builder, tangents, values, mapping);
  // All of them, also where that is an error: tangents do not outlive this map.
  Operation *other = nullptr;
  for (OpOperand *use : reads) {
    if (!other && !isa<ShapedDimOpInterface>(use->getOwner()))
      other = use->getOwner();
    use->set(mapping.lookupOrDefault(use->get()));
  }
  if (other)
    return other->emitError() << "the transposed program reads a tangent [no-transpose-rule]";
  return success();
}
