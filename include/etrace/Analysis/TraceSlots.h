//===- TraceSlots.h - Which states of a group have a trace ------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_ANALYSIS_TRACESLOTS_H
#define ETRACE_ANALYSIS_TRACESLOTS_H

#include "etrace/Analysis/StepGraph.h"

namespace etrace {

/// What of the step lies between the result of a primitive and the members of a group: f is its
/// derivative. It stops at new values of groups that the primitive does not reach, and, with
/// `stopsAtTargets`, at those of its other targets, each of which then takes its own share.
LinearizeOptions getTailOptions(const StepGraph &graph, const WeightRelation &relation,
                                const RelationTarget &target, bool stopsAtTargets);

/// The new value of a state as a function m(new value of `source`) of the same step, and of
/// nothing else that y or the states before the step move: then e[a] = m' e[source].
struct SameStepMultiple {
  unsigned source;
  /// The operations of m.
  llvm::DenseSet<mlir::Operation *> operations;
};

/// By member of the group of a target: how its trace follows from another's, for those that are in
/// `slots` and do. A source has no source itself.
using SameStepMultiples = std::vector<std::optional<SameStepMultiple>>;
llvm::FailureOr<SameStepMultiples>
findSameStepMultiples(const StepGraph &graph, const WeightRelation &relation,
                      const RelationTarget &target, llvm::ArrayRef<bool> slots,
                      bool stopsAtTargets);

} // namespace etrace

#endif // ETRACE_ANALYSIS_TRACESLOTS_H
