//===- Compile.cpp - From MLIR text to a program --------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Learner.h"

#include "etrace/Data/Files.h"
#include "etrace/InitAll.h"
#include "etrace/Pipelines/CudaPipeline.h"
#include "etrace/Pipelines/Pipelines.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/All.h"
#include "llvm/Support/SourceMgr.h"

using namespace etrace;
using namespace etrace::run;
using llvm::Error;
using llvm::Expected;

/// The compiler has said what is wrong.
static Error diagnosed() { return llvm::createStringError(""); }

static PipelineOptions makePipelineOptions(const RunOptions &options) {
  PipelineOptions pipeline;
  pipeline.rule = options.rule;
  llvm::StringRef(options.decay).getAsDouble(pipeline.decay);
  pipeline.window = options.window;
  pipeline.compat = options.compat;
  pipeline.optimizer = options.optimizer;
  pipeline.queries = options.queries;
  pipeline.dtype = options.dtype;
  return pipeline;
}

/// What is in the module: a model to derive from, or learner IR.
static Error checkModule(const std::string &path, mlir::ModuleOp module,
                         std::optional<int64_t> &batchDim) {
  auto models = llvm::to_vector(module.getOps<ModelOp>());
  if (models.size() > 1)
    return makeFileError(path, "expected one etrace.model, found " +
                                   llvm::Twine(models.size()));
  if (models.empty() && module.getOps<BufferOp>().empty())
    return makeFileError(path, "expected an etrace.model, found none");
  if (!models.empty())
    batchDim = models.front().getBatchDim();
  return Error::success();
}

static Error compileForCPU(mlir::ModuleOp module, const RunOptions &options, Program &program) {
  mlir::PassManager passes(module.getContext());
  buildEtracePipeline(passes, makePipelineOptions(options));
  if (failed(passes.run(module)))
    return diagnosed();
  auto code = CompiledModel::create(module, {options.cpu, 3});
  if (!code)
    return code.takeError();
  program.code = std::move(*code);
  return Error::success();
}

static Error compileForGPU(mlir::ModuleOp module, const RunOptions &options, Program &program) {
  bool emulate = options.target == "cuda-emulated";
  ToCudaOptions cuda;
  cuda.chip = options.chip;
  cuda.emit = emulate ? DeviceCodeForm::nvvm : DeviceCodeForm::ptx;
  mlir::PassManager passes(module.getContext());
  buildLearnerPipeline(passes, makePipelineOptions(options));
  buildLowerToLinalgPipeline(passes);
  buildToCudaPipeline(passes, cuda);
  if (failed(passes.run(module)))
    return diagnosed();
  auto code = CudaModel::create(module, {emulate});
  if (!code)
    return code.takeError();
  program.gpuCode = std::move(*code);
  return Error::success();
}

Expected<Program> etrace::run::compileProgram(const RunOptions &options) {
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  mlir::registerAllToLLVMIRTranslations(registry);
  registerAllDialects(registry);
  mlir::MLIRContext context(registry);
  auto buffer = readBytes(options.model);
  if (!buffer)
    return buffer.takeError();
  llvm::SourceMgr sources;
  mlir::SourceMgrDiagnosticHandler diagnostics(sources, &context);
  sources.AddNewSourceBuffer(std::move(*buffer), llvm::SMLoc());
  auto module = mlir::parseSourceFile<mlir::ModuleOp>(sources, &context);
  if (!module)
    return diagnosed();
  Program program;
  if (Error error = checkModule(options.model, *module, program.batchDim))
    return error;
  if (Error error = options.target == "cpu" ? compileForCPU(*module, options, program)
                                            : compileForGPU(*module, options, program))
    return error;
  return program;
}
