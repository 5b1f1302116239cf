//===- Forward.cpp - The forward function with D, f and residuals ---------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The step itself becomes the forward function. D is the block Jacobian of the transition
// after the cuts (see BlockColumns.h). f is a tangent for a seed of ones: a position depends
// on one position of y only.
//===----------------------------------------------------------------------===//

#include "LearnerBuilder.h"

#include "../Derivatives/BlockColumns.h"
#include "etrace/Differentiation/Linearize.h"
#include "mlir/IR/Remarks.h"

using namespace mlir;
using namespace etrace;

std::string LearnerBuilder::symbol(StringRef name) const {
  return (ModelOp(model).getSymName() + "_" + name).str();
}

static bool isWithinPrimitive(Operation *op) { return op->hasAttr(kWithinPrimitiveAttr); }

/// Finds the trainable operands that learn through an accumulator and detaches them:
/// their gradient is made from dL/dy, not by the reverse pass.
LogicalResult LearnerBuilder::findAccumulators() {
  for (const StepParameter &param : graph.step.params)
    accumulatorTypes.push_back(cast<RankedTensorType>(param.value.getType()));
  for (auto primitive : llvm::to_vector(graph.step.getBody().getOps<ETPOpInterface>()))
    for (OpOperand *operand : primitive.getTrainableOperands()) {
      FailureOr<WeightLeaf> leaf = traceLeaf(graph.step, primitive, *operand);
      if (failed(leaf))
        return failure();
      if (leaf->params.empty())
        continue;
      Accumulator accumulator;
      accumulator.primitive = primitive;
      accumulator.operand = operand;
      accumulator.weight = operand->get();
      accumulator.param = graph.step.findParam(operand->get());
      accumulator.leaf = *leaf;
      const StepParameter *first = graph.step.findParam(leaf->params.front());
      accumulator.gradient = first - graph.step.params.begin();
      accumulator.traceGradient = accumulator.gradient;
      if (!accumulator.param) {
        accumulator.gradient = accumulatorTypes.size();
        accumulatorTypes.push_back(cast<RankedTensorType>(operand->get().getType()));
        bool isWithin = llvm::any_of(leaf->chain, isWithinPrimitive);
        bool ignoresChain = leaf->params.size() == 1 && !isWithin &&
                            first->value.getType() == operand->get().getType();
        if (!options.compat || !ignoresChain)
          accumulator.traceGradient = accumulator.gradient;
        if (options.compat && !ignoresChain && !llvm::all_of(leaf->chain, isWithinPrimitive))
          remark::missed(primitive.getLoc(), remark::RemarkOpts::name("compat-operand-chain")
                                                 .category("etrace-derive")
                                                 .function(model.getSymName()))
              << "the reference cannot ignore operations between parameters and this primitive "
                 "that change the shape or join parameters; their gradient is taken "
                 "[compat-operand-chain]";
      }
      accumulators.push_back(std::move(accumulator));
      OpBuilder builder(primitive);
      operand->set(StopGradientOp::create(builder, primitive.getLoc(), operand->get().getType(),
                                          operand->get()));
    }
  return success();
}

/// The derivatives of the members of a group with respect to `source`, position by position; null:
/// zero.
FailureOr<SmallVector<Value>> LearnerBuilder::buildColumn(OpBuilder &side,
                                                          const HiddenGroup &group,
                                                          const CarriedState &source,
                                                          const TransitionCut &cut) {
  TangentProgram program(graph.step.getBody());
  Value seed = program.addSeed(source.before);
  if (failed(program.build(cut.getOptions())))
    return failure();
  program.hoistResiduals(*side.getBlock(), side.getInsertionPoint());
  SmallVector<Value> outputs;
  for (unsigned target : group.members)
    outputs.push_back(cut.reaches[target] ? program.getTangent(graph.step.states[target].after)
                                          : Value());
  BlockColumns columns(program, outputs, source.getType(), MixingPolicy::error);
  FailureOr<SmallVector<Value>> column = columns.build(side, seed);
  if (failed(column))
    return columns.emitMixing();
  return column;
}

