//===- ModelFlow.cpp - What flows between the parts of a model ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/Analysis/ModelFlow.h"

#include "etrace/Differentiation/Regions.h"

#include <set>

using namespace mlir;
using namespace etrace;

namespace {
using Kind = ModelPart::Kind;

/// Parts that a value is computed from; with each, whether it is carried from the last step.
using Sources = std::set<std::pair<ModelPart, bool>>;

class FlowBuilder {
public:
  explicit FlowBuilder(const StepGraph &graph) : graph(graph) {}
  ModelFlow run();

private:
  void addSources();
  void addEdges(const Sources &from, ModelPart to);
  Sources collect(ValueRange values);
  /// The relation of a primitive, or the excluded parameters that reach its trainable operands,
  /// which are joined.
  std::optional<ModelPart> getPart(ETPOpInterface primitive);
  /// The number that stands for an excluded parameter.
  ModelPart resolve(ModelPart part) const;
  void visit(Operation *op);
  /// A new value of a state is the state from there on.
  void visitState(Value value);

  const StepGraph &graph;
  llvm::DenseMap<Value, Sources> sources;
  SmallVector<unsigned> excludedParts;
  std::set<FlowEdge> edges;
};
} // namespace

void FlowBuilder::addSources() {
  for (auto [number, input] : llvm::enumerate(graph.step.inputs))
    sources[input.value] = {{{Kind::input, unsigned(number)}, false}};
  for (auto [number, state] : llvm::enumerate(graph.step.states))
    sources[state.before] = {{{Kind::state, unsigned(number)}, true}};
  for (auto [number, excluded] : llvm::enumerate(graph.excluded))
    if (const StepParameter *param = graph.step.findParam(excluded.path))
      sources[param->value] = {{{Kind::excluded, unsigned(number)}, false}};
}

void FlowBuilder::addEdges(const Sources &from, ModelPart to) {
  for (auto [part, isCarried] : from)
    edges.insert({part, to, isCarried});
}

Sources FlowBuilder::collect(ValueRange values) {
  Sources all;
  for (Value value : values)
    if (auto it = sources.find(value); it != sources.end())
      all.insert(it->second.begin(), it->second.end());
  return all;
}

ModelPart FlowBuilder::resolve(ModelPart part) const {
  if (part.kind == Kind::excluded)
    while (excludedParts[part.number] != part.number)
      part.number = excludedParts[part.number];
  return part;
}

std::optional<ModelPart> FlowBuilder::getPart(ETPOpInterface primitive) {
  for (auto [number, relation] : llvm::enumerate(graph.relations))
    if (relation.primitive == primitive)
      return ModelPart{Kind::relation, unsigned(number)};
  std::optional<ModelPart> first;
  for (OpOperand *operand : primitive.getTrainableOperands())
    for (auto [source, isCarried] : collect(operand->get())) {
      ModelPart part = resolve(source);
      if (part.kind != Kind::excluded)
        continue;
      if (!first)
        first = part;
      unsigned low = std::min(first->number, part.number);
      excludedParts[std::max(first->number, part.number)] = low;
      first->number = low;
    }
  return first;
}

void FlowBuilder::visit(Operation *op) {
  auto primitive = dyn_cast<ETPOpInterface>(op);
  std::optional<ModelPart> part = primitive ? getPart(primitive) : std::nullopt;
  Sources read = collect(getReads(op).getArrayRef());
  if (part) {
    addEdges(read, *part);
    read = {{*part, false}};
  }
  for (Value result : op->getResults()) {
    sources[result] = read;
    visitState(result);
  }
}

void FlowBuilder::visitState(Value value) {
  Sources states;
  for (auto [number, state] : llvm::enumerate(graph.step.states)) {
    if (state.after != value || state.after == state.before)
      continue;
    ModelPart part{Kind::state, unsigned(number)};
    addEdges(sources[value], part);
    states.insert({part, false});
  }
  if (!states.empty())
    sources[value] = std::move(states);
}

ModelFlow FlowBuilder::run() {
  for (unsigned number = 0; number < graph.excluded.size(); ++number)
    excludedParts.push_back(number);
  addSources();
  // A state that becomes an input leaves it what it is.
  for (const StepInput &input : graph.step.inputs) {
    Sources own = sources[input.value];
    visitState(input.value);
    sources[input.value] = std::move(own);
  }
  for (Operation &op : graph.step.getBody().without_terminator())
    visit(&op);
  for (auto [number, output] : llvm::enumerate(graph.step.outputs))
    addEdges(sources[output.value], {Kind::output, unsigned(number)});
  std::set<FlowEdge> resolved;
  for (const FlowEdge &edge : edges)
    if (ModelPart from = resolve(edge.from), to = resolve(edge.to); !(from == to))
      resolved.insert({from, to, edge.isCarried});
  ModelFlow flow{{resolved.begin(), resolved.end()}, {}};
  for (unsigned number = 0; number < graph.excluded.size(); ++number)
    flow.excludedParts.push_back(resolve({Kind::excluded, number}).number);
  return flow;
}

ModelFlow ModelFlow::compute(const StepGraph &graph) { return FlowBuilder(graph).run(); }
