//===- Functionalize.cpp - Gets and sets become arguments and results -----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// One walk over the step in program order carries the current value of every
// state. Regions of scf.if and scf.for return what they set; anywhere else a set
// has no way out of its region and is an error.
//===----------------------------------------------------------------------===//

#include "etrace/Transforms/Passes.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace etrace;

namespace etrace {
#define GEN_PASS_DEF_FUNCTIONALIZEPASS
#include "etrace/Transforms/Passes.h.inc"
} // namespace etrace

namespace {
/// Current values by path, in order of first access.
struct Environment {
  llvm::MapVector<StringAttr, Value> current;
  llvm::DenseSet<StringAttr> written;
};

class Functionalizer {
public:
  explicit Functionalizer(StepOp step)
      : step(step), model(step->getParentOfType<ModelOp>()), builder(step.getContext()) {}

  LogicalResult run();

private:
  StringAttr pathOf(SymbolRefAttr symbol) { return builder.getStringAttr(getPath(symbol)); }
  /// Paths set anywhere below `op`, in program order.
  SmallVector<StringAttr> pathsSetIn(Operation *op);
  void addArguments();
  LogicalResult rewriteBlock(Block &block, Environment &env);
  LogicalResult rewriteNested(Operation &op, Environment &env);
  LogicalResult rewriteIf(scf::IfOp op, Environment &env);
  LogicalResult rewriteFor(scf::ForOp op, Environment &env);
  void rewriteGet(GetOp op, Environment &env);
  void addResults(Environment &env);
  void warnAboutUnused();

  StepOp step;
  ModelOp model;
  OpBuilder builder;
  Environment environment;
  llvm::DenseMap<StringAttr, Declaration> declarations;
};
} // namespace

SmallVector<StringAttr> Functionalizer::pathsSetIn(Operation *op) {
  llvm::SetVector<StringAttr> paths;
  op->walk([&](SetOp set) { paths.insert(pathOf(set.getState())); });
  return paths.takeVector();
}

/// Arguments: inputs (there already), states in order of first access, parameters.
void Functionalizer::addArguments() {
  llvm::SetVector<StringAttr> states, params;
  step.getBody().walk<WalkOrder::PreOrder>([&](Operation *op) {
    SymbolRefAttr symbol;
    if (auto get = dyn_cast<GetOp>(op))
      symbol = get.getState();
    else if (auto set = dyn_cast<SetOp>(op))
      symbol = set.getState();
    else
      return;
    StringAttr path = pathOf(symbol);
    (declarations[path].role == kParamAttr ? params : states).insert(path);
  });
  states.insert(params.begin(), params.end());
  for (StringAttr path : states) {
    const Declaration &declaration = declarations[path];
    unsigned index = step.getNumArguments();
    DictionaryAttr attrs = builder.getDictionaryAttr(
        builder.getNamedAttr(declaration.role, builder.getStringAttr(path.getValue())));
    (void)step.insertArgument(index, declaration.type, attrs, declaration.op->getLoc());
    environment.current[path] = step.getArgument(index);
  }
}

void Functionalizer::rewriteGet(GetOp op, Environment &env) {
  StringAttr path = pathOf(op.getState());
  Value value = env.current[path];
  if (env.written.contains(path) && declarations[path].role == kHiddenAttr) {
    builder.setInsertionPoint(op);
    value = FreshOp::create(builder, op.getLoc(), value.getType(), value, path);
  }
  op.getValue().replaceAllUsesWith(value);
  op.erase();
}

LogicalResult Functionalizer::rewriteIf(scf::IfOp op, Environment &env) {
  SmallVector<StringAttr> paths = pathsSetIn(op);
  Environment thenEnv = env, elseEnv = env;
  if (failed(rewriteBlock(*op.thenBlock(), thenEnv)) ||
      (op.elseBlock() && failed(rewriteBlock(*op.elseBlock(), elseEnv))))
    return failure();
  if (paths.empty())
    return success();
  builder.setInsertionPoint(op);
  SmallVector<Type> types(op.getResultTypes());
  for (StringAttr path : paths)
    types.push_back(declarations[path].type);
  auto replacement = scf::IfOp::create(builder, op.getLoc(), types, op.getCondition(),
                                       /*withElseRegion=*/false);
  replacement.getThenRegion().takeBody(op.getThenRegion());
  replacement.getElseRegion().takeBody(op.getElseRegion());
  if (!replacement.elseBlock()) {
    builder.createBlock(&replacement.getElseRegion());
    scf::YieldOp::create(builder, op.getLoc());
  }
  auto extend = [&](Block *block, Environment &branch) {
    SmallVector<Value> values;
    for (StringAttr path : paths)
      values.push_back(branch.current[path]);
    block->getTerminator()->insertOperands(block->getTerminator()->getNumOperands(), values);
  };
  extend(replacement.thenBlock(), thenEnv);
  extend(replacement.elseBlock(), elseEnv);
  op.replaceAllUsesWith(replacement.getResults().take_front(op.getNumResults()));
  for (auto [path, value] :
       llvm::zip(paths, replacement.getResults().drop_front(op.getNumResults()))) {
    env.current[path] = value;
    env.written.insert(path);
  }
  op.erase();
  return success();
}

