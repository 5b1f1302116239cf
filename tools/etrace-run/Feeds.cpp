//===- Feeds.cpp - Arrays of a file, by the names of a model --------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Feeds.h"

#include "etrace/Data/Files.h"
#include "llvm/Support/FormatVariadic.h"

using namespace etrace;
using namespace etrace::run;
using llvm::Error;
using llvm::Expected;
using llvm::formatv;
using llvm::StringRef;

/// What a file can set: everything that a checkpoint has, so that one can be the start.
static bool isSettable(BufferKind kind) { return kind != BufferKind::query; }

/// "<problem>; model 'm' has: ...".
Error NamedArrays::makeKeyError(const llvm::Twine &problem) const {
  std::string known;
  for (const BufferInfo &buffer : abi.buffers)
    if (buffer.kind == BufferKind::param || buffer.kind == BufferKind::hidden ||
        buffer.kind == BufferKind::state)
      known += " " + getKey(buffer);
  for (const EntryArgument *argument : externals.inputs)
    known += " input:" + argument->name;
  for (const EntryArgument *argument : externals.targets)
    known += " target:" + argument->name;
  return makeFileError(path, problem + "; model '" + abi.model + "' has:" + known);
}

Error NamedArrays::makeMissingError(StringRef key) const {
  return makeKeyError("missing key '" + key + "'");
}

Error NamedArrays::read() {
  Expected<ArrayMap> arrays = readArrays(path);
  if (!arrays)
    return arrays.takeError();
  data = std::move(*arrays);
  auto isKnown = [&](StringRef key) {
    for (const BufferInfo &buffer : abi.buffers)
      if (isSettable(buffer.kind) && key == getKey(buffer))
        return true;
    auto [prefix, name] = key.split(':');
    auto hasName = [name = name](const EntryArgument *argument) { return argument->name == name; };
    return (prefix == "input" && llvm::any_of(externals.inputs, hasName)) ||
           (prefix == "target" && llvm::any_of(externals.targets, hasName));
  };
  // A misspelt key must not be ignored.
  for (const auto &[key, array] : data)
    if (!isKnown(key))
      return makeKeyError("unknown key '" + key + "'");
  return Error::success();
}

Error NamedArrays::loadBuffers(Learner &learner, bool needsAll) const {
  for (const BufferInfo &buffer : abi.buffers) {
    if (!isSettable(buffer.kind))
      continue;
    std::string key = getKey(buffer);
    auto array = data.find(key);
    if (array == data.end()) {
      if (needsAll && buffer.kind == BufferKind::param)
        return makeMissingError(key);
      continue;
    }
    if (array->second.getShape() != llvm::ArrayRef<int64_t>(buffer.shape))
      return makeFileError(path, formatv("'{0}': expected shape {1}, found {2}", key,
                                         printShape(buffer.shape),
                                         printShape(array->second.getShape())));
    learner.write(buffer, array->second);
  }
  return Error::success();
}

Expected<std::optional<Feed>> NamedArrays::findFeed(StringRef prefix,
                                                    const EntryArgument &argument) {
  std::string key = (prefix + ":" + argument.name).str();
  auto array = data.find(key);
  if (array == data.end())
    return std::nullopt;
  llvm::ArrayRef<int64_t> shape = array->second.getShape();
  Feed feed;
  feed.name = argument.name;
  feed.constant = shape == llvm::ArrayRef<int64_t>(argument.shape);
  if (!feed.constant &&
      (shape.empty() || shape.drop_front() != llvm::ArrayRef<int64_t>(argument.shape))) {
    std::vector<int64_t> expected = argument.shape;
    expected.insert(expected.begin(), -1);
    return makeFileError(path, formatv("'{0}': expected shape {1} (steps first) or {2} (the same "
                                       "in every step), found {3}",
                                       key, printShape(expected), printShape(argument.shape),
                                       printShape(shape)));
  }
  if (!feed.constant && steps >= 0 && steps != shape.front())
    return makeFileError(path, formatv("'{0}': expected {1} steps as in the other arrays, found "
                                       "{2}",
                                       key, steps, shape.front()));
  if (!feed.constant)
    steps = shape.front();
  feed.values = array->second.convertTo(getDataType(argument.type));
  feed.stepBytes = *countElements(argument.shape) * etrace::getByteWidth(argument.type);
  return feed;
}
