//===- Curve.cpp - Learning curves as SVG ---------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/Data/Curve.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <cmath>

using namespace etrace;
using llvm::format;

namespace {
constexpr double kPanelWidth = 460, kPanelHeight = 320, kTop = 56;
constexpr double kLeft = 64, kRight = 24, kBottom = 52;
const char *const kColours[] = {"#2563eb", "#d97706", "#059669", "#9333ea"};

/// Where data lie in the picture.
struct Axes {
  double x0, y0, width, height;
  double lowX, highX, lowY, highY;

  double x(double value) const { return x0 + (value - lowX) / (highX - lowX) * width; }
  double y(double value) const { return y0 + height - (value - lowY) / (highY - lowY) * height; }
};
} // namespace

std::vector<double> etrace::chooseTicks(double low, double high, int count) {
  double raw = (high - low) / count;
  if (!(raw > 0) || !std::isfinite(raw))
    return {low};
  double power = std::pow(10.0, std::floor(std::log10(raw)));
  double step = power * 10;
  for (double factor : {1.0, 2.0, 5.0})
    if (factor * power >= raw * (1 - 1e-9)) {
      step = factor * power;
      break;
    }
  std::vector<double> ticks;
  for (double i = std::ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; ++i)
    ticks.push_back(i * step);
  return ticks;
}

static std::string escape(llvm::StringRef text) {
  std::string result;
  llvm::raw_string_ostream os(result);
  llvm::printHTMLEscaped(text, os);
  return result;
}

/// The range of all finite points, widened to whole ticks; [0, 1] without points.
static Axes chooseAxes(const std::vector<Series> &series, double x0) {
  double lowX = 0, highX = 0, lowY = INFINITY, highY = -INFINITY;
  for (const Series &line : series)
    for (auto [x, y] : line.points) {
      highX = std::max(highX, x);
      if (!std::isfinite(y))
        continue;
      lowY = std::min(lowY, y);
      highY = std::max(highY, y);
    }
  if (!(lowY <= highY))
    lowY = 0, highY = 1;
  if (highY - lowY < 1e-9 * std::max(1.0, std::abs(highY)))
    lowY -= 0.5, highY += 0.5;
  std::vector<double> ticks = chooseTicks(lowY, highY, 5);
  double step = ticks.size() > 1 ? ticks[1] - ticks[0] : (highY - lowY) / 5;
  return {x0 + kLeft, kTop, kPanelWidth - kLeft - kRight, kPanelHeight - kTop - kBottom,
          lowX, highX > 0 ? highX : 1, std::floor(lowY / step + 1e-9) * step,
          std::ceil(highY / step - 1e-9) * step};
}

static void drawText(llvm::raw_ostream &os, double x, double y, llvm::StringRef anchor,
                     llvm::StringRef text, llvm::StringRef attributes = "") {
  os << format("  <text x=\"%.1f\" y=\"%.1f\" text-anchor=\"", x, y) << anchor << "\""
     << (attributes.empty() ? "" : " ") << attributes << ">" << escape(text) << "</text>\n";
}

static void drawLine(llvm::raw_ostream &os, double x1, double y1, double x2, double y2,
                     llvm::StringRef colour) {
  os << format("  <line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"", x1, y1, x2, y2)
     << colour << "\"/>\n";
}

static std::string printTick(double value) {
  std::string text;
  llvm::raw_string_ostream(text) << format("%.6g", std::abs(value) < 1e-12 ? 0.0 : value);
  return text;
}

static void drawAxes(llvm::raw_ostream &os, const Axes &axes, llvm::StringRef label) {
  double bottom = axes.y0 + axes.height;
  for (double tick : chooseTicks(axes.lowY, axes.highY, 5)) {
    drawLine(os, axes.x0, axes.y(tick), axes.x0 + axes.width, axes.y(tick), "#e5e7eb");
    drawText(os, axes.x0 - 8, axes.y(tick) + 4, "end", printTick(tick));
  }
  for (double tick : chooseTicks(axes.lowX, axes.highX, 6)) {
    drawLine(os, axes.x(tick), bottom, axes.x(tick), bottom + 5, "#6b7280");
    drawText(os, axes.x(tick), bottom + 19, "middle", printTick(tick));
  }
  drawLine(os, axes.x0, bottom, axes.x0 + axes.width, bottom, "#6b7280");
  drawLine(os, axes.x0, axes.y0, axes.x0, bottom, "#6b7280");
  drawText(os, axes.x0 + axes.width / 2, bottom + 40, "middle", "epoch");
  double x = axes.x0 - 46, y = axes.y0 + axes.height / 2;
  std::string turn;
  llvm::raw_string_ostream(turn) << format("transform=\"rotate(-90 %.1f %.1f)\"", x, y);
  drawText(os, x, y, "middle", label, turn);
}

static void drawSeries(llvm::raw_ostream &os, const Axes &axes, const Series &line,
                       llvm::StringRef colour) {
  os << "  <polyline fill=\"none\" stroke=\"" << colour
     << "\" stroke-width=\"1.8\" stroke-linejoin=\"round\" points=\"";
  for (auto [x, y] : line.points)
    if (std::isfinite(y))
      os << format("%.1f,%.1f ", axes.x(x), axes.y(y));
  os << "\"/>\n";
  if (!line.marks)
    return;
  for (auto [x, y] : line.points)
    if (std::isfinite(y))
      os << format("  <circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.2\" fill=\"", axes.x(x), axes.y(y))
         << colour << "\"/>\n";
}

/// Labels above the panel, each behind a piece of its line.
static void drawLegend(llvm::raw_ostream &os, const Axes &axes,
                       const std::vector<Series> &series) {
  double x = axes.x0 + 4, y = axes.y0 - 10;
  for (size_t i = 0; i < series.size(); ++i) {
    os << format("  <line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke-width=\"2.5\" "
                 "stroke=\"",
                 x, y - 4, x + 18, y - 4)
       << kColours[i % 4] << "\"/>\n";
    drawText(os, x + 24, y, "start", series[i].label);
    x += 42 + 6.6 * double(series[i].label.size());
  }
}

static void drawPanel(llvm::raw_ostream &os, const std::vector<Series> &series, double x0,
                      llvm::StringRef label) {
  Axes axes = chooseAxes(series, x0);
  drawAxes(os, axes, label);
  for (size_t i = 0; i < series.size(); ++i)
    drawSeries(os, axes, series[i], kColours[i % 4]);
  drawLegend(os, axes, series);
}

std::string etrace::printSVG(const LearningCurve &curve) {
  auto hasPoints = [](const std::vector<Series> &series) {
    return llvm::any_of(series, [](const Series &line) { return !line.points.empty(); });
  };
  bool accuracy = hasPoints(curve.accuracies);
  double width = accuracy ? 2 * kPanelWidth : kPanelWidth;
  std::string text;
  llvm::raw_string_ostream os(text);
  os << format("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
               "viewBox=\"0 0 %.0f %.0f\" font-family=\"Helvetica, Arial, sans-serif\" "
               "font-size=\"12\" fill=\"#374151\">\n",
               width, kPanelHeight, width, kPanelHeight);
  os << "  <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n";
  drawText(os, width / 2, 22, "middle", curve.title,
           "font-size=\"15\" font-weight=\"bold\" fill=\"#111827\"");
  drawPanel(os, curve.losses, 0, "loss");
  if (accuracy)
    drawPanel(os, curve.accuracies, kPanelWidth, "accuracy");
  os << "</svg>\n";
  return text;
}
