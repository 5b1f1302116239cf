//===- Functionalize.cpp - Gets and sets become arguments and results -----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "States/StateThreader.h"

#include "etrace/Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace etrace;

namespace etrace {
#define GEN_PASS_DEF_FUNCTIONALIZEPASS
#include "etrace/Transforms/Passes.h.inc"
} // namespace etrace

namespace {
class Functionalizer : public StateThreader {
public:
  explicit Functionalizer(StepOp step)
      : StateThreader(step.getContext()), step(step), model(step->getParentOfType<ModelOp>()) {}

  LogicalResult run();

private:
  Operation *resolve(SymbolRefAttr symbol) override { return byPath.lookup(getPath(symbol)); }
  Value readAgain(GetOp op, Operation *declaration, Value value) override;
  void addArguments();
  void addResults();
  void warnAboutUnused();
  LogicalResult verifyWrites(Block &block);

  StepOp step;
  ModelOp model;
  StateEnvironment environment;
  llvm::DenseMap<Operation *, Declaration> declarations;
  llvm::StringMap<Operation *> byPath;
};
} // namespace

/// Arguments: inputs (there already), states in order of first access, parameters.
void Functionalizer::addArguments() {
  llvm::SetVector<Operation *> states, params;
  step.getBody().walk<WalkOrder::PreOrder>([&](Operation *op) {
    SymbolRefAttr symbol;
    if (auto get = dyn_cast<GetOp>(op))
      symbol = get.getState();
    else if (auto set = dyn_cast<SetOp>(op))
      symbol = set.getState();
    else
      return;
    Operation *declaration = resolve(symbol);
    (declarations[declaration].role == kParamAttr ? params : states).insert(declaration);
  });
  states.insert(params.begin(), params.end());
  for (Operation *op : states) {
    const Declaration &declaration = declarations[op];
    unsigned index = step.getNumArguments();
    DictionaryAttr attrs = builder.getDictionaryAttr(
        builder.getNamedAttr(declaration.role, builder.getStringAttr(declaration.path)));
    (void)step.insertArgument(index, declaration.type, attrs, op->getLoc());
    environment.current[op] = step.getArgument(index);
  }
}

Value Functionalizer::readAgain(GetOp op, Operation *declaration, Value value) {
  if (declarations[declaration].role != kHiddenAttr)
    return value;
  builder.setInsertionPoint(op);
  return FreshOp::create(builder, op.getLoc(), value.getType(), value,
                         builder.getStringAttr(declarations[declaration].path));
}

/// Results: outputs (there already), then every state that is an argument.
void Functionalizer::addResults() {
  Operation *yield = step.getBody().front().getTerminator();
  for (auto &[op, value] : environment.current) {
    const Declaration &declaration = declarations[op];
    if (declaration.role == kParamAttr)
      continue;
    unsigned index = step.getNumResults();
    DictionaryAttr attrs = builder.getDictionaryAttr(
        builder.getNamedAttr(declaration.role, builder.getStringAttr(declaration.path)));
    (void)step.insertResult(index, declaration.type, attrs);
    yield->insertOperands(yield->getNumOperands(), value);
    if (!environment.written.contains(op) && declaration.role == kHiddenAttr)
      mlir::emitWarning(op->getLoc())
          << "hidden state '" << declaration.path
          << "' is read but never set in the step; it keeps its value [state-not-set]";
  }
}

void Functionalizer::warnAboutUnused() {
  for (const Declaration &declaration : getDeclarations(model))
    if (!environment.current.count(declaration.op))
      mlir::emitWarning(declaration.op->getLoc())
          << "'" << declaration.path
          << "' is declared but the step does not use it [state-mismatch]";
}

/// A value that nothing can read is a slip: the last `set` of a block wins, so one before it needs
/// a `get`, or a region in which either may happen, between the two.
LogicalResult Functionalizer::verifyWrites(Block &block) {
  llvm::DenseMap<Operation *, SetOp> unread;
  for (Operation &op : block) {
    if (auto set = dyn_cast<SetOp>(op)) {
      auto [it, inserted] = unread.try_emplace(resolve(set.getState()), set);
      if (!inserted) {
        InFlightDiagnostic diag = set.emitOpError("writes '")
                                  << getPath(set.getState())
                                  << "' a second time in a step, and nothing reads the value "
                                     "written before; write it once [state-set-twice]";
        diag.attachNote(it->second.getLoc()) << "written first here";
        return diag;
      }
      continue;
    }
    op.walk([&](Operation *nested) {
      if (auto get = dyn_cast<GetOp>(nested))
        unread.erase(resolve(get.getState()));
      else if (auto set = dyn_cast<SetOp>(nested))
        unread.erase(resolve(set.getState()));
    });
    for (Region &region : op.getRegions())
      for (Block &inner : region)
        if (failed(verifyWrites(inner)))
          return failure();
  }
  return success();
}

