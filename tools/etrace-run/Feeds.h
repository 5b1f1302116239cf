//===- Feeds.h - Arrays of a file, by the names of a model ------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_RUN_FEEDS_H
#define ETRACE_RUN_FEEDS_H

#include "Learner.h"

namespace etrace::run {

/// Values for one argument of an entry.
struct Feed {
  std::string name;
  Array values;
  /// Bytes of one step; the values are those of every step if there is only one.
  size_t stepBytes = 0;
  bool constant = false;

  void *at(int64_t step) { return values.data() + (constant ? 0 : step * stepBytes); }
};

/// The arrays of --data: `param:<path>`, `state:<path>`, `input:<name>`, `target:<name>`.
class NamedArrays {
public:
  NamedArrays(std::string path, const ModelABI &abi, const Externals &externals)
      : path(std::move(path)), abi(abi), externals(externals) {}

  /// Reads the file and refuses a key that the model does not have.
  llvm::Error read();
  /// Sets the buffers that the file has; a parameter that it lacks is an error if `needsAll`.
  llvm::Error loadBuffers(Learner &learner, bool needsAll) const;
  /// The feed "<prefix>:<argument>"; nothing if the file lacks it.
  llvm::Expected<std::optional<Feed>> findFeed(llvm::StringRef prefix,
                                               const EntryArgument &argument);
  llvm::Error makeMissingError(llvm::StringRef key) const;
  /// The extent of time in the feeds found so far; -1: none has time.
  int64_t getSteps() const { return steps; }

private:
  llvm::Error makeKeyError(const llvm::Twine &problem) const;

  std::string path;
  const ModelABI &abi;
  const Externals &externals;
  ArrayMap data;
  int64_t steps = -1;
};

} // namespace etrace::run

#endif // ETRACE_RUN_FEEDS_H
