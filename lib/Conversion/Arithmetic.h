//===- Arithmetic.h - What native code may do to sums -----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_LIB_CONVERSION_ARITHMETIC_H
#define ETRACE_LIB_CONVERSION_ARITHMETIC_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace etrace {

/// Products and sums may be contracted to fused multiply-adds; a sum over the innermost loop
/// may also be reassociated, or it would run at the latency of one addition a step.
void relaxArithmetic(mlir::linalg::GenericOp op);

} // namespace etrace

#endif // ETRACE_LIB_CONVERSION_ARITHMETIC_H
