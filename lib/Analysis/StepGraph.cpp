//===- StepGraph.cpp - Groups, relations, excluded parameters -------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/Analysis/StepGraph.h"

#include "StepGraphBuilder.h"
#include "etrace/Analysis/StateFinder.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/EquivalenceClasses.h"

using namespace mlir;
using namespace etrace;

int StepGraph::findGroup(unsigned state) const {
  for (auto [index, group] : llvm::enumerate(groups))
    if (llvm::is_contained(group.members, state))
      return index;
  return -1;
}

//===----------------------------------------------------------------------===//
// Recurrence
//===----------------------------------------------------------------------===//

/// What a step does with a state, as a diagnostic id.
static StringRef getAccessId(const StateAccess &access) {
  switch (access.written) {
  case StateWrite::always:
    return access.isRead ? "state-recurrent" : "state-not-read";
  case StateWrite::sometimes:
    return "state-written-sometimes";
  case StateWrite::never:
    break;
  }
  return access.isRead ? "state-not-written" : "state-not-used";
}

void StepGraphBuilder::findRecurrence() {
  graph.accesses = computeRecurrence(model, graph.step);
  for (const StateAccess &access : graph.accesses) {
    bool isUsed = access.isRead || access.written != StateWrite::never;
    decide(isUsed ? Decision::Level::analysis : Decision::Level::doubtful,
           getAccessId(access).str(),
           "'" + access.path + "' is " + describeAccess(access.isRead, access.written).str(),
           access.loc);
  }
}

//===----------------------------------------------------------------------===//
// Groups
//===----------------------------------------------------------------------===//

LogicalResult StepGraphBuilder::findGroups() {
  const StepView &step = graph.step;
  llvm::EquivalenceClasses<unsigned> classes;
  std::vector<std::vector<bool>> reaches(step.states.size());
  for (auto [b, source] : llvm::enumerate(step.states)) {
    if (!source.isHidden)
      continue;
    classes.insert(b);
    FailureOr<TransitionCut> cut = TransitionCut::compute(step, source);
    if (failed(cut))
      return failure();
    for (auto [a, target] : llvm::enumerate(step.states)) {
      reaches[b].push_back(cut->reaches[a]);
      if (cut->reaches[a])
        classes.unionSets(a, b);
    }
    reportCuts(source, *cut);
    cuts[b] = std::move(*cut);
  }
  for (unsigned s = 0; s < step.states.size(); ++s) {
    if (!step.states[s].isHidden || graph.findGroup(s) >= 0)
      continue;
    HiddenGroup group;
    group.name = ("group" + Twine(graph.groups.size())).str();
    for (unsigned other = s; other < step.states.size(); ++other)
      if (step.states[other].isHidden && classes.isEquivalent(s, other))
        group.members.push_back(other);
    llvm::append_range(group.positions, step.states[s].getType().getShape());
    for (auto [a, to] : llvm::enumerate(group.members))
      for (auto [b, from] : llvm::enumerate(group.members))
        if (reaches[from][to])
          group.edges.push_back({unsigned(a), unsigned(b)});
    graph.groups.push_back(std::move(group));
  }
  for (const HiddenGroup &group : graph.groups)
    if (group.members.size() > 1)
      decide(Decision::Level::analysis, "hidden-group-merged",
             "states exchange information position by position: " + nameMembers(group),
             step.states[group.members.front()].before.getLoc());
  return success();
}

std::string StepGraphBuilder::nameMembers(const HiddenGroup &group) const {
  std::string names;
  for (unsigned member : group.members)
    names += (names.empty() ? "" : ", ") + graph.step.states[member].path;
  return names;
}

