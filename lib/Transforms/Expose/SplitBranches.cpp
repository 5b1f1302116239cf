//===- SplitBranches.cpp - Branches that contain primitives ---------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// y = P(x(u), w) in a branch becomes
//     x = taken ? x(u) : 0,    y = P(x, w)
// in front of it, and the rest of the branch reads y.
// A primitive is finite at 0, and x and the rest are branches still: what is not taken neither runs
// nor has a derivative. (Where both branches ran and their results were selected, the derivative of
// what was not taken would be 0 times what may be infinite.)
//===----------------------------------------------------------------------===//

#include "Expose.h"

#include "etrace/Differentiation/Regions.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace etrace;

namespace {
/// The primitives of one branch of `choice`, moved in front of it.
class BranchSplitter {
public:
  BranchSplitter(Operation *choice, Block &branch, bool speculate)
      : choice(choice), branch(branch), speculate(speculate) {}

  LogicalResult run() {
    for (auto primitive : llvm::to_vector(branch.getOps<ETPOpInterface>()))
      if (failed(expose(primitive)))
        return failure();
    return success();
  }

private:
  using Slice = SmallVector<Operation *>;
  Slice collect(ArrayRef<OpOperand *> operands);
  LogicalResult expose(ETPOpInterface primitive);
  LogicalResult hoist(ArrayRef<Operation *> slice);
  SmallVector<Value> getLeaving(ArrayRef<Operation *> slice);
  LogicalResult guard(ArrayRef<OpOperand *> reads, ArrayRef<Operation *> slice);
  FailureOr<Operation *> buildGuard(ArrayRef<Operation *> slice, ArrayRef<Value> values);
  FailureOr<Value> buildAbsent(OpBuilder &builder, Value like);

  Operation *choice;
  Block &branch;
  bool speculate;
  /// Values that the branch reads -> the same, but harmless where it is not taken.
  llvm::DenseMap<Value, Value> guarded;
};
} // namespace

/// What operands need of the branch, in program order.
BranchSplitter::Slice BranchSplitter::collect(ArrayRef<OpOperand *> operands) {
  llvm::DenseSet<Value> needed;
  for (OpOperand *operand : operands)
    needed.insert(operand->get());
  Slice slice = getSlice(branch, needed);
  std::reverse(slice.begin(), slice.end());
  return slice;
}

/// True if running it where the program does not would only cost time.
static bool mayRunAnywhere(Operation *op) { return isMemoryEffectFree(op) && isSpeculatable(op); }

/// Computes a slice in every step.
LogicalResult BranchSplitter::hoist(ArrayRef<Operation *> slice) {
  for (Operation *op : slice) {
    if (!mayRunAnywhere(op)) {
      InFlightDiagnostic diag = op->emitError()
                                << "'" << op->getName()
                                << "' leads to the weight of an ETP primitive in a branch, and "
                                   "cannot "
                                   "run where the branch is not taken [primitive-in-branch]";
      diag.attachNote(choice->getLoc()) << "compute the weight in front of this branch";
      return diag;
    }
    op->moveBefore(choice);
  }
  return success();
}

/// A value of the type of `like` for where there is none.
FailureOr<Value> BranchSplitter::buildAbsent(OpBuilder &builder, Value like) {
  Location loc = like.getLoc();
  Type type = like.getType(), element = getElementTypeOrSelf(type);
  auto shaped = dyn_cast<ShapedType>(type);
  bool isValue = !shaped || (isa<RankedTensorType>(type) && shaped.hasStaticShape());
  if (isValue && isa<FloatType, ComplexType>(element))
    return buildConstant(builder, loc, type, 0.0);
  if (TypedAttr zero = isValue ? builder.getZeroAttr(type) : TypedAttr())
    return Value(arith::ConstantOp::create(builder, loc, zero));
  InFlightDiagnostic diag = mlir::emitError(loc)
                            << "value of type " << type
                            << " is read in a branch behind an ETP primitive, and has no zero for "
                               "where the branch is not taken [primitive-in-branch]";
  diag.attachNote(choice->getLoc()) << "compute it in front of this branch";
  return diag;
}

