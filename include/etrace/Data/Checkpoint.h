//===- Checkpoint.h - All state of a training run ---------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_DATA_CHECKPOINT_H
#define ETRACE_DATA_CHECKPOINT_H

#include "etrace/Data/Array.h"

#include "llvm/Support/JSON.h"

namespace etrace {

/// An NPZ file with one array per buffer and the member `checkpoint.json`.
struct Checkpoint {
  std::string model;
  /// Identifies the buffers of the compiled model.
  uint64_t modelHash = 0;
  std::string rule;
  /// Options that change the numbers, as text.
  std::map<std::string, std::string> options;
  /// The random numbers of the run are functions of the seed and the position.
  uint64_t seed = 0;
  /// Complete epochs, then batches and the sum of their losses in the next one.
  int64_t epochs = 0;
  int64_t batches = 0;
  double lossSum = 0.0;
  /// What the epochs so far brought.
  llvm::json::Array history;
  ArrayMap arrays;
};

llvm::Error writeCheckpoint(llvm::StringRef path, const Checkpoint &checkpoint);
llvm::Expected<Checkpoint> readCheckpoint(llvm::StringRef path);

} // namespace etrace

#endif // ETRACE_DATA_CHECKPOINT_H
