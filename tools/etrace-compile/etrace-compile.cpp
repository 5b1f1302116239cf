//===- etrace-compile.cpp - A model as an object file and a header --------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/InitAll.h"
#include "etrace/Pipelines/Pipelines.h"
#include "etrace/Runtime/CompiledModel.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Support/FileUtilities.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/ToolOutputFile.h"

#include <cstdlib>

using namespace mlir;
namespace cl = llvm::cl;

static cl::OptionCategory category("etrace-compile");
static cl::opt<std::string> inputFile(cl::Positional, cl::desc("<model.mlir>"), cl::init("-"),
                                      cl::cat(category));
static cl::opt<std::string> outputFile("o", cl::desc("Output: a .o or .so file"),
                                       cl::value_desc("file"), cl::Required, cl::cat(category));
static cl::opt<std::string> headerFile("header", cl::desc("Also write the C header"),
                                       cl::value_desc("file"), cl::cat(category));
static cl::opt<std::string> cpu("cpu", cl::desc("Processor; 'native' is this machine's"),
                                cl::init("native"), cl::cat(category));
static cl::opt<unsigned> optimisation("opt-level", cl::desc("Level of optimisation, 0 to 3"),
                                      cl::init(etrace::CodegenOptions().optimisation),
                                      cl::cat(category));

// Of a model; a learner has been derived already.
static cl::opt<std::string> rule("rule", cl::desc("Learning rule: d-rtrl or pp-prop"),
                                 cl::init("d-rtrl"), cl::cat(category));
static cl::opt<double> decay("decay", cl::desc("Decay of the traces of pp-prop, in [0, 1)"),
                             cl::init(0.9), cl::cat(category));
static cl::opt<std::string> window("window", cl::desc("Learning window: 1 or single-step"),
                                   cl::init("1"), cl::cat(category));
static cl::opt<std::string> compat("compat",
                                   cl::desc("Whose numbers to reproduce: none or braintrace "
                                            "(default: the model says)"),
                                   cl::cat(category));
static cl::opt<std::string> optimizer("optimizer", cl::desc("adam or sgd"), cl::init("adam"),
                                      cl::cat(category));
static cl::opt<std::string> dtype("dtype",
                                  cl::desc("Convert the model to f32 or f64 (default: as written)"),
                                  cl::cat(category));
static cl::opt<int64_t> unrollLimit("unroll-limit",
                                    cl::desc("Turns of a loop with ETP primitives at most"),
                                    cl::init(16), cl::cat(category));
static cl::opt<std::string> slots("slots",
                                  cl::desc("Traces to store: minimal (those that others do not "
                                           "give) or all"),
                                  cl::init("minimal"), cl::cat(category));
static cl::opt<bool> queries("queries", cl::desc("Keep D, f and x of a step in buffers"),
                             cl::cat(category));

static int fail(const Twine &message) {
  llvm::errs() << "etrace-compile: error: " << message << "\n";
  return 1;
}

/// From model or learner IR to the LLVM dialect.
static LogicalResult lower(ModuleOp module, unsigned vectorBits) {
  PassManager pm(module.getContext());
  if (etrace::isLearner(module)) {
    for (const cl::Option *option : std::initializer_list<const cl::Option *>{
             &rule, &decay, &window, &compat, &optimizer, &dtype, &slots, &queries, &unrollLimit})
      if (option->getNumOccurrences())
        return module.emitError("expected an etrace.model for --")
               << option->ArgStr << ", found a learner, which is derived already";
  } else {
    if (module.getOps<etrace::ModelOp>().empty())
      return module.emitError("expected an etrace.model, or a learner made by etrace-derive");
    etrace::PipelineOptions options;
    options.rule = rule.getValue();
    options.decay = decay.getValue();
    options.window = window.getValue();
    options.compat = compat.getValue();
    options.unrollLimit = unrollLimit.getValue();
    options.optimizer = optimizer.getValue();
    options.dtype = dtype.getValue();
    options.slots = slots.getValue();
    options.queries = queries.getValue();
    etrace::buildLearnerPipeline(pm, options);
  }
  etrace::buildNativePipeline(pm, vectorBits);
  return etrace::runPipelines(pm, module);
}

/// Writes beside the file and renames, so that no one sees half of it.
static llvm::Error writeFile(StringRef path, StringRef contents) {
  return llvm::writeToOutput(path, [&](llvm::raw_ostream &stream) {
    stream << contents;
    return llvm::Error::success();
  });
}

