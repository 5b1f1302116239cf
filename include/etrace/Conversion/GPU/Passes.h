//===- Passes.h - From entries over buffers to the GPU ----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_CONVERSION_GPU_PASSES_H
#define ETRACE_CONVERSION_GPU_PASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Pass/Pass.h"

namespace etrace {

/// The gpu.module of every learner, and the module-level constant with its PTX.
inline constexpr llvm::StringLiteral kKernelModule = "etrace_kernels";
inline constexpr llvm::StringLiteral kDeviceCode = "etrace_device_code";

#define GEN_PASS_DECL
#include "etrace/Conversion/GPU/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "etrace/Conversion/GPU/Passes.h.inc"

} // namespace etrace

#endif // ETRACE_CONVERSION_GPU_PASSES_H
