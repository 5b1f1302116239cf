//===- BuildDifferences.cpp - Functions to take differences of ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Each entry runs the step twice, nominally and from values that the caller moves by a finite
// `direction`. The cuts of the learning rules are those of the learner; derivative rules are not
// asked. The derivative of a result of an entry along `direction` is then
//
//   transition   sum over p of D[p, a, b] direction[p]      h_{t-1}[b] moves
//   tail         f[p, a] direction[y(p)]                     y moves
//   injection    sum over w of f[p, a] x direction[w]        parameters of a relation move
//   loss         dL/dh_{t-1} . direction + dL/dw . direction
//   fresh        dL/dh_t . direction, one group's values moving for what reads them
//===----------------------------------------------------------------------===//

#include "DifferenceBuilder.h"

#include "etrace/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace etrace;

namespace etrace {
#define GEN_PASS_DEF_BUILDDIFFERENCESPASS
#include "etrace/Transforms/Passes.h.inc"
} // namespace etrace

//===----------------------------------------------------------------------===//
// Entries
//===----------------------------------------------------------------------===//

Value DifferenceEntry::addArgument(const Twine &name, Type type) {
  EntryValue value{type, name.str(), ""};
  unsigned number = function.getNumArguments();
  (void)function.insertArgument(number, type, value.getAttributes(function.getContext()),
                                function.getLoc());
  return function.getArgument(number);
}

void DifferenceEntry::addResult(const Twine &name, Value value) {
  if (!isa<RankedTensorType>(value.getType())) {
    OpBuilder builder = getBuilder();
    value = tensor::FromElementsOp::create(builder, function.getLoc(),
                                           RankedTensorType::get({}, value.getType()), value);
  }
  results.push_back({name.str(), value});
}

void DifferenceEntry::close() {
  OpBuilder builder = getBuilder();
  SmallVector<Value> values;
  for (auto &[name, value] : results)
    values.push_back(value);
  func::ReturnOp::create(builder, function.getLoc(), values);
  function.setFunctionType(builder.getFunctionType(function.getArgumentTypes(),
                                                   TypeRange(ValueRange(values))));
  for (auto [index, result] : llvm::enumerate(results)) {
    EntryValue value{result.second.getType(), result.first, ""};
    function.setResultAttrs(index, value.getAttributes(function.getContext()));
  }
}

/// The externals of all entries: arguments of the step in their order, then targets.
static SmallVector<EntryValue> getExternals(const StepView &step, LossOp loss) {
  SmallVector<EntryValue> values = getStepValues(step);
  for (const EntryValue &target : getTargetValues(loss, step.outputs.size()))
    values.push_back({target.type, "target:" + target.name, ""});
  return values;
}

NamedAttribute DifferenceBuilder::name(StringRef key, Attribute value) {
  return top.getNamedAttr(key, value);
}

Location DifferenceBuilder::getDeclarationLoc(StringRef path) {
  return lookupDeclaration(model, path).op->getLoc();
}

ArrayAttr DifferenceBuilder::getMembers(const HiddenGroup &group) {
  SmallVector<StringRef> paths;
  for (unsigned member : group.members)
    paths.push_back(graph.step.states[member].path);
  return top.getStrArrayAttr(paths);
}

/// An entry with the nominal run of step and loss in it.
DifferenceEntry DifferenceBuilder::open(StringRef kind, Location loc,
                                        ArrayRef<NamedAttribute> details) {
  std::string entryName = "difference" + std::to_string(entries++);
  func::FuncOp function =
      createEntry(top, loc, model.getSymName(), entryName,
                  getExternals(graph.step, loss), {});
  NamedAttrList record(details);
  record.append("kind", top.getStringAttr(kind));
  function->setAttr(kDifferenceAttr, record.getDictionary(top.getContext()));

  DifferenceEntry entry(function, loss);
  OpBuilder builder = entry.getBuilder();
  auto clone = [&](Block &block) {
    for (Operation &op : block.without_terminator())
      builder.clone(op, entry.nominal);
  };
  Block &step = graph.step.getBody(), &lossBody = loss.getBody().front();
  unsigned next = 0;
  for (BlockArgument argument : step.getArguments())
    entry.nominal.map(argument, function.getArgument(next++));
  clone(step);
  for (BlockArgument argument : lossBody.getArguments()) {
    unsigned number = argument.getArgNumber();
    entry.nominal.map(argument, number < graph.step.outputs.size()
                                    ? entry.nominal.lookup(graph.step.outputs[number].value)
                                    : Value(function.getArgument(next++)));
  }
  clone(lossBody);
  return entry;
}

//===----------------------------------------------------------------------===//
// The derivatives of a learning rule
//===----------------------------------------------------------------------===//

