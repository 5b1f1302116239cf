//===- GradientCheck.cpp - The derivatives of a learner, checked ----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Two instances of the learner run side by side: one follows the data, the other starts every
// step with traces of zeros, so that its gradient is the instantaneous one. Differences are taken
// along directions: at random over a whole array, which every element has a part in, and one
// element at a time, which says where a disagreement is.
//===----------------------------------------------------------------------===//

#include "GradientCheck.h"

#include "CheckArrays.h"
#include "Commands.h"

#include "etrace/Data/Random.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>
#include <set>

using namespace etrace;
using namespace etrace::run;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;

double etrace::run::dot(const Array &a, const Array &b) {
  double sum = 0.0;
  for (auto [x, y] : llvm::zip(getValues(a), getValues(b)))
    sum += x * y;
  return sum;
}

double etrace::run::getNorm(const Array &array) {
  double norm = 0.0;
  for (double value : getValues(array))
    norm = std::max(norm, std::abs(value));
  return norm;
}

void etrace::run::addTo(Array &sum, llvm::ArrayRef<Estimate> estimates) {
  for (auto [value, estimate] : llvm::zip(sum.mutableValues<double>(), estimates))
    value += estimate.value;
}

size_t etrace::run::getLastNumber(StringRef path) {
  size_t number = 0;
  (void)path.rsplit('/').second.getAsInteger(10, number);
  return number;
}

GradientCheck::GradientCheck(const RunOptions &options, const Program &learner,
                             const DifferenceProgram &differences)
    : options(options), program(learner), target(differences), following(learner),
      restarted(learner), differences(differences.program), report(options.tolerance),
      steps(options.checkSteps) {}

//===----------------------------------------------------------------------===//
// Data
//===----------------------------------------------------------------------===//

Array GradientCheck::makeRandomArray(StringRef name, llvm::ArrayRef<int64_t> shape) {
  Array array(DataType::f64, shape.vec());
  RandomStream random(options.getSeed(), ("check:" + name + "/" + llvm::Twine(counter++)).str());
  for (double &value : array.mutableValues<double>())
    value = 2.0 * random.uniform() - 1.0;
  return array;
}

Expected<Feed> GradientCheck::makeRandomFeed(StringRef prefix, const EntryArgument &argument) {
  Feed feed;
  feed.name = argument.name;
  std::vector<int64_t> shape = argument.shape;
  shape.insert(shape.begin(), steps);
  DataType type = getDataType(argument.type);
  Array values(DataType::f64, shape);
  std::string key = (prefix + ":" + argument.name).str();
  RandomStream random(options.getSeed(), "check:" + key);
  const std::vector<int64_t> &output = externals.outputs.front()->shape;
  bool isClass = !isFloat(type) && prefix == "target" && !output.empty() && output.back() > 0;
  if (!isFloat(type) && !isClass)
    return llvm::createStringError("'" + key + "' holds integers, of which nothing says how large "
                                   "they may be; give them by --data");
  for (double &value : values.mutableValues<double>())
    value = isClass ? double(random.below(output.back())) : random.normal();
  feed.values = values.convertTo(type);
  feed.stepBytes = *countElements(argument.shape) * etrace::getByteWidth(argument.type);
  return feed;
}

Error GradientCheck::addFeed(NamedArrays *data, StringRef prefix, const EntryArgument &argument) {
  if (data) {
    Expected<std::optional<Feed>> feed = data->findFeed(prefix, argument);
    if (!feed)
      return feed.takeError();
    if (*feed) {
      feeds.push_back(std::move(**feed));
      if (data->getSteps() >= 0)
        steps = data->getSteps();
      return Error::success();
    }
  }
  Expected<Feed> feed = makeRandomFeed(prefix, argument);
  if (!feed)
    return feed.takeError();
  feeds.push_back(std::move(*feed));
  return Error::success();
}

