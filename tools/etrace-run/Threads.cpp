//===- Threads.cpp - How many threads a step gets -------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Threads.h"

#include <algorithm>
#include <thread>

using namespace etrace;
using namespace etrace::run;

/// Batches of a round; the first of them run on one thread, the next on all. Threads that slept
/// may need some milliseconds until each has a processor of its own: the first batches on all do
/// not count.
static constexpr int kRound = 256, kOne = 4, kSettling = 4, kTrials = kOne + kSettling + 4;

unsigned etrace::run::getThreadCount(unsigned requested) {
  return requested ? requested : std::max(1u, std::thread::hardware_concurrency());
}

ThreadChoice::ThreadChoice(unsigned requested)
    : pool(getThreadCount(requested)),
      isFixed(requested != 0 || getThreadCount(requested) == 1) {}

ThreadChoice::Way ThreadChoice::getWay() const {
  if (isFixed)
    return all;
  if (batch < kTrials)
    return batch < kOne ? one : all;
  return faster;
}

EtraceParallel *ThreadChoice::next() { return getWay() == all ? &pool : nullptr; }

void ThreadChoice::record(double seconds) {
  if (batch < kOne || (batch >= kOne + kSettling && batch < kTrials))
    trials[getWay()] += seconds;
  if (++batch == kTrials)
    faster = trials[all] < trials[one] ? all : one;
  if (batch == kRound) {
    batch = 0;
    trials = {};
  }
}
