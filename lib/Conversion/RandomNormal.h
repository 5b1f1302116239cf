//===- RandomNormal.h - Counter-based random numbers in code ----*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_LIB_CONVERSION_RANDOMNORMAL_H
#define ETRACE_LIB_CONVERSION_RANDOMNORMAL_H

#include "etrace/IR/Etrace.h"

namespace etrace {

/// Builds the numbers of `etrace.random_normal` from arith, math and linalg.
mlir::Value buildRandomNormal(mlir::OpBuilder &builder, RandomNormalOp op, mlir::Value like,
                              mlir::Value counter);

} // namespace etrace

#endif // ETRACE_LIB_CONVERSION_RANDOMNORMAL_H