LogicalResult DifferenceBuilder::buildTransition(const HiddenGroup &group, unsigned member) {
  const CarriedState &source = graph.step.states[group.members[member]];
  FailureOr<TransitionCut> cut = TransitionCut::compute(graph.step, source);
  if (failed(cut))
    return failure();
  DifferenceEntry entry = open("transition", getDeclarationLoc(source.path),
                               {name("group", text(group.name)), name("members", getMembers(group)),
                                name("member", top.getI64IntegerAttr(member))});
  Value direction = entry.addArgument("direction", source.getType());
  OpBuilder builder = entry.getBuilder();
  PerturbedRun run = startRun(builder, entry);
  run.perturb(source.before, direction);
  if (failed(run.run(graph.step.getBody(), cut->getOptions())))
    return failure();
  for (auto [a, target] : llvm::enumerate(group.members))
    if (cut->reaches[target])
      entry.addResult("D/" + group.name + "/" + Twine(a) + "/" + Twine(member),
                      run.lookup(graph.step.states[target].after));
  entry.close();
  return success();
}

/// `value`, given at positions of y, at the hidden positions that read it.
static Value gatherPositions(OpBuilder &builder, Location loc, Value value, AffineMap toOutput,
                             ArrayRef<int64_t> positions) {
  GenericBuilder generic(builder, loc, positions.size());
  AffineMap identity =
      AffineMap::getMultiDimIdentityMap(positions.size(), builder.getContext());
  int in0 = generic.input(value, toOutput);
  Value empty = tensor::EmptyOp::create(builder, loc, positions, getElementTypeOrSelf(value));
  generic.output(empty, identity);
  return generic.build(identity, [&](const BodyArithmetic &, auto in, auto) {
    return SmallVector<Value>{in(in0)};
  })[0];
}

/// One entry for a target, or one for each piece of y that its positions read.
LogicalResult DifferenceBuilder::buildTail(const WeightRelation &relation,
                                           const RelationTarget &target,
                                           const PositionPiece *piece) {
  const HiddenGroup &group = graph.groups[target.group];
  Value y = relation.primitive->getResult(0);
  auto type = cast<RankedTensorType>(y.getType());
  Location loc = relation.primitive->getLoc();
  DifferenceEntry entry =
      open("tail", loc,
           {name("group", text(group.name)), name("members", getMembers(group)),
            name("relation", text(relation.name)),
            name("primitive", ETPOpInterface(relation.primitive).getPrimitiveId())});
  auto moved = piece ? RankedTensorType::get(group.positions, type.getElementType()) : type;
  Value argument = entry.addArgument("direction", moved);
  OpBuilder builder = entry.getBuilder();
  Value direction = piece ? liftToOutput(builder, loc, argument, type, *piece) : argument;
  PerturbedRun run = startRun(builder, entry);
  run.perturb(y, direction);
  LinearizeOptions tail = getTailOptions(graph, relation, target,
                                         stopsAtTargets(options.window, options.compat));
  if (failed(run.run(graph.step.getBody(), tail)))
    return failure();
  auto place = [&](Value value) {
    return piece ? liftToOutput(builder, loc, value, type, *piece) : value;
  };
  entry.addResult("moved", piece ? direction
                                     : gatherPositions(builder, loc, direction,
                                                       target.positionToOutput, group.positions));
  for (unsigned a : target.reach)
    entry.addResult("f/" + relation.name + "/" + group.name + "/" + Twine(a),
                    place(run.lookup(graph.step.states[group.members[a]].after)));
  entry.close();
  return success();
}

LogicalResult DifferenceBuilder::buildInjection(const WeightRelation &relation,
                                                const RelationTarget &target) {
  const HiddenGroup &group = graph.groups[target.group];
  llvm::DenseSet<Operation *> chain = {relation.primitive};
  llvm::SetVector<StringRef> paths;
  for (const WeightLeaf &leaf : relation.leaves) {
    chain.insert(leaf.chain.begin(), leaf.chain.end());
    paths.insert(leaf.params.begin(), leaf.params.end());
  }
  DifferenceEntry entry = open("injection", relation.primitive->getLoc(),
                               {name("group", text(group.name)),
                                name("members", getMembers(group)),
                                name("relation", text(relation.name)),
                                name("params", top.getStrArrayAttr(paths.getArrayRef()))});
  SmallVector<std::pair<Value, Value>> seeds;
  for (StringRef path : paths) {
    Value param = graph.step.findParam(path)->value;
    seeds.push_back({param, entry.addArgument("direction:" + path, param.getType())});
  }
  OpBuilder builder = entry.getBuilder();
  PerturbedRun toOutput = startRun(builder, entry), run = startRun(builder, entry);
  for (auto [param, direction] : seeds)
    toOutput.perturb(param, direction);
  LinearizeOptions only;
  only.cut = [&](Operation *op) { return !chain.contains(op); };
  if (failed(toOutput.run(graph.step.getBody(), only)))
    return failure();
  Value y = relation.primitive->getResult(0);
  run.perturb(y, toOutput.getDifference(y));
  LinearizeOptions tail = getTailOptions(graph, relation, target,
                                         stopsAtTargets(options.window, options.compat));
  if (failed(run.run(graph.step.getBody(), tail)))
    return failure();
  for (unsigned a : target.reach)
    entry.addResult("trace/" + Twine(a), run.lookup(graph.step.states[group.members[a]].after));
  entry.close();
  return success();
}

