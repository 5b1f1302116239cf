//===- Device.h - Where kernels run -----------------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_RUNTIME_CUDA_DEVICE_H
#define ETRACE_RUNTIME_CUDA_DEVICE_H

#include "llvm/ADT/StringRef.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <memory>

/// The first argument of every entry on the GPU path. Compiled host code calls `launch`
/// with its own address and knows nothing else of the device.
struct EtraceQueue {
  void (*launch)(EtraceQueue *queue, const char *kernel, int64_t blocks, int64_t threads,
                 void **arguments);
};

namespace etrace {

/// Memory and kernels of one learner on one device. Launches run in order; `synchronize`
/// waits for them and reports the first failure.
class Device {
public:
  virtual ~Device();

  virtual llvm::Expected<void *> allocate(size_t bytes) = 0;
  virtual void release(void *memory) = 0;
  virtual llvm::Error copyToDevice(void *device, const void *host, size_t bytes) = 0;
  virtual llvm::Error copyToHost(void *host, const void *device, size_t bytes) = 0;
  virtual llvm::Error launch(llvm::StringRef kernel, int64_t blocks, int64_t threads,
                             void **arguments) = 0;
  virtual llvm::Error synchronize() = 0;
};

/// The first NVIDIA GPU, with a program in PTX. Opens the driver library at run time; a
/// one-line error if there is none.
llvm::Expected<std::unique_ptr<Device>> createCudaDevice(llvm::StringRef ptx);

/// Executes device code (the LLVM IR of a gpu.module in NVVM form) on this processor,
/// thread by thread. Device code must be free of communication between threads: a barrier
/// or shuffle is an error here.
llvm::Expected<std::unique_ptr<Device>>
createEmulatedDevice(std::unique_ptr<llvm::LLVMContext> context,
                     std::unique_ptr<llvm::Module> module);

} // namespace etrace

#endif // ETRACE_RUNTIME_CUDA_DEVICE_H
