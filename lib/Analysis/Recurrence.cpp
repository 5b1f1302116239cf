//===- Recurrence.cpp - Which states are read before written --------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// In functional form a state that is not written is the argument handed on to its result,
// perhaps through the branches of a condition or the arguments of a loop. These hands-on
// are no readings; every other use of a value that may be the old one is.
//===----------------------------------------------------------------------===//

#include "etrace/Analysis/Recurrence.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace etrace;

/// The operation whose control flow an operand takes part in.
static RegionBranchOpInterface getBranch(Operation *op) {
  if (auto branch = dyn_cast<RegionBranchOpInterface>(op))
    return branch;
  if (op->hasTrait<OpTrait::IsTerminator>())
    return dyn_cast<RegionBranchOpInterface>(op->getParentOp());
  return {};
}

/// The values that are this operand, unchanged, on some path. None if the operand is read.
static SmallVector<Value> getForwarded(OpOperand &use) {
  Operation *op = use.getOwner();
  if (auto select = dyn_cast<SelectLikeOpInterface>(op))
    return use.get() == select.getCondition() ? SmallVector<Value>()
                                              : SmallVector<Value>{op->getResult(0)};
  if (isa<FreshOp>(op))
    return {op->getResult(0)};
  RegionBranchOpInterface branch = getBranch(op);
  if (!branch)
    return {};
  RegionBranchSuccessorMapping forwarded;
  branch.getSuccessorOperandInputMapping(forwarded);
  return forwarded.lookup(&use);
}

/// The values that may become `value` unchanged: the inverse of `getForwarded`.
static SmallVector<Value> getSources(Value value) {
  Operation *op = value.getDefiningOp();
  if (auto select = dyn_cast_or_null<SelectLikeOpInterface>(op))
    return {select.getTrueValue(), select.getFalseValue()};
  if (isa_and_nonnull<FreshOp>(op))
    return {op->getOperand(0)};
  auto branch = cast<RegionBranchOpInterface>(op ? op : value.getParentBlock()->getParentOp());
  RegionBranchInverseSuccessorMapping sources;
  branch.getSuccessorInputOperandMapping(sources);
  SmallVector<Value> values;
  for (OpOperand *operand : sources.lookup(value))
    values.push_back(operand->get());
  return values;
}

/// False for an operand that only lends its shape, such as the destination of a fill.
static bool isReading(OpOperand &use) {
  auto structured = dyn_cast<linalg::LinalgOp>(use.getOwner());
  return !structured || structured.payloadUsesValueFromOperand(&use);
}

static StateAccess computeAccess(const CarriedState &state, Block &body) {
  StateAccess access{state.path, state.isHidden, false, StateWrite::never, state.before.getLoc()};
  // Values that are the old one on some path.
  llvm::SetVector<Value> old;
  old.insert(state.before);
  for (size_t next = 0; next < old.size(); ++next)
    for (OpOperand &use : old[next].getUses()) {
      SmallVector<Value> forwarded = getForwarded(use);
      old.insert(forwarded.begin(), forwarded.end());
      bool isResult = use.getOwner() == body.getTerminator() &&
                      use.getOperandNumber() == state.result;
      access.isRead |= forwarded.empty() && !isResult && isReading(use);
    }
  if (!old.contains(state.after)) {
    access.written = StateWrite::always;
    return access;
  }
  // Values that are the old one on every path: take away until nothing changes.
  llvm::DenseSet<Value> kept(old.begin(), old.end());
  for (bool changed = true; changed;) {
    changed = false;
    for (Value value : old)
      if (value != state.before && kept.contains(value) &&
          !llvm::all_of(getSources(value), [&](Value source) { return kept.contains(source); }))
        changed = kept.erase(value);
  }
  access.written = kept.contains(state.after) ? StateWrite::never : StateWrite::sometimes;
  return access;
}

std::vector<StateAccess> etrace::computeRecurrence(ModelOp model, const StepView &step) {
  std::vector<StateAccess> accesses;
  for (const CarriedState &state : step.states)
    accesses.push_back(computeAccess(state, step.getBody()));
  for (const Declaration &declaration : getDeclarations(model)) {
    bool isUsed = llvm::any_of(step.states, [&](const CarriedState &state) {
      return state.path == declaration.path;
    });
    if (declaration.role != kParamAttr && !isUsed)
      accesses.push_back({declaration.path, declaration.role == kHiddenAttr, false,
                          StateWrite::never, declaration.op->getLoc()});
  }
  return accesses;
}

StringRef etrace::describeAccess(bool isRead, StateWrite written) {
  switch (written) {
  case StateWrite::always:
    return isRead ? "read before it is written" : "written, never read: nothing is carried";
  case StateWrite::sometimes:
    return isRead ? "read before it is written, written on some paths only"
                  : "written on some paths only, kept on the others, never read";
  case StateWrite::never:
    break;
  }
  return isRead ? "read, never written: it keeps its initial value" : "neither read nor written";
}