/// The loss of a second run of the step, in which each value moves along its direction.
LogicalResult DifferenceBuilder::addLoss(DifferenceEntry &entry,
                                         ArrayRef<std::pair<Value, Value>> seeds) {
  OpBuilder builder = entry.getBuilder();
  PerturbedRun run = startRun(builder, entry);
  for (auto [value, direction] : seeds)
    run.perturb(value, direction);
  if (failed(run.run(graph.step.getBody())))
    return failure();
  Block &body = loss.getBody().front();
  for (auto [argument, output] : llvm::zip(body.getArguments(), graph.step.outputs))
    if (Value difference = run.getDifference(output.value))
      run.perturb(argument, difference);
  if (failed(run.run(body)))
    return failure();
  entry.addResult("loss", run.lookup(body.getTerminator()->getOperand(0)));
  entry.close();
  return success();
}

LogicalResult DifferenceBuilder::buildLoss() {
  DifferenceEntry entry = open("loss", loss.getLoc(), {});
  SmallVector<std::pair<Value, Value>> seeds;
  for (const StepParameter &param : graph.step.params)
    seeds.push_back(
        {param.value, entry.addArgument("direction:" + param.path, param.value.getType())});
  for (const CarriedState &state : graph.step.states)
    if (state.isHidden)
      seeds.push_back({state.before, entry.addArgument("direction:" + state.path,
                                                       state.before.getType())});
  return addLoss(entry, seeds);
}

LogicalResult DifferenceBuilder::buildFresh(const HiddenGroup &group) {
  DifferenceEntry entry = open("fresh", loss.getLoc(), {name("group", text(group.name)),
                                                        name("members", getMembers(group))});
  SmallVector<std::pair<Value, Value>> seeds;
  for (unsigned member : group.members) {
    const CarriedState &state = graph.step.states[member];
    seeds.push_back(
        {state.after, entry.addArgument("direction:" + state.path, state.getType())});
  }
  return addLoss(entry, seeds);
}

LogicalResult DifferenceBuilder::build() {
  if (!loss)
    return model.emitOpError("has no 'etrace.loss', so there is no gradient to take differences "
                             "of [difference-loss]");
  for (const HiddenGroup &group : graph.groups)
    for (unsigned member = 0; member < group.members.size(); ++member)
      if (failed(buildTransition(group, member)))
        return failure();
  for (const WeightRelation &relation : graph.relations)
    for (const RelationTarget &target : relation.targets) {
      if (target.positionToOutput && failed(buildTail(relation, target, nullptr)))
        return failure();
      for (const PositionPiece &piece : target.pieces)
        if (!target.positionToOutput && failed(buildTail(relation, target, &piece)))
          return failure();
      if (failed(buildInjection(relation, target)))
        return failure();
    }
  if (failed(buildLoss()))
    return failure();
  if (options.window == Window::singleStep)
    for (const HiddenGroup &group : graph.groups)
      if (failed(buildFresh(group)))
        return failure();
  if (failed(buildOperations()))
    return failure();
  model.erase();
  return success();
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

namespace {
struct BuildDifferencesPass
    : public etrace::impl::BuildDifferencesPassBase<BuildDifferencesPass> {
  using BuildDifferencesPassBase::BuildDifferencesPassBase;

  void runOnOperation() override {
    auto models = llvm::to_vector(getOperation().getOps<ModelOp>());
    if (models.size() != 1) {
      getOperation().emitError("expected one 'etrace.model', found ")
          << models.size() << " [one-model]";
      return signalPassFailure();
    }
    ModelOp model = models.front();
    FailureOr<Window> parsed = parseWindow(model, window);
    if (failed(parsed))
      return signalPassFailure();
    FailureOr<StepGraph> graph = StepGraph::read(model);
    if (failed(graph))
      return signalPassFailure();
    DifferenceOptions options{*parsed, model.isBraintraceCompat(), trustCustomDerivatives};
    if (failed(DifferenceBuilder(model, std::move(*graph), options).build()))
      signalPassFailure();
  }
};
} // namespace
