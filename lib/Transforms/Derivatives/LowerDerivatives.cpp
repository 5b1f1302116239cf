//===- LowerDerivatives.cpp - Derivatives become calls --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "../States/FunctionalForm.h"
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
  explicit DerivativeLowering(CheckpointPolicy checkpoint) : checkpoint(checkpoint) {}
  LogicalResult visit(Operation *scope);

private:
  LogicalResult lower(DerivativeOpInterface op);
  LogicalResult visitTransforms(DerivativeOpInterface op);

  CheckpointPolicy checkpoint;
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
  if (failed(visitTransforms(op)))
    return failure();
  FailureOr<DerivativeRequest> request =
      getDerivativeRequest(function, getQuestion(op), [&] { return op->emitOpError(); });
  if (failed(request))
    return failure();
  request->checkpoint = checkpoint;
  ScopedDiagnosticHandler handler(op->getContext(), [&](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
      diagnostic.attachNote(op->getLoc())
          << "in '" << op->getName() << "' of '@" << function.getSymName() << "'";
    return failure();
  });
  SmallVector<Value> operands(op.getPoint());
  llvm::append_range(operands, op.getSeeds());
  OpBuilder builder(op);
  FailureOr<SmallVector<Value>> results =
      buildDerivativeCall(builder, op->getLoc(), function, *request, operands);
  if (failed(results))
    return failure();
  op->replaceAllUsesWith(*results);
  op->erase();
  return success();
}

/// Functions of derivatives are called by the derived function, which may be differentiated.
LogicalResult DerivativeLowering::visitTransforms(DerivativeOpInterface op) {
  SmallVector<SymbolRefAttr> symbols;
  if (ArrayAttr transforms = op.getTransformsAttr())
    transforms.walk([&](SymbolRefAttr symbol) { symbols.push_back(symbol); });
  for (SymbolRefAttr symbol : symbols) {
    Operation *function = SymbolTable::lookupNearestSymbolFrom(op, symbol);
    if (function && failed(visit(function)))
      return failure();
  }
  return success();
}

/// The request for the functional form: states are arguments in front of the others, and new
/// states are handed on behind all results.
static DerivativeRequest translate(const DerivativeRequest &request, const FunctionalForm &form) {
  DerivativeRequest inner = request;
  inner.states.clear();
  inner.wrt.clear();
  for (const StateTarget &target : request.states) {
    auto taken = llvm::find_if(form.taken, [&](const StateTarget &state) {
      return state.declaration.op == target.declaration.op;
    });
    inner.wrt.push_back(taken - form.taken.begin());
  }
  for (int64_t number : request.wrt)
    inner.wrt.push_back(form.taken.size() + number);
  inner.aux += form.returned.size();
  return inner;
}

FailureOr<SmallVector<Value>> etrace::buildDerivativeCall(OpBuilder &builder, Location loc,
                                                          func::FuncOp function,
                                                          const DerivativeRequest &request,
                                                          ValueRange operands) {
  FunctionalForm form{function, {}, {}};
  FunctionalForms forms;
  if (!request.states.empty() || !forms.getUses(function).empty()) {
    FailureOr<FunctionalForm> made = forms.get(function, request.states);
    if (failed(made))
      return failure();
    form = *made;
  }
  FailureOr<func::FuncOp> derived = getDerivative(form.function, translate(request, form));
  if (failed(derived))
    return failure();
  return buildStatefulCall(builder, loc, *derived, form, operands);
}

LogicalResult etrace::lowerDerivatives(Operation *root, CheckpointPolicy checkpoint) {
  SmallVector<Operation *> scopes;
  root->walk([&](FunctionOpInterface function) { scopes.push_back(function); });
  scopes.push_back(root);
  DerivativeLowering lowering(checkpoint);
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
    FailureOr<CheckpointPolicy> policy = parseCheckpointPolicy(getOperation(), checkpoint);
    if (failed(policy) || failed(lowerDerivatives(getOperation(), *policy)))
      signalPassFailure();
  }
};
} // namespace
