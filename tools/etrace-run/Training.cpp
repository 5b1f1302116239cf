//===- Training.cpp - Epochs over a data set ------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Batch.h"
#include "Commands.h"
#include "Measure.h"
#include "Threads.h"

#include "etrace/Data/Curve.h"
#include "etrace/Data/Files.h"
#include "etrace/Data/Progress.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>
#include <csignal>

using namespace etrace;
using namespace etrace::run;
using llvm::createStringError;
using llvm::Error;
using llvm::Expected;
using llvm::formatv;
using llvm::outs;
namespace json = llvm::json;

static volatile std::sig_atomic_t interruptFlag = 0;

void etrace::run::catchInterrupt() {
  struct sigaction action = {};
  action.sa_handler = [](int) { interruptFlag = 1; };
  action.sa_flags = SA_RESETHAND | SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
}

bool etrace::run::interrupted() { return interruptFlag; }

namespace {
/// The scalars of the entry `apply`.
class OptimizerArguments {
public:
  static Expected<OptimizerArguments> create(const ModelABI &abi, const RunOptions &options,
                                             int64_t steps);
  std::map<std::string, void *> getArguments();

private:
  std::map<std::string, Array> scalars;
};

/// One run of training.
class Trainer {
public:
  Trainer(RunOptions runOptions, const Program &program)
      : options(std::move(runOptions)), program(program), threads(options.threads),
        learner(program) {}

  Error run();

private:
  RunOptions options;
  const Program &program;
  ThreadChoice threads;
  Learner learner;
  Externals externals;
  BatchAxis axis;
  std::optional<Dataset> trainData, testData;
  std::unique_ptr<Batch> batch;
  OptimizerArguments optimizer;
  int64_t numBatches = 0;
  // Position: complete epochs, batches of the next one and the sum of their losses.
  int64_t epochs = 0, batches = 0;
  double lossSum = 0.0;
  json::Array history;
  Series batchLosses{"train", {}, false};
  double windowSum = 0.0;
  int64_t windowCount = 0;
  double bandwidth = 0.0, secondsPerStep = 0.0;

  Error prepare();
  Error load();
  Error runEpoch();
  Expected<double> runBatch(llvm::ArrayRef<int64_t> indices);
  void addToCurve(double loss);
  Error finishEpoch(double seconds, int64_t hits, int64_t done);
  Error save();
  Error saveResults();
  std::string drawCurve() const;
};
} // namespace

Expected<OptimizerArguments> OptimizerArguments::create(const ModelABI &abi,
                                                        const RunOptions &options,
                                                        int64_t steps) {
  Expected<const EntryInfo *> apply = getEntry(abi, "apply");
  if (!apply)
    return apply.takeError();
  std::map<std::string, double> known = options.hyperparameters;
  known["learning_rate"] = options.learningRate;
  known["scale"] = options.reduction == Reduction::mean ? 1.0 / double(steps) : 1.0;
  OptimizerArguments result;
  for (const EntryArgument &argument : (*apply)->arguments) {
    auto value = known.find(argument.name);
    if (value == known.end())
      return createStringError("entry 'apply' takes '" + argument.name +
                               "', which this tool does not know");
    Array scalar(DataType::f64, {});
    scalar.mutableValues<double>()[0] = value->second;
    result.scalars[argument.name] = scalar.convertTo(getDataType(argument.type));
  }
  return result;
}

std::map<std::string, void *> OptimizerArguments::getArguments() {
  std::map<std::string, void *> arguments;
  for (auto &[name, scalar] : scalars)
    arguments[name] = scalar.data();
  return arguments;
}

Error Trainer::load() {
  Expected<Externals> found = getExternals(program.getABI(), /*sequence=*/true);
  if (!found)
    return found.takeError();
  externals = std::move(*found);
  Expected<BatchAxis> foundAxis = getBatchAxis(program, externals, options.batch);
  if (!foundAxis)
    return foundAxis.takeError();
  axis = *foundAxis;
  auto data = Dataset::load(options, externals, axis, options.trainInputs, options.trainTargets);
  if (!data)
    return data.takeError();
  trainData = std::move(*data);
  numBatches = trainData->getNumSamples() / axis.extent;
  if (!numBatches)
    return makeFileError(options.trainInputs,
                         formatv("expected at least one batch of {0} samples, found {1}",
                                 axis.extent, trainData->getNumSamples()));
  if (options.testInputs.empty())
    return Error::success();
  data = Dataset::load(options, externals, axis, options.testInputs, options.testTargets);
  if (!data)
    return data.takeError();
  testData = std::move(*data);
  return Error::success();
}

