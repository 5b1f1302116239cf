//===- TraceSlots.cpp - Traces that follow from others --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Let every path on which y or an old state of the group moves h_t[a] pass h_t[b]. Then
//
//   D[a][c] = m D[b][c],  f[a] = m f[b],   m[p] = dh_t[p, a] / dh_t[p, b],
//
// so that e_t[a] = m_t e_t[b] if the traces start at zero (c: any member with a trace). Proved by
// leaving h_t[b] out: the tangent of h_t[a] is then zero. D and f are cut at some operations, each
// at its own; m is the same for all if none of them is on the way from h_t[b] to h_t[a].
//===----------------------------------------------------------------------===//

#include "etrace/Analysis/TraceSlots.h"

#include "etrace/Analysis/PositionAnalysis.h"
#include "etrace/Differentiation/Regions.h"

using namespace mlir;
using namespace etrace;

LinearizeOptions etrace::getTailOptions(const StepGraph &graph, const WeightRelation &relation,
                                        const RelationTarget &target, bool stopsAtTargets) {
  auto foreign = std::make_shared<llvm::DenseSet<Value>>();
  for (auto [index, state] : llvm::enumerate(graph.step.states)) {
    int group = state.isHidden ? graph.findGroup(index) : -1;
    if (group < 0 || group == int(target.group))
      continue;
    bool isTarget = llvm::any_of(relation.targets, [&](const RelationTarget &other) {
      return int(other.group) == group;
    });
    if (!isTarget || stopsAtTargets)
      foreign->insert(state.after);
  }
  LinearizeOptions linearize;
  linearize.cut = isOpaquePrimitive;
  linearize.rewrite = [foreign](OpBuilder &, Value primal, Value tangent) {
    return foreign->contains(primal) ? Value() : tangent;
  };
  return linearize;
}

/// The operations of the step on the way from one value to another.
static llvm::DenseSet<Operation *> findSegment(Block &body, Value from, Value to) {
  llvm::DenseSet<Value> reached = {from}, needed = {to};
  llvm::DenseSet<Operation *> forward, segment;
  for (Operation &op : body.without_terminator())
    if (llvm::any_of(getReads(&op), [&](Value read) { return reached.contains(read); })) {
      forward.insert(&op);
      reached.insert(op.result_begin(), op.result_end());
    }
  for (Operation *op : getSlice(body, needed))
    if (forward.contains(op))
      segment.insert(op);
  return segment;
}

namespace {
class MultipleFinder {
public:
  MultipleFinder(const StepGraph &graph, const HiddenGroup &group, ArrayRef<bool> slots, Value y,
                 LinearizeOptions tail)
      : graph(graph), group(group), slots(slots), y(y), tail(std::move(tail)) {}
  FailureOr<SameStepMultiples> find();

private:
  const CarriedState &getMember(unsigned number) const {
    return graph.step.states[group.members[number]];
  }
  FailureOr<bool> isZeroWithout(Value left, Value source, Value target,
                                const LinearizeOptions &options) const;
  bool isUncut(const llvm::DenseSet<Operation *> &segment) const;
  FailureOr<bool> isPointwise(unsigned a, const SameStepMultiple &multiple) const;
  FailureOr<bool> isOnAllPaths(unsigned a, unsigned b) const;
  FailureOr<std::optional<SameStepMultiple>> prove(unsigned a, unsigned b) const;

  const StepGraph &graph;
  const HiddenGroup &group;
  ArrayRef<bool> slots;
  Value y;
  LinearizeOptions tail;
  /// Of the members with a trace.
  llvm::MapVector<unsigned, TransitionCut> cuts;
};
} // namespace

/// Whether `source` moves `target` on no path that leaves out `left`.
FailureOr<bool> MultipleFinder::isZeroWithout(Value left, Value source, Value target,
                                              const LinearizeOptions &options) const {
  if (source == left)
    return true;
  TangentProgram program(graph.step.getBody());
  program.addSeed(source);
  LinearizeOptions without = options;
  without.rewrite = [&](OpBuilder &builder, Value primal, Value tangent) -> Value {
    if (primal == left)
      return {};
    return options.rewrite ? options.rewrite(builder, primal, tangent) : tangent;
  };
  if (failed(program.build(without)))
    return failure();
  return !program.getTangent(target);
}

