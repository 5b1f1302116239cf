//===- three-factor.cpp - A learning rule of somebody else ----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// S002-16: a rule that this project does not have, built out of tree on the graph of a model: a
// modulator m, such as a reward, in the place of the learning signal. For a product y = x w whose
// positions are those of its group
//
//   e_t[i, p, a] = sum_b D[p, a, b] e_{t-1}[i, p, b] + x[i] f[p, a]
//   g[i, p]      = m sum_a e_t[i, p, a]
//
// Groups and relations are read from the graph; D, x, f and the transition are called as
// `etrace-outline-graph` gives them.
//===----------------------------------------------------------------------===//

#include "etrace/Analysis/StepGraph.h"
#include "etrace/InitAll.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/InitAllDialects.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"

#include <map>

using namespace mlir;
using namespace etrace;

namespace {
/// The function of one relation: arguments of the step, m, traces by member; new values of the
/// members, new traces, the gradient.
class RuleBuilder {
public:
  RuleBuilder(ModelOp model, const StepGraph &graph, const WeightRelation &relation)
      : model(model), graph(graph), relation(relation), builder(model.getContext()),
        loc(model.getLoc()) {}
  LogicalResult build();

private:
  func::FuncOp lookup(StringRef name, StringRef part) {
    return model->getParentOfType<ModuleOp>().lookupSymbol<func::FuncOp>(
        getPartSymbol(model, name, part));
  }
  ValueRange call(StringRef name, StringRef part, ValueRange arguments);
  SmallVector<Value> buildTraces(ValueRange old);
  Value buildGradient(Value m, ValueRange traces);
  Value buildGeneric(ArrayRef<Value> inputs, ArrayRef<AffineMap> maps,
                     function_ref<Value(OpBuilder &, ValueRange)> body);

  ModelOp model;
  const StepGraph &graph;
  const WeightRelation &relation;
  OpBuilder builder;
  Location loc;
  RankedTensorType trace;
  /// What the parts return, by name: "D/group0/0/1", "f/relation0/group0/1", "x/relation0".
  std::map<std::string, Value> values;
};
} // namespace

ValueRange RuleBuilder::call(StringRef name, StringRef part, ValueRange arguments) {
  func::FuncOp function = lookup(name, part);
  auto op = func::CallOp::create(builder, loc, function, arguments);
  for (OpResult result : op.getResults())
    values[function.getResultAttrOfType<StringAttr>(result.getResultNumber(), kNameAttr).str()] =
        result;
  return op.getResults();
}

/// One point for each weight w[i, p].
Value RuleBuilder::buildGeneric(ArrayRef<Value> inputs, ArrayRef<AffineMap> maps,
                                function_ref<Value(OpBuilder &, ValueRange)> body) {
  Value empty = tensor::EmptyOp::create(builder, loc, trace, ValueRange());
  SmallVector<AffineMap> all(maps);
  all.push_back(builder.getMultiDimIdentityMap(2));
  SmallVector<utils::IteratorType> parallel(2, utils::IteratorType::parallel);
  return linalg::GenericOp::create(builder, loc, trace, inputs, empty, all, parallel,
                                   [&](OpBuilder &nested, Location, ValueRange arguments) {
                                     linalg::YieldOp::create(nested, loc,
                                                             body(nested, arguments));
                                   })
      .getResult(0);
}

SmallVector<Value> RuleBuilder::buildTraces(ValueRange old) {
  const RelationTarget &target = relation.targets.front();
  std::string group = graph.groups[target.group].name;
  AffineExpr i, p;
  bindDims(builder.getContext(), i, p);
  AffineMap atI = AffineMap::get(2, 0, i), atP = AffineMap::get(2, 0, p);
  AffineMap atBoth = builder.getMultiDimIdentityMap(2);
  SmallVector<Value> traces;
  for (unsigned a = 0; a < old.size(); ++a) {
    // Pairs of factors. What is zero by proof has no name.
    SmallVector<Value> inputs;
    SmallVector<AffineMap> maps;
    auto add = [&](const std::string &name, Value other, AffineMap map) {
      auto it = values.find(name);
      if (it == values.end())
        return;
      inputs.append({it->second, other});
      maps.append({atP, map});
    };
    for (unsigned b = 0; b < old.size(); ++b)
      add("D/" + group + "/" + std::to_string(a) + "/" + std::to_string(b), old[b], atBoth);
    add("f/" + relation.name + "/" + group + "/" + std::to_string(a),
        values.at("x/" + relation.name), atI);
    traces.push_back(buildGeneric(inputs, maps, [&](OpBuilder &nested, ValueRange arguments) {
      Value sum = arith::ConstantOp::create(
          nested, loc, nested.getFloatAttr(trace.getElementType(), 0.0));
      for (unsigned k = 0; k + 1 < arguments.size(); k += 2) {
        Value product = arith::MulFOp::create(nested, loc, arguments[k], arguments[k + 1]);
        sum = arith::AddFOp::create(nested, loc, sum, product);
      }
      return sum;
    }));
  }
  return traces;
}

