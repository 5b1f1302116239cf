//===- ParallelTests.cpp - Threads for the parts of a step ----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/Runtime/Parallel.h"

#include <chrono>
#include <gtest/gtest.h>
#include <thread>
#include <vector>

using namespace etrace;

namespace {

/// Counts how often each turn ran; a range that is empty or upside down counts nothing.
void count(void *arguments, int64_t begin, int64_t end) {
  auto &turns = *static_cast<std::vector<int> *>(arguments);
  for (int64_t turn = begin; turn < end; ++turn)
    ++turns[static_cast<size_t>(turn)];
}

TEST(ThreadPoolTest, EveryTurnRunsOnce) {
  for (unsigned threads : {1u, 2u, 5u}) {
    ThreadPool pool(threads);
    for (int64_t turns : {0, 1, 2, 3, 7, 64, 1000, 70000}) {
      std::vector<int> counts(static_cast<size_t>(turns), 0);
      pool.run(&pool, count, &counts, turns);
      EXPECT_EQ(counts, std::vector<int>(counts.size(), 1)) << threads << " of " << turns;
    }
  }
}

TEST(ThreadPoolTest, JobsFollowEachOther) {
  ThreadPool pool(3);
  std::vector<int> counts(13, 0);
  for (int job = 0; job < 20000; ++job)
    pool.run(&pool, count, &counts, 13);
  EXPECT_EQ(counts, std::vector<int>(13, 20000));
}

/// Threads that have gone to sleep wake up again, or the caller works alone.
TEST(ThreadPoolTest, WorksAfterAPause) {
  ThreadPool pool(3);
  std::vector<int> counts(9, 0);
  for (int job = 0; job < 3; ++job) {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    pool.run(&pool, count, &counts, 9);
  }
  EXPECT_EQ(counts, std::vector<int>(9, 3));
}

} // namespace
