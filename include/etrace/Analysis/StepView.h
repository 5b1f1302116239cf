//===- StepView.h - A step in functional form, by role ----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_ANALYSIS_STEPVIEW_H
#define ETRACE_ANALYSIS_STEPVIEW_H

#include "etrace/IR/Etrace.h"

#include <string>

namespace etrace {

/// A state of the step: its value before and after.
struct CarriedState {
  std::string path;
  mlir::Value before;
  mlir::Value after;
  unsigned argument;
  bool isHidden;
  /// The number of the result that `after` is.
  unsigned result = 0;
  mlir::RankedTensorType getType() const {
    return llvm::cast<mlir::RankedTensorType>(before.getType());
  }
};

struct StepParameter {
  std::string path;
  mlir::Value value;
  unsigned argument;
};

struct StepInput {
  std::string name;
  mlir::Value value;
  unsigned argument;
  bool isSingleStep;
};

struct StepOutput {
  std::string name;
  mlir::Value value;
  /// The number of the result.
  unsigned result;
};

/// Arguments and results of a step in functional form, sorted by role. Works on the
/// step itself and on a function whose body is a copy of it.
class StepView {
public:
  /// Fails with a located error if the step is not in functional form.
  static llvm::FailureOr<StepView> get(StepOp step);
  /// Of the step of a model; one without a step is a located error.
  static llvm::FailureOr<StepView> get(ModelOp model);

  /// The same roles over a body whose arguments and terminator correspond.
  StepView over(mlir::Block &body) const;

  llvm::SmallVector<StepInput> inputs;
  llvm::SmallVector<CarriedState> states;
  llvm::SmallVector<StepParameter> params;
  llvm::SmallVector<StepOutput> outputs;

  /// The hidden state with this path; null if there is none.
  const CarriedState *findHidden(llvm::StringRef path) const;
  const StepParameter *findParam(llvm::StringRef path) const;
  const StepParameter *findParam(mlir::Value value) const;
  mlir::Block &getBody() const { return *body; }

private:
  mlir::Block *body = nullptr;
};

} // namespace etrace

#endif // ETRACE_ANALYSIS_STEPVIEW_H