Value RuleBuilder::buildGradient(Value m, ValueRange traces) {
  SmallVector<Value> inputs = {m};
  SmallVector<AffineMap> maps = {AffineMap::get(2, 0, builder.getContext())};
  for (Value e : traces) {
    inputs.push_back(e);
    maps.push_back(builder.getMultiDimIdentityMap(2));
  }
  return buildGeneric(inputs, maps, [&](OpBuilder &nested, ValueRange arguments) {
    Value sum = arguments[1];
    for (Value e : arguments.drop_front(2).drop_back())
      sum = arith::AddFOp::create(nested, loc, sum, e);
    return Value(arith::MulFOp::create(nested, loc, arguments[0], sum));
  });
}

LogicalResult RuleBuilder::build() {
  ETPOpInterface primitive = relation.primitive;
  const RelationTarget &target = relation.targets.front();
  trace = dyn_cast<RankedTensorType>(relation.leaves.front().operand->get().getType());
  if (!isa<MatmulOp>(*primitive) || relation.targets.size() != 1 || relation.leaves.size() != 1 ||
      !target.positionToOutput || !target.positionToOutput.isIdentity() || trace.getRank() != 2 ||
      graph.groups[target.group].positions.size() != 1)
    return primitive.emitError("the three-factor rule learns vectors times matrices in one group");
  const HiddenGroup &group = graph.groups[target.group];
  func::FuncOp transition = lookup(group.name, "transition");
  if (!transition)
    return model.emitError("run 'etrace-outline-graph' before the three-factor rule");

  SmallVector<Type> arguments(transition.getArgumentTypes());
  arguments.push_back(RankedTensorType::get({}, trace.getElementType()));
  arguments.append(group.members.size(), trace);
  builder.setInsertionPointAfter(model);
  auto function =
      func::FuncOp::create(builder, loc, getPartSymbol(model, relation.name, "three_factor"),
                           builder.getFunctionType(arguments, {}));
  Block *body = function.addEntryBlock();
  builder.setInsertionPointToStart(body);
  ValueRange step = body->getArguments().take_front(transition.getNumArguments());
  Value m = body->getArgument(step.size());
  SmallVector<Value> results = llvm::to_vector(call(group.name, "transition", step));
  call(group.name, "jacobian", step);
  call(relation.name, "factors", step);
  SmallVector<Value> traces = buildTraces(body->getArguments().drop_front(step.size() + 1));
  results.append(traces);
  results.push_back(buildGradient(m, traces));
  func::ReturnOp::create(builder, loc, results);
  function.setFunctionType(builder.getFunctionType(arguments, TypeRange(ValueRange(results))));
  return success();
}

namespace {
struct ThreeFactorPass : PassWrapper<ThreeFactorPass, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(ThreeFactorPass)
  StringRef getArgument() const override { return "three-factor"; }
  StringRef getDescription() const override { return "Learn by modulated traces"; }

  void runOnOperation() override {
    for (ModelOp model : llvm::to_vector(getOperation().getOps<ModelOp>())) {
      FailureOr<StepGraph> graph = StepGraph::read(model);
      if (failed(graph))
        return signalPassFailure();
      for (const WeightRelation &relation : graph->relations)
        if (failed(RuleBuilder(model, *graph, relation).build()))
          return signalPassFailure();
    }
  }
};
} // namespace

int main(int argc, char **argv) {
  DialectRegistry registry;
  mlir::registerAllDialects(registry);
  etrace::registerAllDialects(registry);
  etrace::registerAllPasses();
  PassRegistration<ThreeFactorPass>();
  MLIRContext context(registry);
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(argc > 1 ? argv[1] : "-", &context);
  PassManager manager(&context);
  if (!module ||
      failed(parsePassPipeline("etrace-analyze,etrace-outline-graph,three-factor", manager)) ||
      failed(manager.run(*module)))
    return 1;
  module->print(llvm::outs());
  return 0;
}
