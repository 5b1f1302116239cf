//===- CudaPipeline.h - From learner IR to the GPU --------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_PIPELINES_CUDAPIPELINE_H
#define ETRACE_PIPELINES_CUDAPIPELINE_H

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

namespace etrace {

enum class DeviceCodeForm {
  /// PTX text, in a constant of the module.
  ptx,
  /// The gpu.module in LLVM and NVVM dialect, for the emulator.
  nvvm
};

struct ToCudaOptions : mlir::PassPipelineOptions<ToCudaOptions> {
  Option<std::string> chip{*this, "chip", llvm::cl::desc("Oldest GPU that can run the code"),
                           llvm::cl::init("sm_80")};
  Option<int64_t> threads{*this, "threads", llvm::cl::desc("Threads in a block, 1 to 1024"),
                          llvm::cl::init(256)};
  Option<DeviceCodeForm> emit{
      *this, "emit", llvm::cl::desc("Form of the device code"),
      llvm::cl::init(DeviceCodeForm::ptx),
      llvm::cl::values(clEnumValN(DeviceCodeForm::ptx, "ptx", "PTX text in a constant"),
                       clEnumValN(DeviceCodeForm::nvvm, "nvvm", "gpu.module in NVVM form"))};
};

/// Learner IR of linalg to kernels and host code that launches them, memory bound as on the
/// CPU path.
void buildToCudaPipeline(mlir::OpPassManager &pm, const ToCudaOptions &options = {});

/// Registers `etrace-to-cuda`.
void registerCudaPipelines();

/// What `etrace-to-cuda` needs in the context beside the dialects: the translation of device
/// code and the NVPTX target.
void registerCudaTranslations(mlir::DialectRegistry &registry);

} // namespace etrace

#endif // ETRACE_PIPELINES_CUDAPIPELINE_H
