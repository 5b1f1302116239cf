//===- Backward.cpp - Signals, gradients, trace updates -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Reverse mode is the transpose of a linear program over the step. The programs:
//
//  * direct: from inputs, h_{t-1}, parameters (by ordinary operations) and the result y
//    of every primitive with trainable operands to the outputs. Transposed it gives
//    dL/dh_{t-1} (the signal of window(1)), dL/dy and plain gradients.
//  * one for each group (single-step): from its new values h_t, the other members held
//    fixed, to the outputs. Transposed it gives dL/dh_t. Under compat one program for
//    all, in which a perturbation is seen by everything after it.
//===----------------------------------------------------------------------===//

#include "LearnerBuilder.h"

#include "etrace/Analysis/StateFinder.h"
#include "etrace/Differentiation/Transpose.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Remarks.h"

using namespace mlir;
using namespace etrace;

//===----------------------------------------------------------------------===//
// OpenFunction
//===----------------------------------------------------------------------===//

OpenFunction::OpenFunction(OpBuilder &builder, Location loc, StringRef name) {
  function = func::FuncOp::create(builder, loc, name, builder.getFunctionType({}, {}));
  function.setPrivate();
  block = function.addEntryBlock();
}

Value OpenFunction::addArgument(Type type) { return block->addArgument(type, function.getLoc()); }

void OpenFunction::close() {
  OpBuilder builder = OpBuilder::atBlockEnd(block);
  func::ReturnOp::create(builder, function.getLoc(), results);
  llvm::MapVector<Value, Value> inside;
  auto isInside = [&](Value value) {
    return function.getBody().isAncestor(value.getParentRegion());
  };
  function.walk([&](Operation *op) {
    for (OpOperand &operand : op->getOpOperands()) {
      Value value = operand.get();
      if (isInside(value))
        continue;
      Value &replacement = inside[value];
      if (!replacement) {
        Operation *definition = value.getDefiningOp();
        if (definition && definition->hasTrait<OpTrait::ConstantLike>()) {
          OpBuilder start = OpBuilder::atBlockBegin(block);
          replacement = start.clone(*definition)->getResult(0);
        } else {
          replacement = block->insertArgument(captured.size(), value.getType(), value.getLoc());
          captured.push_back(value);
        }
      }
      operand.set(replacement);
    }
  });
  function.setFunctionType(FunctionType::get(builder.getContext(), block->getArgumentTypes(),
                                             TypeRange(ValueRange(results))));
}

//===----------------------------------------------------------------------===//
// Programs
//===----------------------------------------------------------------------===//

static FailureOr<SmallVector<Value>> transposeToOutputs(OpBuilder &builder,
                                                        TangentProgram &program,
                                                        ArrayRef<StepOutput> outputs,
                                                        ValueRange cotangents) {
  SmallVector<Value> tangents;
  for (const StepOutput &output : outputs)
    tangents.push_back(program.getTangent(output.value));
  return transposeProgram(builder, program.getBlock(), program.getBlock().getArguments(), tangents,
                          cotangents);
}

LogicalResult LearnerBuilder::buildDirect(OpBuilder &builder, ValueRange outputCotangents) {
  TangentProgram &program = *programs.emplace_back(
      std::make_unique<TangentProgram>(graph.step.getBody()));
  for (const StepInput &input : graph.step.inputs)
    if (isFloatLike(input.value))
      program.addSeed(input.value);
  for (const CarriedState &state : graph.step.states)
    if (state.isHidden)
      program.addSeed(state.before);
  for (const StepParameter &param : graph.step.params)
    program.addSeed(param.value);
  llvm::MapVector<Value, Value> seeds;
  for (const Accumulator &accumulator : accumulators) {
    Value y = accumulator.primitive->getResult(0);
    if (!seeds.count(y))
      seeds[y] = program.addFreeSeed(y.getType());
  }
  LinearizeOptions linearize;
  linearize.rewrite = [&](OpBuilder &nested, Value primal, Value tangent) -> Value {
    auto it = seeds.find(primal);
    if (it == seeds.end())
      return tangent;
    return tangent ? buildAdd(nested, primal.getLoc(), tangent, it->second) : it->second;
  };
  if (failed(program.build(linearize)))
    return failure();
  auto cotangents =
      transposeToOutputs(builder, program, graph.step.outputs, outputCotangents);
  if (failed(cotangents))
    return failure();
  unsigned number = 0;
  for (const StepInput &input : graph.step.inputs)
    inputCotangents.push_back(isFloatLike(input.value) ? (*cotangents)[number++] : Value());
  for (auto [index, state] : llvm::enumerate(graph.step.states)) {
    if (!state.isHidden)
      continue;
    Value signal = (*cotangents)[number++];
    if (options.window != Window::one)
      continue;
    unsigned group = graph.findGroup(index);
    auto member = llvm::find(graph.groups[group].members, index);
    quantities.groups[group].signal[member - graph.groups[group].members.begin()] = signal;
  }
  for (unsigned p = 0; p < graph.step.params.size(); ++p)
    plainGradients.push_back((*cotangents)[number++]);
  for (auto &[y, seed] : seeds) {
    Value delta = (*cotangents)[number++];
    for (Accumulator &accumulator : accumulators)
      if (accumulator.primitive->getResult(0) == y)
        accumulator.delta = delta;
  }
  return success();
}

