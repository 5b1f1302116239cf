//===- OutlineGraph.cpp - The parts of a graph as functions ---------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Every function takes the arguments of the step, so that one list of operands serves all:
//
//   transition   h_t of the members of a group, as the step computes them
//   jacobian     D[a, b] = dh_t[a] / dh_{t-1}[b], the transition cut as learning rules cut it
//   perturbed    the step with h_t + p in the place of h_t; dL/dp at p = 0 is the signal
//   factors      x and f of a relation: the trace is e_t = D e_{t-1} + f x
//===----------------------------------------------------------------------===//

#include "LearnerBuilder.h"

#include "etrace/Differentiation/Regions.h"
#include "etrace/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace etrace;

namespace etrace {
#define GEN_PASS_DEF_OUTLINEGRAPHPASS
#include "etrace/Transforms/Passes.h.inc"
} // namespace etrace

SmallVector<EntryValue> etrace::getStepValues(const StepView &step) {
  SmallVector<EntryValue> values(step.getBody().getNumArguments());
  for (const StepInput &input : step.inputs)
    values[input.argument] = {input.value.getType(), "input:" + input.name, ""};
  for (const CarriedState &state : step.states)
    values[state.argument] = {state.before.getType(), "state:" + state.path, ""};
  for (const StepParameter &param : step.params)
    values[param.argument] = {param.value.getType(), "param:" + param.path, ""};
  return values;
}

/// "output:out", "state:h", by number of the result.
static SmallVector<std::string> getResultNames(const StepView &step) {
  SmallVector<std::string> names(step.outputs.size() + step.states.size());
  for (const StepOutput &output : step.outputs)
    names[output.result] = "output:" + output.name;
  for (const CarriedState &state : step.states)
    names[state.result] = "state:" + state.path;
  return names;
}

/// A function without operations; arguments of its own come behind those of the step.
func::FuncOp LearnerBuilder::outlinePart(StringRef name, StringRef part,
                                         ArrayRef<EntryValue> more) {
  SmallVector<EntryValue> arguments = getStepValues(graph.step);
  llvm::append_range(arguments, more);
  SmallVector<Type> types;
  for (const EntryValue &value : arguments)
    types.push_back(value.type);
  auto function = func::FuncOp::create(top, loc, getPartSymbol(model, name, part),
                                       top.getFunctionType(types, {}));
  for (auto [index, value] : llvm::enumerate(arguments))
    function.setArgAttrs(index, value.getAttributes(context));
  function.addEntryBlock();
  return function;
}

void LearnerBuilder::closePart(func::FuncOp function, ArrayRef<std::string> names,
                               ValueRange values) {
  OpBuilder builder = OpBuilder::atBlockEnd(&function.getBody().front());
  func::ReturnOp::create(builder, loc, values);
  function.setFunctionType(
      builder.getFunctionType(function.getArgumentTypes(), values.getTypes()));
  for (auto [index, name] : llvm::enumerate(names))
    function.setResultAttrs(
        index, EntryValue{values[index].getType(), name, ""}.getAttributes(context));
}

/// The arguments of the step are the first ones of the function.
static IRMapping mapArguments(const StepView &step, func::FuncOp function) {
  IRMapping mapping;
  for (BlockArgument argument : step.getBody().getArguments())
    mapping.map(argument, function.getArgument(argument.getArgNumber()));
  return mapping;
}

/// A function that computes values of the step.
void LearnerBuilder::outlineValues(StringRef name, StringRef part, ArrayRef<std::string> names,
                                   ArrayRef<Value> values) {
  func::FuncOp function = outlinePart(name, part);
  IRMapping mapping = mapArguments(graph.step, function);
  OpBuilder builder = OpBuilder::atBlockEnd(&function.getBody().front());
  closePart(function, names, cloneSlice(builder, graph.step.getBody(), values, mapping));
}

void LearnerBuilder::outlineTransition(const HiddenGroup &group) {
  SmallVector<std::string> names;
  SmallVector<Value> values;
  for (unsigned member : group.members) {
    names.push_back("state:" + graph.step.states[member].path);
    values.push_back(graph.step.states[member].after);
  }
  outlineValues(group.name, "transition", names, values);
}

/// The queries whose paths start so.
void LearnerBuilder::outlineQueries(StringRef name, StringRef part,
                                    ArrayRef<std::string> prefixes) {
  SmallVector<std::string> names;
  SmallVector<Value> values;
  for (const std::string &prefix : prefixes)
    for (auto &[path, value] : queries)
      if (StringRef(path + "/").starts_with(prefix)) {
        names.push_back(path);
        values.push_back(value);
      }
  outlineValues(name, part, names, values);
}

