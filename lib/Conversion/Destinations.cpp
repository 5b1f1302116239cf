//===- Destinations.cpp - Which memory a result is computed in ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Everything here is a rewrite of tensors, hence cannot change a result: the initial
// contents of a destination that is not read may be any tensor. Bufferisation decides
// afterwards whether the work is really done in place.
//
//===----------------------------------------------------------------------===//

#include "Destinations.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"

using namespace mlir;

/// Whether the value may be made again for every user: its contents are constant.
static bool isCheapDestination(Value value) {
  Operation *op = value.getDefiningOp();
  if (isa_and_nonnull<tensor::EmptyOp>(op))
    return true;
  auto fill = dyn_cast_or_null<linalg::FillOp>(op);
  return fill && fill.getOutputs()[0].getDefiningOp<tensor::EmptyOp>();
}

void etrace::unshareDestinations(func::FuncOp function) {
  SmallVector<OpOperand *> uses;
  function.walk([&](Operation *op) {
    if (auto destination = dyn_cast<DestinationStyleOpInterface>(op))
      for (OpOperand &init : destination.getDpsInitsMutable())
        uses.push_back(&init);
    if (auto loop = dyn_cast<scf::ForOp>(op))
      for (OpOperand &init : loop.getInitArgsMutable())
        uses.push_back(&init);
  });
  // Users of a fill first: the copy of a fill then shares its tensor.empty again.
  for (bool fills : {true, false})
    for (OpOperand *use : uses) {
      Value value = use->get();
      bool isFill = value.getDefiningOp<linalg::FillOp>() != nullptr;
      if (isFill != fills || !isCheapDestination(value) || value.hasOneUse())
        continue;
      OpBuilder builder(use->getOwner());
      Operation *copy = builder.clone(*value.getDefiningOp());
      if (isFill) {
        builder.setInsertionPoint(copy);
        copy->setOperand(1, builder.clone(*copy->getOperand(1).getDefiningOp())->getResult(0));
      }
      use->set(copy->getResult(0));
    }
}

/// Values which show the same contents as `value`, itself included.
static SmallVector<Value> collectViews(Value value) {
  SmallVector<Value> views = {value};
  for (size_t i = 0; i < views.size(); ++i)
    for (Operation *user : views[i].getUsers())
      if (isa<tensor::ExtractSliceOp, tensor::ExpandShapeOp, tensor::CollapseShapeOp,
              tensor::CastOp>(user))
        views.push_back(user->getResult(0));
  return views;
}

/// Whether `op` may write to `destination` in place: nothing reads the old contents later
/// in the block, and the operation itself reads an element only when it writes it.
static bool isLastReader(Operation *op, Value destination) {
  for (Value view : collectViews(destination))
    for (Operation *user : view.getUsers()) {
      Operation *ancestor = op->getBlock()->findAncestorOpInBlock(*user);
      if (!ancestor || (ancestor != op && op->isBeforeInBlock(ancestor)))
        return false;
      if (ancestor == op && (view != destination || user != op))
        return false;
    }
  auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
  if (!linalgOp)
    return true;
  for (OpOperand *input : linalgOp.getDpsInputOperands())
    if (input->get() == destination &&
        (linalgOp.getNumLoops() != linalgOp.getNumParallelLoops() ||
         !linalgOp.getMatchingIndexingMap(input).isIdentity()))
      return false;
  return true;
}

/// The use through which an operation with this result receives its destination.
static OpOperand *getDestinationUse(Value value) {
  auto result = dyn_cast<OpResult>(value);
  if (!result)
    return nullptr;
  if (auto op = dyn_cast<DestinationStyleOpInterface>(result.getOwner()))
    return op.getTiedOpOperand(result);
  if (auto loop = dyn_cast<scf::ForOp>(result.getOwner()))
    return loop.getTiedLoopInit(result);
  return nullptr;
}

/// Tries to make `destination` the first destination in the chain that ends in `value`.
static bool settleInPlace(Value value, Value destination) {
  while (value != destination) {
    OpOperand *use = getDestinationUse(value);
    if (!use)
      return false;
    Operation *owner = use->getOwner();
    if (use->get() == destination)
      return isLastReader(owner, destination);
    auto linalgOp = dyn_cast<linalg::LinalgOp>(owner);
    // A destination that is memory already is where another result settled: of one value
    // that two buffers take, the second gets a copy.
    bool isTaken = isa<BlockArgument>(use->get()) ||
                   use->get().getDefiningOp<bufferization::ToTensorOp>();
    bool ignored = !isTaken && ((linalgOp && !linalgOp.payloadUsesValueFromOperand(use)) ||
                                use->get().getDefiningOp<tensor::EmptyOp>());
    bool sameBlock = owner->getBlock() == destination.getParentBlock();
    if (ignored && sameBlock && use->get().getType() == destination.getType() &&
        isLastReader(owner, destination)) {
      use->set(destination);
      return true;
    }
    if (!isLastReader(owner, use->get()))
      return false;
    value = use->get();
  }
  return true;
}

Value etrace::settle(OpBuilder &builder, Value value, Value destination) {
  if (settleInPlace(value, destination))
    return value;
  Location loc = value.getLoc();
  if (auto constant = value.getDefiningOp<arith::ConstantOp>())
    if (auto splat = dyn_cast<SplatElementsAttr>(constant.getValue())) {
      Value scalar =
          arith::ConstantOp::create(builder, loc, splat.getSplatValue<TypedAttr>());
      return linalg::FillOp::create(builder, loc, scalar, destination).getResult(0);
    }
  return linalg::CopyOp::create(builder, loc, value, destination).getResult(0);
}

/// A value yielded by a loop which is an old value of another argument must be saved
/// before that argument changes.
static Value saveOldValue(scf::ForOp loop, Value value) {
  for (BlockArgument argument : loop.getRegionIterArgs())
    if (llvm::is_contained(collectViews(argument), value)) {
      OpBuilder builder(loop.getContext());
      builder.setInsertionPointAfterValue(value);
      return bufferization::AllocTensorOp::create(builder, value.getLoc(),
                                                  cast<RankedTensorType>(value.getType()),
                                                  ValueRange(), value)
          .getResult();
    }
  return value;
}

void etrace::settleLoops(func::FuncOp function) {
  function.walk([](scf::ForOp loop) {
    Operation *yield = loop.getBody()->getTerminator();
    OpBuilder builder(yield);
    for (auto [operand, argument] :
         llvm::zip(yield->getOpOperands(), loop.getRegionIterArgs())) {
      if (!isa<RankedTensorType>(argument.getType()) || operand.get() == argument)
        continue;
      operand.set(saveOldValue(loop, operand.get()));
      operand.set(settle(builder, operand.get(), argument));
    }
  });
}