void StepGraphBuilder::reportCuts(const CarriedState &source, const TransitionCut &cut) {
  for (auto &[op, reason] : cut.cuts) {
    if (reason == CutReason::primitive)
      decide(Decision::Level::missed, "recurrence-through-primitive",
             "D leaves out the path of '" + source.path + "' through this ETP primitive",
             op->getLoc());
    else if (reason == CutReason::product)
      decide(Decision::Level::missed, "recurrence-through-product",
             "D leaves out the path of '" + source.path + "' through this product",
             op->getLoc());
    else
      decide(Decision::Level::missed, "position-mixing",
             "'" + op->getName().getStringRef().str() + "' mixes positions of '" + source.path +
                 "'; D leaves this edge out (diagonal approximation)",
             op->getLoc());
  }
}

//===----------------------------------------------------------------------===//
// Relations
//===----------------------------------------------------------------------===//

/// Groups that y reaches first: without crossing a primitive or a new hidden value.
llvm::SetVector<unsigned> StepGraphBuilder::findDirectGroups(Value y) const {
  const StepView &step = graph.step;
  auto isNewHidden = [&](Value value) {
    return llvm::any_of(step.states, [&](const CarriedState &state) {
      return state.isHidden && state.after == value;
    });
  };
  llvm::DenseSet<Value> reached =
      forwardSlice(step.getBody(), {y}, isOpaquePrimitive, isNewHidden);
  llvm::SetVector<unsigned> direct;
  for (auto [index, state] : llvm::enumerate(step.states))
    if (state.isHidden && reached.contains(state.after))
      direct.insert(graph.findGroup(index));
  return direct;
}

/// The projection that all sets share, or null.
static AffineMap getCommonProjection(ArrayRef<PositionSet> sets) {
  AffineMap map = sets.front().getProjection();
  bool common = llvm::all_of(
      sets, [&](const PositionSet &set) { return set.getProjection() == map; });
  return common ? map : AffineMap();
}

/// True if no position of the source lies in both pieces.
static bool areDisjoint(const PositionPiece &a, const PositionPiece &b) {
  for (unsigned axis = 0; axis < a.shift.size(); ++axis)
    if (a.upper[axis] + a.shift[axis] <= b.lower[axis] + b.shift[axis] ||
        b.upper[axis] + b.shift[axis] <= a.lower[axis] + a.shift[axis])
      return true;
  return false;
}

/// The pieces of all sets, those of one shift joined to their hull. Empty if two boxes
/// overlap: a position of y would be read by two positions.
static SmallVector<PositionPiece> getDisjointPieces(ArrayRef<PositionSet> sets) {
  SmallVector<PositionPiece> pieces;
  for (const PositionSet &set : sets) {
    SmallVector<PositionPiece> own = set.getPieces();
    if (own.empty())
      return {};
    for (PositionPiece &piece : own) {
      auto it = llvm::find_if(pieces, [&](auto &other) { return other.shift == piece.shift; });
      if (it == pieces.end()) {
        pieces.push_back(std::move(piece));
        continue;
      }
      for (unsigned axis = 0; axis < piece.shift.size(); ++axis) {
        it->lower[axis] = std::min(it->lower[axis], piece.lower[axis]);
        it->upper[axis] = std::max(it->upper[axis], piece.upper[axis]);
      }
    }
  }
  for (size_t a = 0; a < pieces.size(); ++a)
    for (size_t b = 0; b < a; ++b)
      if (!areDisjoint(pieces[a], pieces[b]))
        return {};
  return pieces;
}

