//===- EtraceDerivativeOps.cpp - Derivatives of functions -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/IR/Derivatives.h"

using namespace mlir;
using namespace etrace;

static bool isFloatLike(Type type) {
  return isa<FloatType>(type) ||
         (isa<RankedTensorType>(type) && isa<FloatType>(getElementTypeOrSelf(type)));
}

/// A float, or a tensor of rank 0 of floats.
static bool isScalar(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return !tensor || tensor.getRank() == 0;
}

/// The results that are differentiated.
static ArrayRef<Type> getOutputs(FunctionType function, const DerivativeRequest &request) {
  return function.getResults().drop_back(request.aux);
}

static LogicalResult verifyBody(func::FuncOp function, EmitError emitError) {
  if (function.isDeclaration()) {
    InFlightDiagnostic diag = emitError() << "needs the body of '@" << function.getSymName()
                                          << "', which is declared only [derivative-callee]";
    diag.attachNote(function.getLoc()) << "write the function here, or link its module in before";
    return diag;
  }
  if (function.getBody().hasOneBlock())
    return success();
  return emitError() << "cannot differentiate '@" << function.getSymName()
                     << "', which branches between blocks; use 'scf' for control flow "
                        "[derivative-callee]";
}

static LogicalResult verifyArguments(func::FuncOp function, ArrayRef<int64_t> wrt,
                                     EmitError emitError) {
  if (wrt.empty())
    return emitError() << "names no argument in wrt; leave wrt out for the first [derivative-wrt]";
  ArrayRef<Type> types = function.getArgumentTypes();
  llvm::SmallDenseSet<int64_t> seen;
  for (int64_t number : wrt) {
    if (number < 0 || number >= int64_t(types.size()))
      return emitError() << "names argument " << number << " in wrt, but '@"
                         << function.getSymName() << "' has " << types.size()
                         << " arguments, counted from 0 [derivative-wrt]";
    if (!seen.insert(number).second)
      return emitError() << "names argument " << number << " in wrt twice [derivative-wrt]";
    if (!isFloatLike(types[number]))
      return emitError() << "cannot differentiate with respect to argument " << number << " of '@"
                         << function.getSymName() << "', of type " << types[number]
                         << "; a float or a ranked tensor of floats has derivatives: leave the "
                            "argument out of wrt, or make it a float [derivative-argument]";
  }
  return success();
}

static LogicalResult verifyOutputs(func::FuncOp function, const DerivativeRequest &request,
                                   EmitError emitError) {
  ArrayRef<Type> outputs = getOutputs(function.getFunctionType(), request);
  if (outputs.empty())
    return emitError() << "needs a result to differentiate, but '@" << function.getSymName()
                       << "' returns nothing [derivative-result]";
  if (request.kind == Derivative::grad && outputs.size() > 1)
    return emitError() << "needs one scalar result, but '@" << function.getSymName() << "' returns "
                       << outputs.size()
                       << " results; say 'has_aux' if those behind the first are auxiliary, or use "
                          "'etrace.vector_grad' (their sum) or 'etrace.jacrev' [derivative-result]";
  for (auto [number, type] : llvm::enumerate(outputs))
    if (!isFloatLike(type))
      return emitError() << "cannot differentiate result " << number << " of '@"
                         << function.getSymName() << "', of type " << type
                         << "; return it behind the first result and say 'has_aux' "
                            "[derivative-result]";
  if (request.kind == Derivative::grad && !isScalar(outputs.front()))
    return emitError() << "needs one scalar result, but '@" << function.getSymName() << "' returns "
                       << outputs.front()
                       << "; use 'etrace.vector_grad' (the gradient of the sum) or "
                          "'etrace.jacrev' (a row for each element) [derivative-result]";
  return success();
}

FailureOr<DerivativeRequest> etrace::getDerivativeRequest(func::FuncOp function, Derivative kind,
                                                          ArrayRef<int64_t> wrt, bool hasAux,
                                                          bool returnValue, EmitError emitError) {
  if (failed(verifyBody(function, emitError)) ||
      failed(verifyArguments(function, wrt, emitError)))
    return failure();
  unsigned results = function.getNumResults();
  if (hasAux && results == 1) {
    emitError() << "has 'has_aux', but '@" << function.getSymName()
                << "' returns nothing behind its first result; return the auxiliary values there, "
                   "or leave 'has_aux' out [derivative-aux]";
    return failure();
  }
  DerivativeRequest request{kind, SmallVector<int64_t>(wrt),
                            hasAux && results ? results - 1 : 0, returnValue};
  if (failed(verifyOutputs(function, request, emitError)))
    return failure();
  return request;
}

