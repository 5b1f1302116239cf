//===- Transpose.cpp - Reverse mode: transpose a linear program -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/Differentiation/Transpose.h"
#include "etrace/Differentiation/Regions.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"

using namespace mlir;
using namespace etrace;

/// The operations of the block, in order, that `outputs` depend on.
static SmallVector<Operation *> getNeededOps(Block &block, ValueRange outputs) {
  DenseSet<Value> needed(outputs.begin(), outputs.end());
  SmallVector<Operation *> ops;
  for (Operation &op : llvm::reverse(block)) {
    if (llvm::none_of(op.getResults(), [&](Value v) { return needed.contains(v); }))
      continue;
    ops.push_back(&op);
    for (Value read : getReads(&op))
      needed.insert(read);
  }
  std::reverse(ops.begin(), ops.end());
  return ops;
}

/// Extents of a linear value do not depend on its elements.
static bool readsShapeOnly(Operation *op) { return isa<ShapedDimOpInterface>(op); }

static void markLinearResults(Operation &op, CotangentMap &cotangents);

/// Values flow along the edges between regions; what a region computes may be linear in part.
static void markLinearRegions(RegionBranchOpInterface op, CotangentMap &cotangents) {
  for (bool changed = true; changed;) {
    changed = false;
    for (Region &region : op->getRegions())
      for (Operation &nested : region.getOps())
        markLinearResults(nested, cotangents);
    forEachRegionEdge(op, [&](Value from, Value to) {
      if (!cotangents.isLinear(from) || cotangents.isLinear(to))
        return;
      cotangents.markLinear(to);
      changed = true;
    });
  }
}

/// Marks the results that depend on linear values.
static void markLinearResults(Operation &op, CotangentMap &cotangents) {
  if (isa<ZeroTangentOp>(op))
    return cotangents.markLinear(op.getResult(0));
  if (readsShapeOnly(&op) ||
      llvm::none_of(getReads(&op), [&](Value v) { return cotangents.isLinear(v); }))
    return;
  if (auto branches = dyn_cast<RegionBranchOpInterface>(op))
    return markLinearRegions(branches, cotangents);
  for (Value result : op.getResults())
    cotangents.markLinear(result);
}

/// The reads of `op` that cotangents of its live results may reach.
static void spreadLive(Operation &op, const CotangentMap &linear, DenseSet<Value> &live) {
  auto add = [&](Value value) {
    if (linear.isLinear(value))
      live.insert(value);
  };
  auto branches = dyn_cast<RegionBranchOpInterface>(op);
  if (!branches) {
    if (llvm::any_of(op.getResults(), [&](Value v) { return live.contains(v); }))
      llvm::for_each(getReads(&op), add);
    return;
  }
  for (bool changed = true; changed;) {
    size_t before = live.size();
    forEachRegionEdge(branches, [&](Value from, Value to) {
      if (live.contains(to))
        add(from);
    });
    for (Region &region : op.getRegions())
      for (Block &block : region)
        for (Operation &nested : llvm::reverse(block))
          spreadLive(nested, linear, live);
    changed = live.size() != before;
  }
}

DenseSet<Value> etrace::findLive(Block &block, ValueRange inputs, ValueRange roots) {
  CotangentMap linear{DifferentiationContext()};
  for (Value input : inputs)
    linear.markLinear(input);
  for (Operation &op : block)
    markLinearResults(op, linear);
  DenseSet<Value> live;
  for (Value root : roots)
    if (linear.isLinear(root))
      live.insert(root);
  for (Operation &op : llvm::reverse(block))
    spreadLive(op, linear, live);
  return live;
}

static LogicalResult transposeOp(Operation *op, OpBuilder &builder, CotangentMap &cotangents) {
  SmallVector<Value> resultCotangents;
  for (Value result : op->getResults())
    resultCotangents.push_back(cotangents.lookup(result));
  if (llvm::none_of(resultCotangents, [](Value v) { return bool(v); }))
    return success();
  auto transposable = dyn_cast<LinearTransposeOpInterface>(op);
  if (!transposable)
    return op->emitError() << "no transpose rule for '" << op->getName()
                           << "' on a reverse path [no-transpose-rule]";
  if (!transposable.isLinearIn([&](Value v) { return cotangents.isLinear(v); }))
    return op->emitError() << "'" << op->getName()
                           << "' is not linear in the values that depend on the inputs of the "
                              "program to transpose [not-linear]";
  return transposable.transpose(builder, resultCotangents, cotangents);
}

