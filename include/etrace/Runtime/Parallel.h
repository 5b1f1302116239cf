//===- Parallel.h - Threads for the parts of a step -------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_RUNTIME_PARALLEL_H
#define ETRACE_RUNTIME_PARALLEL_H

#include <cstdint>
#include <memory>

/// The last argument of every entry on the CPU path, or null. Compiled code calls `run` with
/// its own address for the long parallel loops of a step. `run` calls `body` with
/// `arguments` for ranges that cover [0, turns), in any order, on any threads, and returns
/// when all calls have returned. No result depends on how the turns are cut.
struct EtraceParallel {
  void (*run)(EtraceParallel *self, void (*body)(void *arguments, int64_t begin, int64_t end),
              void *arguments, int64_t turns);
};

namespace etrace {

/// Threads that wait for parts of steps: awake for a short while after one, then asleep. The
/// caller's thread works too, and alone if the others are late, so a busy machine costs
/// little. Serves one caller at a time.
class ThreadPool : public EtraceParallel {
public:
  /// `threads` counts the caller's: at least 1.
  explicit ThreadPool(unsigned threads);
  ~ThreadPool();

private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation;
};

} // namespace etrace

#endif // ETRACE_RUNTIME_PARALLEL_H