Type etrace::getJacobianType(Type result, Type argument, Type element) {
  if (isa<FloatType>(result) && isa<FloatType>(argument))
    return element;
  SmallVector<int64_t> shape;
  for (Type type : {result, argument})
    if (auto tensor = dyn_cast<RankedTensorType>(type))
      llvm::append_range(shape, tensor.getShape());
  return RankedTensorType::get(shape, element);
}

/// The blocks of all derivatives of `order` (1 or 2) of one result.
static void appendJacobian(Type result, ArrayRef<Type> arguments, bool forward, unsigned order,
                           SmallVectorImpl<Type> &types) {
  for (Type argument : arguments) {
    Type block = getJacobianType(result, argument,
                                 getElementTypeOrSelf(forward ? result : argument));
    if (order == 1)
      types.push_back(block);
    else
      appendJacobian(block, arguments, /*forward=*/true, order - 1, types);
  }
}

DerivativeTypes etrace::getDerivativeTypes(FunctionType function,
                                           const DerivativeRequest &request) {
  SmallVector<Type> arguments = llvm::map_to_vector(
      request.wrt, [&](int64_t number) { return function.getInput(number); });
  ArrayRef<Type> outputs = getOutputs(function, request);
  DerivativeTypes types;
  switch (request.kind) {
  case Derivative::jvp:
    types.seeds = arguments;
    types.results.assign(outputs.begin(), outputs.end());
    break;
  case Derivative::vjp:
    types.seeds.assign(outputs.begin(), outputs.end());
    types.results = arguments;
    break;
  case Derivative::grad:
  case Derivative::vector_grad:
    types.results = arguments;
    break;
  case Derivative::jacrev:
  case Derivative::jacfwd:
  case Derivative::hessian:
    for (Type output : outputs)
      appendJacobian(output, arguments, request.kind == Derivative::jacfwd,
                     request.kind == Derivative::hessian ? 2 : 1, types.results);
    break;
  }
  if (request.value)
    llvm::append_range(types.results, outputs);
  llvm::append_range(types.results, function.getResults().take_back(request.aux));
  return types;
}

/// The operands of the operation have these types, in this order.
static LogicalResult verifyTypes(Operation *op, StringRef what, TypeRange found,
                                 TypeRange expected) {
  if (found == expected)
    return success();
  InFlightDiagnostic diag = op->emitOpError() << what << " (";
  llvm::interleaveComma(found, diag);
  diag << "), expected (";
  llvm::interleaveComma(expected, diag);
  return diag << ") [derivative-types]";
}

LogicalResult etrace::detail::verifyDerivativeOp(Operation *op, SymbolTableCollection &tables) {
  auto derivative = cast<DerivativeOpInterface>(op);
  auto function =
      tables.lookupNearestSymbolFrom<func::FuncOp>(op, derivative.getCalleeAttr());
  if (!function)
    return op->emitOpError() << "names '" << derivative.getCalleeAttr()
                             << "', which is not a 'func.func' beside the function that asks "
                                "[derivative-callee]";
  FailureOr<DerivativeRequest> request = getDerivativeRequest(
      function, derivative.getDerivative(), derivative.getWrt(), derivative.getHasAux(),
      derivative.getReturnValue(), [&] { return op->emitOpError(); });
  if (failed(request))
    return failure();
  DerivativeTypes types = getDerivativeTypes(function.getFunctionType(), *request);
  if (failed(verifyTypes(op, "takes a point of types", derivative.getPoint().getTypes(),
                         function.getArgumentTypes())) ||
      failed(verifyTypes(op, "takes seeds of types", derivative.getSeeds().getTypes(),
                         types.seeds)))
    return failure();
  return verifyTypes(op, "returns", op->getResultTypes(), types.results);
}
