//===- PlanWorkspace.cpp - Temporaries behind the buffers -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/Conversion/ABIRecord.h"
#include "etrace/Conversion/Passes.h"
#include "etrace/Support/ByteWidth.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/Transforms/BufferViewFlowAnalysis.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace etrace {
#define GEN_PASS_DEF_PLANWORKSPACEPASS
#include "etrace/Conversion/Passes.h.inc"
} // namespace etrace

using namespace mlir;
using namespace etrace;

namespace {

/// From the allocation to the last use, in a numbering of the operations.
struct Lifetime {
  memref::AllocOp alloc;
  int64_t begin = 0;
  int64_t end = 0;
  int64_t bytes = 0;
};

/// Memory for temporaries that live one after the other. Each slot is an argument of its
/// own, so that the code generator knows that slots do not overlap.
struct Slot {
  int64_t bytes = 0;
  int64_t end = -1;
  SmallVector<memref::AllocOp> users;
};

class WorkspacePlanner {
public:
  explicit WorkspacePlanner(func::FuncOp body) : body(body), views(body) { number(body); }

  LogicalResult plan();
  ArrayRef<Slot> getSlots() const { return slots; }
  /// Replaces allocations by views of new arguments of the body.
  void rewrite();

private:
  /// Numbers an operation and those inside: first and last number.
  void number(Operation *op);
  FailureOr<Lifetime> getLifetime(memref::AllocOp alloc);

  func::FuncOp body;
  BufferViewFlowAnalysis views;
  llvm::DenseMap<Operation *, std::pair<int64_t, int64_t>> numbers;
  int64_t counter = 0;
  SmallVector<Slot> slots;
};

void WorkspacePlanner::number(Operation *op) {
  int64_t first = counter++;
  for (Region &region : op->getRegions())
    for (Block &block : region)
      for (Operation &inner : block)
        number(&inner);
  numbers[op] = {first, counter++};
}

FailureOr<Lifetime> WorkspacePlanner::getLifetime(memref::AllocOp alloc) {
  MemRefType type = alloc.getType();
  if (!type.hasStaticShape() || !type.getLayout().isIdentity())
    return alloc.emitError() << "a temporary must have a size known at compile time, found "
                             << type << "; use arrays over the steps only in slices "
                             << "[dynamic-temporary]";
  Lifetime lifetime;
  lifetime.alloc = alloc;
  lifetime.begin = numbers[alloc].first;
  lifetime.end = lifetime.begin;
  lifetime.bytes = alignUp(type.getNumElements() * getByteWidth(type.getElementType()));
  for (Value view : views.resolve(alloc.getResult()))
    for (Operation *user : view.getUsers()) {
      // A use inside a loop lasts as long as the loop; memory that leaves its region is
      // taken for all of the region's operation.
      Block *block = alloc->getBlock();
      Operation *ancestor;
      while (!(ancestor = block->findAncestorOpInBlock(*user))) {
        lifetime.begin = std::min(lifetime.begin, numbers[block->getParentOp()].first);
        block = block->getParentOp()->getBlock();
      }
      lifetime.end = std::max(lifetime.end, numbers[ancestor].second);
    }
  return lifetime;
}

LogicalResult WorkspacePlanner::plan() {
  SmallVector<Lifetime> lifetimes;
  WalkResult walk = body.walk([&](memref::AllocOp alloc) {
    FailureOr<Lifetime> lifetime = getLifetime(alloc);
    if (failed(lifetime))
      return WalkResult::interrupt();
    lifetimes.push_back(*lifetime);
    return WalkResult::advance();
  });
  if (walk.wasInterrupted())
    return failure();
  llvm::sort(lifetimes, [&](const Lifetime &a, const Lifetime &b) {
    return std::make_pair(a.begin, numbers[a.alloc].first) <
           std::make_pair(b.begin, numbers[b.alloc].first);
  });
  for (Lifetime &lifetime : lifetimes) {
    auto free = [&](const Slot &slot) { return slot.end < lifetime.begin; };
    auto fits = [&](const Slot &slot) { return free(slot) && slot.bytes >= lifetime.bytes; };
    auto slot = llvm::find_if(slots, fits);
    if (slot == slots.end())
      slot = llvm::find_if(slots, free);
    if (slot == slots.end())
      slot = &slots.emplace_back();
    slot->bytes = std::max(slot->bytes, lifetime.bytes);
    slot->end = lifetime.end;
    slot->users.push_back(lifetime.alloc);
  }
  return success();
}

void WorkspacePlanner::rewrite() {
  Block &block = body.getBody().front();
  OpBuilder builder(body.getContext());
  for (const Slot &slot : slots) {
    unsigned index = block.getNumArguments();
    auto type = MemRefType::get({slot.bytes}, builder.getI8Type());
    NamedAttribute noAlias(LLVM::LLVMDialect::getNoAliasAttrName(), builder.getUnitAttr());
    (void)body.insertArgument(index, type, builder.getDictionaryAttr(noAlias), body.getLoc());
    for (memref::AllocOp alloc : slot.users) {
      builder.setInsertionPoint(alloc);
      Value zero = arith::ConstantIndexOp::create(builder, alloc.getLoc(), 0);
      Value view = memref::ViewOp::create(builder, alloc.getLoc(), alloc.getType(),
                                          block.getArgument(index), zero, ValueRange());
      alloc.replaceAllUsesWith(view);
      alloc.erase();
    }
  }
}

struct PlanWorkspace : etrace::impl::PlanWorkspacePassBase<PlanWorkspace> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    DictionaryAttr record = getABIRecord(module);
    if (!record)
      return signalPassFailure();
    int64_t size = cast<IntegerAttr>(record.get("size")).getInt();
    int64_t total = size;
    SmallVector<func::FuncOp> entries;
    for (auto function : module.getOps<func::FuncOp>())
      if (function->hasAttr(kEntryAttr))
        entries.push_back(function);
    for (func::FuncOp entry : entries) {
      FailureOr<int64_t> end = planEntry(entry, size);
      if (failed(end))
        return signalPassFailure();
      total = std::max(total, *end);
    }
    for (func::FuncOp entry : entries)
      resizeBlock(entry, total);
    NamedAttrList fields(record);
    fields.set("size", IntegerAttr::get(IntegerType::get(&getContext(), 64), total));
    module->setAttr(kABIAttr, fields.getDictionary(&getContext()));
  }

