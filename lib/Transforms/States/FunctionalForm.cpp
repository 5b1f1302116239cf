//===- FunctionalForm.cpp - Functions without access to states ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "FunctionalForm.h"
#include "StateThreader.h"
#include "etrace/Differentiation/DerivedFunctions.h"

using namespace mlir;
using namespace etrace;

static constexpr llvm::StringLiteral kTaken = "taken", kReturned = "returned";

static ArrayAttr getSymbols(Builder &builder, ArrayRef<StateTarget> states) {
  return builder.getArrayAttr(llvm::map_to_vector(
      states, [](const StateTarget &state) -> Attribute { return state.symbol; }));
}

static DictionaryAttr describe(func::FuncOp function, ArrayRef<StateTarget> also) {
  Builder builder(function.getContext());
  return builder.getDictionaryAttr(
      {builder.getNamedAttr("mode", builder.getStringAttr("functional")),
       builder.getNamedAttr("function", FlatSymbolRefAttr::get(function.getSymNameAttr())),
       builder.getNamedAttr("also", getSymbols(builder, also))});
}

/// The form with this description, if it is there.
static std::optional<FunctionalForm> findForm(func::FuncOp function, DictionaryAttr description) {
  func::FuncOp form = findDerivedFunction(function, description);
  if (!form)
    return std::nullopt;
  SymbolTableCollection tables;
  auto derived = form->getAttrOfType<DictionaryAttr>(kDerivedAttr);
  auto read = [&](StringRef name) {
    return llvm::map_to_vector(
        derived.getAs<ArrayAttr>(name).getAsRange<SymbolRefAttr>(), [&](SymbolRefAttr symbol) {
          return StateTarget{symbol, lookupState(function, symbol, tables)};
        });
  };
  return FunctionalForm{form, read(kTaken), read(kReturned)};
}

namespace {
/// Rewrites the body of one function; callees have their forms.
class FunctionThreader : public StateThreader {
public:
  FunctionThreader(FunctionalForms &forms, func::FuncOp source, func::FuncOp clone)
      : StateThreader(source.getContext()), forms(forms), source(source), function(clone) {}
  FailureOr<FunctionalForm> run(ArrayRef<StateTarget> also);

private:
  Operation *resolve(SymbolRefAttr symbol) override {
    return lookupState(source, symbol, tables).op;
  }
  void forEachWrite(Operation *op, function_ref<void(Operation *)> visit) override;
  LogicalResult rewriteUser(Operation *op, StateEnvironment &env) override;
  /// The callee of a call, if it uses states; else null.
  func::FuncOp getCallee(Operation *op);
  void addArguments(ArrayRef<StateTarget> states);
  void addResults(ArrayRef<StateTarget> states);
  /// Drops arguments for states whose value at the start has no part in anything.
  void dropUnread(ArrayRef<StateUse> uses, ArrayRef<StateTarget> also,
                  SmallVector<StateTarget> &taken);

  FunctionalForms &forms;
  func::FuncOp source, function;
  SymbolTableCollection tables;
  StateEnvironment environment;
};
} // namespace

func::FuncOp FunctionThreader::getCallee(Operation *op) {
  auto call = dyn_cast<func::CallOp>(op);
  if (!call)
    return nullptr;
  auto callee = tables.lookupNearestSymbolFrom<func::FuncOp>(source, call.getCalleeAttr());
  return callee && !forms.getUses(callee).empty() ? callee : nullptr;
}

void FunctionThreader::forEachWrite(Operation *op, function_ref<void(Operation *)> visit) {
  if (func::FuncOp callee = getCallee(op))
    for (const StateUse &use : forms.getUses(callee))
      if (use.written)
        visit(use.declaration.op);
}

/// f(x) becomes f.functional(states, x), which returns new states.
LogicalResult FunctionThreader::rewriteUser(Operation *op, StateEnvironment &env) {
  func::FuncOp callee = getCallee(op);
  if (!callee)
    return success();
  auto call = cast<func::CallOp>(op);
  FailureOr<FunctionalForm> form = forms.get(callee);
  if (failed(form))
    return failure();
  SmallVector<Value> operands;
  for (const StateTarget &state : form->taken)
    operands.push_back(env.current.lookup(state.declaration.op));
  llvm::append_range(operands, call.getOperands());
  builder.setInsertionPoint(op);
  auto threaded = func::CallOp::create(builder, op->getLoc(), form->function, operands);
  for (auto [state, value] :
       llvm::zip(form->returned, threaded.getResults().drop_front(op->getNumResults())))
    env.set(state.declaration.op, value);
  op->replaceAllUsesWith(threaded.getResults().take_front(op->getNumResults()));
  op->erase();
  return success();
}

/// An attribute that names the state of an argument or result: etrace.param = "model.weight".
static DictionaryAttr nameState(Builder &builder, const StateTarget &state) {
  return builder.getDictionaryAttr(builder.getNamedAttr(
      state.declaration.role, builder.getStringAttr(getPath(state.symbol))));
}

