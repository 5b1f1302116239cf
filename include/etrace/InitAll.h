//===- InitAll.h - Registers everything of the project ----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Every library adds its line here; tools, the plugin and the C API call these two.
//
//===----------------------------------------------------------------------===//
#ifndef ETRACE_INITALL_H
#define ETRACE_INITALL_H

#include "etrace/Conversion/GPU/Passes.h"
#include "etrace/Conversion/Passes.h"
#include "etrace/IR/Etrace.h"
#include "etrace/Interfaces/DifferentiationInterfaces.h"
#include "etrace/Pipelines/CudaPipeline.h"
#include "etrace/Pipelines/Pipelines.h"
#include "etrace/Transforms/Passes.h"

namespace etrace {

/// The dialect and the interface models of upstream operations.
inline void registerAllDialects(mlir::DialectRegistry &registry) {
  registry.insert<EtraceDialect>();
  registerDifferentiationModels(registry);
  registerCudaTranslations(registry);
}

/// All passes and named pipelines.
inline void registerAllPasses() {
  registerEtraceConversionPasses();
  registerEtraceTransformsPasses();
  registerEtraceGPUConversionPasses();
  registerPipelines();
  registerCudaPipelines();
}

} // namespace etrace

#endif // ETRACE_INITALL_H
