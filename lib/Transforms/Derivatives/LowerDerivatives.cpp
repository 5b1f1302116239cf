//===- LowerDerivatives.cpp - Derivatives become calls --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Derivatives.h"

#include "etrace/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace etrace;

namespace etrace {
#define GEN_PASS_DEF_LOWERDERIVATIVESPASS
#include "etrace/Transforms/Passes.h.inc"
} // namespace etrace

namespace {
/// What a function calls or differentiates is lowered before the function itself.
class DerivativeLowering {
public:
  LogicalResult visit(Operation *scope);

private:
  LogicalResult lower(DerivativeOpInterface op);

  DenseSet<Operation *> visited;
  /// The functions whose lowering is not finished.
  DenseSet<Operation *> open;
};
} // namespace

LogicalResult DerivativeLowering::visit(Operation *scope) {
  if (!visited.insert(scope).second)
    return success();
  SmallVector<Operation *> uses;
  scope->walk([&](Operation *op) {
    if (isa<DerivativeOpInterface, CallOpInterface>(op))
      uses.push_back(op);
  });
  open.insert(scope);
  for (Operation *use : uses) {
    if (auto derivative = dyn_cast<DerivativeOpInterface>(use)) {
      if (failed(lower(derivative)))
        return failure();
    } else if (Operation *callee = cast<CallOpInterface>(use).resolveCallable()) {
      if (failed(visit(callee)))
        return failure();
    }
  }
  open.erase(scope);
  return success();
}

LogicalResult DerivativeLowering::lower(DerivativeOpInterface op) {
  auto function = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(op, op.getCalleeAttr());
  if (open.contains(function))
    return op->emitError() << "asks for a derivative of '@" << function.getSymName()
                           << "', which depends on the result of this operation "
                              "[derivative-recursion]";
  if (failed(visit(function)))
    return failure();
  FailureOr<DerivativeRequest> request =
      getDerivativeRequest(function, op.getDerivative(), op.getWrt(), op.getHasAux(),
                           op.getReturnValue(), [&] { return op->emitOpError(); });
  if (failed(request))
    return failure();
  ScopedDiagnosticHandler handler(op->getContext(), [&](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
      diagnostic.attachNote(op->getLoc())
          << "in '" << op->getName() << "' of '@" << function.getSymName() << "'";
    return failure();
  });
  FailureOr<func::FuncOp> derived = getDerivative(function, *request);
  if (failed(derived))
    return failure();
  SmallVector<Value> operands(op.getPoint());
  llvm::append_range(operands, op.getSeeds());
  OpBuilder builder(op);
  auto call = func::CallOp::create(builder, op->getLoc(), *derived, operands);
  op->replaceAllUsesWith(call);
  op->erase();
  return success();
}

LogicalResult etrace::lowerDerivatives(Operation *root) {
  SmallVector<Operation *> scopes;
  root->walk([&](FunctionOpInterface function) { scopes.push_back(function); });
  scopes.push_back(root);
  DerivativeLowering lowering;
  for (Operation *scope : scopes)
    if (failed(lowering.visit(scope)))
      return failure();
  return success();
}

namespace {
struct LowerDerivativesPass
    : public etrace::impl::LowerDerivativesPassBase<LowerDerivativesPass> {
  using LowerDerivativesPassBase::LowerDerivativesPassBase;

  void runOnOperation() override {
    if (failed(lowerDerivatives(getOperation())))
      signalPassFailure();
  }
};
} // namespace