/// Single-step credits h_t. What an output reads of h_{t-1} beside h_t gets none: said, so
/// that a zero gradient is no surprise.
void LearnerBuilder::reportOldReads() const {
  const StepView &step = graph.step;
  llvm::DenseSet<Value> fresh;
  for (const CarriedState &state : step.states)
    if (state.isHidden)
      fresh.insert(state.after);
  for (const CarriedState &state : step.states) {
    if (!state.isHidden || state.before == state.after)
      continue;
    llvm::DenseSet<Value> reached = {state.before};
    for (Operation &op : step.getBody().without_terminator()) {
      bool reads = false;
      op.walk([&](Operation *nested) {
        reads |= llvm::any_of(nested->getOperands(), [&](Value v) { return reached.contains(v); });
      });
      if (reads && !isa<StopGradientOp>(op))
        for (Value result : op.getResults())
          if (!fresh.contains(result) && isFloatLike(result))
            reached.insert(result);
    }
    for (const StepOutput &output : step.outputs)
      if (reached.contains(output.value))
        remark::missed(state.before.getLoc(), remark::RemarkOpts::name("old-state-read")
                                                  .category("etrace-derive")
                                                  .function(ModelOp(model).getSymName()))
            << "the output '" + output.name + "' reads '" + state.path +
                   "' as it was before the step; single-step gives that no credit, the window 1 "
                   "does [old-state-read]";
  }
}

LogicalResult LearnerBuilder::buildSignals(OpBuilder &builder, ValueRange outputCotangents) {
  const StepView &step = graph.step;
  auto buildFor = [&](ArrayRef<unsigned> groups) -> LogicalResult {
    TangentProgram &program =
        *programs.emplace_back(std::make_unique<TangentProgram>(step.getBody()));
    // Where a perturbation sits: at the new value; under compat, for components of a
    // container, at reads of the new value.
    llvm::DenseMap<Value, Value> seeds;
    SmallVector<std::pair<unsigned, unsigned>> order;
    for (unsigned g : groups)
      for (auto [number, member] : llvm::enumerate(graph.groups[g].members)) {
        const CarriedState &state = step.states[member];
        Value seed = program.addFreeSeed(state.getType());
        order.push_back({g, unsigned(number)});
        Declaration declaration = lookupDeclaration(model, state.path);
        bool readsOnly = options.compat && getReferenceBuffer(declaration.op);
        if (!readsOnly)
          seeds[state.after] = seed;
        else
          for (auto fresh : step.getBody().getOps<FreshOp>())
            if (fresh.getState() == state.path && fresh.getValue() == state.after)
              seeds[fresh.getResult()] = seed;
      }
    LinearizeOptions linearize;
    linearize.rewrite = [&](OpBuilder &nested, Value primal, Value tangent) -> Value {
      Value seed = seeds.lookup(primal);
      if (!seed)
        return tangent;
      return tangent && options.compat ? buildAdd(nested, primal.getLoc(), tangent, seed) : seed;
    };
    if (failed(program.build(linearize)))
      return failure();
    auto cotangents = transposeToOutputs(builder, program, step.outputs, outputCotangents);
    if (failed(cotangents))
      return failure();
    for (auto [where, signal] : llvm::zip(order, *cotangents))
      quantities.groups[where.first].signal[where.second] = signal;
    return success();
  };
  if (options.compat)
    return buildFor(llvm::to_vector(llvm::seq<unsigned>(graph.groups.size())));
  for (unsigned g = 0; g < graph.groups.size(); ++g)
    if (failed(buildFor({g})))
      return failure();
  return success();
}

//===----------------------------------------------------------------------===//
// What f and the perturbation do not carry
//===----------------------------------------------------------------------===//

