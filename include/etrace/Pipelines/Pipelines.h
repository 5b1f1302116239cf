//===- Pipelines.h - Named sequences of passes ------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_PIPELINES_PIPELINES_H
#define ETRACE_PIPELINES_PIPELINES_H

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

namespace etrace {

struct LowerToLinalgOptions : mlir::PassPipelineOptions<LowerToLinalgOptions> {};

/// Learner IR to learner IR of linalg, arith and math only: functions inlined, chains
/// fused, traces laid out.
void buildLowerToLinalgPipeline(mlir::OpPassManager &pm, const LowerToLinalgOptions &options = {});

struct ToLLVMOptions : mlir::PassPipelineOptions<ToLLVMOptions> {};

/// Learner IR of linalg to the LLVM dialect: memory bound, in place, no allocation.
void buildToLLVMPipeline(mlir::OpPassManager &pm, const ToLLVMOptions &options = {});

/// Registers `etrace-lower-to-linalg` and `etrace-to-llvm`.
void registerPipelines();

} // namespace etrace

#endif // ETRACE_PIPELINES_PIPELINES_H
