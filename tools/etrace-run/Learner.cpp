//===- Learner.cpp - A compiled model and its memory ----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Learner.h"

#include "Measure.h"

#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

#include <cstdlib>
#include <cstring>
#include <functional>

using namespace etrace;
using namespace etrace::run;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;

DataType etrace::run::getDataType(ElementType type) {
  switch (type) {
  case ElementType::f32:
    return DataType::f32;
  case ElementType::f64:
    return DataType::f64;
  case ElementType::i32:
    return DataType::i32;
  case ElementType::i64:
    break;
  }
  return DataType::i64;
}

std::string etrace::run::getKey(const BufferInfo &buffer) {
  // A user knows states; whether one is traced is the compiler's business.
  StringRef kind = buffer.kind == BufferKind::hidden ? "state" : stringifyBufferKind(buffer.kind);
  return (kind + ":" + buffer.path).str();
}

//===----------------------------------------------------------------------===//
// Initial values
//===----------------------------------------------------------------------===//

/// The recipe of an attribute; nothing if every element has a value that the compiled
/// `init` and `reset` know.
static std::optional<Initializer> getRandomInitializer(mlir::Attribute attribute) {
  using Kind = Initializer::Kind;
  if (!attribute)
    return std::nullopt;
  return llvm::TypeSwitch<mlir::Attribute, std::optional<Initializer>>(attribute)
      .Case([](UniformAttr a) { return Initializer{Kind::uniform, a.getLow(), a.getHigh()}; })
      .Case([](NormalAttr a) { return Initializer{Kind::normal, a.getMean(), a.getStd()}; })
      .Case([](XavierAttr a) { return Initializer{Kind::xavier, a.getGain()}; })
      .Case([](KaimingAttr a) { return Initializer{Kind::kaiming, a.getScale()}; })
      .Case([](OrthogonalAttr a) { return Initializer{Kind::orthogonal, a.getGain()}; })
      .Default(std::nullopt);
}

/// Calls `init` or `reset`; functions without a model have nothing to set.
Error Learner::callIfPresent(llvm::StringRef entry) {
  return getABI().findEntry(entry) ? call(entry, {}) : Error::success();
}

Error Learner::initialize(uint64_t seed) {
  if (Error error = callIfPresent("init"))
    return error;
  randomStates.clear();
  for (const BufferInfo &buffer : getABI().buffers) {
    std::optional<Initializer> initializer = getRandomInitializer(buffer.init);
    bool isParameter = buffer.kind == BufferKind::param;
    if (!initializer || !(isParameter || buffer.kind == BufferKind::hidden ||
                          buffer.kind == BufferKind::state))
      continue;
    std::vector<double> values =
        etrace::initialize(*initializer, buffer.shape, RandomStream(seed, getKey(buffer)));
    Array array = Array::from<double>(buffer.shape, values);
    write(buffer, array);
    if (!isParameter)
      randomStates.emplace_back(&buffer, std::move(array));
  }
  return Error::success();
}

Error Learner::reset() {
  if (Error error = callIfPresent("reset"))
    return error;
  for (const auto &[buffer, array] : randomStates)
    write(*buffer, array);
  return Error::success();
}

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

Learner::Learner(const Program &program) : program(program) {
  uint64_t size = std::max<uint64_t>(getABI().size, 64);
  block.reset(static_cast<char *>(allocatePages(size)));
  if (!block)
    llvm::report_bad_alloc_error("no memory for the block of the model");
  std::memset(block.get(), 0, size);
}

/// Calls `visit(natural, stored)` with the element numbers of every element of an array
/// that lies in blocks.
static void forEachElement(const BufferInfo &buffer,
                           const std::function<void(int64_t, int64_t)> &visit) {
  const BlockedLayout &layout = *buffer.layout;
  int64_t rank = buffer.shape.size();
  std::vector<int64_t> index(rank, 0);
  for (int64_t natural = 0, e = *countElements(buffer.shape); natural < e; ++natural) {
    int64_t stored = 0;
    for (int64_t axis = 0; axis < rank; ++axis)
      stored += index[axis] / layout.blocks[axis] * layout.blockStrides[axis] +
                index[axis] % layout.blocks[axis] * layout.strides[axis];
    visit(natural, stored);
    for (int64_t axis = rank; axis-- && ++index[axis] == buffer.shape[axis];)
      index[axis] = 0;
  }
}