FailureOr<std::vector<RelationTarget>>
etrace::computeTargets(const StepGraph &graph, ETPOpInterface primitive, ArrayRef<unsigned> groups,
                       std::string &obstacle) {
  const StepView &step = graph.step;
  // f: the tangents of the members, through members but not through other groups.
  TangentProgram program(step.getBody());
  Value seed = program.addSeed(primitive->getResult(0));
  LinearizeOptions options;
  options.cut = isOpaquePrimitive;
  options.rewrite = [&](OpBuilder &, Value primal, Value tangent) -> Value {
    for (auto [index, state] : llvm::enumerate(step.states))
      if (state.isHidden && state.after == primal &&
          !llvm::is_contained(groups, unsigned(graph.findGroup(index))))
        return {};
    return tangent;
  };
  if (failed(program.build(options)))
    return failure();
  PositionAnalysis positions(program.getBlock(), seed);
  std::vector<RelationTarget> targets;
  for (unsigned g : groups) {
    RelationTarget target{g, {}, {}, {}, {}};
    SmallVector<PositionSet> sets;
    for (auto [number, member] : llvm::enumerate(graph.groups[g].members))
      if (Value tangent = program.getTangent(step.states[member].after)) {
        target.reach.push_back(number);
        sets.push_back(positions.lookup(tangent));
      }
    if (target.reach.empty())
      continue;
    target.positionToOutput = getCommonProjection(sets);
    if (!target.positionToOutput) {
      target.pieces = getDisjointPieces(sets);
      if (target.pieces.empty()) {
        obstacle = step.states[graph.groups[g].members[target.reach.front()]].path;
        continue;
      }
      // The reference asks for y and h of one shape.
      if (primitive->getParentOfType<ModelOp>().isBraintraceCompat())
        continue;
    }
    target.tail = traceTail(graph, primitive, target, groups);
    targets.push_back(std::move(target));
  }
  return targets;
}

LogicalResult StepGraphBuilder::findTargets(WeightRelation &relation, std::string &obstacle) {
  llvm::SetVector<unsigned> direct = findDirectGroups(relation.primitive->getResult(0));
  if (direct.empty())
    return success();
  FailureOr<std::vector<RelationTarget>> targets =
      computeTargets(graph, relation.primitive, direct.getArrayRef(), obstacle);
  if (failed(targets))
    return failure();
  for (RelationTarget &target : *targets)
    if (!failsShapeFilter(relation, target))
      relation.targets.push_back(std::move(target));
  return success();
}

/// compat = braintrace compares y with the stored buffer, not with the position shape.
bool StepGraphBuilder::failsShapeFilter(const WeightRelation &relation,
                                        const RelationTarget &target) {
  if (!model.isBraintraceCompat())
    return false;
  auto y = cast<RankedTensorType>(relation.primitive->getResult(0).getType());
  for (unsigned number : target.reach) {
    const CarriedState &state = graph.step.states[graph.groups[target.group].members[number]];
    auto buffer = getReferenceBuffer(lookupDeclaration(model, state.path).op);
    if (!buffer)
      continue;
    // y must broadcast to the buffer.
    bool fits = y.getRank() <= int64_t(buffer->size());
    for (int64_t axis = 1; fits && axis <= y.getRank(); ++axis) {
      int64_t extent = y.getDimSize(y.getRank() - axis);
      fits = extent == 1 || extent == (*buffer)[buffer->size() - axis];
    }
    if (!fits)
      return true;
  }
  return false;
}

/// Exact iff no carried value outside the slots takes credit: neither y nor a member
/// reaches another state, and no edge of the transition was cut.
void StepGraphBuilder::judge(WeightRelation &relation) {
  const StepView &step = graph.step;
  auto reject = [&](std::string reason) {
    if (relation.exact)
      relation.reason = std::move(reason);
    relation.exact = false;
  };
  SmallVector<Value> sources = {relation.primitive->getResult(0)};
  llvm::DenseSet<unsigned> inside;
  for (const RelationTarget &target : relation.targets)
    for (unsigned member : graph.groups[target.group].members) {
      inside.insert(member);
      sources.push_back(step.states[member].before);
    }
  auto leadsBack = [&](Operation *op) {
    llvm::DenseSet<Value> reached =
        forwardSlice(step.getBody(), SmallVector<Value>(op->getResults()),
                     [](Operation *) { return false; }, [](Value) { return false; });
    return llvm::any_of(inside, [&](unsigned s) { return reached.contains(step.states[s].after); });
  };
  // A cut on the way to a state outside is found below.
  for (const RelationTarget &target : relation.targets)
    for (unsigned member : graph.groups[target.group].members)
      for (auto &[op, why] : cuts[member].cuts)
        if (leadsBack(op))
          reject(why == CutReason::mixing
                     ? "positions of '" + step.states[member].path + "' mix"
                     : "'" + step.states[member].path + "' recurs through a product of weights");
  llvm::DenseSet<Value> reached = forwardSlice(
      step.getBody(), sources, [](Operation *) { return false; }, [](Value) { return false; });
  for (auto [index, state] : llvm::enumerate(step.states))
    if (!inside.contains(index) && reached.contains(state.after))
      reject("credit through the state '" + state.path + "' is not carried");
  llvm::DenseSet<Value> direct = forwardSlice(
      step.getBody(), {sources.front()}, isOpaquePrimitive, [](Value) { return false; });
  for (Operation &op : step.getBody().without_terminator())
    if (isOpaquePrimitive(&op) && llvm::any_of(op.getOperands(), [&](Value operand) {
          return direct.contains(operand);
        }))
      for (Value result : forwardSlice(step.getBody(), {op.getResult(0)},
                                       [](Operation *) { return false; },
                                       [](Value) { return false; }))
        for (const CarriedState &state : step.states)
          if (state.after == result) {
            relation.kind = RelationKind::mixed;
            reject("a path through another primitive to '" + state.path + "' is not carried");
          }
}

