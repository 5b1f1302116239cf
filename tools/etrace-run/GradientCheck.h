//===- GradientCheck.h - The derivatives of a learner, checked --*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_RUN_GRADIENTCHECK_H
#define ETRACE_RUN_GRADIENTCHECK_H

#include "CheckReport.h"
#include "Feeds.h"

namespace etrace::run {

/// Runs the learner of a model over a few steps of data and asks at each of them whether its
/// derivatives are those that differences of the model give.
class GradientCheck {
public:
  GradientCheck(const RunOptions &options, const Program &learner,
                const DifferenceProgram &differences);
  llvm::Error run();
  const CheckReport &getReport() const { return report; }

private:
  /// How an array moves, and what to call that.
  struct Direction {
    Array values;
    std::string label;
  };
  /// A direction in which one parameter moves, and where that has moved the states.
  struct Sensitivity {
    Direction direction;
    /// By group and member: dh_t / dw . direction, as the learning rule defines it.
    std::map<std::string, std::vector<Array>> states;
  };
  using Directions = std::map<std::string, Array>;
  using Estimates = std::map<std::string, std::vector<Estimate>>;

  // Data.
  llvm::Error loadData();
  llvm::Error addFeed(NamedArrays *data, llvm::StringRef prefix, const EntryArgument &argument);
  llvm::Expected<Feed> makeRandomFeed(llvm::StringRef prefix, const EntryArgument &argument);
  Array makeRandomArray(llvm::StringRef name, llvm::ArrayRef<int64_t> shape);
  /// All elements at random, and some (or all) elements one by one.
  std::vector<Direction> makeDirections(llvm::StringRef name, llvm::ArrayRef<int64_t> shape);

  // Entries of the differences at the point of the step.
  llvm::Error callEntry(const std::string &entry, const Directions &directions, ArrayMap &results);
  llvm::Expected<Estimates> differentiateEntry(const std::string &entry,
                                               const Directions &directions);
  llvm::Expected<Estimate> differentiateLoss(const std::string &entry,
                                             const Directions &directions);

  // The derivatives of a step.
  llvm::Error runStep(int64_t t);
  llvm::Error learn(Learner &learner, int64_t t);
  llvm::Error compareStep();
  llvm::Error compareTransition(const DifferenceInfo &entry);
  llvm::Error compareTail(const DifferenceInfo &entry);
  llvm::Expected<std::vector<Estimate>> runOperations(const std::string &entry,
                                                      Directions &directions, ArrayMap &results);
  llvm::Error compareOperations(const DifferenceInfo &entry);
  llvm::Error compareSignals(const DifferenceInfo &entry, llvm::StringRef group,
                             llvm::ArrayRef<std::string> members);
  llvm::Error compareInstantaneous();
  Array readQuery(const std::string &path, llvm::ArrayRef<int64_t> shape) const;

  // Through the trace.
  llvm::Error startSensitivities();
  llvm::Error compareTraces();
  llvm::Expected<Estimate> differentiateTrace(const std::string &param, Sensitivity &sensitivity);
  llvm::Error moveStates(Sensitivity &sensitivity);
  llvm::Error injectParameter(const std::string &param, Sensitivity &sensitivity);

  const RunOptions &options;
  const Program &program;
  const DifferenceProgram &target;
  Learner following, restarted, differences;
  Externals externals;
  CheckReport report;
  std::vector<Feed> feeds;
  int64_t steps;
  std::string place;
  /// Inputs, targets, states and parameters of this step.
  std::map<std::string, void *> point;
  ArrayMap values;
  std::map<std::string, std::vector<Sensitivity>> sensitivities;
  /// A kink on the way makes the difference of a trace a mean of two.
  bool pastKink = false;
  uint64_t counter = 0;
};

} // namespace etrace::run

#endif // ETRACE_RUN_GRADIENTCHECK_H