/// Whether D and f go through all of a segment.
bool MultipleFinder::isUncut(const llvm::DenseSet<Operation *> &segment) const {
  OpBuilder builder(graph.step.getBody().getParentOp()->getContext());
  return llvm::none_of(segment, [&](Operation *op) {
    bool stops = tail.cut(op) || llvm::any_of(op->getResults(), [&](Value result) {
                   return !tail.rewrite(builder, result, result);
                 });
    return stops || llvm::any_of(cuts, [&](auto &cut) { return cut.second.getOptions().cut(op); });
  });
}

FailureOr<bool> MultipleFinder::isPointwise(unsigned a, const SameStepMultiple &multiple) const {
  TangentProgram program(graph.step.getBody());
  Value seed = program.addSeed(getMember(multiple.source).after);
  LinearizeOptions options;
  options.cut = [&](Operation *op) { return !multiple.operations.contains(op); };
  if (failed(program.build(options)))
    return failure();
  Value tangent = program.getTangent(getMember(a).after);
  return tangent && PositionAnalysis(program.getBlock(), seed).lookup(tangent).isPointwise();
}

FailureOr<bool> MultipleFinder::isOnAllPaths(unsigned a, unsigned b) const {
  Value left = getMember(b).after, target = getMember(a).after;
  FailureOr<bool> zero = isZeroWithout(left, y, target, tail);
  for (auto &[member, cut] : cuts) {
    if (failed(zero) || !*zero)
      return zero;
    zero = isZeroWithout(left, getMember(member).before, target, cut.getOptions());
  }
  return zero;
}

FailureOr<std::optional<SameStepMultiple>> MultipleFinder::prove(unsigned a, unsigned b) const {
  SameStepMultiple multiple{
      b, findSegment(graph.step.getBody(), getMember(b).after, getMember(a).after)};
  bool isSame = getMember(a).after == getMember(b).after;
  if ((multiple.operations.empty() && !isSame) || !isUncut(multiple.operations))
    return std::optional<SameStepMultiple>();
  FailureOr<bool> holds = isOnAllPaths(a, b);
  if (succeeded(holds) && *holds)
    holds = isPointwise(a, multiple);
  if (failed(holds))
    return failure();
  return *holds ? std::optional(std::move(multiple)) : std::nullopt;
}

FailureOr<SameStepMultiples> MultipleFinder::find() {
  SameStepMultiples multiples(slots.size());
  if (llvm::count(slots, true) < 2)
    return multiples;
  for (unsigned member = 0; member < slots.size(); ++member) {
    if (!slots[member])
      continue;
    FailureOr<TransitionCut> cut = TransitionCut::compute(graph.step, getMember(member));
    if (failed(cut))
      return failure();
    cuts.insert({member, std::move(*cut)});
  }
  // A member whose trace is left out is no source: what follows from it follows from its source.
  for (bool changed = true; std::exchange(changed, false);)
    for (unsigned a = 0; a < slots.size(); ++a)
      for (unsigned b = 0; b < slots.size(); ++b) {
        if (a == b || !slots[a] || !slots[b] || multiples[a] || multiples[b])
          continue;
        FailureOr<std::optional<SameStepMultiple>> multiple = prove(a, b);
        if (failed(multiple))
          return failure();
        if (!*multiple)
          continue;
        multiples[a] = std::move(*multiple);
        changed = true;
      }
  // Sources that were left out later.
  for (unsigned a = 0; a < slots.size(); ++a)
    while (multiples[a] && multiples[multiples[a]->source]) {
      const SameStepMultiple &next = *multiples[multiples[a]->source];
      multiples[a]->operations.insert(next.operations.begin(), next.operations.end());
      multiples[a]->source = next.source;
    }
  return multiples;
}

FailureOr<SameStepMultiples>
etrace::findSameStepMultiples(const StepGraph &graph, const WeightRelation &relation,
                              const RelationTarget &target, ArrayRef<bool> slots,
                              bool stopsAtTargets) {
  ETPOpInterface primitive = relation.primitive;
  return MultipleFinder(graph, graph.groups[target.group], slots, primitive->getResult(0),
                        getTailOptions(graph, relation, target, stopsAtTargets))
      .find();
}