LogicalResult LearnerBuilder::buildJacobians(OpBuilder &side) {
  for (const HiddenGroup &group : graph.groups) {
    unsigned states = group.members.size();
    GroupQuantities result;
    result.jacobian.assign(states, SmallVector<Value>(states));
    result.signal.assign(states, Value());
    for (auto [b, member] : llvm::enumerate(group.members)) {
      const CarriedState &source = graph.step.states[member];
      FailureOr<TransitionCut> cut = TransitionCut::compute(graph.step, source);
      if (failed(cut))
        return failure();
      FailureOr<SmallVector<Value>> column = buildColumn(side, group, source, *cut);
      if (failed(column))
        return failure();
      for (unsigned a = 0; a < states; ++a)
        result.jacobian[a][b] = (*column)[a];
    }
    quantities.groups.push_back(std::move(result));
  }
  return success();
}

/// f[a] = dh_t[p, a] / dy_t for the members of one group.
FailureOr<SmallVector<Value>> LearnerBuilder::buildTail(OpBuilder &side,
                                                        const WeightRelation &relation,
                                                        const RelationTarget &target) {
  LinearizeOptions linearize =
      getTailOptions(graph, relation, target, stopsAtTargets(options.window, options.compat));
  const HiddenGroup &group = graph.groups[target.group];
  SmallVector<Value> f(group.members.size());
  if (!target.positionToOutput) {
    if (failed(buildFusedTail(side, relation, target, linearize, f)))
      return failure();
    return f;
  }
  Value y = relation.primitive->getResult(0);
  TangentMap tangents;
  tangents.set(y, buildConstant(side, loc, y.getType(), 1.0));
  if (failed(linearizeBlock(side, graph.step.getBody(), tangents, linearize)))
    return failure();
  for (unsigned number : target.reach)
    f[number] = tangents.lookup(graph.step.states[group.members[number]].after);
  return f;
}

/// The multiplicand of a site: that of another if it is the same, so that both share a trace.
Value LearnerBuilder::findMultiplicand(OpBuilder &side, const LeafSite &site) {
  for (const LeafSite &other : quantities.sites)
    if (other.leaf == site.leaf && other.domain.extents == site.domain.extents &&
        other.domain.multiplicand.map == site.domain.multiplicand.map)
      return other.multiplicand;
  return selectMultiplicand(side, loc, site.relation->primitive, *site.leaf->operand, site.domain);
}

LogicalResult LearnerBuilder::buildSites(OpBuilder &side) {
  for (const WeightRelation &relation : graph.relations)
    for (const RelationTarget &target : relation.targets) {
      FailureOr<SmallVector<Value>> f = buildTail(side, relation, target);
      if (failed(f))
        return failure();
      if (!target.positionToOutput)
        liftJacobians(side, relation, target);
      for (const WeightLeaf &leaf : relation.leaves) {
        LeafSite site;
        site.relation = &relation;
        site.leaf = &leaf;
        site.group = target.group;
        site.f = *f;
        site.name = relation.name + "/" + leaf.name + "/" + graph.groups[target.group].name;
        auto accumulator = llvm::find_if(accumulators, [&](const Accumulator &candidate) {
          return candidate.operand == leaf.operand;
        });
        site.gradient = accumulator->traceGradient;
        std::optional<TraceDomain> domain = computeTraceDomain(graph, relation, target, leaf);
        if (!domain) {
          ETPOpInterface primitive = relation.primitive;
          return primitive.emitOpError("sums over a dimension that neither its weight nor the "
                                       "hidden positions have; its trace would not fit "
                                       "[trace-domain]");
        }
        site.domain = *domain;
        site.multiplicand = findMultiplicand(side, site);
        findSlots(site);
        quantities.sites.push_back(std::move(site));
      }
    }
  return success();
}