/// A branch like `choice` that computes `values` by the operations of `slice`.
FailureOr<Operation *> BranchSplitter::buildGuard(ArrayRef<Operation *> slice,
                                                  ArrayRef<Value> values) {
  OpBuilder builder(choice);
  OperationState state(choice->getLoc(), choice->getName(), choice->getOperands(),
                       TypeRange(ValueRange(values)), choice->getAttrs());
  DetachedRegions regions(choice->getLoc(), choice->getNumRegions());
  for (Region &region : choice->getRegions()) {
    Block &block = regions[region.getRegionNumber()].emplaceBlock();
    OpBuilder inner = OpBuilder::atBlockEnd(&block);
    SmallVector<Value> yielded;
    for (Value value : values) {
      FailureOr<Value> absent = value;
      if (&region != branch.getParent())
        absent = buildAbsent(inner, value);
      if (failed(absent))
        return failure();
      yielded.push_back(*absent);
    }
    scf::YieldOp::create(inner, choice->getLoc(), yielded);
  }
  Operation *yield = regions[branch.getParent()->getRegionNumber()].front().getTerminator();
  for (Operation *op : slice)
    op->moveBefore(yield);
  for (unsigned number = 0; number < choice->getNumRegions(); ++number)
    state.addRegion()->takeBody(regions[number]);
  return builder.create(state);
}

/// Results of a slice that the rest of the branch reads.
SmallVector<Value> BranchSplitter::getLeaving(ArrayRef<Operation *> slice) {
  llvm::DenseSet<Operation *> inside(slice.begin(), slice.end());
  SmallVector<Value> leaving;
  for (Operation *op : slice)
    for (Value result : op->getResults())
      if (llvm::any_of(result.getUsers(), [&](Operation *user) {
            return !inside.contains(branch.findAncestorOpInBlock(*user));
          }))
        leaving.push_back(result);
  return leaving;
}

/// Computes what the primitive reads where the branch is taken.
LogicalResult BranchSplitter::guard(ArrayRef<OpOperand *> reads, ArrayRef<Operation *> slice) {
  SmallVector<Value> inside = getLeaving(slice);
  llvm::SetVector<Value> values(inside.begin(), inside.end());
  for (OpOperand *read : reads)
    if (isFloatLike(read->get()) && !guarded.contains(read->get()))
      values.insert(read->get());
  if (values.empty())
    return success();
  FailureOr<Operation *> before = buildGuard(slice, values.getArrayRef());
  if (failed(before))
    return failure();
  for (auto [value, result] : llvm::zip(values, (*before)->getResults()))
    guarded[value] = guarded[result] = result;
  for (Value value : inside)
    value.replaceUsesWithIf(guarded[value], [&](OpOperand &use) {
      return branch.findAncestorOpInBlock(*use.getOwner());
    });
  return success();
}

LogicalResult BranchSplitter::expose(ETPOpInterface primitive) {
  SmallVector<OpOperand *> trainable = primitive.getTrainableOperands(), reads;
  for (OpOperand &operand : primitive->getOpOperands())
    if (!llvm::is_contained(trainable, &operand))
      reads.push_back(&operand);
  if (failed(hoist(collect(trainable))))
    return failure();
  Slice slice = collect(reads);
  bool anywhere = speculate && llvm::all_of(slice, mayRunAnywhere);
  if (failed(anywhere ? hoist(slice) : guard(reads, slice)))
    return failure();
  for (OpOperand *read : reads)
    if (Value value = guarded.lookup(read->get()))
      read->set(value);
  primitive->moveBefore(choice);
  guarded[primitive->getResult(0)] = primitive->getResult(0);
  return success();
}

LogicalResult etrace::splitBranches(StepOp step, bool speculate) {
  WalkResult walk = step.getBody().walk([&](Operation *op) {
    bool splits = isa<scf::IfOp, scf::IndexSwitchOp>(op) &&
                  llvm::any_of(op->getRegions(), [](Region &region) {
                    return !region.getOps<ETPOpInterface>().empty();
                  });
    if (!splits)
      return WalkResult::advance();
    remarkExposed(op, "cond-split",
                  "primitives moved out of the branches of '" + op->getName().getStringRef() + "'");
    for (Region &region : op->getRegions())
      if (!region.empty() && failed(BranchSplitter(op, region.front(), speculate).run()))
        return WalkResult::interrupt();
    return WalkResult::advance();
  });
  return failure(walk.wasInterrupted());
}
