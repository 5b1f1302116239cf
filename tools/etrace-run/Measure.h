//===- Measure.h - Time and bandwidth ---------------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_RUN_MEASURE_H
#define ETRACE_RUN_MEASURE_H

#include "etrace/Runtime/ModelABI.h"

namespace etrace::run {

/// Seconds on a clock that never goes back.
double now();

/// Bytes per second of a[i] = b[i] + s c[i] over arrays that no cache holds; one thread,
/// the best of a few repetitions.
double measureStreamBandwidth();

/// Bytes that a learning step cannot avoid to touch: traces and gradients read and
/// written, parameters read.
double getStepTraffic(const ModelABI &abi);

/// The time of a step beside the time that the stream bandwidth needs for its traffic.
std::string describeStepTime(const ModelABI &abi, double secondsPerStep, double bandwidth);

} // namespace etrace::run

#endif // ETRACE_RUN_MEASURE_H
