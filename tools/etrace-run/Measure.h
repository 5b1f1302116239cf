//===- Measure.h - Time and bandwidth ---------------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_RUN_MEASURE_H
#define ETRACE_RUN_MEASURE_H

#include "etrace/Runtime/ModelABI.h"

namespace etrace::run {

/// Seconds on a clock that never goes back.
double now();

/// Memory of the size, aligned to 64 bytes; large memory in large pages where the system
/// gives them. Free it by `std::free`. Null if there is none.
void *allocatePages(size_t bytes);

/// Bytes per second of a[i] = s a[i] + c over an array of this size, read and written; one
/// thread, the best of a few repetitions.
double measureStreamBandwidth(size_t bytes);

/// Bytes that a learning step cannot avoid to touch: traces and gradients read and
/// written, parameters read.
double getStepTraffic(const ModelABI &abi);

/// The time of a step beside the time that the stream bandwidth needs for its traffic.
std::string describeStepTime(const ModelABI &abi, double secondsPerStep, double bandwidth);

} // namespace etrace::run

#endif // ETRACE_RUN_MEASURE_H
