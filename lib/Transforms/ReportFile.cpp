//===- ReportFile.cpp - Where passes write reports ------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "ReportFile.h"
#include "mlir/Support/FileUtilities.h"
#include "llvm/Support/ToolOutputFile.h"

using namespace mlir;

LogicalResult etrace::writeReport(Operation *op, StringRef file, StringRef text) {
  std::string error;
  std::unique_ptr<llvm::ToolOutputFile> output = openOutputFile(file, &error);
  if (!output)
    return op->emitError("cannot write the report: ") << error;
  output->os() << text;
  output->keep();
  return success();
}
