//===- Slots.cpp - Traces no larger than proved ---------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Which states of a group have a trace (a slot): those that y reaches, closed under D. Of these a
// state a with e_t[a] = m_t e_t[b] (see TraceSlots.h) has none of its own; what reads it reads b:
//
//   D'[r][b] = D[r][b] + D[r][a] m_{t-1},    signal'[b] = signal[b] + signal[a] m,
//
// with the m of the trace that is contracted: m_{t-1} for the window 1, m_t in single-step. The m
// of the step before is kept with the traces, where anything reads it.
//===----------------------------------------------------------------------===//

#include "LearnerBuilder.h"

#include "etrace/Analysis/TraceSlots.h"
#include "etrace/Differentiation/Linearize.h"
#include "etrace/Support/ByteWidth.h"
#include "mlir/IR/Remarks.h"

using namespace mlir;
using namespace etrace;

void LearnerBuilder::findSlots(LeafSite &site) {
  const GroupQuantities &group = quantities.groups[site.group];
  unsigned states = group.jacobian.size();
  site.slots.assign(states, false);
  for (bool changed = true; changed;) {
    changed = false;
    for (unsigned a = 0; a < states; ++a) {
      bool reached = bool(site.f[a]);
      for (unsigned b = 0; b < states; ++b)
        reached |= site.slots[b] && group.jacobian[a][b];
      changed |= reached && !site.slots[a];
      site.slots[a] = site.slots[a] || reached;
    }
  }
}

/// m, at the positions of the group.
FailureOr<Value> LearnerBuilder::buildMultiple(OpBuilder &side, const HiddenGroup &group,
                                               unsigned state, const SameStepMultiple &multiple) {
  Value source = graph.step.states[group.members[multiple.source]].after;
  TangentMap tangents;
  tangents.set(source, buildConstant(side, loc, source.getType(), 1.0));
  LinearizeOptions options;
  options.cut = [&](Operation *op) { return !multiple.operations.contains(op); };
  if (failed(linearizeBlock(side, graph.step.getBody(), tangents, options)))
    return failure();
  return tangents.lookup(graph.step.states[group.members[state]].after);
}

/// Finds what follows from other traces, and takes it from the sites.
LogicalResult LearnerBuilder::planSlots(OpBuilder &side) {
  if (!options.minimalSlots)
    return success();
  for (const WeightRelation &relation : graph.relations)
    for (const RelationTarget &target : relation.targets) {
      auto isOf = [&](const LeafSite &site) {
        return site.relation == &relation && site.group == target.group;
      };
      auto site = llvm::find_if(quantities.sites, isOf);
      FailureOr<SameStepMultiples> found = findSameStepMultiples(
          graph, relation, target, site->slots, stopsAtTargets(options.window, options.compat));
      if (failed(found))
        return failure();
      for (auto [state, multiple] : llvm::enumerate(*found))
        if (multiple && failed(addMultiple(side, *site, state, *multiple)))
          return failure();
      for (LeafSite &other : quantities.sites)
        for (unsigned state = 0; isOf(other) && state < found->size(); ++state)
          if ((*found)[state]) {
            other.slots[state] = false;
            other.f[state] = {};
          }
    }
  return success();
}

LogicalResult LearnerBuilder::addMultiple(OpBuilder &side, const LeafSite &site, unsigned state,
                                          const SameStepMultiple &found) {
  const HiddenGroup &group = graph.groups[site.group];
  auto key = std::make_tuple(site.group, state, found.source);
  TraceMultiple &multiple = multiples[key];
  if (!multiple.value) {
    FailureOr<Value> value = buildMultiple(side, group, state, found);
    if (failed(value))
      return failure();
    multiple.value = *value;
    multiple.path = "multiple/" + group.name + "/" + std::to_string(state) + "/" +
                    std::to_string(found.source);
  }
  const GroupQuantities &values = quantities.groups[site.group];
  multiple.isKept |= options.window == Window::one;
  for (unsigned row = 0; row < site.slots.size(); ++row)
    multiple.isKept |= site.slots[row] && row != state && values.jacobian[row][state];
  siteMultiples[{site.relation, site.group}].push_back(key);
  return success();
}