/// What reads a new value of the group reads it perturbed, but for the group itself: no signal
/// counts an edge inside the group, which the trace has.
void LearnerBuilder::outlinePerturbed(const HiddenGroup &group) {
  const StepView &step = graph.step;
  SmallVector<EntryValue> perturbations;
  SmallVector<Value> after;
  for (unsigned member : group.members) {
    const CarriedState &state = step.states[member];
    perturbations.push_back({state.getType(), "perturbation:" + state.path, ""});
    after.push_back(state.after);
  }
  func::FuncOp function = outlinePart(group.name, "perturbed", perturbations);
  OpBuilder builder = OpBuilder::atBlockEnd(&function.getBody().front());
  IRMapping nominal = mapArguments(step, function), perturbed = mapArguments(step, function);
  SmallVector<Value> fresh = cloneSlice(builder, step.getBody(), after, nominal);
  unsigned next = step.getBody().getNumArguments();
  SmallVector<std::pair<unsigned, Value>> members;
  for (auto [member, value, own] : llvm::zip(group.members, after, fresh)) {
    Value p = function.getArgument(next++);
    members.push_back({step.states[member].result, buildAdd(builder, loc, own, p)});
    // A state that is handed on is the old value to whatever reads it.
    if (isa<BlockArgument>(value))
      continue;
    Value others = perturbed.lookupOrNull(value);
    perturbed.map(value, others ? buildAdd(builder, loc, others, p) : members.back().second);
  }
  SmallVector<Value> results = cloneSlice(
      builder, step.getBody(), step.getBody().getTerminator()->getOperands(), perturbed);
  for (auto [result, value] : members)
    results[result] = value;
  closePart(function, getResultNames(step), results);
}

LogicalResult LearnerBuilder::outline() {
  if (failed(verifyShapes()) ||
      failed(buildQuantities("quantities", [](OpBuilder &) { return success(); })))
    return failure();
  top.setInsertionPoint(model);
  for (const HiddenGroup &group : graph.groups) {
    outlineTransition(group);
    outlineQueries(group.name, "jacobian", {"D/" + group.name + "/"});
    outlinePerturbed(group);
  }
  for (const WeightRelation &relation : graph.relations)
    outlineQueries(relation.name, "factors",
                   {"x/" + relation.name + "/", "f/" + relation.name + "/"});
  forward.erase();
  return success();
}

namespace {
struct OutlineGraphPass : public etrace::impl::OutlineGraphPassBase<OutlineGraphPass> {
  using OutlineGraphPassBase::OutlineGraphPassBase;

  /// The functions of a second run, or of somebody else, are not replaced.
  LogicalResult checkSymbols(ModelOp model, const StepGraph &graph) {
    auto check = [&](StringRef name, StringRef part) -> LogicalResult {
      std::string symbol = getPartSymbol(model, name, part);
      Operation *taken = SymbolTable::lookupSymbolIn(getOperation(), symbol);
      if (!taken)
        return success();
      InFlightDiagnostic diag = model.emitOpError("needs the name '")
                                << symbol << "' for a function of its graph [symbol-taken]";
      diag.attachNote(taken->getLoc()) << "what has it";
      return failure();
    };
    for (const HiddenGroup &group : graph.groups)
      for (StringRef part : {"transition", "jacobian", "perturbed"})
        if (failed(check(group.name, part)))
          return failure();
    for (const WeightRelation &relation : graph.relations)
      if (failed(check(relation.name, "factors")))
        return failure();
    return success();
  }

  /// The model stays; a copy gives its step away.
  LogicalResult outline(ModelOp model) {
    FailureOr<Window> parsed = parseWindow(model, window);
    if (failed(parsed))
      return failure();
    OpBuilder builder(model);
    builder.setInsertionPointAfter(model);
    auto copy = cast<ModelOp>(builder.clone(*model));
    FailureOr<StepGraph> graph = StepGraph::read(copy);
    LogicalResult built = failure();
    if (succeeded(graph) && succeeded(checkSymbols(model, *graph))) {
      DeriveOptions options;
      options.window = *parsed;
      options.compat = model.isBraintraceCompat();
      options.queries = true;
      built = LearnerBuilder(copy, std::move(*graph), options, /*rule=*/nullptr).outline();
    }
    copy.erase();
    return built;
  }

  void runOnOperation() override {
    for (ModelOp model : llvm::to_vector(getOperation().getOps<ModelOp>()))
      if (failed(outline(model)))
        return signalPassFailure();
  }
};
} // namespace
