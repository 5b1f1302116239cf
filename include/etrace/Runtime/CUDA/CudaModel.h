//===- CudaModel.h - A learner on the GPU -----------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_RUNTIME_CUDA_CUDAMODEL_H
#define ETRACE_RUNTIME_CUDA_CUDAMODEL_H

#include "etrace/Runtime/ModelABI.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

#include <memory>

namespace etrace {

struct CudaModelOptions {
  /// Execute device code on this processor instead of a GPU.
  bool emulate = false;
};

/// A model whose entries launch kernels; used like CompiledModel. Memory that the caller
/// passes is the host's: an entry brings the block and the external arrays to the device
/// and what it wrote back.
class CudaModel {
public:
  /// `module` is the result of `etrace-to-cuda`: with `emit=ptx` for a GPU, with
  /// `emit=nvvm` for the emulator.
  static llvm::Expected<std::unique_ptr<CudaModel>> create(mlir::ModuleOp module,
                                                           const CudaModelOptions &options);
  ~CudaModel();

  const ModelABI &getABI() const;

  /// Calls an entry with the block and one value for each external argument, in order: the
  /// address of the array, or the address of the scalar. Returns the entry's status.
  llvm::Expected<int> invoke(llvm::StringRef entry, void *block,
                             llvm::ArrayRef<void *> arguments);

private:
  CudaModel();
  struct Implementation;
  std::unique_ptr<Implementation> implementation;
};

} // namespace etrace

#endif // ETRACE_RUNTIME_CUDA_CUDAMODEL_H
