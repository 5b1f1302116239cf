//===- Options.cpp - The command line of etrace-run -----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Options.h"
#include "Threads.h"

#include "etrace/Data/Files.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace etrace;
using namespace etrace::run;
using llvm::Error;
using llvm::Expected;
namespace cl = llvm::cl;

namespace {
/// All options live in one object, so that nothing is registered before main.
struct CommandLine {
  cl::OptionCategory category{"etrace-run"};
  template <typename T> using Opt = cl::opt<T>;
  using Text = cl::opt<std::string>;

  Text model{cl::Positional, cl::desc("<model.mlir>"), cl::Required, cl::cat(category)};
  Text rule{"rule", cl::desc("learning rule: d-rtrl or pp-prop"), cl::init("d-rtrl"),
            cl::cat(category)};
  Text decay{"decay", cl::desc("decay of pp-prop's traces, in [0, 1)"), cl::init("0.9"),
             cl::cat(category)};
  Text window{"window", cl::desc("learning window: 1 or single-step"), cl::init("1"),
              cl::cat(category)};
  Text compat{"compat", cl::desc("whose numbers to reproduce: none or braintrace (default: "
                                 "what the model says)"),
              cl::cat(category)};
  Opt<int64_t> unrollLimit{"unroll-limit", cl::desc("turns of a loop with ETP primitives at most"),
                           cl::init(16), cl::cat(category)};
  Text optimizer{"optimizer", cl::desc("adam or sgd"), cl::init("adam"), cl::cat(category)};
  Text dtype{"dtype", cl::desc("convert the model to f32 or f64 (default: as written)"),
             cl::cat(category)};
  Text cpu{"cpu", cl::desc("processor to compile for"), cl::init("native"), cl::cat(category)};
  Text target{"target", cl::desc("where entries run: cpu, cuda (the first GPU) or "
                                 "cuda-emulated (its kernels on the CPU)"),
              cl::init("cpu"), cl::cat(category)};
  Text chip{"chip", cl::desc("oldest GPU to compile for"), cl::init("sm_80"), cl::cat(category)};

  Opt<double> learningRate{"learning-rate", cl::desc("step size of the optimiser"),
                           cl::init(1e-3), cl::cat(category)};
  Opt<double> beta1{"beta1", cl::desc("Adam: decay of the first moment"), cl::init(0.9),
                    cl::cat(category)};
  Opt<double> beta2{"beta2", cl::desc("Adam: decay of the second moment"), cl::init(0.999),
                    cl::cat(category)};
  Opt<double> epsilon{"epsilon", cl::desc("Adam: added to the root of the second moment"),
                      cl::init(1e-8), cl::cat(category)};
  Opt<int64_t> batch{"batch", cl::desc("samples at once; must agree with the model (default: "
                                       "what it carries)"),
                     cl::init(0), cl::cat(category)};
  Opt<int64_t> epochs{"epochs", cl::desc("passes over the training data, resumed ones included"),
                      cl::init(1), cl::cat(category)};
  Opt<uint64_t> seed{"seed", cl::desc("seed of initial values and of the order of samples"),
                     cl::init(0), cl::cat(category)};
  Opt<unsigned> threads{"threads", cl::desc("threads for the long loops of a step, and batches "
                                            "evaluated at once (default: the processor's, where "
                                            "they save time; no result depends on it)"),
                        cl::init(0), cl::cat(category)};
  Opt<Reduction> reduction{
      "reduction", cl::desc("gradient over the steps of a sequence (default: mean)"),
      cl::values(clEnumValN(Reduction::mean, "mean", "divided by the number of steps"),
                 clEnumValN(Reduction::sum, "sum", "as it is")),
      cl::init(Reduction::mean), cl::cat(category)};
  Opt<Sequence> sequence{
      "sequence", cl::desc("which axis of a sample is time (default: rows)"),
      cl::values(clEnumValN(Sequence::rows, "rows", "the first"),
                 clEnumValN(Sequence::columns, "columns", "the second"),
                 clEnumValN(Sequence::pixels, "pixels", "every element is a step")),
      cl::init(Sequence::rows), cl::cat(category)};
  Opt<double> scale{"scale", cl::desc("divide inputs by this (255 for bytes)"), cl::init(1.0),
                    cl::cat(category)};

  Text trainInputs{"train-inputs", cl::desc("IDX (.gz too), NPY, NPZ or JSON"),
                   cl::value_desc("file"), cl::cat(category)};
  Text trainTargets{"train-targets", cl::desc("labels or arrays for the training inputs"),
                    cl::value_desc("file"), cl::cat(category)};
  Text testInputs{"test-inputs", cl::desc("inputs to evaluate after every epoch"),
                  cl::value_desc("file"), cl::cat(category)};
  Text testTargets{"test-targets", cl::desc("labels or arrays for the test inputs"),
                   cl::value_desc("file"), cl::cat(category)};
  Text checkpoint{"checkpoint", cl::desc("write all state here after every epoch"),
                  cl::value_desc("file.npz"), cl::cat(category)};
  Text resume{"resume", cl::desc("start from this checkpoint"), cl::value_desc("file.npz"),
              cl::cat(category)};
  Text results{"results", cl::desc("write what was measured as JSON"),
               cl::value_desc("file.json"), cl::cat(category)};
  Text curve{"curve", cl::desc("write the learning curve as SVG"), cl::value_desc("file.svg"),
             cl::cat(category)};