Error GradientCheck::loadData() {
  Expected<Externals> found = getExternals(program.getABI(), /*sequence=*/false);
  if (!found)
    return found.takeError();
  externals = std::move(*found);
  NamedArrays data(options.data, program.getABI(), externals);
  NamedArrays *given = options.data.empty() ? nullptr : &data;
  if (given)
    if (Error error = data.read())
      return error;
  if (Error error = following.initialize(options.getSeed()))
    return error;
  if (Error error = following.reset())
    return error;
  if (Error error = restarted.initialize(options.getSeed()))
    return error;
  if (given)
    if (Error error = data.loadBuffers(following, /*needsAll=*/false))
      return error;
  // What the file gives says how many steps there are.
  for (bool random : {false, true})
    for (auto [prefix, arguments] :
         {std::pair("input", &externals.inputs), std::pair("target", &externals.targets)})
      for (const EntryArgument *argument : *arguments) {
        bool isKnown = llvm::any_of(feeds, [&](const Feed &feed) {
          return feed.name == argument->name;
        });
        if (isKnown || (!random && !given))
          continue;
        if (Error error = addFeed(random ? nullptr : given, prefix, *argument))
          return error;
      }
  return Error::success();
}

std::vector<GradientCheck::Direction>
GradientCheck::makeDirections(StringRef name, llvm::ArrayRef<int64_t> shape) {
  std::vector<Direction> directions;
  directions.push_back({makeRandomArray(name, shape), "all elements"});
  int64_t count = *countElements(shape);
  std::vector<int64_t> order =
      shuffledIndices(count, RandomStream(options.getSeed(), ("check:order:" + name).str()));
  for (int64_t element : llvm::ArrayRef(order).take_front(options.checkElements)) {
    Array unit(DataType::f64, shape.vec());
    unit.mutableValues<double>()[element] = 1.0;
    directions.push_back({std::move(unit), printElement(element, shape)});
  }
  return directions;
}

//===----------------------------------------------------------------------===//
// Entries of the differences
//===----------------------------------------------------------------------===//

/// Calls an entry at the point of the step; a direction that is not given is zero.
Error GradientCheck::callEntry(const std::string &name, const Directions &directions,
                               ArrayMap &results) {
  Expected<const EntryInfo *> entry = getEntry(differences.getABI(), name);
  if (!entry)
    return entry.takeError();
  std::map<std::string, void *> arguments;
  ArrayMap moved;
  for (const EntryArgument &argument : (*entry)->arguments) {
    auto known = point.find(argument.name);
    if (argument.isResult) {
      Array &result = results[argument.name];
      if (result.getShape() != llvm::ArrayRef<int64_t>(argument.shape))
        result = Array(getDataType(argument.type), argument.shape);
      arguments[argument.name] = result.data();
    } else if (known != point.end()) {
      arguments[argument.name] = known->second;
    } else {
      auto direction = directions.find(argument.name);
      Array &array = moved[argument.name];
      array = direction == directions.end() ? Array(DataType::f64, argument.shape)
                                            : direction->second;
      arguments[argument.name] = array.data();
    }
  }
  return differences.call(name, arguments);
}

Expected<GradientCheck::Estimates>
GradientCheck::differentiateEntry(const std::string &entry, const Directions &directions) {
  double norm = 0.0;
  for (auto &[name, array] : directions)
    norm = std::max(norm, getNorm(array));
  if (norm == 0.0)
    norm = 1.0;
  ArrayMap results;
  auto line = [&](double h, std::vector<double> &values) -> Error {
    Directions scaled = directions;
    for (auto &[name, array] : scaled)
      for (double &value : array.mutableValues<double>())
        value *= h / norm;
    if (Error error = callEntry(entry, scaled, results))
      return error;
    for (auto &[name, array] : results)
      llvm::append_range(values, getValues(array));
    return Error::success();
  };
  Expected<std::vector<Estimate>> all = differentiate(line);
  if (!all)
    return all.takeError();
  Estimates estimates;
  size_t next = 0;
  for (auto &[name, array] : results)
    for (int64_t element = 0; element < array.getNumElements(); ++element)
      estimates[name].push_back((*all)[next++] * norm);
  return estimates;
}

Expected<Estimate> GradientCheck::differentiateLoss(const std::string &entry,
                                                    const Directions &directions) {
  Expected<Estimates> estimates = differentiateEntry(entry, directions);
  if (!estimates)
    return estimates.takeError();
  return (*estimates)["loss"].front();
}

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

