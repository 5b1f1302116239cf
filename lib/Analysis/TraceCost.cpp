//===- TraceCost.cpp - What the traces of a model take --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/Analysis/TraceCost.h"

#include "etrace/Support/ByteWidth.h"

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

/// Entries of D between members that have a trace.
static int64_t countEntries(const HiddenGroup &group, ArrayRef<bool> slots) {
  return llvm::count_if(group.edges,
                        [&](auto &edge) { return slots[edge.first] && slots[edge.second]; });
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

  const StepGraph &graph;
  llvm::DenseSet<Value> inputs;
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

std::optional<TraceCost> CostCounter::count(const WeightRelation &relation) {
  TraceCost cost;
  ETPOpInterface primitive = relation.primitive;
  int64_t width = getByteWidth(getElementTypeOrSelf(primitive->getResult(0)));
  for (const RelationTarget &target : relation.targets) {
    const HiddenGroup &group = graph.groups[target.group];
    SmallVector<bool> slots = findSlots(group, target);
    int64_t states = llvm::count(slots, true), entries = countEntries(group, slots);
    std::optional<int64_t> positions = getNumElements(getTraceShape(graph, relation, target));
    if (!positions)
      return std::nullopt;
    cost.bytesPPProp += width * states * *positions;
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