void LearnerBuilder::collectQueries() {
  if (!options.queries)
    return;
  auto add = [&](const Twine &name, Value value) {
    std::string path = name.str();
    if (value && llvm::none_of(queries, [&](auto &query) { return query.first == path; }))
      queries.push_back({path, value});
  };
  for (auto [group, values] : llvm::zip(graph.groups, quantities.groups))
    for (unsigned a = 0; a < values.jacobian.size(); ++a)
      for (unsigned b = 0; b < values.jacobian.size(); ++b)
        add("D/" + group.name + "/" + Twine(a) + "/" + Twine(b), values.jacobian[a][b]);
  for (const LeafSite &site : quantities.sites) {
    for (unsigned a = 0; a < site.f.size(); ++a)
      add("f/" + site.relation->name + "/" + graph.groups[site.group].name + "/" + Twine(a),
          site.f[a]);
    add("x/" + site.relation->name, site.multiplicand);
  }
}

/// Queries show f of every state, the traces only what they need.
LogicalResult LearnerBuilder::declareTraces(OpBuilder &side) {
  StepQuantities all = quantities;
  if (failed(planSlots(side)))
    return failure();
  rule->declareTraces(quantities, traces);
  declareMultiples(traces);
  reportSlots(all);
  return success();
}

/// Makes a function of the step and adds D, f and x to it. `build` reads these, while no
/// operation of the step does.
LogicalResult
LearnerBuilder::buildQuantities(StringRef name,
                                llvm::function_ref<LogicalResult(OpBuilder &)> build) {
  StepOp step = model.getStep();
  forward = func::FuncOp::create(top, loc, symbol(name), step.getFunctionType());
  forward.setPrivate();
  forward.getBody().takeBody(step.getBody());
  Block &body = forward.getBody().front();
  if (failed(findAccumulators()))
    return failure();

  // D and f read the step's values; they are collected apart, so that no linearisation
  // sees the results of another.
  func::FuncOp side = func::FuncOp::create(loc, "side", FunctionType::get(context, {}, {}));
  Block *sideBlock = side.addEntryBlock();
  OpBuilder sideBuilder = OpBuilder::atBlockEnd(sideBlock);
  bool built = succeeded(buildJacobians(sideBuilder)) && succeeded(buildSites(sideBuilder));
  if (built)
    collectQueries();
  built = built && succeeded(build(sideBuilder));
  Operation *yield = body.getTerminator();
  body.getOperations().splice(yield->getIterator(), sideBlock->getOperations());
  side.erase();
  if (!built)
    return failure();
  for (const auto &program : programs)
    program->hoistResiduals(yield);
  programs.clear();
  reattachWeights();
  return success();
}

LogicalResult LearnerBuilder::buildForward() {
  // The backward function is built before the side block joins the body.
  auto build = [&](OpBuilder &side) {
    return failure(failed(declareTraces(side)) || failed(buildBackward()));
  };
  if (failed(buildQuantities("forward", build)))
    return failure();
  Block &body = forward.getBody().front();
  Operation *yield = body.getTerminator();
  SmallVector<Value> results(yield->getOperands());
  auto addResult = [&](Value value) {
    auto argument = dyn_cast<BlockArgument>(value);
    bool isArgument = argument && argument.getOwner() == &body;
    if (!isArgument && !llvm::is_contained(results, value))
      results.push_back(value);
  };
  for (const auto &function : {backward.get(), updateTraces.get()})
    if (function)
      llvm::for_each(function->captured, addResult);
  for (auto &[name, value] : queries)
    addResult(value);
  OpBuilder builder(yield);
  func::ReturnOp::create(builder, loc, results);
  yield->erase();
  forward.setFunctionType(FunctionType::get(context, forward.getArgumentTypes(),
                                            TypeRange(ValueRange(results))));
  return success();
}

/// Undoes what `findAccumulators` did to the trainable operands.
void LearnerBuilder::reattachWeights() {
  for (const Accumulator &accumulator : accumulators) {
    auto detached = accumulator.operand->get().getDefiningOp<StopGradientOp>();
    for (OpenFunction *function : {backward.get(), updateTraces.get()})
      if (function)
        llvm::replace(function->captured, Value(detached.getResult()), accumulator.weight);
    detached.getResult().replaceAllUsesWith(accumulator.weight);
    detached.erase();
  }
}
