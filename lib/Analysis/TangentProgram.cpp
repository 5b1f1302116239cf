//===- TangentProgram.cpp - Linearisations kept apart from a step ---------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/Analysis/TangentProgram.h"

using namespace mlir;
using namespace etrace;

TangentProgram::TangentProgram(Block &primal) : primal(primal) {
  MLIRContext *context = primal.getParentOp()->getContext();
  context->loadDialect<func::FuncDialect>();
  Location loc = primal.getParentOp()->getLoc();
  scratch = func::FuncOp::create(loc, "tangent", FunctionType::get(context, {}, {}));
  block = scratch->addEntryBlock();
}

TangentProgram::~TangentProgram() {
  // Operations read values outside; let go of them in any order.
  block->dropAllReferences();
  scratch->getBody().dropAllReferences();
}

Value TangentProgram::addFreeSeed(Type type) {
  return block->addArgument(type, scratch->getLoc());
}

Value TangentProgram::addSeed(Value value) {
  Value seed = addFreeSeed(value.getType());
  tangents.set(value, seed);
  return seed;
}

LogicalResult TangentProgram::build(const LinearizeOptions &options) {
  OpBuilder builder = OpBuilder::atBlockEnd(block);
  LinearizeOptions recording = options;
  Operation *last = nullptr, *current = nullptr;
  // What was made since the last operation was asked about belongs to that one.
  auto record = [&] {
    Operation *op = last ? last->getNextNode() : (block->empty() ? nullptr : &block->front());
    for (; op; op = op->getNextNode()) {
      primalOf[op] = current;
      last = op;
    }
  };
  recording.cut = [&](Operation *op) {
    record();
    current = op;
    return options.cut && options.cut(op);
  };
  LogicalResult result = linearizeBlock(builder, primal, tangents, recording);
  record();
  return result;
}

void TangentProgram::hoistResiduals(Block &target, Block::iterator before) {
  llvm::DenseSet<Value> linear(block->args_begin(), block->args_end());
  for (Operation &op : llvm::make_early_inc_range(*block)) {
    // Zeros are linear in anything; as tangents they take part in what is transposed.
    bool depends = isa<ZeroTangentOp>(op);
    op.walk([&](Operation *nested) {
      for (Value operand : nested->getOperands())
        depends |= linear.contains(operand);
    });
    if (depends)
      linear.insert(op.result_begin(), op.result_end());
    else
      op.moveBefore(&target, before);
  }
}
