//===- Resume.cpp - Checkpoints of this run and of others -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Commands.h"

#include "etrace/Data/Files.h"
#include "llvm/Support/FormatVariadic.h"

using namespace etrace;
using namespace etrace::run;
using llvm::Error;
using llvm::Expected;
using llvm::formatv;

Checkpoint etrace::run::makeCheckpoint(const RunOptions &options, const Learner &learner,
                                       int64_t batch) {
  Checkpoint checkpoint;
  checkpoint.model = learner.getABI().model;
  checkpoint.modelHash = learner.getABI().hash;
  checkpoint.rule = options.rule;
  checkpoint.options = {{"decay", options.decay},
                        {"window", options.window},
                        {"compat", options.compat},
                        {"optimizer", options.optimizer},
                        {"reduction", options.reduction == Reduction::mean ? "mean" : "sum"},
                        {"batch", std::to_string(batch)}};
  if (options.rule == "d-rtrl")
    checkpoint.options.erase("decay");
  checkpoint.seed = options.getSeed();
  for (const BufferInfo &buffer : learner.getABI().buffers)
    if (buffer.kind != BufferKind::query)
      checkpoint.arrays[getKey(buffer)] = learner.read(buffer);
  return checkpoint;
}

/// Compares what decides the numbers. Evaluation needs only a model of the same layout.
static Error checkSame(const RunOptions &options, const Checkpoint &found,
                       const Checkpoint &expected) {
  llvm::StringRef path = options.resume;
  auto differs = [&](llvm::StringRef what, llvm::StringRef wanted, llvm::StringRef other) {
    return makeFileError(path, "expected a checkpoint of " + what + " '" + wanted +
                                   "', found one of '" + other + "'");
  };
  if (found.model != expected.model)
    return differs("model", expected.model, found.model);
  if (found.rule != expected.rule)
    return differs("rule", expected.rule, found.rule);
  for (const auto &[name, value] : expected.options) {
    auto other = found.options.find(name);
    if (other == found.options.end() || other->second != value)
      return differs("--" + name, value,
                     other == found.options.end() ? "nothing" : other->second);
  }
  if (found.modelHash != expected.modelHash)
    return makeFileError(path, formatv("expected a checkpoint of model '{0}' with the buffers of "
                                       "{1:x}, found another '{0}' with {2:x}",
                                       expected.model, expected.modelHash, found.modelHash));
  if (options.seed && *options.seed != found.seed && options.mode == Mode::train)
    return makeFileError(path, formatv("expected a checkpoint of --seed={0}, found one of {1}",
                                       *options.seed, found.seed));
  return Error::success();
}

Expected<Checkpoint> etrace::run::resumeFrom(RunOptions &options, Learner &learner,
                                             int64_t batch) {
  Expected<Checkpoint> found = readCheckpoint(options.resume);
  if (!found)
    return found.takeError();
  if (Error error = checkSame(options, *found, makeCheckpoint(options, learner, batch)))
    return std::move(error);
  options.seed = found->seed;
  // The random initial states of every sequence follow from the seed.
  if (Error error = learner.initialize(found->seed))
    return std::move(error);
  for (const BufferInfo &buffer : learner.getABI().buffers) {
    if (buffer.kind == BufferKind::query)
      continue;
    auto array = found->arrays.find(getKey(buffer));
    if (array == found->arrays.end() ||
        array->second.getShape() != llvm::ArrayRef<int64_t>(buffer.shape))
      return makeFileError(
          options.resume,
          formatv("expected an array '{0}' of shape {1}, found {2}", getKey(buffer),
                  printShape(buffer.shape),
                  array == found->arrays.end() ? "none" : printShape(array->second.getShape())));
    learner.write(buffer, array->second);
  }
  found->arrays.clear();
  return found;
}
