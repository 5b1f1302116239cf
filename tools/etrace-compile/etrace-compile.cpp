//===- etrace-compile.cpp - A model as an object file and a header --------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/InitAll.h"
#include "etrace/Pipelines/Pipelines.h"
#include "etrace/Runtime/CompiledModel.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
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
                                      cl::init(3), cl::cat(category));
static cl::opt<std::string> deriveOptions("derive",
                                          cl::desc("Options of etrace-derive for a model, "
                                                   "such as 'rule=d-rtrl'"),
                                          cl::value_desc("options"), cl::cat(category));

static int fail(const Twine &message) {
  llvm::errs() << "etrace-compile: error: " << message << "\n";
  return 1;
}

static bool isLearner(ModuleOp module) {
  return llvm::any_of(module.getOps<func::FuncOp>(), [](func::FuncOp function) {
    return function->hasAttr(etrace::kEntryAttr);
  });
}

/// From model or learner IR to the LLVM dialect.
static LogicalResult lower(ModuleOp module) {
  PassManager pm(module.getContext());
  if (!isLearner(module)) {
    if (module.getOps<etrace::ModelOp>().empty())
      return module.emitError("expected an etrace.model, or a learner made by etrace-derive");
    std::string pipeline = "etrace.model(etrace-functionalize,etrace-build-graph),etrace-derive{" + deriveOptions + "}";
    if (failed(parsePassPipeline(pipeline, pm)))
      return failure();
  }
  etrace::buildLowerToLinalgPipeline(pm);
  etrace::buildToLLVMPipeline(pm);
  return pm.run(module);
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
  // The linker may have replaced the file that is open here: rename by name.
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
  std::string message;
  auto input = openInputFile(inputFile, &message);
  if (!input)
    return fail(message);
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(std::move(input), llvm::SMLoc());
  SourceMgrDiagnosticHandler handler(sources, &context);
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(sources, &context);
  if (!module || failed(lower(*module)))
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
