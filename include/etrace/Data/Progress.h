//===- Progress.h - How far a run is ----------------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_DATA_PROGRESS_H
#define ETRACE_DATA_PROGRESS_H

#include "llvm/Support/raw_ostream.h"

#include <optional>
#include <string>

namespace etrace {

/// What a progress line says.
struct ProgressState {
  int64_t done = 0;
  double loss = 0.0;
  std::optional<double> accuracy;
};

/// A bar that is drawn in place on a terminal, and a plain line now and then elsewhere.
/// Time comes from the caller, in seconds.
class ProgressBar {
public:
  ProgressBar(llvm::raw_ostream &os, bool isTerminal, std::string title, int64_t total,
              double startTime);

  /// Draws if enough time went by since the last drawing.
  void update(const ProgressState &state, double now);
  /// Removes the bar from a terminal, so that a line can take its place.
  void clear();

private:
  std::string describe(const ProgressState &state, double now) const;

  llvm::raw_ostream &os;
  bool isTerminal;
  std::string title;
  int64_t total;
  double start;
  double nextDrawing;
  double interval;
  bool drawn = false;
};

/// "1:05", "2:03:04".
std::string printDuration(double seconds);

} // namespace etrace

#endif // ETRACE_DATA_PROGRESS_H
