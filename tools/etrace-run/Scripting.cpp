//===- Scripting.cpp - One sequence from named arrays ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Commands.h"
#include "Feeds.h"

#include "etrace/Data/Files.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"

using namespace etrace;
using namespace etrace::run;
using llvm::Error;
using llvm::Expected;
using llvm::formatv;
using llvm::StringRef;

namespace {
/// Calls `learn` or `step` once per time step and collects what comes out.
class Script {
public:
  Script(const RunOptions &options, const Program &program)
      : options(options), abi(program.getABI()), threads(std::max(1u, options.threads)),
        learner(program) {}

  Error run();

private:
  const RunOptions &options;
  const ModelABI &abi;
  ThreadPool threads;
  Learner learner;
  Externals externals;
  ArrayMap out;
  std::vector<Feed> feeds;
  int64_t steps = -1;

  Error loadFeeds(NamedArrays &data, StringRef prefix,
                  llvm::ArrayRef<const EntryArgument *> arguments);
  Error load();
  Error runStep(StringRef entry, int64_t t, std::map<std::string, Array> &results);
  Error runSteps();
  void addStep(const std::string &key, int64_t t, const Array &value);
  void collectGradients(int64_t t, std::map<std::string, Array> &sums);
  void collectBuffers();
};
} // namespace

Error Script::loadFeeds(NamedArrays &data, StringRef prefix,
                        llvm::ArrayRef<const EntryArgument *> arguments) {
  for (const EntryArgument *argument : arguments) {
    Expected<std::optional<Feed>> feed = data.findFeed(prefix, *argument);
    if (!feed)
      return feed.takeError();
    if (!*feed)
      return data.makeMissingError((prefix + ":" + argument->name).str());
    feeds.push_back(std::move(**feed));
  }
  return Error::success();
}

Error Script::load() {
  NamedArrays data(options.data, abi, externals);
  if (Error error = data.read())
    return error;
  if (Error error = learner.initialize(options.getSeed()))
    return error;
  if (Error error = learner.reset())
    return error;
  if (Error error = data.loadBuffers(learner, /*needsAll=*/true))
    return error;
  if (Error error = loadFeeds(data, "input", externals.inputs))
    return error;
  if (options.mode == Mode::learn)
    if (Error error = loadFeeds(data, "target", externals.targets))
      return error;
  steps = data.getSteps();
  return Error::success();
}

/// Stores the value of a step in an array with a leading axis.
void Script::addStep(const std::string &key, int64_t t, const Array &value) {
  Array &all = out[key];
  if (t == 0) {
    std::vector<int64_t> shape = value.getShape().vec();
    shape.insert(shape.begin(), steps);
    all = Array(value.getType(), shape);
  }
  std::memcpy(all.data() + t * value.getNumBytes(), value.data(), value.getNumBytes());
}

Error Script::runStep(StringRef entry, int64_t t, std::map<std::string, Array> &results) {
  std::map<std::string, void *> arguments;
  for (Feed &feed : feeds)
    arguments[feed.name] = feed.at(t);
  for (auto &[name, array] : results)
    arguments[name] = array.data();
  if (Error error = learner.call(entry, arguments, &threads))
    return error;
  for (const EntryArgument *output : externals.outputs)
    addStep("output:" + output->name, t, results[output->name]);
  if (externals.loss && results.count(externals.loss->name))
    addStep("loss", t, results[externals.loss->name].reshape({}));
  for (const BufferInfo &buffer : abi.buffers)
    if (options.queries && buffer.kind == BufferKind::query)
      addStep(getKey(buffer), t, learner.read(buffer));
  return Error::success();
}

