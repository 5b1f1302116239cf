//===- Pipelines.cpp - Registration of the pipelines ----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/Pipelines/Pipelines.h"

#include "mlir/Pass/PassRegistry.h"

using namespace mlir;

void etrace::registerPipelines() {
  PassPipelineRegistration<LowerToLinalgOptions>(
      "etrace-lower-to-linalg", "Lower learner IR to linalg: inline, fuse, lay out traces",
      [](OpPassManager &pm, const LowerToLinalgOptions &options) {
        buildLowerToLinalgPipeline(pm, options);
      });
  PassPipelineRegistration<ToLLVMOptions>(
      "etrace-to-llvm", "Bind memory and lower learner IR of linalg to the LLVM dialect",
      [](OpPassManager &pm, const ToLLVMOptions &options) { buildToLLVMPipeline(pm, options); });
}
