//===- Measure.cpp - Time and bandwidth -----------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Measure.h"

#include "llvm/Support/FormatVariadic.h"

#include <algorithm>
#include <chrono>
#include <vector>

using namespace etrace;

double etrace::run::now() {
  using namespace std::chrono;
  return duration<double>(steady_clock::now().time_since_epoch()).count();
}

double etrace::run::measureStreamBandwidth() {
  constexpr size_t count = size_t(16) << 20;
  std::vector<float> a(count, 0.0f), b(count, 1.0f), c(count, 2.0f);
  double best = 1e9;
  for (int repetition = 0; repetition < 5; ++repetition) {
    double start = now();
    float scale = float(repetition);
    for (size_t i = 0; i < count; ++i)
      a[i] = b[i] + scale * c[i];
    // The result is used, so that the loop stays.
    volatile float sink = a[count / 2];
    (void)sink;
    best = std::min(best, now() - start);
  }
  return 3.0 * count * sizeof(float) / best;
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
