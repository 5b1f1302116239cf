//===- LoopCarries.cpp - What a loop carries ------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Loops.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"

using namespace mlir;
using namespace etrace;
using namespace etrace::detail;

void etrace::detail::closeOverCarries(Block &body, ValueRange arguments, ValueRange yields,
                                      llvm::BitVector &live) {
  for (bool changed = true; changed;) {
    SmallVector<Value> wanted = select(yields, live);
    DenseSet<Value> needed(wanted.begin(), wanted.end());
    for (Operation &op : llvm::reverse(body))
      if (llvm::any_of(op.getResults(), [&](Value v) { return needed.contains(v); }))
        for (Value read : getReads(&op))
          needed.insert(read);
    changed = false;
    for (auto [number, argument] : llvm::enumerate(arguments))
      if (needed.contains(argument) && !live.test(number)) {
        live.set(number);
        changed = true;
      }
  }
}

SmallVector<Value> etrace::detail::select(ValueRange values, const llvm::BitVector &bits) {
  SmallVector<Value> selected;
  for (unsigned number : bits.set_bits())
    selected.push_back(values[number]);
  return selected;
}

bool etrace::detail::keepsExtents(Value argument, Value yield) {
  auto type = dyn_cast<RankedTensorType>(yield.getType());
  if (!type || type.hasStaticShape() || yield == argument)
    return true;
  Operation *op = yield.getDefiningOp();
  if (!op)
    return false;
  auto keeps = [&](Value value) { return keepsExtents(argument, value); };
  // All tensors that a pointwise operation reads have the extents of its results.
  if (op->hasTrait<OpTrait::Elementwise>())
    return llvm::any_of(op->getOperands(), [&](Value operand) {
      return operand.getType() == type && keeps(operand);
    });
  if (auto insert = dyn_cast<tensor::InsertSliceOp>(op))
    return keeps(insert.getDest());
  if (auto insert = dyn_cast<tensor::InsertOp>(op))
    return keeps(insert.getDest());
  if (auto destination = dyn_cast<DestinationStyleOpInterface>(op))
    return keeps(destination.getTiedOpOperand(cast<OpResult>(yield))->get());
  // A new tensor: its extents are read from one that keeps them, axis by axis.
  ValueRange extents;
  if (auto empty = dyn_cast<tensor::EmptyOp>(op))
    extents = empty.getDynamicSizes();
  else if (auto splat = dyn_cast<tensor::SplatOp>(op))
    extents = splat.getDynamicSizes();
  else
    return false;
  unsigned next = 0;
  for (int64_t axis = 0; axis < type.getRank(); ++axis) {
    if (!type.isDynamicDim(axis))
      continue;
    auto dim = extents[next++].getDefiningOp<tensor::DimOp>();
    if (!dim || dim.getConstantIndex() != axis || dim.getSource().getType() != type ||
        !keeps(dim.getSource()))
      return false;
  }
  return true;
}

SmallVector<Value> etrace::detail::getTangents(OpBuilder &builder, ValueRange values, const TangentMap &tangents,
                   const llvm::BitVector &active) {
  SmallVector<Value> result;
  for (Value value : select(values, active))
    result.push_back(tangentOrZeros(builder, tangents, value));
  return result;
}

bool etrace::detail::addActive(llvm::BitVector &active, ValueRange tangents) {
  unsigned before = active.count();
  for (auto [number, tangent] : llvm::enumerate(tangents))
    if (tangent)
      active.set(number);
  return active.count() != before;
}

void etrace::detail::addArguments(Block &block, ValueRange arguments, const llvm::BitVector &active,
                  IRMapping &mapping, TangentMap &inside) {
  for (Value argument : arguments)
    mapping.map(argument, block.addArgument(argument.getType(), argument.getLoc()));
  for (Value argument : select(arguments, active))
    inside.set(mapping.lookup(argument), block.addArgument(argument.getType(), argument.getLoc()));
}
