//===- TraceCost.cpp - What the traces of a model take --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/Analysis/TraceCost.h"

#include "etrace/Analysis/TraceSlots.h"
#include "etrace/Support/ByteWidth.h"

#include <set>

using namespace mlir;
using namespace etrace;

/// The members of a group that have a trace: those that y reaches, and what D makes of them.
static SmallVector<bool> findSlots(const HiddenGroup &group, const RelationTarget &target) {
  SmallVector<bool> slots(group.members.size(), false);
  for (unsigned member : target.reach)
    slots[member] = true;
  for (bool changed = true; changed;) {
    changed = false;
    for (auto [to, from] : group.edges)
      if (slots[from] && !slots[to])
        changed = slots[to] = true;
  }
  return slots;
}

/// Entries of D between members that store a trace; those of one that follows from another's are
/// added to those of its source.
static int64_t countEntries(const HiddenGroup &group, ArrayRef<bool> slots,
                            const SameStepMultiples &multiples) {
  llvm::DenseSet<std::pair<unsigned, unsigned>> entries;
  for (auto [to, from] : group.edges)
    if (slots[to] && slots[from] && !multiples[to])
      entries.insert({to, multiples[from] ? multiples[from]->source : from});
  return entries.size();
}

static std::optional<int64_t> getNumElements(ArrayRef<int64_t> extents) {
  if (ShapedType::isDynamicShape(extents))
    return std::nullopt;
  return ShapedType::getNumElements(extents);
}

namespace {
class CostCounter {
public:
  explicit CostCounter(const StepGraph &graph) : graph(graph) {}
  std::optional<TraceCost> count(const WeightRelation &relation);

private:
  std::optional<int64_t> countInput(ETPOpInterface primitive, const WeightLeaf &leaf,
                                    const TraceDomain &domain);
  FailureOr<SameStepMultiples> findMultiples(const WeightRelation &relation,
                                             const RelationTarget &target, ArrayRef<bool> slots);
  int64_t countMultiples(unsigned group, const SameStepMultiples &multiples);

  const StepGraph &graph;
  llvm::DenseSet<Value> inputs;
  std::set<std::tuple<unsigned, unsigned, unsigned>> factors;
};
} // namespace

/// The elements of x as pp-prop carries them: of the tensor itself, once, or of what an index
/// selects.
std::optional<int64_t> CostCounter::countInput(ETPOpInterface primitive, const WeightLeaf &leaf,
                                               const TraceDomain &domain) {
  if (domain.selection) {
    int64_t elements = 1;
    for (AffineExpr expr : domain.multiplicand.map.getResults())
      elements *= domain.extents[cast<AffineDimExpr>(expr).getPosition()];
    return elements;
  }
  OpOperand *x = getMultiplicand(primitive, *leaf.operand);
  if (!x || !inputs.insert(x->get()).second)
    return 0;
  return getNumElements(cast<RankedTensorType>(x->get().getType()).getShape());
}

/// With compat = braintrace every state has its trace.
FailureOr<SameStepMultiples> CostCounter::findMultiples(const WeightRelation &relation,
                                                        const RelationTarget &target,
                                                        ArrayRef<bool> slots) {
  ETPOpInterface primitive = relation.primitive;
  if (primitive->getParentOfType<ModelOp>().isBraintraceCompat())
    return SameStepMultiples(slots.size());
  return findSameStepMultiples(graph, relation, target, slots, /*stopsAtTargets=*/false);
}

/// The factors that no relation before has counted.
int64_t CostCounter::countMultiples(unsigned group, const SameStepMultiples &multiples) {
  int64_t count = 0;
  for (auto [state, multiple] : llvm::enumerate(multiples))
    count += multiple && factors.insert({group, unsigned(state), multiple->source}).second;
  return count;
}

std::optional<TraceCost> CostCounter::count(const WeightRelation &relation) {
  TraceCost cost;
  ETPOpInterface primitive = relation.primitive;
  int64_t width = getByteWidth(getElementTypeOrSelf(primitive->getResult(0)));
  for (const RelationTarget &target : relation.targets) {
    const HiddenGroup &group = graph.groups[target.group];
    SmallVector<bool> slots = findSlots(group, target);
    FailureOr<SameStepMultiples> multiples = findMultiples(relation, target, slots);
    std::optional<int64_t> positions = getNumElements(getTraceShape(graph, relation, target));
    std::optional<int64_t> factor = getNumElements(group.positions);
    if (!positions || !factor || failed(multiples))
      return std::nullopt;
    int64_t entries = countEntries(group, slots, *multiples);
    int64_t states = llvm::count(slots, true) -
                     llvm::count_if(*multiples, [](auto &multiple) { return bool(multiple); });
    int64_t factorBytes = width * countMultiples(target.group, *multiples) * *factor;
    cost.bytesDRTRL += factorBytes;
    cost.bytesPPProp += factorBytes + width * states * *positions;
    for (const WeightLeaf &leaf : relation.leaves) {
      std::optional<TraceDomain> domain = computeTraceDomain(graph, relation, target, leaf);
      std::optional<int64_t> elements = domain ? getNumElements(domain->extents) : std::nullopt;
      std::optional<int64_t> input = elements ? countInput(primitive, leaf, *domain) : std::nullopt;
      if (!input)
        return std::nullopt;
      cost.leaves.push_back({leaf.name, target.group, domain->extents, unsigned(states)});
      cost.bytesDRTRL += width * states * *elements;
      cost.bytesPPProp += width * *input;
      cost.multiplyAddsDRTRL += *elements * (entries + 2 * states);
    }
  }
  return cost;
}

std::vector<std::optional<TraceCost>> etrace::computeTraceCosts(const StepGraph &graph) {
  CostCounter counter(graph);
  std::vector<std::optional<TraceCost>> costs;
  for (const WeightRelation &relation : graph.relations)
    costs.push_back(counter.count(relation));
  return costs;
}
