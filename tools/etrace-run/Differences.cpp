//===- Differences.cpp - Derivatives from values on a line ----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Differences.h"

#include <algorithm>
#include <array>
#include <cmath>

using namespace etrace::run;
using llvm::Error;
using llvm::Expected;

static constexpr unsigned kDistances = 6;
static constexpr double kLargestDistance = 0.02;
/// Slopes to both sides are taken at this distance and the next: close enough for a kink to show,
/// far enough from rounding.
static constexpr unsigned kSideDistance = 3;

Estimate::Kind Estimate::getKind(double tolerance) const {
  double wide = std::abs(right[0] - left[0]), narrow = std::abs(right[1] - left[1]);
  double scale = std::max({std::abs(left[1]), std::abs(right[1]), 1e-4 * magnitude});
  // A smooth function's slopes approach each other as fast as the distance shrinks.
  if (!(narrow > tolerance * scale) || narrow < 0.5 * wide)
    return Kind::smooth;
  return narrow > 0.5 * kDistanceRatio * wide ? Kind::jump : Kind::kink;
}

Estimate Estimate::operator*(double factor) const {
  Estimate result = *this;
  for (double *number : {&result.value, &result.left[0], &result.left[1], &result.right[0],
                         &result.right[1]})
    *number *= factor;
  result.error *= std::abs(factor);
  return result;
}

Estimate Estimate::operator+(const Estimate &other) const {
  Estimate sum = *this;
  sum.value += other.value;
  sum.error += other.error;
  for (unsigned distance : {0, 1}) {
    sum.left[distance] += other.left[distance];
    sum.right[distance] += other.right[distance];
  }
  sum.magnitude = std::max(magnitude, other.magnitude);
  return sum;
}

namespace {
/// Values of one function at the nominal point and at both sides of it.
struct Samples {
  double middle;
  std::array<double, kDistances> plus, minus;
};
} // namespace

/// Element (i, j) of the tableau is free of the error terms up to h^(2 j); each new one is
/// compared with those it comes from.
static void extrapolate(const Samples &samples, Estimate &estimate) {
  std::array<std::array<double, kDistances>, kDistances> tableau;
  double h = kLargestDistance;
  for (unsigned i = 0; i < kDistances; ++i, h /= kDistanceRatio) {
    tableau[i][0] = (samples.plus[i] - samples.minus[i]) / (2.0 * h);
    double factor = 1.0;
    for (unsigned j = 1; j <= i; ++j) {
      factor *= kDistanceRatio * kDistanceRatio;
      tableau[i][j] = (factor * tableau[i][j - 1] - tableau[i - 1][j - 1]) / (factor - 1.0);
      double error = std::max(std::abs(tableau[i][j] - tableau[i][j - 1]),
                              std::abs(tableau[i][j] - tableau[i - 1][j - 1]));
      if (error < estimate.error) {
        estimate.error = error;
        estimate.value = tableau[i][j];
      }
    }
  }
}

static Estimate estimate(const Samples &samples) {
  Estimate result;
  result.error = HUGE_VAL;
  result.value = NAN;
  extrapolate(samples, result);
  for (unsigned side : {0, 1}) {
    unsigned i = kSideDistance + side;
    double h = kLargestDistance / std::pow(kDistanceRatio, i);
    result.right[side] = (samples.plus[i] - samples.middle) / h;
    result.left[side] = (samples.middle - samples.minus[i]) / h;
  }
  result.magnitude = std::max({std::abs(samples.middle), std::abs(samples.plus.front()),
                               std::abs(samples.minus.front())});
  return result;
}

Expected<std::vector<Estimate>> etrace::run::differentiate(Line line) {
  std::vector<double> middle;
  if (Error error = line(0.0, middle))
    return error;
  std::array<std::vector<double>, kDistances> plus, minus;
  double h = kLargestDistance;
  for (unsigned i = 0; i < kDistances; ++i, h /= kDistanceRatio) {
    if (Error error = line(h, plus[i]))
      return error;
    if (Error error = line(-h, minus[i]))
      return error;
  }
  std::vector<Estimate> estimates;
  for (size_t element = 0; element < middle.size(); ++element) {
    Samples samples{middle[element], {}, {}};
    for (unsigned i = 0; i < kDistances; ++i) {
      samples.plus[i] = plus[i][element];
      samples.minus[i] = minus[i][element];
    }
    estimates.push_back(estimate(samples));
  }
  return estimates;
}
