//===- Call.cpp - One call of an entry with named arrays ------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Commands.h"

#include "etrace/Data/Files.h"
#include "llvm/Support/FormatVariadic.h"

using namespace etrace;
using namespace etrace::run;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;

namespace {
/// Reads what the entry takes, calls it once and writes what it returns and leaves behind.
class EntryCall {
public:
  EntryCall(const RunOptions &options, const Program &program)
      : options(options), abi(program.getABI()), threads(std::max(1u, options.threads)),
        learner(program) {}

  Error run();

private:
  /// "<problem>; entry 'e' takes: ...".
  Error makeKeyError(const llvm::Twine &problem) const;
  Error checkKeys() const;
  Error checkShape(StringRef key, const Array &array, llvm::ArrayRef<int64_t> shape) const;
  Error loadStates();
  Error loadArguments();

  const RunOptions &options;
  const ModelABI &abi;
  ThreadPool threads;
  Learner learner;
  const EntryInfo *entry = nullptr;
  ArrayMap data;
  /// External arguments and results of the entry, by name.
  std::map<std::string, Array> arguments, results;
};
} // namespace

static bool isState(const BufferInfo &buffer) {
  return buffer.kind == BufferKind::param || buffer.kind == BufferKind::hidden ||
         buffer.kind == BufferKind::state;
}

static std::vector<int64_t> getShape(const EntryArgument &argument) {
  return argument.isScalar ? std::vector<int64_t>() : argument.shape;
}

Error EntryCall::makeKeyError(const llvm::Twine &problem) const {
  std::string known;
  for (const BufferInfo &buffer : abi.buffers)
    if (isState(buffer))
      known += " " + getKey(buffer);
  for (const EntryArgument &argument : entry->arguments)
    if (!argument.isResult)
      known += " input:" + argument.name;
  return makeFileError(options.data, problem + "; entry '" + entry->name + "' takes:" + known);
}

Error EntryCall::checkKeys() const {
  for (const auto &[key, array] : data) {
    bool known = llvm::any_of(abi.buffers, [&key = key](const BufferInfo &buffer) {
      return isState(buffer) && getKey(buffer) == key;
    });
    known |= llvm::any_of(entry->arguments, [&key = key](const EntryArgument &argument) {
      return !argument.isResult && "input:" + argument.name == key;
    });
    if (!known)
      return makeKeyError("unknown key '" + key + "'");
  }
  return Error::success();
}

Error EntryCall::checkShape(StringRef key, const Array &array,
                            llvm::ArrayRef<int64_t> shape) const {
  if (array.getShape() == shape)
    return Error::success();
  return makeFileError(options.data,
                       llvm::formatv("'{0}': expected shape {1}, found {2}", key,
                                     printShape(shape), printShape(array.getShape())));
}

/// Initial values, then those of the file.
Error EntryCall::loadStates() {
  if (Error error = learner.initialize(options.getSeed()))
    return error;
  if (Error error = learner.reset())
    return error;
  for (const BufferInfo &buffer : abi.buffers) {
    auto array = data.find(getKey(buffer));
    if (array == data.end())
      continue;
    if (Error error = checkShape(array->first, array->second, buffer.shape))
      return error;
    learner.write(buffer, array->second);
  }
  return Error::success();
}

Error EntryCall::loadArguments() {
  for (const EntryArgument &argument : entry->arguments) {
    std::vector<int64_t> shape = getShape(argument);
    if (argument.isSteps || llvm::is_contained(shape, -1))
      return llvm::createStringError("--mode=call: entry '" + entry->name +
                                     "' takes a sequence; --mode=learn and infer run sequences");
    if (argument.isResult) {
      results[argument.name] = Array(getDataType(argument.type), shape);
      continue;
    }
    std::string key = "input:" + argument.name;
    auto array = data.find(key);
    if (array == data.end())
      return makeKeyError("missing key '" + key + "'");
    if (Error error = checkShape(key, array->second, shape))
      return error;
    arguments[argument.name] = array->second.convertTo(getDataType(argument.type));
  }
  return Error::success();
}

Error EntryCall::run() {
  Expected<const EntryInfo *> found = getEntry(abi, options.entry);
  if (!found)
    return found.takeError();
  entry = *found;
  if (!options.data.empty()) {
    Expected<ArrayMap> arrays = readArrays(options.data);
    if (!arrays)
      return arrays.takeError();
    data = std::move(*arrays);
  }
  if (Error error = checkKeys())
    return error;
  if (Error error = loadStates())
    return error;
  if (Error error = loadArguments())
    return error;
  std::map<std::string, void *> addresses;
  for (auto *arrays : {&arguments, &results})
    for (auto &[name, array] : *arrays)
      addresses[name] = array.data();
  if (Error error = learner.call(entry->name, addresses, &threads))
    return error;
  ArrayMap out;
  for (auto &[name, array] : results)
    out["output:" + name] = array;
  for (const BufferInfo &buffer : abi.buffers)
    if (isState(buffer))
      out[getKey(buffer)] = learner.read(buffer);
  return writeArrays(options.out, out);
}

Error etrace::run::callEntry(const RunOptions &options, const Program &program) {
  return EntryCall(options, program).run();
}
