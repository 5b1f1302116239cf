//===- StepGraphIR.cpp - Groups and relations as operations ---------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/Analysis/StepGraph.h"

using namespace mlir;
using namespace etrace;

/// What the graph says of a state must hold. It may say less than the step does: a reading
/// whose result nobody used, or a branch never taken, may have gone since.
static LogicalResult checkRecurrence(ModelOp model, const StepGraph &graph) {
  for (auto op : model.getBody().getOps<RecurrenceOp>()) {
    std::string path = getPath(op.getState());
    auto it = llvm::find_if(graph.accesses,
                            [&](const StateAccess &access) { return access.path == path; });
    bool holds = op.getWritten() == StateWrite::sometimes || op.getWritten() == it->written;
    if (holds && (op.getRead() || !it->isRead))
      continue;
    InFlightDiagnostic diag = op.emitOpError("does not agree with the step [stale-graph]");
    diag.attachNote(it->loc) << "'" << path << "' is " << describeAccess(it->isRead, it->written)
                             << "; run 'etrace-build-graph' anew";
    return diag;
  }
  return success();
}

static LogicalResult readGroups(ModelOp model, StepGraph &graph) {
  for (auto op : model.getBody().getOps<GroupOp>()) {
    HiddenGroup group;
    group.name = op.getSymName().str();
    llvm::append_range(group.positions, op.getPositions());
    for (auto member : op.getMembers().getAsRange<StringAttr>()) {
      auto it = llvm::find_if(graph.step.states, [&](const CarriedState &state) {
        return state.isHidden && state.path == member.getValue();
      });
      if (it == graph.step.states.end())
        return op.emitOpError("member '") << member.getValue() << "' is not used by the step";
      group.members.push_back(it - graph.step.states.begin());
    }
    ArrayRef<int64_t> edges = op.getEdges();
    for (size_t e = 0; e + 1 < edges.size(); e += 2)
      group.edges.push_back({unsigned(edges[e]), unsigned(edges[e + 1])});
    graph.groups.push_back(std::move(group));
  }
  for (auto [index, state] : llvm::enumerate(graph.step.states)) {
    auto count = llvm::count_if(graph.groups, [&, s = index](const HiddenGroup &group) {
      return llvm::is_contained(group.members, s);
    });
    if (state.isHidden && count != 1)
      return model.emitOpError("needs the hidden state '")
             << state.path << "' in one group, found it in " << count
             << "; run 'etrace-analyze' first [stale-graph]";
  }
  return success();
}

/// Looks the primitive up by id.
static ETPOpInterface findPrimitive(const StepView &step, StringRef id) {
  for (auto primitive : step.getBody().getOps<ETPOpInterface>())
    if (primitive.getPrimitiveId() && primitive.getPrimitiveId().getValue() == id)
      return primitive;
  return {};
}

/// Proves again that the primitive reaches the members that the operation names.
static LogicalResult readTargets(RelationOp op, const StepGraph &graph, WeightRelation &relation) {
  SmallVector<unsigned> groups;
  for (auto symbol : op.getGroups().getAsRange<SymbolRefAttr>()) {
    auto it = llvm::find_if(graph.groups, [&](const HiddenGroup &group) {
      return group.name == symbol.getLeafReference().getValue();
    });
    groups.push_back(it - graph.groups.begin());
  }
  std::string obstacle;
  auto targets = computeTargets(graph, relation.primitive, groups, obstacle);
  if (failed(targets))
    return failure();
  for (auto [group, reach] : llvm::zip(groups, op.getReach())) {
    auto it = llvm::find_if(*targets, [&, g = group](const RelationTarget &target) {
      return target.group == g;
    });
    auto stated = cast<DenseI64ArrayAttr>(reach).asArrayRef();
    if (it == targets->end() ||
        !llvm::equal(it->reach, stated, [](unsigned a, int64_t b) { return a == b; })) {
      InFlightDiagnostic diag = op.emitOpError("does not agree with the step about what '")
                                << op.getPrimitive() << "' reaches in @"
                                << graph.groups[group].name << " [stale-graph]";
      diag.attachNote(relation.primitive.getLoc())
          << "the primitive; run 'etrace-build-graph' anew";
      return failure();
    }
    relation.targets.push_back(*it);
  }
  return success();
}

static LogicalResult readRelation(RelationOp op, StepGraph &graph) {
  WeightRelation relation;
  relation.name = op.getSymName().str();
  relation.kind = op.getKind();
  relation.exact = op.getExact();
  relation.reason = op.getReason().value_or("").str();
  relation.primitive = findPrimitive(graph.step, op.getPrimitive());
  if (!relation.primitive)
    return op.emitOpError("names the primitive '")
           << op.getPrimitive() << "', which the step does not have [stale-graph]";
  for (OpOperand *operand : relation.primitive.getTrainableOperands()) {
    StringRef name = relation.primitive.getLeafName(*operand);
    if (!llvm::is_contained(op.getLeaves().getAsValueRange<StringAttr>(), name))
      continue;
    FailureOr<WeightLeaf> leaf = traceLeaf(graph.step, relation.primitive, *operand);
    if (failed(leaf))
      return failure();
    relation.leaves.push_back(std::move(*leaf));
  }
  if (failed(readTargets(op, graph, relation)))
    return failure();
  graph.relations.push_back(std::move(relation));
  return success();
}

FailureOr<StepGraph> StepGraph::read(ModelOp model) {
  FailureOr<StepView> step = StepView::get(model);
  if (failed(step))
    return failure();
  StepGraph graph;
  graph.step = std::move(*step);
  graph.accesses = computeRecurrence(model, graph.step);
  if (failed(checkRecurrence(model, graph)) || failed(readGroups(model, graph)))
    return failure();
  for (auto op : model.getBody().getOps<RelationOp>())
    if (failed(readRelation(op, graph)))
      return failure();
  for (auto op : model.getBody().getOps<ExcludedOp>())
    graph.excluded.push_back({getPath(op.getParam()), op.getReason().str(), nullptr});
  return graph;
}
