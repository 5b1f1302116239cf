//===- Dataset.h - Samples from files, packed into batches ------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_RUN_DATASET_H
#define ETRACE_RUN_DATASET_H

#include "Learner.h"

namespace etrace::run {

/// Data for one external array: samples x steps x elements, or samples x elements for
/// what is constant over the steps.
struct Column {
  const EntryArgument *argument = nullptr;
  Array values;
  bool constant = false;
  /// Elements of one sample at one step.
  int64_t elements = 1;
  double scale = 1.0;
};

/// Where the batch axis lies in an external array, and how large it is.
struct BatchAxis {
  std::optional<int64_t> axis;
  int64_t extent = 1;
};
/// Finds the batch of the model and checks it against --batch.
llvm::Expected<BatchAxis> getBatchAxis(const Program &program, const Externals &externals,
                                       int64_t wanted);

/// Samples that fit a model.
class Dataset {
public:
  static llvm::Expected<Dataset> load(const RunOptions &options, const Externals &externals,
                                      const BatchAxis &batch, llvm::StringRef inputs,
                                      llvm::StringRef targets);

  int64_t getNumSamples() const { return samples; }
  int64_t getNumSteps() const { return steps; }
  /// Whether the first target is one class per sample (or per step).
  bool hasLabels() const;
  /// The class of a sample at the last step.
  int64_t getLabel(int64_t sample) const;

  llvm::ArrayRef<Column> getColumns() const { return columns; }
  int64_t getNumInputs() const { return numInputs; }
  /// Bytes that `pack` writes for a column.
  size_t getPackedBytes(const Column &column) const;
  /// Gathers samples, time-major: result[t][...][b][...] = values[sample_b][t][...].
  /// Missing samples at the end repeat the first.
  void pack(const Column &column, llvm::ArrayRef<int64_t> indices, void *result) const;

private:
  BatchAxis batch;
  int64_t samples = -1;
  int64_t steps = -1;
  int64_t numInputs = 0;
  std::vector<Column> columns;

  llvm::Error addFile(const RunOptions &options, llvm::StringRef path,
                      llvm::ArrayRef<const EntryArgument *> arguments, bool isInput);
  llvm::Error addColumn(const RunOptions &options, llvm::StringRef path, Array array,
                        const EntryArgument &argument, bool isInput);
  llvm::Error checkCounts(llvm::StringRef path, const Column &column, llvm::StringRef firstPath);
  llvm::Error checkLabels(llvm::StringRef path, const Externals &externals) const;
  template <typename From, typename To>
  void packAs(const Column &column, llvm::ArrayRef<int64_t> indices, To *result) const;
};

} // namespace etrace::run

#endif // ETRACE_RUN_DATASET_H