  Opt<bool> eval{"eval", cl::desc("evaluate the test data without training"), cl::cat(category)};
  Opt<bool> printABI{"print-abi", cl::desc("list buffers and entries of the compiled model"),
                     cl::cat(category)};
  Opt<bool> checkGradients{"check-gradients",
                           cl::desc("compare the derivatives that the learner uses with central "
                                    "differences in f64"),
                           cl::cat(category)};
  Opt<double> tolerance{"tolerance", cl::desc("--check-gradients: largest relative difference"),
                        cl::init(1e-6), cl::cat(category)};
  Opt<int64_t> checkSteps{"check-steps", cl::desc("--check-gradients: steps of random data"),
                          cl::init(4), cl::cat(category)};
  Opt<int64_t> checkElements{"check-elements",
                             cl::desc("--check-gradients: elements of a gradient to compare one "
                                      "by one, beside all of them together"),
                             cl::init(16), cl::cat(category)};
  Opt<bool> trustCustom{"trust-custom-derivatives",
                        cl::desc("--check-gradients: do not compare etrace.custom_derivative "
                                 "with its body"),
                        cl::cat(category)};
  Opt<Mode> mode{"mode", cl::desc("without training: run one sequence from --data, or call an entry"),
                 cl::values(clEnumValN(Mode::learn, "learn", "outputs, losses, gradients, traces"),
                            clEnumValN(Mode::infer, "infer", "outputs and states"),
                            clEnumValN(Mode::call, "call", "call --entry once: what it returns, "
                                                           "parameters and states")),
                 cl::init(Mode::train), cl::cat(category)};
  Text data{"data", cl::desc("param:<path>, state:<path>, input:<name>, target:<name>"),
            cl::value_desc("file"), cl::cat(category)};
  Text entry{"entry", cl::desc("the entry that --mode=call calls"), cl::value_desc("name"),
             cl::cat(category)};
  Text out{"out", cl::desc("where the arrays of --mode go"), cl::value_desc("file"),
           cl::cat(category)};
  Text slots{"slots", cl::desc("traces to store: minimal (those that others do not give) or all"),
             cl::init("minimal"), cl::cat(category)};
  Opt<bool> queries{"queries", cl::desc("compile the model with its queries (D, f, ...) and "
                                        "write them per step"),
                    cl::cat(category)};
  Opt<bool> perStep{"per-step", cl::desc("write the gradient of every step"), cl::cat(category)};
};
} // namespace

static Mode chooseMode(const CommandLine &line) {
  if (line.printABI)
    return Mode::printABI;
  if (line.checkGradients)
    return Mode::checkGradients;
  return line.eval ? Mode::evaluate : line.mode;
}

static RunOptions collect(const CommandLine &line) {
  RunOptions options;
  options.mode = chooseMode(line);
  options.model = line.model;
  options.rule = line.rule;
  options.decay = line.decay;
  options.window = line.window;
  options.compat = line.compat;
  options.unrollLimit = line.unrollLimit;
  options.optimizer = line.optimizer;
  options.dtype = line.dtype;
  options.cpu = line.cpu;
  options.target = line.target;
  options.chip = line.chip;
  options.slots = line.slots;
  options.queries = line.queries;
  for (const cl::Option *option :
       std::initializer_list<const cl::Option *>{&line.rule, &line.decay, &line.window,
                                                 &line.compat, &line.optimizer, &line.dtype,
                                                 &line.slots, &line.queries, &line.unrollLimit})
    if (option->getNumOccurrences())
      options.derivation.push_back(option->ArgStr.str());
  options.perStep = line.perStep;
  options.tolerance = line.tolerance;
  options.checkSteps = line.checkSteps;
  options.checkElements = line.checkElements;
  options.trustCustomDerivatives = line.trustCustom;
  options.learningRate = line.learningRate;
  options.hyperparameters = {{"beta1", line.beta1}, {"beta2", line.beta2},
                             {"epsilon", line.epsilon}};
  options.batch = line.batch;
  options.epochs = line.epochs;
  if (line.seed.getNumOccurrences())
    options.seed = line.seed;
  options.threads = line.threads;
  options.reduction = line.reduction;
  options.sequence = line.sequence;
  options.scale = line.scale;
  options.trainInputs = line.trainInputs;
  options.trainTargets = line.trainTargets;
  options.testInputs = line.testInputs;
  options.testTargets = line.testTargets;
  options.checkpoint = line.checkpoint;
  options.resume = line.resume;
  options.results = line.results;
  options.curve = line.curve;
  options.data = line.data;
  options.out = line.out;
  options.entry = line.entry;
  return options;
}

static Error require(llvm::StringRef value, llvm::StringRef option, llvm::StringRef mode) {
  if (!value.empty())
    return Error::success();
  return llvm::createStringError(mode + " needs --" + option);
}

