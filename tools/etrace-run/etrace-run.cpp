//===- etrace-run.cpp - Trains, evaluates and inspects a model ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Commands.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/WithColor.h"

using namespace etrace;
using namespace etrace::run;
using llvm::Error;
using llvm::Expected;

static Error dispatchMode(const RunOptions &options, const Program &program) {
  switch (options.mode) {
  case Mode::train:
    return train(options, program);
  case Mode::evaluate:
    return evaluateOnly(options, program);
  case Mode::learn:
  case Mode::infer:
    return runScript(options, program);
  case Mode::call:
    return callEntry(options, program);
  case Mode::checkGradients:
    return checkGradients(options, program);
  case Mode::printABI:
    break;
  }
  printABI(program.getABI(), llvm::outs());
  return Error::success();
}

static Error runTool(int argc, char **argv) {
  Expected<RunOptions> options = parseOptions(argc, argv);
  if (!options)
    return options.takeError();
  catchInterrupt();
  Expected<Program> program = compileProgram(*options);
  if (!program)
    return program.takeError();
  return dispatchMode(*options, *program);
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  if (Error error = runTool(argc, argv)) {
    std::string message = llvm::toString(std::move(error));
    // The compiler's diagnostics are out already; an error is one line.
    llvm::replace(message, '\n', ' ');
    if (!message.empty())
      llvm::WithColor::error(llvm::errs(), "etrace-run") << message << "\n";
    return 1;
  }
  // What a shell says of a program that Ctrl-C ended.
  return interrupted() ? 130 : 0;
}
