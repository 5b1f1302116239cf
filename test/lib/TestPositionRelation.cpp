//===- TestPositionRelation.cpp - Print relations of operations -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "TestPasses.h"
#include "etrace/IR/Etrace.h"
#include "etrace/Interfaces/DifferentiationInterfaces.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Pass/Pass.h"

using namespace mlir;
using namespace etrace;

namespace {
struct TestPositionRelationPass
    : PassWrapper<TestPositionRelationPass, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(TestPositionRelationPass)
  StringRef getArgument() const final { return "test-etrace-position-relation"; }
  StringRef getDescription() const final {
    return "Remark on the position relation of every operand with every result";
  }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<EtraceDialect>();
  }
  void runOnOperation() override {
    getOperation().walk([](FunctionOpInterface function) {
      for (Operation &op : function.getFunctionBody().front())
        if (auto relational = dyn_cast<PositionRelationOpInterface>(op))
          report(relational);
    });
  }

  static void report(PositionRelationOpInterface op) {
    for (OpResult result : op->getResults())
      for (OpOperand &operand : op->getOpOperands()) {
        if (!isa<FloatType>(getElementTypeOrSelf(operand.get())))
          continue;
        InFlightDiagnostic remark = op->emitRemark()
                                    << "operand " << operand.getOperandNumber() << ": ";
        FailureOr<PositionRelation> relation =
            op.getPositionRelation(operand.getOperandNumber(), result.getResultNumber());
        if (failed(relation)) {
          remark << "everything";
          continue;
        }
        remark << "box [" << relation->box << "] operand "
               << AffineMapAttr::get(relation->operandMap) << " result "
               << AffineMapAttr::get(relation->resultMap);
      }
  }
};
} // namespace

void etrace::test::registerPositionRelationTestPass() {
  PassRegistration<TestPositionRelationPass>();
}