private:
  /// Returns the end of the workspace of this entry, which starts at `offset`.
  FailureOr<int64_t> planEntry(func::FuncOp entry, int64_t offset) {
    func::CallOp call;
    entry.walk([&](func::CallOp op) { call = op; });
    auto body = getOperation().lookupSymbol<func::FuncOp>(call.getCallee());
    WorkspacePlanner planner(body);
    if (failed(planner.plan()))
      return failure();
    planner.rewrite();
    OpBuilder builder(call);
    SmallVector<Value> operands(call.getOperands());
    for (auto [number, slot] : llvm::enumerate(planner.getSlots())) {
      auto type = MemRefType::get({slot.bytes}, builder.getI8Type());
      offset = placeArray(offset, slot.bytes, number);
      Value start = arith::ConstantIndexOp::create(builder, call.getLoc(), offset);
      operands.push_back(memref::ViewOp::create(builder, call.getLoc(), type,
                                                entry.getArgument(0), start, ValueRange()));
      offset += slot.bytes;
    }
    call->setOperands(operands);
    return offset;
  }

  void resizeBlock(func::FuncOp entry, int64_t size) {
    auto type = MemRefType::get({size}, IntegerType::get(&getContext(), 8));
    entry.getArgument(0).setType(type);
    SmallVector<Type> inputs(entry.getArgumentTypes());
    inputs[0] = type;
    entry.setType(FunctionType::get(&getContext(), inputs, entry.getResultTypes()));
  }
};

} // namespace