//===----------------------------------------------------------------------===//
// Extents
//===----------------------------------------------------------------------===//

/// The extent of a tensor by way of the operands that it is made from, as far as possible.
static Value resolveExtent(OpBuilder &builder, Location loc, Value value, int64_t axis) {
  auto type = cast<RankedTensorType>(value.getType());
  if (!type.isDynamicDim(axis))
    return arith::ConstantIndexOp::create(builder, loc, type.getDimSize(axis));
  if (Operation *op = value.getDefiningOp()) {
    auto result = cast<OpResult>(value);
    if (auto destination = dyn_cast<DestinationStyleOpInterface>(op))
      return resolveExtent(builder, loc, destination.getTiedOpOperand(result)->get(), axis);
    if (op->hasTrait<OpTrait::Elementwise>())
      for (Value operand : op->getOperands())
        if (isa<RankedTensorType>(operand.getType()))
          return resolveExtent(builder, loc, operand, axis);
    ReifiedRankedShapedTypeDims shapes;
    if (succeeded(reifyResultShapes(builder, op, shapes))) {
      Value extent = getValueOrCreateConstantIndexOp(builder, loc,
                                                     shapes[result.getResultNumber()][axis]);
      auto dim = extent.getDefiningOp<tensor::DimOp>();
      if (!dim || !dim.getConstantIndex() || !isa<RankedTensorType>(dim.getSource().getType()))
        return extent;
      return resolveExtent(builder, loc, dim.getSource(), *dim.getConstantIndex());
    }
  }
  return tensor::DimOp::create(builder, loc, value, axis);
}

/// What is asked of a linear value besides its elements is its extents: these are read
/// from the values it is made from, so that the program that is transposed can be erased.
static void resolveExtents(Block &block, const CotangentMap &cotangents) {
  SmallVector<tensor::DimOp> dims;
  block.walk([&](tensor::DimOp dim) {
    if (cotangents.isLinear(dim.getSource()) && dim.getSource().getDefiningOp() &&
        dim.getConstantIndex() && isa<RankedTensorType>(dim.getSource().getType()))
      dims.push_back(dim);
  });
  for (tensor::DimOp dim : dims) {
    OpBuilder builder(dim);
    dim.replaceAllUsesWith(
        resolveExtent(builder, dim.getLoc(), dim.getSource(), *dim.getConstantIndex()));
    dim.erase();
  }
}

void etrace::replaceExtents(Value value, Value by) {
  for (OpOperand &use : llvm::make_early_inc_range(value.getUses()))
    if (isa<ShapedDimOpInterface>(use.getOwner()))
      use.set(by);
}

FailureOr<SmallVector<Value>> etrace::transposeProgram(OpBuilder &builder, Block &block,
                                                       ValueRange inputs, ValueRange outputs,
                                                       ValueRange outputCotangents,
                                                       DifferentiationContext context,
                                                       ValueRange inputCotangents) {
  if (!context.scope)
    context.scope = builder.getInsertionBlock()->getParentOp();
  CotangentMap cotangents(context);
  for (Value input : inputs)
    if (input)
      cotangents.markLinear(input);
  for (auto [input, cotangent] : llvm::zip(inputs, inputCotangents))
    cotangents.accumulate(builder, input, cotangent);
  SmallVector<Value> roots;
  for (auto [output, cotangent] : llvm::zip(outputs, outputCotangents))
    if (output && cotangent)
      roots.push_back(output);
  SmallVector<Operation *> linear;
  for (Operation *op : getNeededOps(block, roots)) {
    markLinearResults(*op, cotangents);
    if (llvm::any_of(op->getResults(), [&](Value v) { return cotangents.isLinear(v); }))
      linear.push_back(op);
  }
  for (auto [output, cotangent] : llvm::zip(outputs, outputCotangents))
    if (output && cotangent)
      cotangents.accumulate(builder, output, cotangent);
  for (Operation *op : llvm::reverse(linear))
    if (failed(transposeOp(op, builder, cotangents)))
      return failure();
  resolveExtents(block, cotangents);
  SmallVector<Value> result;
  for (Value input : inputs)
    result.push_back(input ? cotangents.lookup(input) : Value());
  return result;
}
