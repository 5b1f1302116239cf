//===- Lowering.cpp - From learner IR to the LLVM dialect -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "HostCode.h"
#include "etrace/Conversion/Passes.h"
#include "etrace/Pipelines/Pipelines.h"
#include "etrace/Transforms/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

void etrace::buildLowerToLinalgPipeline(OpPassManager &pm, const LowerToLinalgOptions &options) {
  pm.addPass(createBuildEntriesPass());
  pm.addPass(createLowerDerivativesPass());
  pm.addPass(createConvertEtraceToLinalgPass());
  pm.addPass(createInlinerPass());
  pm.addPass(createSymbolDCEPass());
  pm.addPass(createCSEPass());
  pm.addPass(createMergeLoopsPass());
  pm.addPass(createAccumulateInPlacePass());
  if (options.widenSums)
    pm.addPass(createWidenSumsPass());
  pm.addPass(createElementwiseToLinalgPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createFuseElementwisePass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createNarrowSlicesPass());
  pm.addPass(createSinkAccumulationsPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createBlockTracesPass());
  pm.addPass(createCSEPass());
}

void etrace::addHostCode(OpPassManager &pm) {
  pm.addPass(createConvertComplexToStandardPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createExpandMathPass());
  pm.addPass(createConvertVectorToSCFPass());
  pm.addPass(createLowerAffinePass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createSCFToControlFlowPass());
  pm.addPass(memref::createExpandStridedMetadataPass());
  pm.addPass(createLowerAffinePass());
  pm.addPass(createConvertVectorToLLVMPass());
  pm.addPass(etrace::createConvertToLLVMPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

void etrace::buildToLLVMPipeline(OpPassManager &pm, const ToLLVMOptions &options) {
  pm.addPass(createBindMemoryPass());
  pm.addPass(bufferization::createOneShotBufferizePass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createPlanWorkspacePass());
  pm.addPass(createExpandCopiesPass());
  pm.addPass(createTileContractionsPass({options.vectorBits}));
  pm.addPass(createTileUpdatesPass({options.vectorBits}));
  pm.addPass(createLowerLoopsPass());
  pm.addPass(createLowerAffinePass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createOutlineLoopsPass({/*minimumWork=*/512, options.minimumShared}));
  addHostCode(pm);
  pm.addPass(createDefineSharedPass());
  pm.addPass(createEmitSaveAndLoadPass());
}