Array Learner::read(const BufferInfo &buffer) const {
  Array array(getDataType(buffer.type), buffer.shape);
  const char *source = block.get() + buffer.offset;
  if (!buffer.layout) {
    std::memcpy(array.data(), source, array.getNumBytes());
    return array;
  }
  size_t width = etrace::getByteWidth(buffer.type);
  forEachElement(buffer, [&](int64_t natural, int64_t stored) {
    std::memcpy(array.data() + natural * width, source + stored * width, width);
  });
  return array;
}

void Learner::write(const BufferInfo &buffer, const Array &array) {
  Array converted = array.convertTo(getDataType(buffer.type));
  char *sink = block.get() + buffer.offset;
  if (!buffer.layout) {
    std::memcpy(sink, converted.data(), converted.getNumBytes());
    return;
  }
  size_t width = etrace::getByteWidth(buffer.type);
  forEachElement(buffer, [&](int64_t natural, int64_t stored) {
    std::memcpy(sink + stored * width, converted.data() + natural * width, width);
  });
}

void Learner::zero(const BufferInfo &buffer) {
  char *sink = block.get() + buffer.offset;
  if (!buffer.layout) {
    std::memset(sink, 0, buffer.bytes);
    return;
  }
  size_t width = etrace::getByteWidth(buffer.type);
  forEachElement(buffer, [&](int64_t, int64_t stored) {
    std::memset(sink + stored * width, 0, width);
  });
}

void Learner::copyParameters(const Learner &other) {
  for (const BufferInfo &buffer : getABI().buffers)
    if (buffer.kind == BufferKind::param)
      std::memcpy(block.get() + buffer.offset, other.block.get() + buffer.offset, buffer.bytes);
  randomStates = other.randomStates;
}

//===----------------------------------------------------------------------===//
// Entries
//===----------------------------------------------------------------------===//

Expected<const EntryInfo *> etrace::run::getEntry(const ModelABI &abi, StringRef name) {
  if (const EntryInfo *entry = abi.findEntry(name))
    return entry;
  std::string known;
  for (const EntryInfo &entry : abi.entries)
    known += (known.empty() ? "" : ", ") + entry.name;
  return llvm::createStringError("model '" + abi.model + "' has no entry '" + name +
                                 "'; it has: " + known);
}

Error Learner::call(StringRef name, const std::map<std::string, void *> &arguments,
                    EtraceParallel *parallel) {
  Expected<const EntryInfo *> entry = getEntry(getABI(), name);
  if (!entry)
    return entry.takeError();
  llvm::SmallVector<void *> values;
  for (const EntryArgument &argument : (*entry)->arguments) {
    auto value = arguments.find(argument.isSteps ? "steps" : argument.name);
    if (value == arguments.end())
      return llvm::createStringError("entry '" + name + "' takes '" + argument.name +
                                     "', which this tool does not know");
    values.push_back(value->second);
  }
  Expected<int> status = program.invoke(name, block.get(), values, parallel);
  if (!status)
    return status.takeError();
  if (*status)
    return llvm::createStringError("entry '" + name + "' failed with status " +
                                   llvm::Twine(*status));
  return Error::success();
}

static bool hasArgument(const EntryInfo &entry, const EntryArgument &wanted) {
  return llvm::any_of(entry.arguments, [&](const EntryArgument &argument) {
    return argument.isResult == wanted.isResult && argument.name == wanted.name;
  });
}

Expected<Externals> etrace::run::getExternals(const ModelABI &abi, bool sequence) {
  Expected<const EntryInfo *> step = getEntry(abi, sequence ? "step_sequence" : "step");
  if (!step)
    return step.takeError();
  Externals externals;
  for (const EntryArgument &argument : (*step)->arguments) {
    if (argument.isSteps)
      externals.hasSteps = true;
    else
      (argument.isResult ? externals.outputs : externals.inputs).push_back(&argument);
  }
  // A model without a loss can still be evaluated.
  const EntryInfo *learn = abi.findEntry(sequence ? "learn_sequence" : "learn");
  if (!learn)
    return externals;
  for (const EntryArgument &argument : learn->arguments) {
    if (argument.isSteps || hasArgument(**step, argument))
      continue;
    if (argument.isResult)
      externals.loss = &argument;
    else
      externals.targets.push_back(&argument);
  }
  return externals;
}
