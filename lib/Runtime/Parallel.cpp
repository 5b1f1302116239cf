//===- Parallel.cpp - Threads for the parts of a step ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// A part lasts tens of microseconds, so threads meet by spinning. What a thread may take is
// one atomic word: the number of the job, its pieces, and the next piece. A piece is taken
// by exchanging the word; then the job cannot end before the piece has been done, so its
// fields may be read.
//
//===----------------------------------------------------------------------===//

#include "etrace/Runtime/Parallel.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

using namespace etrace;

/// Tells the processor that the thread only waits.
static void pause() {
#if defined(__x86_64__)
  _mm_pause();
#endif
}

namespace {
/// Looks for work before a thread sleeps: some milliseconds, so that it stays awake between two
/// batches. Waking takes long, more so if it wakes on the processor of the thread that calls.
constexpr int kSpins = 1 << 17;
/// Pieces of a job for each thread, so that a late thread leaves something to take.
constexpr int64_t kPiecesPerThread = 4;

/// What can be taken, in one word.
struct Offer {
  uint32_t job;
  uint16_t pieces;
  uint16_t next;

  bool isOpen() const { return next < pieces; }
};
} // namespace

struct ThreadPool::Implementation {
  explicit Implementation(unsigned threads);
  ~Implementation();

  void run(void (*body)(void *, int64_t, int64_t), void *arguments, int64_t turns);

private:
  bool takePiece();
  void work();
  void sleep();

  // The job: written before the offer is made, read after a piece of it was taken.
  void (*body)(void *, int64_t, int64_t) = nullptr;
  void *arguments = nullptr;
  int64_t turns = 0;

  alignas(64) std::atomic<Offer> offer{Offer{0, 0, 0}};
  alignas(64) std::atomic<int64_t> done{0};
  alignas(64) std::atomic<int> sleepers{0};
  std::atomic<bool> isEnding{false};
  std::mutex mutex;
  std::condition_variable wake;
  std::vector<std::thread> workers;
};

ThreadPool::Implementation::Implementation(unsigned threads) {
  for (unsigned i = 1; i < threads; ++i)
    workers.emplace_back([this] { work(); });
}

ThreadPool::Implementation::~Implementation() {
  {
    std::lock_guard<std::mutex> lock(mutex);
    isEnding = true;
  }
  wake.notify_all();
  for (std::thread &worker : workers)
    worker.join();
}

bool ThreadPool::Implementation::takePiece() {
  Offer seen = offer.load(std::memory_order_acquire);
  do {
    if (!seen.isOpen())
      return false;
  } while (!offer.compare_exchange_weak(
      seen, Offer{seen.job, seen.pieces, static_cast<uint16_t>(seen.next + 1)},
      std::memory_order_acq_rel, std::memory_order_acquire));
  body(arguments, turns * seen.next / seen.pieces, turns * (seen.next + 1) / seen.pieces);
  done.fetch_add(1, std::memory_order_release);
  return true;
}

void ThreadPool::Implementation::run(void (*newBody)(void *, int64_t, int64_t),
                                     void *newArguments, int64_t newTurns) {
  if (newTurns <= 0)
    return;
  body = newBody;
  arguments = newArguments;
  turns = newTurns;
  auto threads = static_cast<int64_t>(workers.size()) + 1;
  int64_t pieces = std::min<int64_t>({turns, kPiecesPerThread * threads, UINT16_MAX});
  done.store(0, std::memory_order_relaxed);
  uint32_t job = offer.load(std::memory_order_relaxed).job + 1;
  offer.store(Offer{job, static_cast<uint16_t>(pieces), 0}, std::memory_order_seq_cst);
  if (sleepers.load(std::memory_order_seq_cst) > 0) {
    std::lock_guard<std::mutex> lock(mutex);
    wake.notify_all();
  }
  while (takePiece()) {
  }
  for (int spins = 0; done.load(std::memory_order_acquire) < pieces; ++spins)
    spins < kSpins ? pause() : std::this_thread::yield();
}

void ThreadPool::Implementation::sleep() {
  std::unique_lock<std::mutex> lock(mutex);
  sleepers.fetch_add(1, std::memory_order_seq_cst);
  wake.wait(lock, [&] { return isEnding || offer.load(std::memory_order_seq_cst).isOpen(); });
  sleepers.fetch_sub(1, std::memory_order_seq_cst);
}

void ThreadPool::Implementation::work() {
  for (int spins = 0; !isEnding.load(std::memory_order_relaxed);) {
    if (takePiece()) {
      spins = 0;
    } else if (++spins < kSpins) {
      pause();
    } else {
      sleep();
      spins = 0;
    }
  }
}

ThreadPool::ThreadPool(unsigned threads)
    : EtraceParallel{[](EtraceParallel *self, void (*body)(void *, int64_t, int64_t),
                        void *arguments, int64_t turns) {
        static_cast<ThreadPool *>(self)->implementation->run(body, arguments, turns);
      }},
      implementation(std::make_unique<Implementation>(threads)) {}

ThreadPool::~ThreadPool() = default;
