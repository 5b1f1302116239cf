//===- HostCode.h - Loops on the CPU to the LLVM dialect --------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_LIB_PIPELINES_HOSTCODE_H
#define ETRACE_LIB_PIPELINES_HOSTCODE_H

#include "mlir/Pass/PassManager.h"

namespace etrace {

/// Loops, vectors, memory and functions that run on the CPU, to the LLVM dialect with plain
/// pointers. All of a CPU learner; the entries around the kernels of a GPU one.
void addHostCode(mlir::OpPassManager &pm);

} // namespace etrace

#endif // ETRACE_LIB_PIPELINES_HOSTCODE_H
