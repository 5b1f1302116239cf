//===- Compile.cpp - From MLIR text to a program --------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Learner.h"

#include "etrace/Data/Files.h"
#include "etrace/InitAll.h"
#include "etrace/Pipelines/CudaPipeline.h"
#include "etrace/Pipelines/Pipelines.h"
#include "etrace/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/Format.h"

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
  pipeline.unrollLimit = options.unrollLimit;
  pipeline.optimizer = options.optimizer;
  pipeline.slots = options.slots;
  pipeline.queries = options.queries;
  pipeline.dtype = options.dtype;
  buildLearnerPipeline(passes, pipeline);
}

/// The shortest text that reads as this number.
static std::string printNumber(double value) {
  std::string text;
  for (int digits = 1; digits <= 17; ++digits) {
    text.clear();
    llvm::raw_string_ostream(text) << llvm::format("%.*g", digits, value);
    double read;
    if (!llvm::StringRef(text).getAsDouble(read) && read == value)
      break;
  }
  return text;
}

/// How a learner was derived, in place of the options that say how to derive one.
static Error readLearner(mlir::ModuleOp module, RunOptions &options, Program &program) {
  if (!options.derivation.empty())
    return makeFileError(options.model, "expected an etrace.model for --" +
                                            options.derivation.front() +
                                            ", found a learner, which is derived already");
  auto record = module->getAttrOfType<mlir::DictionaryAttr>(kLearnerAttr);
  if (!record)
    record = mlir::DictionaryAttr::get(module.getContext());
  auto getText = [&](llvm::StringRef name) {
    auto text = record.getAs<mlir::StringAttr>(name);
    return text ? text.getValue().str() : std::string("unknown");
  };
  options.rule = getText("rule");
  options.window = getText("window");
  options.optimizer = getText("optimizer");
  options.compat = getText("compat");
  // As a run of the model names it.
  if (options.compat == stringifyCompat(Compat::none))
    options.compat.clear();
  if (auto decay = record.getAs<mlir::FloatAttr>("decay"))
    options.decay = printNumber(decay.getValueAsDouble());
  if (auto axis = record.getAs<mlir::IntegerAttr>("batch_dim"))
    program.batchDim = axis.getInt();
  return Error::success();
}

/// Checks what is in the module: one model to derive from, or learner IR. Takes the
/// batch axis.
static Error prepareModule(RunOptions &options, mlir::ModuleOp module, Program &program,
                           bool isLearner) {
  if (isLearner)
    return readLearner(module, options, program);
  auto models = llvm::to_vector(module.getOps<ModelOp>());
  if (models.size() != 1)
    return makeFileError(options.model,
                         "expected one etrace.model, found " + llvm::Twine(models.size()));
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
  buildNativePipeline(passes, *vectorBits);
  if (failed(runPipelines(passes, module)))
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
  if (failed(runPipelines(passes, module)))
    return diagnosed();
  auto code = CudaModel::create(module, {emulate});
  if (!code)
    return code.takeError();
  program.gpuCode = std::move(*code);
  return Error::success();
}

/// A context with every dialect, in `program`, and the module of the text in it.
static Expected<mlir::OwningOpRef<mlir::ModuleOp>>
parseModel(const RunOptions &options, llvm::SourceMgr &sources, Program &program) {
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  etrace::registerAllDialects(registry);
  program.context = std::make_unique<mlir::MLIRContext>(registry);
  program.context->printOpOnDiagnostic(false);
  auto buffer = readBytes(options.model);
  if (!buffer)
    return buffer.takeError();
  sources.AddNewSourceBuffer(std::move(*buffer), llvm::SMLoc());
  mlir::SourceMgrDiagnosticHandler diagnostics(sources, program.context.get());
  auto module = mlir::parseSourceFile<mlir::ModuleOp>(sources, program.context.get());
  if (!module)
    return diagnosed();
  return module;
}

Expected<Program> etrace::run::compileProgram(RunOptions &options) {
  Program program;
  llvm::SourceMgr sources;
  auto module = parseModel(options, sources, program);
  if (!module)
    return module.takeError();
  mlir::SourceMgrDiagnosticHandler diagnostics(sources, program.context.get());
  bool isLearner = etrace::isLearner(**module);
  if (Error error = prepareModule(options, **module, program, isLearner))
    return error;
  if (Error error = options.target == "cpu"
                        ? compileForCPU(**module, options, isLearner, program)
                        : compileForGPU(**module, options, isLearner, program))
    return error;
  return program;
}

//===----------------------------------------------------------------------===//
// Differences
//===----------------------------------------------------------------------===//

std::string DifferenceInfo::getText(llvm::StringRef key) const {
  auto text = record.getAs<mlir::StringAttr>(key);
  return text ? text.str() : "";
}

std::vector<std::string> DifferenceInfo::getTexts(llvm::StringRef key) const {
  std::vector<std::string> texts;
  if (auto list = record.getAs<mlir::ArrayAttr>(key))
    for (auto text : list.getAsRange<mlir::StringAttr>())
      texts.push_back(text.str());
  return texts;
}

static void addDifferencePasses(const RunOptions &options, mlir::PassManager &passes) {
  PipelineOptions pipeline;
  pipeline.dtype = "f64";
  pipeline.compat = options.compat;
  pipeline.unrollLimit = options.unrollLimit;
  ConvertFloatPassOptions convert;
  convert.to = pipeline.dtype.getValue();
  passes.addPass(createConvertFloatPass(convert));
  buildAnalyzePipeline(passes, pipeline);
  BuildDifferencesPassOptions build;
  build.window = options.window;
  build.trustCustomDerivatives = options.trustCustomDerivatives;
  passes.addPass(createBuildDifferencesPass(build));
}

Expected<DifferenceProgram> etrace::run::compileDifferences(const RunOptions &options) {
  DifferenceProgram result;
  result.sources = std::make_unique<llvm::SourceMgr>();
  auto parsed = parseModel(options, *result.sources, result.program);
  if (!parsed)
    return parsed.takeError();
  mlir::ModuleOp module = **parsed;
  mlir::MLIRContext *context = module.getContext();
  mlir::SourceMgrDiagnosticHandler diagnostics(*result.sources, context);
  if (etrace::isLearner(module))
    return makeFileError(options.model, "expected an etrace.model to take differences of, found a "
                                        "learner, which is derived already");
  result.isCompat = options.compat == stringifyCompat(Compat::braintrace);
  for (auto model : module.getOps<ModelOp>()) {
    result.isCompat |= options.compat.empty() && model.isBraintraceCompat();
    for (const Declaration &declaration : getDeclarations(model))
      result.declarations.emplace(declaration.path, declaration.op->getLoc());
  }
  mlir::PassManager build(context), lower(context);
  addDifferencePasses(options, build);
  if (failed(runPipelines(build, module)))
    return diagnosed();
  for (auto function : module.getOps<mlir::func::FuncOp>())
    if (auto record = function->getAttrOfType<mlir::DictionaryAttr>(kDifferenceAttr))
      result.entries.push_back(
          {function->getAttrOfType<mlir::StringAttr>(kEntryAttr).str(),
           record.getAs<mlir::StringAttr>("kind").str(), function.getLoc(), record});
  auto vectorBits = getVectorBits({options.cpu});
  if (!vectorBits)
    return vectorBits.takeError();
  buildNativePipeline(lower, *vectorBits);
  if (failed(runPipelines(lower, module)))
    return diagnosed();
  auto code = CompiledModel::create(module, {options.cpu});
  if (!code)
    return code.takeError();
  result.program.code = std::move(*code);
  return result;
}
