//===- Differences.h - Derivatives from values on a line --------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_RUN_DIFFERENCES_H
#define ETRACE_RUN_DIFFERENCES_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"

#include <vector>

namespace etrace::run {

/// What the values of a function at x + h and x - h say of its derivative at x.
struct Estimate {
  /// The central difference, extrapolated to h = 0, and how far that may be off.
  double value = 0.0, error = 0.0;
  /// The slopes to both sides, from two distances of which the second is the smaller by
  /// `kDistanceRatio`.
  double left[2] = {0.0, 0.0}, right[2] = {0.0, 0.0};
  /// How large the values of the function are: below it nothing can be said of a slope.
  double magnitude = 0.0;

  /// The slopes to both sides agree (smooth), differ (kink), or grow without bound (jump).
  enum class Kind { smooth, kink, jump };
  Kind getKind(double tolerance) const;
  Estimate operator*(double factor) const;
  Estimate operator+(const Estimate &other) const;
};

/// By how much one distance is smaller than the one before.
inline constexpr double kDistanceRatio = 4.0;

/// Sets the values of the functions at x + h.
using Line = llvm::function_ref<llvm::Error(double h, std::vector<double> &values)>;

/// Central differences at decreasing distances, extrapolated (C. J. F. Ridders, "Accurate
/// computation of F'(x) and F'(x) F''(x)", 1982): one estimate for each value.
llvm::Expected<std::vector<Estimate>> differentiate(Line line);

} // namespace etrace::run

#endif // ETRACE_RUN_DIFFERENCES_H