/// A constant index outside its dimension is a slip, not a wish for the last position.
static LogicalResult verifyConstantIndices(ETPOpInterface primitive) {
  SmallVector<int64_t> extents = getIterationExtents(primitive);
  for (const DimIndex &index : primitive.getDimIndices()) {
    DenseIntElementsAttr values;
    int64_t extent = extents[index.dim];
    if (ShapedType::isDynamic(extent) || !matchPattern(index.index, m_Constant(&values)))
      continue;
    for (const APInt &value : values)
      if (value.getSExtValue() < 0 || value.getSExtValue() >= extent) {
        InFlightDiagnostic diag = primitive.emitOpError("has the index ")
                                  << value.getSExtValue() << " into a dimension of extent "
                                  << extent << " [index-out-of-range]";
        diag.attachNote(index.index.getLoc()) << "indices count from 0";
        return failure();
      }
  }
  return success();
}

LogicalResult StepGraphBuilder::findRelation(ETPOpInterface primitive) {
  if (failed(verifyConstantIndices(primitive)))
    return failure();
  WeightRelation relation;
  relation.primitive = primitive;
  for (OpOperand *operand : primitive.getTrainableOperands()) {
    FailureOr<WeightLeaf> leaf = traceLeaf(graph.step, primitive, *operand);
    if (failed(leaf))
      return failure();
    if (leaf->params.empty())
      decide(Decision::Level::analysis, "trainable-operand-not-parameter",
             "operand '" + leaf->name + "' is a constant", primitive.getLoc());
    else
      relation.leaves.push_back(std::move(*leaf));
  }
  if (relation.leaves.empty()) {
    decide(Decision::Level::missed, "relation-excluded-no-parameter",
           "no trainable operand depends on a parameter", primitive.getLoc());
    return success();
  }
  std::string obstacle;
  if (failed(findTargets(relation, obstacle)))
    return failure();
  if (relation.targets.empty()) {
    exclude(relation, obstacle);
    return success();
  }
  judge(relation);
  relation.name = ("relation" + Twine(graph.relations.size())).str();
  std::string where;
  for (const RelationTarget &target : relation.targets)
    where += (where.empty() ? "" : ", ") + graph.groups[target.group].name;
  decide(Decision::Level::passed, "relation-included",
         "weight '" + relation.leaves.front().params.front() + "' is associated with " + where +
             (relation.exact ? "; the trace is exact" : "; approximate: " + relation.reason),
         primitive.getLoc());
  if (relation.kind == RelationKind::mixed)
    decide(Decision::Level::missed, "relation-partial-path",
           "weight '" + relation.leaves.front().params.front() +
               "' reaches hidden states through another primitive, too; on that way it learns by "
               "its gradient within a step",
           primitive.getLoc());
  graph.relations.push_back(std::move(relation));
  return success();
}

