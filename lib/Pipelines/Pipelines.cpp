//===- Pipelines.cpp - Registration of the pipelines ----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/Pipelines/Pipelines.h"

#include "etrace/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace etrace;

void etrace::buildAnalyzePipeline(OpPassManager &pm, const AnalyzeOptions &options) {
  OpPassManager &models = pm.nest<ModelOp>();
  // Calls alone: what is not called keeps its form.
  models.addPass(createInlinerPass({}, [](OpPassManager &) {}));
  models.addPass(createSymbolDCEPass());
  models.addPass(createFunctionalizePass());
  models.addPass(createExposePrimitivesPass({options.unrollLimit, options.compat}));
  BuildGraphPassOptions graph;
  graph.compat = options.compat;
  llvm::append_range(graph.strict, options.strict);
  models.addPass(createBuildGraphPass(graph));
}

void etrace::buildDerivePipeline(OpPassManager &pm, const DerivePipelineOptions &options) {
  DerivePassOptions derive;
  derive.rule = options.rule;
  derive.decay = options.decay;
  derive.window = options.window;
  derive.optimizer = options.optimizer;
  derive.slots = options.slots;
  derive.queries = options.queries;
  pm.addPass(createDerivePass(derive));
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

void etrace::buildLearnerPipeline(OpPassManager &pm, const PipelineOptions &options) {
  if (!options.dtype.empty()) {
    ConvertFloatPassOptions convert;
    convert.to = options.dtype.getValue();
    pm.addPass(createConvertFloatPass(convert));
  }
  buildAnalyzePipeline(pm, options);
  buildDerivePipeline(pm, options);
}

void etrace::buildNativePipeline(OpPassManager &pm, int64_t vectorBits) {
  buildLowerToLinalgPipeline(pm);
  ToLLVMOptions options;
  options.vectorBits = vectorBits;
  buildToLLVMPipeline(pm, options);
}

LogicalResult etrace::runPipelines(PassManager &passes, ModuleOp module) {
  passes.enableVerifier(false);
  if (failed(passes.run(module)))
    return failure();
  return verify(module);
}

bool etrace::isLearner(ModuleOp module) {
  return llvm::any_of(module.getOps<func::FuncOp>(),
                      [](func::FuncOp function) { return function->hasAttr(kEntryAttr); });
}

void etrace::buildEtracePipeline(OpPassManager &pm, const PipelineOptions &options) {
  buildLearnerPipeline(pm, options);
  buildLowerToLinalgPipeline(pm);
  buildToLLVMPipeline(pm);
}

void etrace::registerPipelines() {
  PassPipelineRegistration<AnalyzeOptions>(
      "etrace-analyze", "Find hidden groups, relations and excluded parameters",
      [](OpPassManager &pm, const AnalyzeOptions &options) { buildAnalyzePipeline(pm, options); });
  PassPipelineRegistration<DerivePipelineOptions>(
      "etrace-derive-pipeline", "Derive a learner from a model with its graph, and simplify it",
      [](OpPassManager &pm, const DerivePipelineOptions &options) {
        buildDerivePipeline(pm, options);
      });
  PassPipelineRegistration<PipelineOptions>(
      "etrace-pipeline", "Everything from model IR to the LLVM dialect",
      [](OpPassManager &pm, const PipelineOptions &options) {
        buildEtracePipeline(pm, options);
      });
  PassPipelineRegistration<LowerToLinalgOptions>(
      "etrace-lower-to-linalg", "Lower learner IR to linalg: inline, fuse, lay out traces",
      [](OpPassManager &pm, const LowerToLinalgOptions &options) {
        buildLowerToLinalgPipeline(pm, options);
      });
  PassPipelineRegistration<ToLLVMOptions>(
      "etrace-to-llvm", "Bind memory and lower learner IR of linalg to the LLVM dialect",
      [](OpPassManager &pm, const ToLLVMOptions &options) { buildToLLVMPipeline(pm, options); });
}
