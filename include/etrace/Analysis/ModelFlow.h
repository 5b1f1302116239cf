//===- ModelFlow.h - What flows between the parts of a model ----*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_ANALYSIS_MODELFLOW_H
#define ETRACE_ANALYSIS_MODELFLOW_H

#include "etrace/Analysis/StepGraph.h"

namespace etrace {

/// A part of a model, by its number in `StepGraph` (relation, excluded parameter) or `StepView` (the
/// others).
struct ModelPart {
  enum class Kind { input, relation, excluded, state, output } kind;
  unsigned number;
  bool operator<(const ModelPart &other) const {
    return std::pair(kind, number) < std::pair(other.kind, other.number);
  }
  bool operator==(const ModelPart &other) const {
    return kind == other.kind && number == other.number;
  }
};

/// `to` is computed from `from`, through operations that belong to no part.
struct FlowEdge {
  ModelPart from, to;
  /// What flows is the value that a state had before the step.
  bool isCarried;
  bool operator<(const FlowEdge &other) const {
    return std::tie(from, to, isCarried) < std::tie(other.from, other.to, other.isCarried);
  }
  bool operator==(const FlowEdge &other) const {
    return from == other.from && to == other.to && isCarried == other.isCarried;
  }
};

/// Who reads whom in a step. A primitive stands for its relation, or for the excluded parameters
/// that it reads, which are one part by the number of the first of them; an excluded parameter that
/// no primitive reads is a source of what is computed from it.
struct ModelFlow {
  static ModelFlow compute(const StepGraph &graph);

  /// Each once, in the order of the parts.
  std::vector<FlowEdge> edges;
  /// The part of each excluded parameter.
  llvm::SmallVector<unsigned> excludedParts;
};

} // namespace etrace

#endif // ETRACE_ANALYSIS_MODELFLOW_H
