//===- Progress.cpp - How far a run is ------------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/Data/Progress.h"

#include "llvm/Support/FormatVariadic.h"

#include <algorithm>

using namespace etrace;
using llvm::formatv;

/// Two digits.
static std::string pad(int64_t value) {
  return (value < 10 ? "0" : "") + std::to_string(value);
}

std::string etrace::printDuration(double seconds) {
  int64_t whole = std::clamp(seconds, 0.0, 1e9);
  int64_t minutes = whole / 60;
  if (minutes < 60)
    return std::to_string(minutes) + ":" + pad(whole % 60);
  return std::to_string(minutes / 60) + ":" + pad(minutes % 60) + ":" + pad(whole % 60);
}

ProgressBar::ProgressBar(llvm::raw_ostream &os, bool isTerminal, std::string title, int64_t total,
                         double startTime)
    : os(os), isTerminal(isTerminal), title(std::move(title)), total(total), start(startTime),
      interval(isTerminal ? 0.1 : 10.0) {
  nextDrawing = startTime + interval;
}

std::string ProgressBar::describe(const ProgressState &state, double now) const {
  double elapsed = std::max(now - start, 1e-9), rate = double(state.done) / elapsed;
  std::string text = formatv("loss {0:f4}", state.loss);
  if (state.accuracy)
    text += formatv("  accuracy {0:f3}", *state.accuracy);
  text += formatv("  {0:f0} samples/s", rate);
  if (state.done)
    text += "  ETA " + printDuration(double(total - state.done) / rate);
  return text;
}

void ProgressBar::update(const ProgressState &state, double now) {
  if (now < nextDrawing)
    return;
  nextDrawing = now + interval;
  std::string text = describe(state, now);
  double fraction = total ? double(state.done) / double(total) : 1.0;
  if (!isTerminal) {
    os << title << formatv("  {0:P0}  ", fraction) << text << "\n";
    os.flush();
    return;
  }
  constexpr int64_t width = 24;
  int64_t filled = std::clamp<int64_t>(int64_t(fraction * width), 0, width);
  // Return to the first column, draw, clear the rest of the line.
  os << "\r" << title << " ";
  for (int64_t i = 0; i < width; ++i)
    os << (i < filled ? "\u2588" : "\u2591");
  os << formatv(" {0:P0}  ", fraction) << text << "\x1b[K";
  os.flush();
  drawn = true;
}

void ProgressBar::clear() {
  if (drawn)
    os << "\r\x1b[K";
  os.flush();
  drawn = false;
}