static Error checkNumbers(const RunOptions &options) {
  auto wrong = [](llvm::StringRef option, llvm::StringRef expected, auto found) {
    return llvm::createStringError(
        llvm::formatv("--{0}: expected {1}, found {2}", option, expected, found).str());
  };
  if (options.batch < 0)
    return wrong("batch", "a positive number", options.batch);
  if (options.epochs < 0)
    return wrong("epochs", "a number that is not negative", options.epochs);
  if (options.threads > kMostThreads)
    return wrong("threads", llvm::formatv("at most {0}", kMostThreads).str(), options.threads);
  if (!(options.learningRate >= 0) || !std::isfinite(options.learningRate))
    return wrong("learning-rate", "a finite number that is not negative", options.learningRate);
  if (!(options.scale != 0) || !std::isfinite(options.scale))
    return wrong("scale", "a finite number other than 0", options.scale);
  if (options.checkSteps <= 0)
    return wrong("check-steps", "a positive number", options.checkSteps);
  if (options.checkElements < 0)
    return wrong("check-elements", "a number that is not negative", options.checkElements);
  if (!(options.tolerance > 0))
    return wrong("tolerance", "a positive number", options.tolerance);
  double decay;
  if (llvm::StringRef(options.decay).getAsDouble(decay) || !(decay >= 0 && decay < 1))
    return wrong("decay", "a number in [0, 1)", "'" + options.decay + "'");
  return Error::success();
}

/// A word from a short list; the message repeats the list.
static Error checkWord(llvm::StringRef option, llvm::StringRef value,
                       std::initializer_list<llvm::StringRef> known) {
  std::string list;
  for (llvm::StringRef word : known) {
    if (value == word)
      return Error::success();
    list += (list.empty() ? "'" : " or '") + word.str() + "'";
  }
  return llvm::createStringError("--" + option + ": expected " + list + ", found '" + value + "'");
}

static Error checkWords(const RunOptions &options) {
  if (!options.compat.empty())
    if (Error error = checkWord("compat", options.compat, {"none", "braintrace"}))
      return error;
  if (Error error = checkWord("optimizer", options.optimizer, {"adam", "sgd"}))
    return error;
  if (Error error = checkWord("target", options.target, {"cpu", "cuda", "cuda-emulated"}))
    return error;
  return options.dtype.empty() ? Error::success()
                               : checkWord("dtype", options.dtype, {"f32", "f64"});
}

/// Files that the mode cannot do without, and outputs that cannot be written.
static Error checkFiles(const RunOptions &options) {
  llvm::StringRef name = "training";
  switch (options.mode) {
  case Mode::printABI:
  case Mode::checkGradients:
    return Error::success();
  case Mode::call:
    if (Error error = require(options.entry, "entry", "--mode=call"))
      return error;
    [[fallthrough]];
  case Mode::learn:
  case Mode::infer:
    if (options.mode != Mode::call)
      if (Error error = require(options.data, "data", "--mode"))
        return error;
    if (Error error = require(options.out, "out", "--mode"))
      return error;
    if (Error error = checkArraysPath(options.out))
      return error;
    return checkWritable(options.out);
  case Mode::evaluate:
    name = "--eval";
    break;
  case Mode::train:
    if (Error error = require(options.trainInputs, "train-inputs", name))
      return error;
    if (Error error = require(options.trainTargets, "train-targets", name))
      return error;
    break;
  }
  bool test = options.mode == Mode::evaluate || !options.testInputs.empty() ||
              !options.testTargets.empty();
  if (test)
    if (Error error = require(options.testInputs, "test-inputs", name))
      return error;
  if (test)
    if (Error error = require(options.testTargets, "test-targets", name))
      return error;
  for (const std::string &path : {options.checkpoint, options.results, options.curve})
    if (!path.empty())
      if (Error error = checkWritable(path))
        return error;
  return Error::success();
}

/// Derivatives are compared in f64, those that stand in queries among them.
static Error prepareCheck(RunOptions &options) {
  if (options.dtype == "f32")
    return llvm::createStringError("--check-gradients compares in f64, found --dtype=f32");
  if (options.target != "cpu")
    return llvm::createStringError("--check-gradients runs on the CPU, found --target=" +
                                   options.target);
  options.dtype = "f64";
  options.queries = true;
  return Error::success();
}

Expected<RunOptions> etrace::run::parseOptions(int argc, char **argv) {
  // The shared library of LLVM brings hundreds of options, some with the names of ours.
  cl::ResetCommandLineParser();
  static CommandLine line; // the parser keeps references
  cl::SetVersionPrinter([](llvm::raw_ostream &os) { os << "etrace " ETRACE_VERSION "\n"; });
  cl::ParseCommandLineOptions(argc, argv,
                              "etrace-run: train, evaluate and inspect a recurrent network "
                              "that is given as MLIR\n");
  RunOptions options = collect(line);
  if (Error error = checkNumbers(options))
    return error;
  if (Error error = checkWords(options))
    return error;
  if (Error error = checkFiles(options))
    return error;
  if (options.mode == Mode::checkGradients)
    if (Error error = prepareCheck(options))
      return error;
  return options;
}