void LearnerBuilder::declareMultiples(TraceStore &store) const {
  for (auto &[key, multiple] : multiples)
    if (multiple.isKept)
      store.declare(BufferKind::trace, multiple.path,
                    cast<RankedTensorType>(multiple.value.getType()));
}

static void addProduct(OpBuilder &builder, Location loc, Value &sum, Value a, Value b) {
  if (!a || !b)
    return;
  Value product = buildMul(builder, loc, a, b);
  sum = sum ? buildAdd(builder, loc, sum, product) : product;
}

/// D' and signal' of every relation with fewer slots; the m of this step are those of the next
/// one's step before.
void LearnerBuilder::reduceSlots(OpBuilder &builder, StepQuantities &step, TraceStore &store) {
  for (const auto &[place, keys] : siteMultiples) {
    auto site = llvm::find_if(step.sites, [&, p = place](const LeafSite &candidate) {
      return candidate.relation == p.first && candidate.group == p.second;
    });
    GroupQuantities reduced = step.at(*site);
    for (auto &key : keys) {
      auto [group, state, source] = key;
      const TraceMultiple &multiple = multiples.find(key)->second;
      Value before = liftToSite(builder, *site, store.get(multiple.path));
      Value of = options.window == Window::one ? before
                                               : liftToSite(builder, *site, multiple.value);
      for (unsigned row = 0; row < site->slots.size(); ++row) {
        Value entry = std::exchange(reduced.jacobian[row][state], {});
        if (site->slots[row])
          addProduct(builder, loc, reduced.jacobian[row][source], entry, before);
      }
      addProduct(builder, loc, reduced.signal[source],
                 std::exchange(reduced.signal[state], {}), of);
    }
    step.ofSites[place] = std::move(reduced);
  }
  for (auto &[key, multiple] : multiples)
    if (multiple.isKept)
      store.set(multiple.path, multiple.value);
}

/// A remark for every relation whose traces became smaller.
void LearnerBuilder::reportSlots(const StepQuantities &all) const {
  TraceStore counted;
  auto measure = [](const TraceStore &store) {
    int64_t bytes = 0;
    for (const BufferDeclaration &trace : store.declarations)
      if (trace.kind == BufferKind::trace)
        bytes += trace.type.getNumElements() * getByteWidth(trace.type.getElementType());
    return bytes;
  };
  auto ofRelation = [&](const StepQuantities &from, const WeightRelation &relation) {
    StepQuantities step;
    llvm::copy_if(from.sites, std::back_inserter(step.sites),
                  [&](const LeafSite &site) { return site.relation == &relation; });
    TraceStore store;
    rule->declareTraces(step, store);
    return measure(store);
  };
  for (const WeightRelation &relation : graph.relations) {
    TraceStore kept;
    std::string names;
    for (const auto &[place, keys] : siteMultiples)
      for (auto &key : keys) {
        if (place.first != &relation)
          continue;
        auto [group, state, source] = key;
        const TraceMultiple &multiple = multiples.find(key)->second;
        if (multiple.isKept)
          kept.declare(BufferKind::trace, multiple.path,
                       cast<RankedTensorType>(multiple.value.getType()));
        const auto &members = graph.groups[group].members;
        names += (names.empty() ? "'" : ", '") + graph.step.states[members[state]].path +
                 "' from that of '" + graph.step.states[members[source]].path + "'";
      }
    if (names.empty())
      continue;
    ETPOpInterface primitive = relation.primitive;
    remark::passed(primitive.getLoc(), remark::RemarkOpts::name("trace-slots")
                                           .category("etrace-derive")
                                           .function(ModelOp(model).getSymName()))
        << "traces of '" + primitive.getPrimitiveId().str() + "' take " +
               std::to_string(ofRelation(quantities, relation) + measure(kept)) +
               " bytes instead of " + std::to_string(ofRelation(all, relation)) +
               ": the trace of " + names + " [trace-slots]";
  }
}
