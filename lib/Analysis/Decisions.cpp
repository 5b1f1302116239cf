//===- Decisions.cpp - Names and meanings of what the analysis decides ----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "StepGraphBuilder.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace etrace;

StringRef etrace::stringifyLevel(Decision::Level level) {
  switch (level) {
  case Decision::Level::passed:
    return "passed";
  case Decision::Level::missed:
    return "missed";
  case Decision::Level::doubtful:
    return "doubtful";
  case Decision::Level::analysis:
    break;
  }
  return "analysis";
}

std::string etrace::getPartSymbol(ModelOp model, StringRef name, StringRef part) {
  return (model.getSymName() + "." + name + "." + part).str();
}

ArrayRef<StringLiteral> etrace::getDecisionKinds() {
  static constexpr StringLiteral kinds[] = {"hidden-group-merged",
                                            "position-mixing",
                                            "recurrence-through-primitive",
                                            "recurrence-through-product",
                                            "relation-excluded-mixing-tail",
                                            "relation-excluded-no-parameter",
                                            "relation-excluded-non-temporal",
                                            "relation-excluded-ordinary",
                                            "relation-excluded-shape-mismatch",
                                            "relation-excluded-weight-to-weight",
                                            "relation-included",
                                            "relation-partial-path",
                                            "state-not-read",
                                            "state-not-used",
                                            "state-not-written",
                                            "state-recurrent",
                                            "state-written-sometimes",
                                            "trainable-operand-not-parameter"};
  return kinds;
}

StringRef etrace::explainExclusion(StringRef reason) {
  return llvm::StringSwitch<StringRef>(reason)
      .Case("relation-excluded-weight-to-weight",
            "reaches hidden states through another primitive only; learns by its gradient within a "
            "step (a trace: its product kept in a hidden state)")
      .Case("relation-excluded-non-temporal",
            "reaches outputs only; its gradient within a step is all of it")
      .Case("relation-excluded-ordinary",
            "has no primitive that reads it; learns by its gradient within a step (a trace: "
            "etrace.matmul and its kin)")
      .Case("relation-excluded-mixing-tail",
            "reaches hidden states across positions; learns by its gradient within a step (a "
            "trace: its product kept in a hidden state)")
      .Case("relation-excluded-shape-mismatch",
            "reaches hidden states whose positions do not correspond to those of its product; "
            "learns by its gradient within a step")
      .Default("");
}