/// Links an object to a shared library with the system's C compiler.
static llvm::Error linkLibrary(StringRef path, StringRef object) {
  auto makeError = [](const Twine &message) {
    return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
  };
  SmallVector<std::string> names;
  if (const char *name = std::getenv("CC"))
    names.push_back(name);
  names.insert(names.end(), {"cc", "clang-22", "clang", "gcc"});
  std::string compiler;
  for (const std::string &name : names)
    if (auto found = llvm::sys::findProgramByName(name)) {
      compiler = *found;
      break;
    }
  if (compiler.empty())
    return makeError("no C compiler to link with; set CC, or write a .o file");
  auto objectFile = llvm::sys::fs::TempFile::create(path + ".%%%%%%.o");
  if (!objectFile)
    return objectFile.takeError();
  auto libraryFile = llvm::sys::fs::TempFile::create(path + ".%%%%%%.so");
  if (!libraryFile)
    return llvm::joinErrors(libraryFile.takeError(), objectFile->discard());
  llvm::raw_fd_ostream stream(objectFile->FD, /*shouldClose=*/false);
  stream << object;
  stream.flush();
  std::string message;
  SmallVector<StringRef> arguments = {compiler, "-shared", "-o", libraryFile->TmpName,
                                      objectFile->TmpName, "-lm"};
  int status = llvm::sys::ExecuteAndWait(compiler, arguments, std::nullopt, {}, 0, 0, &message);
  llvm::Error error = objectFile->discard();
  if (status != 0) {
    error = llvm::joinErrors(std::move(error), libraryFile->discard());
    return llvm::joinErrors(std::move(error),
                            makeError("'" + compiler + " -shared' failed " + message));
  }
  // The linker may have replaced the file that is open here: rename by name. If it has not,
  // the file is private still.
  auto mode = static_cast<llvm::sys::fs::perms>(0777 & ~llvm::sys::fs::getUmask());
  llvm::sys::fs::setPermissions(libraryFile->TmpName, mode);
  if (std::error_code code = llvm::sys::fs::rename(libraryFile->TmpName, path))
    return llvm::joinErrors(std::move(error), llvm::errorCodeToError(code));
  llvm::consumeError(libraryFile->discard());
  return error;
}

static int compile() {
  StringRef extension = llvm::sys::path::extension(outputFile);
  if (extension != ".o" && extension != ".so")
    return fail("expected an output file that ends in .o or .so, found '" + outputFile + "'");
  DialectRegistry registry;
  registerAllDialects(registry);
  registerAllExtensions(registry);
  etrace::registerAllDialects(registry);
  MLIRContext context(registry);
  context.printOpOnDiagnostic(false);
  std::string message;
  auto input = openInputFile(inputFile, &message);
  if (!input)
    return fail(message);
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(std::move(input), llvm::SMLoc());
  SourceMgrDiagnosticHandler handler(sources, &context);
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(sources, &context);
  if (!module)
    return 1;
  auto vectorBits = etrace::getVectorBits({cpu, optimisation});
  if (!vectorBits)
    return fail(llvm::toString(vectorBits.takeError()));
  if (failed(lower(*module, *vectorBits)))
    return 1;
  FailureOr<etrace::ModelABI> abi = etrace::readModelABI(*module);
  if (failed(abi))
    return 1;
  auto object = etrace::compileToObject(*module, {cpu, optimisation});
  if (!object)
    return fail(llvm::toString(object.takeError()));
  llvm::Error error = extension == ".o" ? writeFile(outputFile, (*object)->getBuffer())
                                        : linkLibrary(outputFile, (*object)->getBuffer());
  if (error)
    return fail("cannot write '" + outputFile + "': " + llvm::toString(std::move(error)));
  if (!headerFile.empty())
    if (llvm::Error error = writeFile(headerFile, etrace::printCHeader(*abi)))
      return fail("cannot write '" + headerFile + "': " + llvm::toString(std::move(error)));
  return 0;
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  etrace::registerAllPasses();
  cl::HideUnrelatedOptions(category);
  cl::ParseCommandLineOptions(argc, argv,
                              "etrace-compile: an object file or a shared library with a C "
                              "interface from a model\n");
  return compile();
}