/// With --per-step the buffer holds one step's gradient; the sum is kept here.
void Script::collectGradients(int64_t t, std::map<std::string, Array> &sums) {
  for (const BufferInfo &buffer : abi.buffers) {
    if (buffer.kind != BufferKind::gradient)
      continue;
    Array gradient = learner.read(buffer);
    addStep("gradient_per_step:" + buffer.path, t, gradient);
    Array &sum = sums.try_emplace(buffer.path, gradient.getType(), buffer.shape).first->second;
    dispatch(gradient.getType(), [&](auto zero) {
      auto target = sum.mutableValues<decltype(zero)>();
      for (auto [i, value] : llvm::enumerate(gradient.values<decltype(zero)>()))
        target[i] += value;
    });
    learner.zero(buffer);
  }
}

void Script::collectBuffers() {
  for (const BufferInfo &buffer : abi.buffers) {
    bool learned = buffer.kind == BufferKind::trace || buffer.kind == BufferKind::gradient;
    if (buffer.kind == BufferKind::hidden || buffer.kind == BufferKind::state ||
        buffer.kind == BufferKind::counter || (learned && options.mode == Mode::learn))
      out[getKey(buffer)] = learner.read(buffer);
  }
}

Error Script::runSteps() {
  bool learning = options.mode == Mode::learn;
  std::map<std::string, Array> results, sums;
  for (const EntryArgument *output : externals.outputs)
    results[output->name] = Array(getDataType(output->type), output->shape);
  if (learning)
    results[externals.loss->name] =
        Array(getDataType(externals.loss->type), externals.loss->isScalar
                                                     ? std::vector<int64_t>()
                                                     : externals.loss->shape);
  for (int64_t t = 0; t < steps; ++t) {
    if (Error error = runStep(learning ? "learn" : "step", t, results))
      return error;
    if (learning && options.perStep)
      collectGradients(t, sums);
  }
  collectBuffers();
  for (auto &[path, sum] : sums)
    out["gradient:" + path] = std::move(sum);
  return Error::success();
}

Error Script::run() {
  Expected<Externals> found = getExternals(abi, /*sequence=*/false);
  if (!found)
    return found.takeError();
  externals = std::move(*found);
  if (options.mode == Mode::learn && !externals.loss)
    return llvm::createStringError("--mode=learn: model '" + abi.model + "' has no loss; "
                                   "--mode=infer needs none");
  if (Error error = load())
    return error;
  // Nothing says how long: one step.
  if (steps < 0)
    steps = 1;
  if (steps == 0)
    return makeFileError(options.data, "expected at least one step, found none");
  if (Error error = runSteps())
    return error;
  return writeArrays(options.out, out);
}

Error etrace::run::runScript(const RunOptions &options, const Program &program) {
  return Script(options, program).run();
}

//===----------------------------------------------------------------------===//
// The ABI as text
//===----------------------------------------------------------------------===//

static std::string printLayout(const BufferInfo &buffer) {
  if (!buffer.layout)
    return "";
  const BlockedLayout &layout = *buffer.layout;
  return formatv("  blocks {0}, at strides {1}, inside {2}", printShape(layout.blocks),
                 printShape(layout.blockStrides), printShape(layout.strides));
}

void etrace::run::printABI(const ModelABI &abi, llvm::raw_ostream &os) {
  os << formatv("model {0}: {1} bytes, hash {2:x}\n", abi.model, abi.size, abi.hash);
  for (const BufferInfo &buffer : abi.buffers)
    os << formatv("buffer {0}  {1} {2}  offset {3}  {4} bytes{5}\n", getKey(buffer),
                  printShape(buffer.shape), getName(getDataType(buffer.type)), buffer.offset,
                  buffer.bytes, printLayout(buffer));
  for (const EntryInfo &entry : abi.entries) {
    os << formatv("entry {0}\n", entry.name);
    for (const EntryArgument &argument : entry.arguments)
      os << formatv("  {0} {1}  {2} {3}{4}\n", argument.isResult ? "result" : "argument",
                    argument.name, argument.isScalar ? "scalar" : printShape(argument.shape),
                    getName(getDataType(argument.type)),
                    argument.isSteps        ? "  (number of steps)"
                    : argument.isSingleStep ? "  (the same in every step)"
                                            : "");
  }
}
