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
#include "Pieces.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"

using namespace mlir;
using namespace etrace;

/// The scalar of a constant tensor that is the same throughout.
static TypedAttr getSplat(Value value) {
  auto constant = value.getDefiningOp<arith::ConstantOp>();
  auto splat = constant ? dyn_cast<SplatElementsAttr>(constant.getValue()) : nullptr;
  return splat ? splat.getSplatValue<TypedAttr>() : nullptr;
}

static Value buildFill(OpBuilder &builder, Location loc, TypedAttr scalar, Value destination) {
  Value value = arith::ConstantOp::create(builder, loc, scalar);
  return linalg::FillOp::create(builder, loc, value, destination).getResult(0);
}

/// Another tensor with the contents of `value`, where those are constant throughout or not yet
/// there; none otherwise.
static Value copyDestination(OpBuilder &builder, Value value) {
  Location loc = value.getLoc();
  auto type = dyn_cast<RankedTensorType>(value.getType());
  auto fill = value.getDefiningOp<linalg::FillOp>();
  TypedAttr splat = getSplat(value);
  auto empty = fill ? fill.getOutputs()[0].getDefiningOp<tensor::EmptyOp>()
                    : value.getDefiningOp<tensor::EmptyOp>();
  if (!empty && !splat)
    return nullptr;
  Value copy;
  if (empty)
    copy = builder.clone(*empty)->getResult(0);
  else
    copy = tensor::EmptyOp::create(builder, loc, type.getShape(), type.getElementType());
  if (splat)
    return buildFill(builder, loc, splat, copy);
  if (fill)
    return linalg::FillOp::create(builder, loc, fill.getInputs()[0], copy).getResult(0);
  return copy;
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
  for (OpOperand *use : uses) {
    Operation *owner = use->getOwner();
    OpBuilder builder(owner);
    // One use in a loop is many.
    bool isOwn = use->get().hasOneUse() && use->get().getParentBlock() == owner->getBlock();
    if (isOwn && !getSplat(use->get()))
      continue;
    if (Value copy = copyDestination(builder, use->get()))
      use->set(copy);
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

/// True if nothing reads the value or a view of it behind `op` in its block.
static bool isReadUpTo(Value value, Operation *op) {
  for (Value view : collectViews(value))
    for (Operation *user : view.getUsers()) {
      Operation *ancestor = op->getBlock()->findAncestorOpInBlock(*user);
      if (!ancestor || op->isBeforeInBlock(ancestor))
        return false;
    }
  return true;
}

/// Whether `op` may write to `destination` in place: nothing reads the old contents later
/// in the block, and the operation itself reads an element only when it writes it.
static bool isLastReader(Operation *op, Value destination) {
  if (!isReadUpTo(destination, op))
    return false;
  // Of `op` only an operand of its own.
  for (Value view : collectViews(destination))
    for (Operation *user : view.getUsers())
      if (op->isAncestor(user) && (view != destination || user != op))
        return false;
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
                   use->get().getDefiningOp<bufferization::ToTensorOp>() ||
                   use->get().getDefiningOp<tensor::ExtractSliceOp>();
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
  if (TypedAttr splat = getSplat(value))
    return buildFill(builder, loc, splat, destination);
  return linalg::CopyOp::create(builder, loc, value, destination).getResult(0);
}

/// The operation where the chain of destinations that ends in `value` begins.
static Operation *findFirstWriter(Value value) {
  Operation *first = nullptr;
  while (OpOperand *use = getDestinationUse(value)) {
    first = use->getOwner();
    value = use->get();
  }
  return first;
}

/// True if a value that the block of `op` reads is there before `op`, or can be.
static bool provideBefore(Value value, Operation *op) {
  Operation *definition = value.getDefiningOp();
  if (!definition || definition->getBlock() != op->getBlock() || definition->isBeforeInBlock(op))
    return true;
  bool isFree = isa<tensor::EmptyOp>(definition) && definition->getNumOperands() == 0;
  if (isFree)
    definition->moveBefore(op);
  return isFree;
}

/// Orders disjoint pieces of a tensor by when they are computed, and inserts each at once: then
/// each can be computed where it will be.
static void insertEarly(tensor::InsertSliceOp last) {
  Pieces pieces;
  if (!addPieces(last.getResult(), pieces) || pieces.inserts.size() < 2)
    return;
  Block *block = last->getBlock();
  for (tensor::InsertSliceOp insert : pieces.inserts) {
    Operation *source = insert.getSource().getDefiningOp();
    if (!source || source->getBlock() != block || insert->getBlock() != block ||
        (insert != last && !insert->hasOneUse()))
      return;
  }
  llvm::sort(pieces.inserts, [](tensor::InsertSliceOp a, tensor::InsertSliceOp b) {
    Operation *first = a.getSource().getDefiningOp(), *second = b.getSource().getDefiningOp();
    return first == second ? a->isBeforeInBlock(b) : first->isBeforeInBlock(second);
  });
  Operation *after = pieces.inserts.front().getSource().getDefiningOp();
  if (!provideBefore(pieces.whole, after))
    return;
  if (last != pieces.inserts.back())
    last.getResult().replaceAllUsesWith(pieces.inserts.back().getResult());
  Value whole = pieces.whole;
  for (tensor::InsertSliceOp insert : pieces.inserts) {
    Operation *source = insert.getSource().getDefiningOp();
    insert.getDestMutable().set(whole);
    insert->moveAfter(after->isBeforeInBlock(source) ? source : after);
    after = insert;
    whole = insert.getResult();
  }
}

static void settleInsertion(tensor::InsertSliceOp insert) {
  Value source = insert.getSource(), whole = insert.getDest();
  Operation *first = findFirstWriter(source);
  if (!first || first->getBlock() != insert->getBlock() || !whole.hasOneUse() ||
      !isReadUpTo(source, insert))
    return;
  if (!llvm::all_of(insert->getOperands().drop_front(),
                    [&](Value operand) { return provideBefore(operand, first); }))
    return;
  OpBuilder builder(first);
  auto slice = tensor::ExtractSliceOp::create(
      builder, insert.getLoc(), insert.getSourceType(), whole, insert.getMixedOffsets(),
      insert.getMixedSizes(), insert.getMixedStrides());
  if (!settleInPlace(source, slice))
    slice.erase();
}

void etrace::settleInsertions(func::FuncOp function) {
  SmallVector<tensor::InsertSliceOp> inserts;
  function.walk([&](tensor::InsertSliceOp insert) { inserts.push_back(insert); });
  for (tensor::InsertSliceOp insert : inserts)
    if (!insert->hasOneUse() || !isa<tensor::InsertSliceOp>(*insert->user_begin()))
      insertEarly(insert);
  function.walk([](tensor::InsertSliceOp insert) { settleInsertion(insert); });
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
