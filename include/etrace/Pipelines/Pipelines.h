//===- Pipelines.h - Named sequences of passes ------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_PIPELINES_PIPELINES_H
#define ETRACE_PIPELINES_PIPELINES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

namespace etrace {

struct AnalyzeOptions : mlir::PassPipelineOptions<AnalyzeOptions> {
  Option<std::string> compat{
      *this, "compat", llvm::cl::init(""),
      llvm::cl::desc("whose numbers to reproduce: none or braintrace (default: the model says)")};
  ListOption<std::string> strict{
      *this, "strict",
      llvm::cl::desc("kinds of decisions that are errors, such as position-mixing; or missed")};
  Option<int64_t> unrollLimit{
      *this, "unroll-limit", llvm::cl::init(16),
      llvm::cl::desc("turns of a loop with primitives that are unrolled at most")};
};

/// Model IR to graph IR: functional form, groups, relations, excluded parameters.
void buildAnalyzePipeline(mlir::OpPassManager &pm, const AnalyzeOptions &options = {});

struct DerivePipelineOptions : mlir::PassPipelineOptions<DerivePipelineOptions> {
  Option<std::string> rule{*this, "rule", llvm::cl::init("d-rtrl"),
                           llvm::cl::desc("learning rule: d-rtrl or pp-prop")};
  Option<double> decay{*this, "decay", llvm::cl::init(0.9),
                       llvm::cl::desc("decay of the traces of pp-prop, in [0, 1)")};
  Option<std::string> window{*this, "window", llvm::cl::init("1"),
                             llvm::cl::desc("gradient window: single-step or 1")};
  Option<std::string> optimizer{*this, "optimizer", llvm::cl::init("adam"),
                                llvm::cl::desc("sgd or adam")};
  Option<std::string> slots{*this, "slots", llvm::cl::init("minimal"),
                            llvm::cl::desc("traces to store: minimal or all")};
  Option<bool> queries{*this, "queries", llvm::cl::init(false),
                       llvm::cl::desc("keep D, f, x and the learning signal of a step in buffers")};
};

/// Graph IR to learner IR.
void buildDerivePipeline(mlir::OpPassManager &pm, const DerivePipelineOptions &options = {});

struct LowerToLinalgOptions : mlir::PassPipelineOptions<LowerToLinalgOptions> {
  Option<bool> widenSums{*this, "widen-sums",
                         llvm::cl::desc("Sum bf16 and f16 in f32, rounding once"),
                         llvm::cl::init(true)};
};

/// Learner IR to learner IR of linalg, arith and math only: derivatives lowered, functions inlined,
/// chains fused, sums of narrow floats widened, traces laid out.
void buildLowerToLinalgPipeline(mlir::OpPassManager &pm, const LowerToLinalgOptions &options = {});

struct ToLLVMOptions : mlir::PassPipelineOptions<ToLLVMOptions> {
  Option<int64_t> vectorBits{*this, "vector-bits",
                             llvm::cl::desc("Bits of a vector register of the processor"),
                             llvm::cl::init(512)};
  Option<int64_t> minimumShared{
      *this, "minimum-shared",
      llvm::cl::desc("Operations from which the caller's threads share a loop nest"),
      llvm::cl::init(1 << 18)};
};

/// Learner IR of linalg to the LLVM dialect: memory bound, in place, no allocation.
void buildToLLVMPipeline(mlir::OpPassManager &pm, const ToLLVMOptions &options = {});

/// The way from model IR: the options of analysis and derivation, and the type of floats.
struct PipelineOptions : mlir::PassPipelineOptions<PipelineOptions>,
                         AnalyzeOptions,
                         DerivePipelineOptions {
  using mlir::PassPipelineOptions<PipelineOptions>::createFromString;
  Option<std::string> dtype{*this, "dtype", llvm::cl::init(""),
                            llvm::cl::desc("retype the model: f32 or f64 (default: as written)")};
};

/// `etrace-analyze`, `etrace-derive`, `etrace-lower-to-linalg`, `etrace-to-llvm`.
void buildEtracePipeline(mlir::OpPassManager &pm, const PipelineOptions &options = {});
/// The part of it that ends in learner IR.
void buildLearnerPipeline(mlir::OpPassManager &pm, const PipelineOptions &options = {});
/// The rest of it, from learner IR, for a processor with vectors of `vectorBits`.
void buildNativePipeline(mlir::OpPassManager &pm, int64_t vectorBits);

/// Runs pipelines of the project on a verified module, and verifies the result once: after each
/// pass it would take a third of their time.
llvm::LogicalResult runPipelines(mlir::PassManager &passes, mlir::ModuleOp module);

/// True if the module has a function with `etrace.entry`: nothing is left to derive (what is asked
/// of functions that use states is done on the way to linalg).
bool isLearner(mlir::ModuleOp module);

/// Registers `etrace-analyze`, `etrace-derive-pipeline`, `etrace-lower-to-linalg`,
/// `etrace-to-llvm` and `etrace-pipeline`.
void registerPipelines();

} // namespace etrace

#endif // ETRACE_PIPELINES_PIPELINES_H
