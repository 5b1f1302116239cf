//===- Evaluation.cpp - How good a network is -----------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Batch.h"
#include "Commands.h"

#include "llvm/Support/FormatVariadic.h"

#include <atomic>
#include <mutex>
#include <numeric>
#include <thread>

using namespace etrace;
using namespace etrace::run;
using llvm::Error;
using llvm::Expected;

namespace {
/// Batches that workers take one by one. What a worker adds is summed by batch number, so
/// that the result does not depend on how the batches fell.
struct Work {
  const Program &program;
  const Learner &source;
  const Externals &externals;
  const Dataset &dataset;
  const BatchAxis &axis;
  bool byLabels;
  int64_t numBatches;
  std::vector<double> perBatch = std::vector<double>(numBatches);
  std::atomic<int64_t> next = 0;
  std::mutex mutex{};
  Error error = Error::success();

  Error runBatch(Learner &learner, Batch &batch, int64_t number);
  void run();
};
} // namespace

Error Work::runBatch(Learner &learner, Batch &batch, int64_t number) {
  int64_t first = number * axis.extent;
  std::vector<int64_t> indices(std::min(axis.extent, dataset.getNumSamples() - first));
  std::iota(indices.begin(), indices.end(), first);
  batch.pack(indices);
  if (Error error = learner.reset())
    return error;
  if (Error error = learner.call(byLabels ? "step_sequence" : "learn_sequence",
                                 batch.getArguments()))
    return error;
  perBatch[number] = byLabels ? double(batch.countHits(indices)) : batch.getLoss();
  return Error::success();
}

void Work::run() {
  Learner learner(program);
  Error result = learner.call("init", {});
  learner.copyParameters(source);
  Batch batch(dataset, externals, axis, /*withTargets=*/!byLabels);
  for (int64_t number; !result && (number = next++) < numBatches;)
    result = runBatch(learner, batch, number);
  std::lock_guard<std::mutex> lock(mutex);
  error = llvm::joinErrors(std::move(error), std::move(result));
}

Expected<Evaluation> etrace::run::evaluate(const Program &program, const Learner &learner,
                                           const Externals &externals, const Dataset &dataset,
                                           const BatchAxis &axis, unsigned threads) {
  bool byLabels = dataset.hasLabels() && !externals.outputs.empty();
  int64_t samples = dataset.getNumSamples();
  int64_t numBatches = byLabels ? llvm::divideCeil(samples, axis.extent) : samples / axis.extent;
  Work work{program, learner, externals, dataset, axis, byLabels, numBatches};
  std::vector<std::thread> workers;
  for (unsigned i = 1; i < threads && int64_t(i) < numBatches; ++i)
    workers.emplace_back([&] { work.run(); });
  work.run();
  for (std::thread &worker : workers)
    worker.join();
  if (work.error)
    return std::move(work.error);
  double sum = std::accumulate(work.perBatch.begin(), work.perBatch.end(), 0.0);
  Evaluation evaluation;
  if (byLabels)
    evaluation.accuracy = sum / double(samples);
  else if (numBatches)
    evaluation.loss = sum / double(numBatches);
  return evaluation;
}

std::string etrace::run::describe(const Evaluation &evaluation) {
  if (evaluation.accuracy)
    return llvm::formatv("test accuracy {0:f3}", *evaluation.accuracy);
  if (evaluation.loss)
    return llvm::formatv("test loss {0:f4}", *evaluation.loss);
  return "no whole batch to evaluate";
}
