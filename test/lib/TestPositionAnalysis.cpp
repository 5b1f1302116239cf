//===- TestPositionAnalysis.cpp - Positions of functions ------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "TestPasses.h"
#include "etrace/Analysis/PositionAnalysis.h"
#include "etrace/IR/Etrace.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

using namespace mlir;
using namespace etrace;

namespace {
struct TestPositionAnalysisPass
    : PassWrapper<TestPositionAnalysisPass, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(TestPositionAnalysisPass)
  StringRef getArgument() const final { return "test-etrace-position-analysis"; }
  StringRef getDescription() const final {
    return "Print which positions of every argument each result of a function may read";
  }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<EtraceDialect>();
  }
  void runOnOperation() override {
    for (func::FuncOp function : getOperation().getOps<func::FuncOp>())
      if (!function.isDeclaration())
        report(function);
  }

  /// A line for each pair: nothing, accesses `map [lower] [upper];`, or what mixes.
  static void report(func::FuncOp function) {
    Block &body = function.getBody().front();
    for (BlockArgument argument : body.getArguments()) {
      PositionAnalysis analysis(body, argument);
      for (OpOperand &result : body.getTerminator()->getOpOperands()) {
        PositionSet set = analysis.lookup(result.get());
        llvm::outs() << function.getName() << " " << argument.getArgNumber() << " "
                     << result.getOperandNumber() << " :";
        if (set.mixer)
          llvm::outs() << " mixes " << set.mixer->getName();
        for (const PositionAccess &access : set.accesses) {
          llvm::outs() << " " << access.map << " [";
          llvm::interleaveComma(access.lower, llvm::outs());
          llvm::outs() << "] [";
          llvm::interleaveComma(access.upper, llvm::outs());
          llvm::outs() << "];";
        }
        llvm::outs() << "\n";
      }
    }
  }
};
} // namespace

void etrace::test::registerPositionAnalysisTestPass() {
  PassRegistration<TestPositionAnalysisPass>();
}
