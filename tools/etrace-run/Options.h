//===- Options.h - What etrace-run is asked to do ---------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_RUN_OPTIONS_H
#define ETRACE_RUN_OPTIONS_H

#include "llvm/Support/Error.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace etrace::run {

enum class Mode { train, evaluate, printABI, learn, infer, call, checkGradients };
enum class Reduction { sum, mean };
/// How samples become sequences: axis 1 is time (rows), axis 2 is time (columns), or
/// every element is a step of one feature (pixels).
enum class Sequence { rows, columns, pixels };

struct RunOptions {
  Mode mode = Mode::train;
  std::string model;

  std::string rule, decay, window, compat, optimizer, slots, dtype, cpu, target, chip;
  int64_t unrollLimit = 16;
  bool queries = false;
  /// Options of the derivation that the user has given: a learner cannot obey them.
  std::vector<std::string> derivation;
  bool perStep = false;

  double learningRate = 1e-3;
  /// What the optimiser takes beside scale and learning_rate, by the name in the entry `apply`.
  std::map<std::string, double> hyperparameters;
  /// 0: what the model carries.
  int64_t batch = 0;
  int64_t epochs = 1;
  std::optional<uint64_t> seed;
  /// 0: those of the processor, where they save time.
  unsigned threads = 0;
  Reduction reduction = Reduction::mean;
  Sequence sequence = Sequence::rows;
  double scale = 1.0;

  /// Of --check-gradients.
  int64_t checkSteps = 4, checkElements = 16;
  double tolerance = 1e-6;
  bool trustCustomDerivatives = false;

  std::string trainInputs, trainTargets, testInputs, testTargets;
  std::string checkpoint, resume, results, curve;
  std::string data, out, entry;

  uint64_t getSeed() const { return seed.value_or(0); }
};

/// Reads the command line; ends the program on an option that does not exist.
llvm::Expected<RunOptions> parseOptions(int argc, char **argv);

} // namespace etrace::run

#endif // ETRACE_RUN_OPTIONS_H
