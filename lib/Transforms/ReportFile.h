//===- ReportFile.h - Where passes write reports ----------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_LIB_TRANSFORMS_REPORTFILE_H
#define ETRACE_LIB_TRANSFORMS_REPORTFILE_H

#include "mlir/IR/Operation.h"

namespace etrace {

/// Writes `text` to the file (- is standard output); an error at `op` if that is impossible.
llvm::LogicalResult writeReport(mlir::Operation *op, llvm::StringRef file, llvm::StringRef text);

} // namespace etrace

#endif // ETRACE_LIB_TRANSFORMS_REPORTFILE_H