LogicalResult Functionalizer::rewriteFor(scf::ForOp op, Environment &env) {
  SmallVector<StringAttr> paths = pathsSetIn(op);
  SmallVector<Value> inits;
  for (StringAttr path : paths)
    inits.push_back(env.current[path]);
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
  Environment body = env;
  unsigned first = loop.getNumRegionIterArgs() - paths.size();
  for (auto [index, path] : llvm::enumerate(paths)) {
    body.current[path] = loop.getRegionIterArgs()[first + index];
    body.written.insert(path);
  }
  if (failed(rewriteBlock(*loop.getBody(), body)))
    return failure();
  for (auto [index, path] : llvm::enumerate(paths)) {
    loop.getBody()->getTerminator()->setOperand(first + index, body.current[path]);
    env.current[path] = loop.getResult(first + index);
    env.written.insert(path);
  }
  return success();
}

LogicalResult Functionalizer::rewriteNested(Operation &op, Environment &env) {
  if (auto branch = dyn_cast<scf::IfOp>(op))
    return rewriteIf(branch, env);
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return rewriteFor(loop, env);
  WalkResult walk = op.walk([&](SetOp set) {
    InFlightDiagnostic diag = set.emitOpError("cannot be carried out of '")
                              << op.getName() << "' [set-in-region]";
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

LogicalResult Functionalizer::rewriteBlock(Block &block, Environment &env) {
  for (Operation &op : llvm::make_early_inc_range(block)) {
    if (auto get = dyn_cast<GetOp>(op)) {
      rewriteGet(get, env);
    } else if (auto set = dyn_cast<SetOp>(op)) {
      StringAttr path = pathOf(set.getState());
      env.current[path] = set.getValue();
      env.written.insert(path);
      set.erase();
    } else if (op.getNumRegions() && failed(rewriteNested(op, env))) {
      return failure();
    }
  }
  return success();
}

/// Results: outputs (there already), then every state that is an argument.
void Functionalizer::addResults(Environment &env) {
  Operation *yield = step.getBody().front().getTerminator();
  for (auto &[path, value] : env.current) {
    const Declaration &declaration = declarations[path];
    if (declaration.role == kParamAttr)
      continue;
    unsigned index = step.getNumResults();
    DictionaryAttr attrs = builder.getDictionaryAttr(
        builder.getNamedAttr(declaration.role, builder.getStringAttr(path.getValue())));
    (void)step.insertResult(index, declaration.type, attrs);
    yield->insertOperands(yield->getNumOperands(), value);
    if (!env.written.contains(path) && declaration.role == kHiddenAttr)
      mlir::emitWarning(declaration.op->getLoc())
          << "hidden state '" << path.getValue()
          << "' is read but never set in the step; it keeps its value [state-not-set]";
  }
}

void Functionalizer::warnAboutUnused() {
  for (const Declaration &declaration : getDeclarations(model))
    if (!environment.current.count(builder.getStringAttr(declaration.path)))
      mlir::emitWarning(declaration.op->getLoc())
          << "'" << declaration.path
          << "' is declared but the step does not use it [state-mismatch]";
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

/// True if arguments already carry states or parameters.
static bool isFunctionalForm(StepOp step) {
  for (unsigned a = 0; a < step.getNumArguments(); ++a)
    for (StringRef role : {StringRef(kHiddenAttr), StringRef(kStateAttr), StringRef(kParamAttr)})
      if (step.getArgAttr(a, role))
        return true;
  return false;
}

LogicalResult Functionalizer::run() {
  for (Declaration &declaration : getDeclarations(model))
    declarations[builder.getStringAttr(declaration.path)] = declaration;
  bool hasAccesses = false;
  step.getBody().walk([&](Operation *op) { hasAccesses |= isa<GetOp, SetOp>(op); });
  if (isFunctionalForm(step)) {
    if (hasAccesses)
      return step.emitOpError("mixes functional form with 'etrace.get' or 'etrace.set'");
    return assignPrimitiveIds(step);
  }
  addArguments();
  warnAboutUnused();
  if (failed(rewriteBlock(step.getBody().front(), environment)))
    return failure();
  addResults(environment);
  return assignPrimitiveIds(step);
}

namespace {
struct FunctionalizePass : public etrace::impl::FunctionalizePassBase<FunctionalizePass> {
  void runOnOperation() override {
    if (failed(Functionalizer(getOperation().getStep()).run()))
      signalPassFailure();
  }
};
} // namespace