Error Trainer::prepare() {
  if (Error error = load())
    return error;
  auto arguments = OptimizerArguments::create(program.getABI(), options,
                                              trainData->getNumSteps());
  if (!arguments)
    return arguments.takeError();
  optimizer = std::move(*arguments);
  batch = std::make_unique<Batch>(*trainData, externals, axis, /*withTargets=*/true);
  if (options.resume.empty())
    return learner.initialize(options.getSeed());
  Expected<Checkpoint> checkpoint = resumeFrom(options, learner, axis.extent);
  if (!checkpoint)
    return checkpoint.takeError();
  epochs = checkpoint->epochs;
  batches = checkpoint->batches;
  lossSum = checkpoint->lossSum;
  history = std::move(checkpoint->history);
  if (batches > numBatches)
    return makeFileError(options.resume, formatv("expected a position within {0} batches, found "
                                                 "{1}: other training data",
                                                 numBatches, batches));
  return Error::success();
}

Expected<double> Trainer::runBatch(llvm::ArrayRef<int64_t> indices) {
  batch->pack(indices);
  if (Error error = learner.reset())
    return std::move(error);
  double start = now();
  if (Error error = learner.call("learn_sequence", batch->getArguments(), threads.next()))
    return std::move(error);
  double seconds = now() - start;
  threads.record(seconds);
  secondsPerStep += seconds;
  double loss = batch->getLoss();
  if (!std::isfinite(loss))
    return createStringError(formatv("the loss is not finite ({0}) in epoch {1}, batch {2} of {3} "
                                     "(step {4} of the optimiser); try a smaller --learning-rate",
                                     loss, epochs + 1, batches + 1, numBatches,
                                     epochs * numBatches + batches + 1)
                                 .str());
  if (Error error = learner.call("apply", optimizer.getArguments()))
    return std::move(error);
  return loss;
}

void Trainer::addToCurve(double loss) {
  // A hundred points per epoch, each a mean over the batches since the last.
  windowSum += loss;
  ++windowCount;
  if ((batches + 1) % std::max<int64_t>(1, numBatches / 100))
    return;
  batchLosses.points.emplace_back(double(epochs) + double(batches + 1) / double(numBatches),
                                  windowSum / double(windowCount));
  windowSum = 0.0;
  windowCount = 0;
}

Error Trainer::runEpoch() {
  RandomStream stream(options.getSeed(), "shuffle:" + std::to_string(epochs + 1));
  std::vector<int64_t> order = shuffledIndices(trainData->getNumSamples(), stream);
  double start = now();
  ProgressBar bar(llvm::errs(), llvm::errs().is_displayed(),
                  "epoch " + std::to_string(epochs + 1),
                  (numBatches - batches) * axis.extent, start);
  int64_t hits = 0, done = 0;
  secondsPerStep = 0.0;
  for (; batches < numBatches; ++batches) {
    if (interrupted()) {
      bar.clear();
      return save();
    }
    auto indices = llvm::ArrayRef<int64_t>(order).slice(batches * axis.extent, axis.extent);
    Expected<double> loss = runBatch(indices);
    if (!loss) {
      bar.clear();
      return loss.takeError();
    }
    lossSum += *loss;
    done += axis.extent;
    ProgressState state{done, lossSum / double(batches + 1), std::nullopt};
    if (trainData->hasLabels()) {
      hits += batch->countHits(indices);
      state.accuracy = double(hits) / double(done);
    }
    bar.update(state, now());
    addToCurve(*loss);
  }
  double seconds = now() - start;
  bar.clear();
  secondsPerStep /= double(std::max<int64_t>(1, done / axis.extent * trainData->getNumSteps()));
  return finishEpoch(seconds, hits, done);
}

Error Trainer::finishEpoch(double seconds, int64_t hits, int64_t done) {
  ++epochs;
  batches = 0;
  double loss = lossSum / double(numBatches);
  lossSum = 0.0;
  json::Object record{{"epoch", epochs}, {"train_loss", loss}, {"seconds", seconds},
                      {"samples_per_second", double(done) / seconds},
                      {"microseconds_per_step", secondsPerStep * 1e6}};
  std::string line = formatv("epoch {0}", epochs);
  if (testData) {
    Expected<Evaluation> evaluation =
        evaluate(program, learner, externals, *testData, axis,
                 getThreadCount(options.threads));
    if (!evaluation)
      return evaluation.takeError();
    if (evaluation->accuracy)
      record["test_accuracy"] = *evaluation->accuracy;
    if (evaluation->loss)
      record["test_loss"] = *evaluation->loss;
    line += "  " + describe(*evaluation);
  }
  line += formatv("  train loss {0:f4}", loss);
  if (trainData->hasLabels() && done) {
    record["train_accuracy"] = double(hits) / double(done);
    line += formatv("  train accuracy {0:f3}", double(hits) / double(done));
  }
  line += formatv("  {0:f0} samples/s  {1:f1} us/step  {2:f1} s", double(done) / seconds,
                  secondsPerStep * 1e6, seconds);
  outs() << line << "\n";
  outs().flush();
  history.push_back(std::move(record));
  return save();
}

