//===- Recurrence.h - Which states are read before written ------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_ANALYSIS_RECURRENCE_H
#define ETRACE_ANALYSIS_RECURRENCE_H

#include "etrace/Analysis/StepView.h"

namespace etrace {

/// What a step does with a state.
struct StateAccess {
  std::string path;
  bool isHidden;
  /// An operation uses the value from before the step.
  bool isRead = false;
  /// Whether the value after the step is a new one.
  StateWrite written = StateWrite::never;
  mlir::Location loc;
};

/// One entry for every state that the model declares, in the order of the step; those that
/// the step does not use come last.
std::vector<StateAccess> computeRecurrence(ModelOp model, const StepView &step);

/// "read before it is written", "written, never read", ... with what follows from it.
llvm::StringRef describeAccess(bool isRead, StateWrite written);

} // namespace etrace

#endif // ETRACE_ANALYSIS_RECURRENCE_H