/// Gives every ETP primitive an id that is unique in the step.
static LogicalResult assignPrimitiveIds(StepOp step) {
  llvm::StringMap<Operation *> used;
  SmallVector<ETPOpInterface> unnamed;
  WalkResult walk = step.getBody().walk([&](ETPOpInterface primitive) {
    StringAttr id = primitive.getPrimitiveId();
    if (!id) {
      unnamed.push_back(primitive);
      return WalkResult::advance();
    }
    auto [it, inserted] = used.try_emplace(id.getValue(), primitive.getOperation());
    if (inserted)
      return WalkResult::advance();
    InFlightDiagnostic diag = primitive.emitOpError("uses the id '")
                              << id.getValue() << "' a second time";
    diag.attachNote(it->second->getLoc()) << "first used here";
    return WalkResult::interrupt();
  });
  if (walk.wasInterrupted())
    return failure();
  llvm::StringMap<unsigned> next;
  for (ETPOpInterface primitive : unnamed) {
    StringRef family = primitive.getFamilyName();
    std::string id;
    do
      id = (family + Twine(next[family]++)).str();
    while (!used.try_emplace(id, primitive.getOperation()).second);
    primitive.setPrimitiveId(StringAttr::get(step.getContext(), id));
  }
  return success();
}

/// Writes out the operations of ours that stand for several, and marks what they become.
static LogicalResult decompose(StepOp step) {
  SmallVector<linalg::AggregatedOpInterface> operations;
  step.getBody().walk([&](linalg::AggregatedOpInterface op) {
    if (isa<EtraceDialect>(op->getDialect()))
      operations.push_back(op);
  });
  for (linalg::AggregatedOpInterface op : operations) {
    OpBuilder builder(op);
    Operation *before = op->getPrevNode();
    FailureOr<SmallVector<Value>> values = op.decomposeOperation(builder);
    if (failed(values))
      return op->emitOpError("cannot be decomposed");
    Block::iterator first = before ? std::next(before->getIterator()) : op->getBlock()->begin();
    for (Operation &part : llvm::make_range(first, op->getIterator()))
      part.setAttr(kWithinPrimitiveAttr, builder.getUnitAttr());
    op->replaceAllUsesWith(*values);
    op->erase();
  }
  return success();
}

/// True if arguments already carry states or parameters.
static bool isFunctionalForm(StepOp step) {
  for (unsigned a = 0; a < step.getNumArguments(); ++a)
    for (StringRef role : {StringRef(kHiddenAttr), StringRef(kStateAttr), StringRef(kParamAttr)})
      if (step.getArgAttr(a, role))
        return true;
  return false;
}

/// What a function reads and writes is not seen at its call.
static LogicalResult verifyNoCalls(StepOp step) {
  WalkResult walk = step.getBody().walk([](func::CallOp call) {
    call.emitOpError("remains in the step; calls are inlined before states become arguments "
                     "(--inline, or --etrace-analyze); a function that calls itself cannot be");
    return WalkResult::interrupt();
  });
  return failure(walk.wasInterrupted());
}

LogicalResult Functionalizer::run() {
  if (failed(verifyNoCalls(step)) || failed(decompose(step)))
    return failure();
  for (Declaration &declaration : getDeclarations(model)) {
    declarations[declaration.op] = declaration;
    byPath[declaration.path] = declaration.op;
  }
  bool hasAccesses = false;
  step.getBody().walk([&](Operation *op) { hasAccesses |= isa<GetOp, SetOp>(op); });
  if (isFunctionalForm(step)) {
    if (hasAccesses)
      return step.emitOpError("mixes functional form with 'etrace.get' or 'etrace.set'");
    return assignPrimitiveIds(step);
  }
  if (failed(verifyWrites(step.getBody().front())))
    return failure();
  addArguments();
  warnAboutUnused();
  if (failed(rewriteBlock(step.getBody().front(), environment)))
    return failure();
  addResults();
  return assignPrimitiveIds(step);
}

namespace {
struct FunctionalizePass : public etrace::impl::FunctionalizePassBase<FunctionalizePass> {
  void runOnOperation() override {
    // A model of states alone has nothing to bring into another form.
    StepOp step = getOperation().getStep();
    if (step && failed(Functionalizer(step).run()))
      signalPassFailure();
  }
};
} // namespace