Error Trainer::save() {
  if (!options.checkpoint.empty()) {
    Checkpoint checkpoint = makeCheckpoint(options, learner, axis.extent);
    checkpoint.epochs = epochs;
    checkpoint.batches = batches;
    checkpoint.lossSum = lossSum;
    checkpoint.history = history;
    if (Error error = writeCheckpoint(options.checkpoint, checkpoint))
      return error;
  }
  return saveResults();
}

Error Trainer::saveResults() {
  if (!options.results.empty()) {
    json::Object settings{{"learning_rate", options.learningRate}};
    for (const auto &[name, value] : makeCheckpoint(options, learner, axis.extent).options)
      settings[name] = value;
    json::Object results{{"model", program.getABI().model},
                         {"rule", options.rule},
                         {"seed", int64_t(options.getSeed())},
                         {"options", std::move(settings)},
                         {"train_samples", numBatches * axis.extent},
                         {"steps", trainData->getNumSteps()},
                         {"step_bytes", getStepTraffic(program.getABI())},
                         {"stream_bytes_per_second", bandwidth},
                         {"epochs", json::Array(history)}};
    if (Error error = writeAtomically(
            options.results, formatv("{0:2}\n", json::Value(std::move(results))).str()))
      return error;
  }
  return options.curve.empty() ? Error::success()
                               : writeAtomically(options.curve, drawCurve());
}

std::string Trainer::drawCurve() const {
  LearningCurve curve;
  curve.title = program.getABI().model + ", " + options.rule + ", seed " +
                std::to_string(options.getSeed());
  Series trainLoss{"train, mean of the epoch", {}, true}, testLoss{"test", {}, true};
  Series trainAccuracy{"train", {}, true}, testAccuracy{"test", {}, true};
  for (const json::Value &value : history) {
    const json::Object &record = *value.getAsObject();
    double epoch = record.getNumber("epoch").value_or(0);
    auto add = [&](Series &series, llvm::StringRef key) {
      if (auto number = record.getNumber(key))
        series.points.emplace_back(epoch, *number);
    };
    add(trainLoss, "train_loss");
    add(testLoss, "test_loss");
    add(trainAccuracy, "train_accuracy");
    add(testAccuracy, "test_accuracy");
  }
  for (const Series &series : {batchLosses, trainLoss, testLoss})
    if (!series.points.empty())
      curve.losses.push_back(series);
  for (const Series &series : {testAccuracy, trainAccuracy})
    if (!series.points.empty())
      curve.accuracies.push_back(series);
  return printSVG(curve);
}

Error Trainer::run() {
  if (Error error = prepare())
    return error;
  if (epochs >= options.epochs) {
    outs() << formatv("nothing to train: {0} of {1} epochs are done\n", epochs, options.epochs);
    return save();
  }
  bandwidth = measureStreamBandwidth(size_t(getStepTraffic(program.getABI()) / 2.0));
  while (epochs < options.epochs && !interrupted())
    if (Error error = runEpoch())
      return error;
  if (interrupted()) {
    outs() << formatv("interrupted after {0} epochs and {1} batches{2}\n", epochs, batches,
                      options.checkpoint.empty() ? std::string()
                                                 : "; continue with --resume=" +
                                                       options.checkpoint);
    return Error::success();
  }
  outs() << describeStepTime(program.getABI(), secondsPerStep, bandwidth) << "\n";
  return Error::success();
}

Error etrace::run::train(RunOptions options, const Program &program) {
  return Trainer(std::move(options), program).run();
}

Error etrace::run::evaluateOnly(RunOptions options, const Program &program) {
  Expected<Externals> externals = getExternals(program.getABI(), /*sequence=*/true);
  if (!externals)
    return externals.takeError();
  Expected<BatchAxis> axis = getBatchAxis(program, *externals, options.batch);
  if (!axis)
    return axis.takeError();
  auto data = Dataset::load(options, *externals, *axis, options.testInputs, options.testTargets);
  if (!data)
    return data.takeError();
  Learner learner(program);
  if (Error error = learner.initialize(options.getSeed()))
    return error;
  if (!options.resume.empty())
    if (auto checkpoint = resumeFrom(options, learner, axis->extent); !checkpoint)
      return checkpoint.takeError();
  Expected<Evaluation> result =
      evaluate(program, learner, *externals, *data, *axis,
               getThreadCount(options.threads));
  if (!result)
    return result.takeError();
  outs() << describe(*result) << "\n";
  if (options.results.empty())
    return Error::success();
  json::Object object{{"model", program.getABI().model}, {"rule", options.rule}};
  if (result->accuracy)
    object["test_accuracy"] = *result->accuracy;
  if (result->loss)
    object["test_loss"] = *result->loss;
  return writeAtomically(options.results,
                         formatv("{0:2}\n", json::Value(std::move(object))).str());
}
