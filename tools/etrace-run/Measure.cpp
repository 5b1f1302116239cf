//===- Measure.cpp - Time and bandwidth -----------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Measure.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <sys/mman.h>

using namespace etrace;

double etrace::run::now() {
  using namespace std::chrono;
  return duration<double>(steady_clock::now().time_since_epoch()).count();
}

void *etrace::run::allocatePages(size_t bytes) {
  constexpr size_t page = size_t(2) << 20;
  size_t alignment = bytes >= page ? page : 64;
  void *memory = std::aligned_alloc(alignment, llvm::alignTo(bytes, alignment));
#ifdef MADV_HUGEPAGE
  // Passes over traces of many megabytes otherwise wait for address translation.
  if (memory && alignment == page)
    (void)madvise(memory, llvm::alignTo(bytes, alignment), MADV_HUGEPAGE);
#endif
  return memory;
}

double etrace::run::measureStreamBandwidth(size_t bytes) {
  size_t count = std::max<size_t>(bytes, 4096) / sizeof(float);
  std::unique_ptr<void, decltype(&std::free)> memory(allocatePages(count * sizeof(float)),
                                                     &std::free);
  float *a = static_cast<float *>(memory.get());
  if (!a)
    return 0.0;
  std::fill(a, a + count, 1.0f);
  double best = 1e9;
  for (int repetition = 0; repetition < 15; ++repetition) {
    double start = now();
    for (size_t i = 0; i < count; ++i)
      a[i] = 0.5f * a[i] + 1.0f;
    // The result is used, so that the loop stays.
    volatile float sink = a[count / 2];
    (void)sink;
    best = std::min(best, now() - start);
  }
  return 2.0 * count * sizeof(float) / best;
}

double etrace::run::getStepTraffic(const ModelABI &abi) {
  double bytes = 0;
  for (const BufferInfo &buffer : abi.buffers) {
    if (buffer.kind == BufferKind::trace || buffer.kind == BufferKind::gradient)
      bytes += 2.0 * buffer.bytes;
    else if (buffer.kind == BufferKind::param)
      bytes += buffer.bytes;
  }
  return bytes;
}

std::string etrace::run::describeStepTime(const ModelABI &abi, double secondsPerStep,
                                          double bandwidth) {
  double traffic = getStepTraffic(abi);
  return llvm::formatv("step {0:f1} us; its {1:f2} MB of traces, gradients and parameters at the "
                       "stream bandwidth of {2:f1} GB/s: {3:f1} us; ratio {4:f2}",
                       secondsPerStep * 1e6, traffic / 1e6, bandwidth / 1e9,
                       traffic / bandwidth * 1e6, secondsPerStep * bandwidth / traffic);
}
