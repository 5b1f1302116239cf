//===- IsolateScalars.cpp - Kernels of one thread for scalar code ---------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Each block of host code is read once from front to back. An operation belongs to the
// device if it touches memory or uses a value that does; the device operations since
// the last kernel form a run. A kernel, or the end of the block, closes the run: it
// becomes a loop of one iteration in front of it. Pure host operations in between keep
// their place before the run, which is legal since they do not depend on it.
//
//===----------------------------------------------------------------------===//

#include "etrace/Conversion/GPU/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "mlir/Transforms/RegionUtils.h"

namespace etrace {
#define GEN_PASS_DEF_GPUISOLATESCALARSPASS
#include "etrace/Conversion/GPU/Passes.h.inc"
} // namespace etrace

using namespace mlir;

namespace {

/// Kernels run in order with the runs; a called function has kernels of its own.
bool containsKernel(Operation *op) {
  return op
      ->walk([](Operation *inner) {
        return isa<scf::ParallelOp, func::CallOp>(inner) ? WalkResult::interrupt()
                                                         : WalkResult::advance();
      })
      .wasInterrupted();
}

class Isolator {
public:
  LogicalResult run(Block &block);

private:
  bool usesDeviceValue(Operation *op) const;
  /// What the host may do: no effect on memory but allocating it.
  static bool isHostOperation(Operation *op);
  LogicalResult requireHostOperands(Operation *op, StringRef what) const;
  LogicalResult visitKernel(Operation *op);
  LogicalResult closeRun(Operation *before);
  void closeValue(Value value, scf::ParallelOp loop);

  SmallVector<Operation *> pending;
  DenseSet<Value> deviceValues;
};

bool Isolator::usesDeviceValue(Operation *op) const {
  auto isDevice = [&](Value value) { return deviceValues.contains(value); };
  if (llvm::any_of(op->getOperands(), isDevice))
    return true;
  SetVector<Value> captured;
  getUsedValuesDefinedAbove(op->getRegions(), captured);
  return llvm::any_of(captured, isDevice);
}

bool Isolator::isHostOperation(Operation *op) {
  return isMemoryEffectFree(op) || isa<memref::AllocOp>(op);
}

LogicalResult Isolator::requireHostOperands(Operation *op, StringRef what) const {
  for (Value operand : op->getOperands()) {
    if (!deviceValues.contains(operand))
      continue;
    InFlightDiagnostic error = op->emitError()
                               << what
                               << " depends on a value in device memory; the host cannot read it "
                                  "[gpu-host-dependence]";
    error.attachNote(operand.getLoc()) << "the value is computed here";
    return error;
  }
  return success();
}

/// Stores a value that leaves a run and loads it where it is used: at the start of the
/// kernel, or before the operation, which then belongs to a later run.
void Isolator::closeValue(Value value, scf::ParallelOp loop) {
  SmallVector<OpOperand *> outside;
  for (OpOperand &use : value.getUses())
    if (!loop->isProperAncestor(use.getOwner()))
      outside.push_back(&use);
  if (outside.empty())
    return;
  OpBuilder builder(loop);
  Location loc = value.getLoc();
  Value slot = memref::AllocOp::create(builder, loc, MemRefType::get({}, value.getType()));
  builder.setInsertionPoint(loop.getBody()->getTerminator());
  memref::StoreOp::create(builder, loc, value, slot, ValueRange());
  DenseMap<Block *, Value> loaded;
  for (OpOperand *use : outside) {
    Operation *user = use->getOwner();
    if (auto kernel = user->getParentOfType<scf::ParallelOp>()) {
      Value &inside = loaded[kernel.getBody()];
      if (!inside) {
        builder.setInsertionPointToStart(kernel.getBody());
        inside = memref::LoadOp::create(builder, loc, slot, ValueRange());
      }
      use->set(inside);
      continue;
    }
    builder.setInsertionPoint(user);
    use->set(memref::LoadOp::create(builder, loc, slot, ValueRange()));
  }
}

/// Moves the pending operations into a loop of one iteration before `before`.
LogicalResult Isolator::closeRun(Operation *before) {
  if (pending.empty())
    return success();
  OpBuilder builder(before);
  Location loc = pending.front()->getLoc();
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  Value one = arith::ConstantIndexOp::create(builder, loc, 1);
  auto loop = scf::ParallelOp::create(builder, loc, zero, one, one,
                                      [](OpBuilder &, Location, ValueRange) {});
  for (Operation *op : pending)
    op->moveBefore(loop.getBody()->getTerminator());
  for (Operation *op : pending) {
    for (Value result : op->getResults()) {
      deviceValues.erase(result);
      bool leaves = llvm::any_of(result.getUsers(), [&](Operation *user) {
        return !loop->isProperAncestor(user);
      });
      if (leaves && !result.getType().isIntOrIndexOrFloat())
        return op->emitError("an address depends on a value in device memory; the host cannot "
                             "read it [gpu-host-dependence]");
      closeValue(result, loop);
    }
  }
  pending.clear();
  return success();
}

/// A kernel, or host control flow around kernels.
LogicalResult Isolator::visitKernel(Operation *op) {
  StringRef what = isa<scf::ParallelOp>(op) ? "the extent of a kernel"
                   : isa<func::CallOp>(op)  ? "an argument of a call"
                                            : "control flow around kernels";
  if (failed(requireHostOperands(op, what)) || failed(closeRun(op)))
    return failure();
  if (isa<scf::ParallelOp, func::CallOp>(op))
    return success();
  if (!isa<scf::ForOp, scf::IfOp>(op))
    return op->emitError("cannot run kernels inside this operation "
                         "[gpu-unsupported-operation]");
  for (Region &region : op->getRegions())
    for (Block &block : region)
      if (failed(run(block)))
        return failure();
  return success();
}

LogicalResult Isolator::run(Block &block) {
  // Closing a run inserts operations before the one in hand or later, never further back.
  for (Operation *op = &block.front(); op; op = op->getNextNode()) {
    if (op->hasTrait<OpTrait::IsTerminator>()) {
      if (failed(requireHostOperands(op, "a value that leaves host code")) || failed(closeRun(op)))
        return failure();
    } else if (containsKernel(op)) {
      if (failed(visitKernel(op)))
        return failure();
    } else if (!isHostOperation(op) || usesDeviceValue(op)) {
      pending.push_back(op);
      deviceValues.insert(op->result_begin(), op->result_end());
    }
  }
  return success();
}

struct GPUIsolateScalarsPass : etrace::impl::GPUIsolateScalarsPassBase<GPUIsolateScalarsPass> {
  void runOnOperation() override {
    if (getOperation().isExternal())
      return;
    if (!getOperation().getBody().hasOneBlock()) {
      getOperation().emitError("expected structured control flow [gpu-unsupported-operation]");
      return signalPassFailure();
    }
    if (failed(Isolator().run(getOperation().getBody().front())))
      signalPassFailure();
  }
};

} // namespace
