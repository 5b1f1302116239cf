//===- Commands.h - Training, evaluation, scripting -------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_RUN_COMMANDS_H
#define ETRACE_RUN_COMMANDS_H

#include "Dataset.h"
#include "Learner.h"

#include "etrace/Data/Checkpoint.h"

namespace etrace::run {

/// How many samples a network names rightly, or its mean loss where there are no classes
/// (over whole batches, because a loss is a mean over its batch).
struct Evaluation {
  std::optional<double> accuracy;
  std::optional<double> loss;
};
/// Evaluates with the parameters of `learner`, whose state stays as it is.
llvm::Expected<Evaluation> evaluate(const Program &program, const Learner &learner,
                                    const Externals &externals, const Dataset &dataset,
                                    const BatchAxis &axis, unsigned threads);
/// "test accuracy 0.776".
std::string describe(const Evaluation &evaluation);

/// All buffers, the name of the model, rule and options.
Checkpoint makeCheckpoint(const RunOptions &options, const Learner &learner, int64_t batch);
/// Reads a checkpoint and refuses one of another model, rule or option that changes the
/// numbers; takes the seed from it.
llvm::Expected<Checkpoint> resumeFrom(RunOptions &options, Learner &learner, int64_t batch);

/// Ends early, with a checkpoint if one is asked for, on an interrupt (`interrupted`).
llvm::Error train(RunOptions options, const Program &program);
llvm::Error evaluateOnly(RunOptions options, const Program &program);
/// --mode=learn and --mode=infer.
llvm::Error runScript(const RunOptions &options, const Program &program);
/// --mode=call.
llvm::Error callEntry(const RunOptions &options, const Program &program);
/// --check-gradients. An error if a derivative and its difference part.
llvm::Error checkGradients(const RunOptions &options, const Program &program);
void printABI(const ModelABI &abi, llvm::raw_ostream &os);

/// From here on Ctrl-C only raises a flag; the second one ends the program.
void catchInterrupt();
bool interrupted();

} // namespace etrace::run

#endif // ETRACE_RUN_COMMANDS_H
