//===- Threads.h - How many threads a step gets -----------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_RUN_THREADS_H
#define ETRACE_RUN_THREADS_H

#include "etrace/Runtime/Parallel.h"

#include <array>

namespace etrace::run {

/// More are refused.
constexpr unsigned kMostThreads = 1024;

/// The threads that `--threads` stands for: 0 means those of the processor.
unsigned getThreadCount(unsigned requested);

/// Decides for each batch whether its steps run on one thread or on all. A number that was
/// asked for is obeyed. Without one, a few batches of every few hundred are timed both ways and
/// the rest take the faster: threads wait for each other every few microseconds, so on a
/// processor with other work more of them can be slower than one. No result depends on it.
class ThreadChoice {
public:
  /// `requested` 0: choose.
  explicit ThreadChoice(unsigned requested);

  /// What the next batch runs on; null is one thread.
  EtraceParallel *next();
  /// Says how long the batch took.
  void record(double seconds);

private:
  enum Way { one, all };
  Way getWay() const;

  ThreadPool pool;
  bool isFixed;
  int batch = 0;
  /// Time of the trials of this round, by way.
  std::array<double, 2> trials{};
  Way faster = one;
};

} // namespace etrace::run

#endif // ETRACE_RUN_THREADS_H