/// The reason why no group is left, as a diagnostic id.
static std::string getExclusionReason(const StepView &step, Value y, StringRef obstacle,
                                      bool filtered) {
  if (!obstacle.empty())
    return "relation-excluded-mixing-tail";
  if (filtered)
    return "relation-excluded-shape-mismatch";
  llvm::DenseSet<Value> reached = forwardSlice(
      step.getBody(), {y}, [](Operation *) { return false; }, [](Value) { return false; });
  for (const CarriedState &state : step.states)
    if (state.isHidden && reached.contains(state.after))
      return "relation-excluded-weight-to-weight";
  return "relation-excluded-non-temporal";
}

void StepGraphBuilder::exclude(const WeightRelation &relation, StringRef obstacle) {
  ETPOpInterface primitive = relation.primitive;
  Value y = primitive->getResult(0);
  bool filtered = !findDirectGroups(y).empty();
  std::string reason = getExclusionReason(graph.step, y, obstacle, filtered);
  for (const WeightLeaf &leaf : relation.leaves)
    for (const std::string &path : leaf.params)
      candidates.push_back({path, reason, primitive});
  std::string name;
  if (StringAttr id = primitive.getPrimitiveId())
    name = " of '" + id.str() + "'";
  std::string where = obstacle.empty() ? "" : " to '" + obstacle.str() + "'";
  decide(Decision::Level::missed, reason,
         "weight '" + relation.leaves.front().params.front() + "'" + name + " has no trace" +
             where + "; it " + explainExclusion(reason).str(),
         primitive.getLoc());
}

LogicalResult StepGraphBuilder::findRelations() {
  WalkResult walk = graph.step.getBody().walk([&](ETPOpInterface primitive) {
    if (primitive->getBlock() == &graph.step.getBody())
      return WalkResult::advance();
    InFlightDiagnostic diag = primitive.emitOpError("is in a region of '")
                              << primitive->getParentOp()->getName()
                              << "', where it cannot have a trace [primitive-in-region]";
    diag.attachNote(primitive->getParentOp()->getLoc())
        << "move the primitive out of this operation; out of 'scf.for', 'scf.while', 'scf.if' and "
           "'scf.index_switch' 'etrace-expose-primitives' moves it";
    return WalkResult::interrupt();
  });
  if (walk.wasInterrupted())
    return failure();
  for (auto primitive : graph.step.getBody().getOps<ETPOpInterface>())
    if (failed(findRelation(primitive)))
      return failure();
  return success();
}

/// A parameter without any relation is excluded, with the first reason found.
void StepGraphBuilder::findExcluded() {
  llvm::StringMap<bool> related;
  for (const WeightRelation &relation : graph.relations)
    for (const WeightLeaf &leaf : relation.leaves)
      for (const std::string &path : leaf.params)
        related[path] = true;
  for (const StepParameter &param : graph.step.params) {
    if (related.count(param.path))
      continue;
    auto it = llvm::find_if(candidates, [&](const ExcludedParameter &candidate) {
      return candidate.path == param.path;
    });
    if (it != candidates.end()) {
      graph.excluded.push_back(*it);
      continue;
    }
    decide(Decision::Level::missed, "relation-excluded-ordinary",
           "weight '" + param.path +
               "' is only used by operations that are not ETP; it learns by its instantaneous "
               "gradient",
           param.value.getLoc());
    graph.excluded.push_back({param.path, "relation-excluded-ordinary", nullptr});
  }
}

void StepGraphBuilder::decide(Decision::Level level, std::string id, std::string text,
                              Location loc) {
  assert(llvm::is_contained(getDecisionKinds(), id) && "a kind of decision that has no name");
  graph.decisions.push_back({level, std::move(id), std::move(text), loc});
}

FailureOr<StepGraph> StepGraph::compute(ModelOp model) {
  FailureOr<StepView> step = StepView::get(model);
  if (failed(step))
    return failure();
  StepGraph graph;
  graph.step = std::move(*step);
  StepGraphBuilder builder(model, graph);
  builder.findRecurrence();
  if (failed(builder.findGroups()) || failed(builder.findRelations()))
    return failure();
  builder.findExcluded();
  return graph;
}
