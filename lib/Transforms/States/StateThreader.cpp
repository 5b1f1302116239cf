//===- StateThreader.cpp - Gets and sets become values --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "StateThreader.h"

using namespace mlir;
using namespace etrace;

SmallVector<Operation *> StateThreader::getWrites(Operation *op) {
  llvm::SetVector<Operation *> writes;
  op->walk([&](Operation *nested) {
    if (auto set = dyn_cast<SetOp>(nested))
      writes.insert(resolve(set.getState()));
    else
      forEachWrite(nested, [&](Operation *declaration) { writes.insert(declaration); });
  });
  return writes.takeVector();
}

void StateThreader::rewriteGet(GetOp op, StateEnvironment &env) {
  Operation *declaration = resolve(op.getState());
  Value value = env.current.lookup(declaration);
  if (env.written.contains(declaration))
    value = readAgain(op, declaration, value);
  op.getValue().replaceAllUsesWith(value);
  op.erase();
}

LogicalResult StateThreader::rewriteIf(scf::IfOp op, StateEnvironment &env) {
  SmallVector<Operation *> writes = getWrites(op);
  StateEnvironment thenEnv = env, elseEnv = env;
  if (failed(rewriteBlock(*op.thenBlock(), thenEnv)) ||
      (op.elseBlock() && failed(rewriteBlock(*op.elseBlock(), elseEnv))))
    return failure();
  if (writes.empty())
    return success();
  builder.setInsertionPoint(op);
  SmallVector<Type> types(op.getResultTypes());
  for (Operation *declaration : writes)
    types.push_back(env.current.lookup(declaration).getType());
  auto replacement = scf::IfOp::create(builder, op.getLoc(), types, op.getCondition(),
                                       /*withElseRegion=*/false);
  replacement.getThenRegion().takeBody(op.getThenRegion());
  replacement.getElseRegion().takeBody(op.getElseRegion());
  if (!replacement.elseBlock()) {
    builder.createBlock(&replacement.getElseRegion());
    scf::YieldOp::create(builder, op.getLoc());
  }
  auto extend = [&](Block *block, StateEnvironment &branch) {
    SmallVector<Value> values;
    for (Operation *declaration : writes)
      values.push_back(branch.current[declaration]);
    block->getTerminator()->insertOperands(block->getTerminator()->getNumOperands(), values);
  };
  extend(replacement.thenBlock(), thenEnv);
  extend(replacement.elseBlock(), elseEnv);
  op.replaceAllUsesWith(replacement.getResults().take_front(op.getNumResults()));
  for (auto [declaration, value] :
       llvm::zip(writes, replacement.getResults().drop_front(op.getNumResults())))
    env.set(declaration, value);
  op.erase();
  return success();
}

LogicalResult StateThreader::rewriteFor(scf::ForOp op, StateEnvironment &env) {
  SmallVector<Operation *> writes = getWrites(op);
  SmallVector<Value> inits;
  for (Operation *declaration : writes)
    inits.push_back(env.current[declaration]);
  // The new yields are known only after the body is rewritten; carry the loop's own
  // arguments through until then.
  IRRewriter rewriter(op.getContext());
  rewriter.setInsertionPoint(op);
  FailureOr<LoopLikeOpInterface> replaced = op.replaceWithAdditionalYields(
      rewriter, inits, /*replaceInitOperandUsesInLoop=*/false,
      [](OpBuilder &, Location, ArrayRef<BlockArgument> arguments) {
        return SmallVector<Value>(arguments.begin(), arguments.end());
      });
  if (failed(replaced))
    return op.emitError("cannot carry the states set in this loop");
  auto loop = cast<scf::ForOp>(replaced->getOperation());
  StateEnvironment body = env;
  unsigned first = loop.getNumRegionIterArgs() - writes.size();
  for (auto [index, declaration] : llvm::enumerate(writes))
    body.set(declaration, loop.getRegionIterArgs()[first + index]);
  if (failed(rewriteBlock(*loop.getBody(), body)))
    return failure();
  for (auto [index, declaration] : llvm::enumerate(writes)) {
    loop.getBody()->getTerminator()->setOperand(first + index, body.current[declaration]);
    env.set(declaration, loop.getResult(first + index));
  }
  return success();
}

LogicalResult StateThreader::rewriteNested(Operation &op, StateEnvironment &env) {
  if (auto branch = dyn_cast<scf::IfOp>(op))
    return rewriteIf(branch, env);
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return rewriteFor(loop, env);
  WalkResult walk = op.walk([&](Operation *nested) {
    bool writes = isa<SetOp>(nested);
    forEachWrite(nested, [&](Operation *) { writes = true; });
    if (!writes)
      return WalkResult::advance();
    InFlightDiagnostic diag =
        isa<SetOp>(nested)
            ? nested->emitOpError("cannot be carried out of '") << op.getName()
            : nested->emitOpError("writes states, which cannot be carried out of '")
                  << op.getName();
    diag << "' [set-in-region]";
    diag.attachNote(op.getLoc()) << "only scf.if and scf.for return what they set; return the "
                                    "value from this operation and set it outside";
    return WalkResult::interrupt();
  });
  if (walk.wasInterrupted())
    return failure();
  for (Region &region : op.getRegions())
    for (Block &block : region)
      if (failed(rewriteBlock(block, env)))
        return failure();
  return success();
}

LogicalResult StateThreader::rewriteBlock(Block &block, StateEnvironment &env) {
  for (Operation &op : llvm::make_early_inc_range(block)) {
    if (auto get = dyn_cast<GetOp>(op)) {
      rewriteGet(get, env);
    } else if (auto set = dyn_cast<SetOp>(op)) {
      env.set(resolve(set.getState()), set.getValue());
      set.erase();
    } else if (op.getNumRegions()) {
      if (failed(rewriteNested(op, env)))
        return failure();
    } else if (failed(rewriteUser(&op, env))) {
      return failure();
    }
  }
  return success();
}
