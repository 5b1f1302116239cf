//===- Batch.h - Memory of one batch ----------------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_RUN_BATCH_H
#define ETRACE_RUN_BATCH_H

#include "Dataset.h"

namespace etrace::run {

/// The packed columns of one batch and what comes out, by argument name.
class Batch {
public:
  Batch(const Dataset &dataset, const Externals &externals, const BatchAxis &axis,
        bool withTargets);
  Batch(const Batch &) = delete;

  /// Packs the samples.
  void pack(llvm::ArrayRef<int64_t> indices);

  /// For `step_sequence`, or with targets for `learn_sequence`.
  const std::map<std::string, void *> &getArguments() const { return arguments; }
  /// How many of these samples have the greatest output at their label, at the last step.
  int64_t countHits(llvm::ArrayRef<int64_t> indices) const;
  /// The mean loss over the steps.
  double getLoss() const;

private:
  const Dataset &dataset;
  const Externals &externals;
  BatchAxis axis;
  int64_t steps;
  std::vector<const Column *> columns;
  std::map<std::string, Array> results;
  std::vector<std::vector<char>> memory;
  std::map<std::string, void *> arguments;

  void addResult(const EntryArgument &argument);
};

} // namespace etrace::run

#endif // ETRACE_RUN_BATCH_H
