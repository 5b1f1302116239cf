//===- Scripting.cpp - One sequence from named arrays ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Commands.h"

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
/// Values for one argument of the entry.
struct Feed {
  std::string name;
  Array values;
  /// Bytes of one step; the values are those of every step if there is only one.
  size_t stepBytes = 0;
  bool constant = false;
};

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
  ArrayMap data, out;
  std::vector<Feed> feeds;
  int64_t steps = -1;

  /// "<problem>; model 'm' has: ...".
  Error makeKeyError(const llvm::Twine &problem) const;
  Error checkKeys() const;
  Error loadBuffers();
  Error loadFeeds(StringRef prefix, llvm::ArrayRef<const EntryArgument *> arguments);
  Error runStep(StringRef entry, int64_t t, std::map<std::string, Array> &results);
  Error runSteps();
  void addStep(const std::string &key, int64_t t, const Array &value);
  void collectGradients(int64_t t, std::map<std::string, Array> &sums);
  void collectBuffers();
};
} // namespace

/// What a file can set: everything that a checkpoint has, so that one can be the start.
static bool isSettable(BufferKind kind) { return kind != BufferKind::query; }

Error Script::makeKeyError(const llvm::Twine &problem) const {
  std::string known;
  for (const BufferInfo &buffer : abi.buffers)
    if (buffer.kind == BufferKind::param || buffer.kind == BufferKind::hidden ||
        buffer.kind == BufferKind::state)
      known += " " + getKey(buffer);
  for (const EntryArgument *argument : externals.inputs)
    known += " input:" + argument->name;
  for (const EntryArgument *argument : externals.targets)
    known += " target:" + argument->name;
  return makeFileError(options.data, problem + "; model '" + abi.model + "' has:" + known);
}

/// A misspelt key must not be ignored.
Error Script::checkKeys() const {
  auto isKnown = [&](StringRef key) {
    for (const BufferInfo &buffer : abi.buffers)
      if (isSettable(buffer.kind) && key == getKey(buffer))
        return true;
    auto [prefix, name] = key.split(':');
    auto hasName = [name = name](const EntryArgument *argument) { return argument->name == name; };
    return (prefix == "input" && llvm::any_of(externals.inputs, hasName)) ||
           (prefix == "target" && llvm::any_of(externals.targets, hasName));
  };
  for (const auto &[key, array] : data)
    if (!isKnown(key))
      return makeKeyError("unknown key '" + key + "'");
  return Error::success();
}

Error Script::loadBuffers() {
  if (Error error = learner.initialize(options.getSeed()))
    return error;
  if (Error error = learner.reset())
    return error;
  for (const BufferInfo &buffer : abi.buffers) {
    if (!isSettable(buffer.kind))
      continue;
    std::string key = getKey(buffer);
    auto array = data.find(key);
    if (array == data.end()) {
      if (buffer.kind == BufferKind::param)
        return makeKeyError("missing key '" + key + "'");
      continue;
    }
    if (array->second.getShape() != llvm::ArrayRef<int64_t>(buffer.shape))
      return makeFileError(options.data, formatv("'{0}': expected shape {1}, found {2}", key,
                                                 printShape(buffer.shape),
                                                 printShape(array->second.getShape())));
    learner.write(buffer, array->second);
  }
  return Error::success();
}

Error Script::loadFeeds(StringRef prefix, llvm::ArrayRef<const EntryArgument *> arguments) {
  for (const EntryArgument *argument : arguments) {
    std::string key = (prefix + ":" + argument->name).str();
    auto array = data.find(key);
    if (array == data.end())
      return makeKeyError("missing key '" + key + "'");
    llvm::ArrayRef<int64_t> shape = array->second.getShape();
    Feed feed;
    feed.name = argument->name;
    feed.constant = shape == llvm::ArrayRef<int64_t>(argument->shape);
    if (!feed.constant &&
        (shape.empty() || shape.drop_front() != llvm::ArrayRef<int64_t>(argument->shape))) {
      std::vector<int64_t> expected = argument->shape;
      expected.insert(expected.begin(), -1);
      return makeFileError(options.data,
                           formatv("'{0}': expected shape {1} (steps first) or {2} (the same in "
                                   "every step), found {3}",
                                   key, printShape(expected), printShape(argument->shape),
                                   printShape(shape)));
    }
    if (!feed.constant && steps >= 0 && steps != shape.front())
      return makeFileError(options.data, formatv("'{0}': expected {1} steps as in the other "
                                                 "arrays, found {2}",
                                                 key, steps, shape.front()));
    if (!feed.constant)
      steps = shape.front();
    feed.values = array->second.convertTo(getDataType(argument->type));
    feed.stepBytes = *countElements(argument->shape) * etrace::getByteWidth(argument->type);
    feeds.push_back(std::move(feed));
  }
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
    arguments[feed.name] = feed.values.data() + (feed.constant ? 0 : t * feed.stepBytes);
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
  Expected<ArrayMap> arrays = readArrays(options.data);
  if (!arrays)
    return arrays.takeError();
  data = std::move(*arrays);
  if (Error error = checkKeys())
    return error;
  if (Error error = loadBuffers())
    return error;
  if (Error error = loadFeeds("input", externals.inputs))
    return error;
  if (options.mode == Mode::learn)
    if (Error error = loadFeeds("target", externals.targets))
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
