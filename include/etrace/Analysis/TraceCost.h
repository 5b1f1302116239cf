//===- TraceCost.h - What the traces of a model take ------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_ANALYSIS_TRACECOST_H
#define ETRACE_ANALYSIS_TRACECOST_H

#include "etrace/Analysis/TraceDomain.h"

namespace etrace {

/// What learning carries for a relation, and what a step takes, by rule.
struct TraceCost {
  /// The trace of a leaf in a group: extents, and how many states have it.
  struct Leaf {
    std::string name;
    unsigned group;
    llvm::SmallVector<int64_t> extents;
    unsigned states;
  };
  std::vector<Leaf> leaves;
  int64_t bytesDRTRL = 0, bytesPPProp = 0;
  /// Of the trace update and its contraction: for each element of the trace, one for each entry of
  /// D, one for x f, one for the signal.
  int64_t multiplyAddsDRTRL = 0;
};

/// One for each relation; nothing if an extent is dynamic or a trace does not fit (`etrace-derive`
/// says why). What several relations share (the trace of an x, the factor between two states)
/// counts for the first.
std::vector<std::optional<TraceCost>> computeTraceCosts(const StepGraph &graph);

} // namespace etrace

#endif // ETRACE_ANALYSIS_TRACECOST_H