/// True if y reaches an output otherwise than through the members that f covers.
bool LearnerBuilder::hasUncarriedPath(const WeightRelation &relation) const {
  const StepView &step = graph.step;
  llvm::DenseSet<Value> covered, carried, other;
  for (const RelationTarget &target : relation.targets)
    for (unsigned number : target.reach)
      covered.insert(step.states[graph.groups[target.group].members[number]].after);
  Value y = relation.primitive->getResult(0);
  (covered.contains(y) ? other : carried).insert(y);
  if (covered.contains(y))
    return false;
  // `carried`: reached by f's path only so far; it ends at a covered member. Behind an
  // opaque primitive or another group's new value the path is not f's any more.
  for (Operation &op : step.getBody().without_terminator()) {
    bool readsCarried = false, readsOther = false;
    op.walk([&](Operation *nested) {
      for (Value operand : nested->getOperands()) {
        readsCarried |= carried.contains(operand);
        readsOther |= other.contains(operand);
      }
    });
    if (isa<StopGradientOp>(op) || (!readsCarried && !readsOther))
      continue;
    for (Value result : op.getResults()) {
      bool isForeign = llvm::any_of(step.states, [&](const CarriedState &state) {
        return state.isHidden && state.after == result && !covered.contains(result);
      });
      if (readsOther || ((isOpaquePrimitive(&op) || isForeign) && readsCarried))
        other.insert(result);
      else if (!covered.contains(result))
        carried.insert(result);
    }
  }
  return llvm::any_of(step.outputs, [&](const StepOutput &output) {
    return carried.contains(output.value) || other.contains(output.value);
  });
}

/// dL/dy - sum_{p,a} f[p,a] g[p,a] over the positions p that read y: the part of dL/dy
/// that the contraction of the new trace does not give.
Value LearnerBuilder::buildUncarried(OpBuilder &builder, const WeightRelation &relation,
                                     Value delta) {
  for (const RelationTarget &target : relation.targets) {
    auto site = llvm::find_if(quantities.sites, [&](const LeafSite &candidate) {
      return candidate.relation == &relation && candidate.group == target.group;
    });
    const GroupQuantities &group = quantities.at(*site);
    AffineMap toOutput = getTracePositions(graph, relation, target);
    for (unsigned a = 0; a < site->f.size(); ++a) {
      if (!site->f[a] || !group.signal[a])
        continue;
      unsigned rank = toOutput.getNumDims();
      AffineMap identity = AffineMap::getMultiDimIdentityMap(rank, context);
      GenericBuilder generic(builder, loc, rank);
      int f = generic.input(site->f[a], identity);
      int g = generic.input(group.signal[a], identity);
      int out0 = generic.output(delta, toOutput);
      auto body = [&](const BodyArithmetic &math, auto in, auto out) -> SmallVector<Value> {
        Value carried = math.mul(in(f), in(g));
        return {arith::SubFOp::create(math.builder, math.loc, out(out0), carried)};
      };
      delta = generic.build(toOutput, body)[0];
    }
  }
  return delta;
}

/// Decides for every accumulator how dL/dy joins it: in the pass over a trace, by a pass
/// of its own, or not at all (compat, single-step).
void LearnerBuilder::assignDirect(OpBuilder &builder) {
  for (Accumulator &accumulator : accumulators) {
    Value delta = accumulator.delta;
    if (options.window == Window::singleStep) {
      if (options.compat)
        delta = {};
      for (const WeightRelation &relation : graph.relations)
        if (delta && relation.primitive == accumulator.primitive)
          delta = hasUncarriedPath(relation) ? buildUncarried(builder, relation, delta) : Value();
    }
    if (!delta)
      continue;
    auto site = llvm::find_if(quantities.sites, [&](const LeafSite &candidate) {
      return candidate.leaf->operand == accumulator.operand && !candidate.domain.hasBroadcast &&
             candidate.gradient == accumulator.gradient;
    });
    if (site != quantities.sites.end()) {
      site->direct = delta;
      continue;
    }
    Value &gradient = quantities.gradients[accumulator.gradient];
    gradient = buildDirectGradient(builder, loc, accumulator.primitive, *accumulator.operand,
                                   delta, gradient);
  }
}

/// Sends the accumulated gradient of an operand back to the parameters behind it.
LogicalResult LearnerBuilder::pullBackChains(OpBuilder &builder) {
  for (const Accumulator &accumulator : accumulators) {
    if (accumulator.param)
      continue;
    TangentProgram &program =
        *programs.emplace_back(std::make_unique<TangentProgram>(graph.step.getBody()));
    SmallVector<unsigned> indices;
    for (auto [index, param] : llvm::enumerate(graph.step.params))
      if (llvm::is_contained(accumulator.leaf.params, param.path)) {
        program.addSeed(param.value);
        indices.push_back(index);
      }
    llvm::DenseSet<Operation *> chain(accumulator.leaf.chain.begin(),
                                      accumulator.leaf.chain.end());
    LinearizeOptions linearize;
    linearize.cut = [&](Operation *op) { return !chain.contains(op); };
    if (failed(program.build(linearize)))
      return failure();
    auto cotangents = transposeProgram(builder, program.getBlock(),
                                       program.getBlock().getArguments(),
                                       program.getTangent(accumulator.weight),
                                       quantities.gradients[accumulator.gradient]);
    if (failed(cotangents))
      return failure();
    for (auto [index, cotangent] : llvm::zip(indices, *cotangents))
      addPlainGradient(builder, index, cotangent);
  }
  return success();
}

