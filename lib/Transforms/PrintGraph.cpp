//===- PrintGraph.cpp - A report of the graph -----------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "ReportFile.h"
#include "etrace/Analysis/Report.h"
#include "etrace/Transforms/Passes.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace etrace;

namespace etrace {
#define GEN_PASS_DEF_PRINTGRAPHPASS
#include "etrace/Transforms/Passes.h.inc"
} // namespace etrace

namespace {
struct PrintGraphPass : public etrace::impl::PrintGraphPassBase<PrintGraphPass> {
  using PrintGraphPassBase::PrintGraphPassBase;

  void runOnOperation() override {
    markAllAnalysesPreserved();
    auto reportFormat = llvm::StringSwitch<std::optional<ReportFormat>>(format)
                            .Case("text", ReportFormat::text)
                            .Case("json", ReportFormat::json)
                            .Case("dot", ReportFormat::dot)
                            .Case("svg", ReportFormat::svg)
                            .Default(std::nullopt);
    if (!reportFormat) {
      getOperation().emitError("unknown report format '")
          << format << "'; formats are 'text', 'json', 'dot' and 'svg' [unknown-format]";
      return signalPassFailure();
    }
    if (level != 1 && level != 2) {
      getOperation().emitError("unknown report level ")
          << level.getValue()
          << "; levels are 1 and 2, which adds warnings to the text [unknown-level]";
      return signalPassFailure();
    }
    auto models = llvm::to_vector(getOperation().getOps<ModelOp>());
    for (ModelOp model : models)
      if (model.getBody().getOps<GroupOp>().empty() &&
          model.getBody().getOps<ExcludedOp>().empty()) {
        model.emitOpError("has no graph to print; run 'etrace-analyze' first [no-graph]");
        return signalPassFailure();
      }
    std::string text;
    llvm::raw_string_ostream os(text);
    for (ModelOp model : models)
      if (failed(printReport(os, model, *reportFormat, level)))
        return signalPassFailure();
    if (failed(writeReport(getOperation(), output, text)))
      signalPassFailure();
  }
};
} // namespace
