//===- Calls.cpp - Models of calls ----------------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The derivative of a call is a call of a derived function, which stands beside the callee
// (etrace/Differentiation/DerivedFunctions.h).
//===----------------------------------------------------------------------===//

#include "Models.h"
#include "etrace/Differentiation/DerivedFunctions.h"
#include "etrace/Differentiation/Regions.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace etrace;
using namespace etrace::detail;

namespace {
using Values = SmallVector<Value>;

/// Looks for a function among the callees of another, through calls.
class CalleeSearch {
public:
  bool reaches(func::FuncOp function, func::FuncOp target) {
    auto visit = [&](CallOpInterface call) {
      auto callee = dyn_cast_or_null<func::FuncOp>(call.resolveCallableInTable(&tables));
      bool found = callee && (callee == target || (visited.insert(callee).second &&
                                                   reaches(callee, target)));
      return found ? WalkResult::interrupt() : WalkResult::advance();
    };
    return function.walk(visit).wasInterrupted();
  }

private:
  SymbolTableCollection tables;
  DenseSet<Operation *> visited;
};

/// The function that is called, if it can be derived; else a located error.
FailureOr<func::FuncOp> getCallee(func::CallOp call, Operation *scope, StringRef id) {
  auto callee = scope ? SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(
                            scope, call.getCalleeAttr())
                      : nullptr;
  auto emit = [&](const Twine &what) {
    InFlightDiagnostic diag = call.emitError() << "no derivative of a call of '"
                                               << call.getCallee() << "', " << what << " [" << id
                                               << "]";
    diag.attachNote(callee ? callee.getLoc() : call.getLoc())
        << "wrap the call in an 'etrace.custom_derivative' that says what its derivative is, or "
           "cut the path by 'etrace.stop_gradient'";
    return failure();
  };
  if (!callee)
    return emit("which is not a function in reach");
  if (callee.isDeclaration())
    return emit("whose body is not known");
  if (!callee.getBody().hasOneBlock())
    return emit("which branches between blocks; use 'scf' for control flow");
  if (CalleeSearch().reaches(callee, callee))
    return emit("which is recursive");
  if (hasSideEffects(call, scope))
    return emit("which has side effects");
  return callee;
}

/// Calls a derived function; one value for each result it could have (null: it has it not).
Values callDerived(OpBuilder &builder, Location loc, func::FuncOp function, ValueRange operands,
                   unsigned possible) {
  auto call = func::CallOp::create(builder, loc, function, operands);
  auto kept = function->getAttrOfType<DictionaryAttr>(kDerivedAttr)
                  .getAs<DenseI64ArrayAttr>("results");
  Values values(possible);
  for (auto [number, result] : llvm::zip(kept.asArrayRef(), call.getResults()))
    values[number] = result;
  return values;
}

struct CallModel : LinearizableOpInterface::ExternalModel<CallModel, func::CallOp> {
  LogicalResult linearize(Operation *op, OpBuilder &builder, const TangentMap &tangents,
                          SmallVectorImpl<Value> &out) const {
    auto call = cast<func::CallOp>(op);
    FailureOr<func::FuncOp> callee =
        getCallee(call, tangents.getContext().scope, "no-derivative-rule");
    if (failed(callee))
      return failure();
    SmallVector<int64_t> active;
    Values operands(call.getOperands());
    for (auto [number, operand] : llvm::enumerate(call.getOperands()))
      if (Value tangent = tangents.lookup(operand)) {
        active.push_back(number);
        operands.push_back(tangent);
      }
    FailureOr<func::FuncOp> function = getTangentFunction(*callee, active);
    if (failed(function))
      return failure();
    out.append(callDerived(builder, op->getLoc(), *function, operands, op->getNumResults()));
    return success();
  }
};

struct CallTranspose : LinearTransposeOpInterface::ExternalModel<CallTranspose, func::CallOp> {
  /// Asked of the callee when it is transposed.
  bool isLinearIn(Operation *, Linear) const { return true; }
  LogicalResult transpose(Operation *op, OpBuilder &builder, ValueRange results,
                          CotangentMap &cotangents) const {
    auto call = cast<func::CallOp>(op);
    const DifferentiationContext &context = cotangents.getContext();
    FailureOr<func::FuncOp> callee = getCallee(call, context.scope, "no-transpose-rule");
    if (failed(callee))
      return failure();
    SmallVector<int64_t> linear, given;
    Values operands, incoming;
    for (auto [number, operand] : llvm::enumerate(call.getOperands()))
      if (cotangents.isLinear(operand))
        linear.push_back(number);
      else
        operands.push_back(operand);
    for (auto [number, cotangent] : llvm::enumerate(results))
      if (cotangent) {
        given.push_back(number);
        operands.push_back(cotangent);
      }
    FailureOr<func::FuncOp> function = getTransposedFunction(*callee, linear, given, context);
    if (failed(function))
      return failure();
    Values outgoing = callDerived(builder, op->getLoc(), *function, operands, linear.size());
    for (auto [number, cotangent] : llvm::zip(linear, outgoing))
      cotangents.accumulate(builder, call.getOperand(number), cotangent);
    return success();
  }
};
} // namespace

void etrace::detail::registerCallModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, func::FuncDialect *) {
    context->loadDialect<arith::ArithDialect, tensor::TensorDialect>();
    func::CallOp::attachInterface<CallModel, CallTranspose>(*context);
  });
}
