//===- Curve.h - Learning curves as SVG -------------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_DATA_CURVE_H
#define ETRACE_DATA_CURVE_H

#include <string>
#include <utility>
#include <vector>

namespace etrace {

/// A line through (epoch, value).
struct Series {
  std::string label;
  std::vector<std::pair<double, double>> points;
  /// Draw a dot at every point.
  bool marks = false;
};

/// Loss and accuracy over epochs, one panel each; a panel without points is left out.
struct LearningCurve {
  std::string title;
  std::vector<Series> losses;
  std::vector<Series> accuracies;
};

/// Round numbers that divide [low, high] in about `count` parts.
std::vector<double> chooseTicks(double low, double high, int count);

/// A picture in itself: no style sheet, font or script from outside.
std::string printSVG(const LearningCurve &curve);

} // namespace etrace

#endif // ETRACE_DATA_CURVE_H