/// gradient += term, with the gradient as destination; a null term adds nothing.
static Value addInPlace(OpBuilder &builder, Location loc, Value gradient, Value term) {
  if (!term)
    return gradient;
  unsigned rank = cast<RankedTensorType>(gradient.getType()).getRank();
  AffineMap identity = AffineMap::getMultiDimIdentityMap(rank, builder.getContext());
  GenericBuilder generic(builder, loc, rank);
  int in0 = generic.input(term, identity), out0 = generic.output(gradient, identity);
  auto body = [&](const BodyArithmetic &math, auto in, auto out) {
    return SmallVector<Value>{math.add(out(out0), in(in0))};
  };
  return generic.build(identity, body)[0];
}

void LearnerBuilder::addPlainGradient(OpBuilder &builder, unsigned param, Value cotangent) {
  if (!cotangent)
    return;
  Value &sum = plainGradients[param];
  sum = sum ? buildAdd(builder, loc, sum, cotangent) : cotangent;
}

//===----------------------------------------------------------------------===//
// The backward function
//===----------------------------------------------------------------------===//

void LearnerBuilder::collectSignals() {
  if (!options.queries)
    return;
  for (auto [group, values] : llvm::zip(graph.groups, quantities.groups))
    for (auto [a, signal] : llvm::enumerate(values.signal))
      if (signal)
        signalQueries.push_back({"signal/" + group.name + "/" + std::to_string(a), signal});
}

LogicalResult LearnerBuilder::buildBackward() {
  updateTraces = std::make_unique<OpenFunction>(top, loc, symbol("update_traces"));
  buildUpdateTraces();
  if (!loss)
    return success();
  backward = std::make_unique<OpenFunction>(top, loc, symbol("backward"));
  OpBuilder builder = backward->getBuilder();
  SmallVector<Value> cotangents;
  for (const StepOutput &output : graph.step.outputs)
    cotangents.push_back(backward->addArgument(output.value.getType()));
  for (const BufferDeclaration &trace : traces.declarations)
    traces.set(trace.path, backward->addArgument(trace.type));
  SmallVector<Value> paramGradients;
  for (const StepParameter &param : graph.step.params)
    paramGradients.push_back(backward->addArgument(param.value.getType()));

  if (options.window == Window::singleStep) {
    reportOldReads();
    if (failed(buildSignals(builder, cotangents)))
      return failure();
  }
  if (failed(buildDirect(builder, cotangents)))
    return failure();
  collectSignals();
  liftSignals(builder);
  reduceSlots(builder, quantities, traces);
  if (options.compat && options.window == Window::singleStep)
    plainGradients.assign(plainGradients.size(), Value());

  // The accumulators start at the gradient of the parameter, or at zeros.
  quantities.gradients = paramGradients;
  for (unsigned slot = paramGradients.size(); slot < accumulatorTypes.size(); ++slot) {
    RankedTensorType type = accumulatorTypes[slot];
    Value empty = tensor::EmptyOp::create(builder, loc, type.getShape(), type.getElementType());
    Value zero = buildConstant(builder, loc, type.getElementType(), 0.0);
    quantities.gradients.push_back(
        linalg::FillOp::create(builder, loc, zero, empty).getResult(0));
  }
  assignDirect(builder);
  rule->buildUpdate(builder, loc, quantities, traces);
  if (failed(pullBackChains(builder)))
    return failure();

  for (Value cotangent : inputCotangents)
    if (cotangent)
      backward->addResult(cotangent);
  for (auto &[path, signal] : signalQueries)
    backward->addResult(signal);
  for (const BufferDeclaration &trace : traces.declarations)
    backward->addResult(traces.get(trace.path));
  for (unsigned p = 0; p < graph.step.params.size(); ++p) {
    backward->addResult(addInPlace(builder, loc, quantities.gradients[p], plainGradients[p]));
  }
  backward->close();
  return success();
}

void LearnerBuilder::buildUpdateTraces() {
  OpBuilder builder = updateTraces->getBuilder();
  TraceStore store = traces;
  for (const BufferDeclaration &trace : store.declarations)
    store.set(trace.path, updateTraces->addArgument(trace.type));
  StepQuantities step = quantities;
  reduceSlots(builder, step, store);
  rule->buildUpdate(builder, loc, step, store);
  for (const BufferDeclaration &trace : store.declarations)
    updateTraces->addResult(store.get(trace.path));
  updateTraces->close();
}