Error GradientCheck::learn(Learner &learner, int64_t t) {
  std::map<std::string, void *> arguments;
  ArrayMap results;
  for (Feed &feed : feeds)
    arguments[feed.name] = feed.at(t);
  auto addResult = [&](const EntryArgument &argument) {
    Array &array = results[argument.name];
    array = Array(getDataType(argument.type), argument.shape);
    arguments[argument.name] = array.data();
  };
  for (const EntryArgument *output : externals.outputs)
    addResult(*output);
  addResult(*externals.loss);
  for (const BufferInfo &buffer : learner.getABI().buffers)
    if (buffer.kind == BufferKind::gradient)
      learner.zero(buffer);
  return learner.call("learn", arguments);
}

Error GradientCheck::compareStep() {
  // First, because they say where kinks are.
  if (Error error = compareOperations(*target.find("operations")))
    return error;
  for (const DifferenceInfo &entry : target.entries) {
    if (entry.kind == "transition")
      if (Error error = compareTransition(entry))
        return error;
    if (entry.kind == "tail")
      if (Error error = compareTail(entry))
        return error;
  }
  if (target.isCompat)
    return Error::success();
  bool isSingleStep = options.window == "single-step";
  std::set<std::string> groups;
  for (const DifferenceInfo &entry : target.entries) {
    bool hasSignal = isSingleStep ? entry.kind == "fresh" : entry.kind == "transition";
    std::string group = entry.getText("group");
    if (hasSignal && groups.insert(group).second)
      if (Error error = compareSignals(isSingleStep ? entry : *target.find("loss"), group,
                                       entry.getTexts("members")))
        return error;
  }
  if (Error error = compareInstantaneous())
    return error;
  return options.rule == "d-rtrl" && !pastKink ? compareTraces() : Error::success();
}

Error GradientCheck::runStep(int64_t t) {
  place = "step " + std::to_string(t);
  point.clear();
  for (bool isTarget : {false, true})
    for (const EntryArgument *argument : isTarget ? externals.targets : externals.inputs)
      for (Feed &feed : feeds)
        if (feed.name == argument->name)
          point[(isTarget ? "target:" : "input:") + argument->name] = feed.at(t);
  for (const BufferInfo &buffer : program.getABI().buffers) {
    bool isState = buffer.kind == BufferKind::hidden || buffer.kind == BufferKind::state;
    if (isState || buffer.kind == BufferKind::param) {
      Array &array = values[getKey(buffer)];
      array = following.read(buffer);
      restarted.write(buffer, array);
      point[getKey(buffer)] = array.data();
    } else if (buffer.kind == BufferKind::trace || buffer.kind == BufferKind::counter) {
      restarted.zero(buffer);
    }
  }
  if (Error error = learn(following, t))
    return error;
  if (Error error = learn(restarted, t))
    return error;
  if (t == 0 && !target.isCompat)
    if (Error error = startSensitivities())
      return error;
  if (Error error = compareStep())
    return error;
  pastKink |= report.hasKink();
  return Error::success();
}

Error GradientCheck::run() {
  if (Error error = loadData())
    return error;
  for (int64_t t = 0; t < steps; ++t)
    if (Error error = runStep(t))
      return error;
  if (target.isCompat)
    report.note("compat=braintrace reproduces sums that are no derivatives of one program: "
                "signals and\ngradients are not compared");
  else if (options.rule != "d-rtrl")
    report.note("the trace of " + options.rule + " is a product of two averages and no "
                "derivative of anything:\ngradients through it are not compared");
  else if (pastKink)
    report.note("gradients through the trace are compared up to the first kink; --data can start "
                "the\nstates elsewhere");
  return Error::success();
}

Error etrace::run::checkGradients(const RunOptions &options, const Program &program) {
  Expected<DifferenceProgram> differences = compileDifferences(options);
  if (!differences)
    return differences.takeError();
  GradientCheck check(options, program, *differences);
  if (Error error = check.run())
    return error;
  const CheckReport &report = check.getReport();
  llvm::outs() << llvm::formatv("model {0}: derivatives beside central differences in f64\n",
                                program.getABI().model)
               << llvm::formatv("seed {0}, ", options.getSeed())
               << llvm::format("tolerance %g\n\n", options.tolerance);
  report.print(llvm::outs());
  llvm::outs().flush();
  mlir::SourceMgrDiagnosticHandler handler(*differences->sources,
                                           differences->program.context.get());
  report.emitDiagnostics();
  // What parts is said by the diagnostics.
  return report.agrees() ? Error::success() : llvm::createStringError("");
}
