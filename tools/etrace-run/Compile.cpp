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
#include "llvm/Support/SourceMgr.h"

using namespace etrace;
using namespace etrace::run;
using llvm::Error;
using llvm::Expected;

/// The compiler has said what is wrong.
static Error diagnosed() { return llvm::createStringError(""); }

/// Model IR to learner IR; a module of learner IR is there already.
static void addLearnerPasses(const RunOptions &options, bool isLearner,
                             mlir::PassManager &passes) {
  if (isLearner)
    return;
  PipelineOptions pipeline;
  pipeline.rule = options.rule;
  double decay;
  if (!llvm::StringRef(options.decay).getAsDouble(decay))
    pipeline.decay = decay;
  pipeline.window = options.window;
  pipeline.compat = options.compat;
  pipeline.optimizer = options.optimizer;
  pipeline.queries = options.queries;
  pipeline.dtype = options.dtype;
  buildLearnerPipeline(passes, pipeline);
}

/// Checks what is in the module: one model to derive from, or learner IR. Takes the
/// batch axis.
static Error prepareModule(const RunOptions &options, mlir::ModuleOp module, Program &program,
                           bool &isLearner) {
  auto models = llvm::to_vector(module.getOps<ModelOp>());
  isLearner = models.empty() && !module.getOps<BufferOp>().empty();
  if (models.size() != 1 && !isLearner)
    return makeFileError(options.model,
                         "expected one etrace.model, found " + llvm::Twine(models.size()));
  if (isLearner)
    return Error::success();
  if (auto axis = models.front().getBatchDim())
    program.batchDim = *axis;
  return Error::success();
}

static Error compileForCPU(mlir::ModuleOp module, const RunOptions &options, bool isLearner,
                           Program &program) {
  auto vectorBits = getVectorBits({options.cpu});
  if (!vectorBits)
    return vectorBits.takeError();
  mlir::PassManager passes(module.getContext());
  addLearnerPasses(options, isLearner, passes);
  buildLowerToLinalgPipeline(passes);
  ToLLVMOptions native;
  native.vectorBits = *vectorBits;
  buildToLLVMPipeline(passes, native);
  if (failed(passes.run(module)))
    return diagnosed();
  auto code = CompiledModel::create(module, {options.cpu});
  if (!code)
    return code.takeError();
  program.code = std::move(*code);
  return Error::success();
}

static Error compileForGPU(mlir::ModuleOp module, const RunOptions &options, bool isLearner,
                           Program &program) {
  bool emulate = options.target == "cuda-emulated";
  ToCudaOptions cuda;
  cuda.chip = options.chip;
  cuda.emit = emulate ? DeviceCodeForm::nvvm : DeviceCodeForm::ptx;
  mlir::PassManager passes(module.getContext());
  addLearnerPasses(options, isLearner, passes);
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
  etrace::registerAllDialects(registry);
  Program program;
  program.context = std::make_unique<mlir::MLIRContext>(registry);
  mlir::MLIRContext &context = *program.context;
  auto buffer = readBytes(options.model);
  if (!buffer)
    return buffer.takeError();
  llvm::SourceMgr sources;
  mlir::SourceMgrDiagnosticHandler diagnostics(sources, &context);
  sources.AddNewSourceBuffer(std::move(*buffer), llvm::SMLoc());
  auto module = mlir::parseSourceFile<mlir::ModuleOp>(sources, &context);
  if (!module)
    return diagnosed();
  bool isLearner;
  if (Error error = prepareModule(options, *module, program, isLearner))
    return error;
  if (Error error = options.target == "cpu"
                        ? compileForCPU(*module, options, isLearner, program)
                        : compileForGPU(*module, options, isLearner, program))
    return error;
  return program;
}