void FunctionThreader::addArguments(ArrayRef<StateTarget> states) {
  for (auto [index, state] : llvm::enumerate(states)) {
    (void)function.insertArgument(index, state.declaration.type, nameState(builder, state),
                                  state.declaration.op->getLoc());
    environment.current[state.declaration.op] = function.getArgument(index);
  }
}

void FunctionThreader::addResults(ArrayRef<StateTarget> states) {
  Operation *terminator = function.getBody().front().getTerminator();
  for (const StateTarget &state : states) {
    (void)function.insertResult(function.getNumResults(), state.declaration.type,
                                nameState(builder, state));
    terminator->insertOperands(terminator->getNumOperands(),
                               environment.current.lookup(state.declaration.op));
  }
}

void FunctionThreader::dropUnread(ArrayRef<StateUse> uses, ArrayRef<StateTarget> also,
                                  SmallVector<StateTarget> &taken) {
  llvm::BitVector dropped(function.getNumArguments());
  SmallVector<StateTarget> kept;
  for (auto [index, state] : llvm::enumerate(taken)) {
    Operation *declaration = state.declaration.op;
    const StateUse *use = findUse(uses, declaration);
    bool asked = llvm::any_of(also, [declaration](const StateTarget &other) {
      return other.declaration.op == declaration;
    });
    if (asked || (use && use->read) || !function.getArgument(index).use_empty())
      kept.push_back(state);
    else
      dropped.set(index);
  }
  (void)function.eraseArguments(dropped);
  taken = kept;
}

FailureOr<FunctionalForm> FunctionThreader::run(ArrayRef<StateTarget> also) {
  SmallVector<StateUse> uses = llvm::to_vector(forms.getUses(source));
  FunctionalForm form{function, {}, {}};
  for (const StateUse &use : uses) {
    form.taken.push_back({use.symbol, use.declaration});
    if (use.written)
      form.returned.push_back(form.taken.back());
  }
  for (const StateTarget &state : also)
    if (!findUse(uses, state.declaration.op))
      form.taken.push_back(state);
  addArguments(form.taken);
  if (failed(rewriteBlock(function.getBody().front(), environment)))
    return failure();
  addResults(form.returned);
  dropUnread(uses, also, form.taken);
  return form;
}

LogicalResult FunctionalForms::verify(func::FuncOp function) {
  if (function.isDeclaration() || !function.getBody().hasOneBlock())
    return function.emitError("uses states and branches between blocks; use 'scf' for control "
                              "flow [state-blocks]");
  if (open.contains(function))
    return function.emitError("uses states and calls itself; a recursive function has no form "
                              "without access to states [state-recursion]");
  return success();
}

FailureOr<FunctionalForm> FunctionalForms::get(func::FuncOp function,
                                               ArrayRef<StateTarget> asked) {
  // What the function reads it takes anyway.
  SmallVector<StateTarget> also(asked);
  llvm::erase_if(also, [&](const StateTarget &state) {
    const StateUse *use = findUse(getUses(function), state.declaration.op);
    return use && use->read;
  });
  if (auto it = known.find(function); also.empty() && it != known.end())
    return it->second;
  DictionaryAttr description = describe(function, also);
  if (std::optional<FunctionalForm> found = findForm(function, description))
    return *found;
  if (failed(verify(function)))
    return failure();
  open.insert(function);
  func::FuncOp clone = function.clone();
  FailureOr<FunctionalForm> form = FunctionThreader(*this, function, clone).run(also);
  open.erase(function);
  if (failed(form)) {
    clone.erase();
    return failure();
  }
  if (also.empty())
    known[function] = *form;
  Builder builder(function.getContext());
  clone.setPrivate();
  clone.setSymName((function.getSymName() + ".functional").str());
  clone->setAttr(kDerivedAttr,
                 builder.getDictionaryAttr(
                     {builder.getNamedAttr("by", description),
                      builder.getNamedAttr(kTaken, getSymbols(builder, form->taken)),
                      builder.getNamedAttr(kReturned, getSymbols(builder, form->returned))}));
  SymbolTable(SymbolTable::getNearestSymbolTable(function))
      .insert(clone, std::next(Block::iterator(function)));
  return form;
}

SmallVector<Value> etrace::buildStatefulCall(OpBuilder &builder, Location loc,
                                             func::FuncOp callee, const FunctionalForm &form,
                                             ValueRange operands) {
  SmallVector<Value> all;
  for (const StateTarget &state : form.taken)
    all.push_back(GetOp::create(builder, loc, state.declaration.type, state.symbol));
  llvm::append_range(all, operands);
  auto call = func::CallOp::create(builder, loc, callee, all);
  unsigned results = call.getNumResults() - form.returned.size();
  for (auto [state, value] : llvm::zip(form.returned, call.getResults().drop_front(results)))
    SetOp::create(builder, loc, state.symbol, value);
  return SmallVector<Value>(call.getResults().take_front(results));
}
