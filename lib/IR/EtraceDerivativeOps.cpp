//===- EtraceDerivativeOps.cpp - Derivatives of functions -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/IR/Derivatives.h"
#include "etrace/IR/StateUses.h"
#include "llvm/Support/FormatVariadic.h"

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

LogicalResult etrace::verifyDifferentiable(func::FuncOp function, ArrayRef<int64_t> wrt,
                                           EmitError emitError) {
  return failure(failed(verifyBody(function, emitError)) ||
                 failed(verifyArguments(function, wrt, emitError)));
}

/// The differentiated results are the new values of the arguments in `wrt`.
static LogicalResult verifyStates(func::FuncOp function, const DerivativeRequest &request,
                                  EmitError emitError) {
  ArrayRef<Type> outputs = getOutputs(function.getFunctionType(), request);
  if (outputs.size() != request.wrt.size())
    return emitError() << "needs the new value of each of the " << request.wrt.size()
                       << " states in wrt, but '@" << function.getSymName() << "' returns "
                       << outputs.size()
                       << " results; name all states in wrt, and say 'has_aux' if results behind "
                          "their new values are auxiliary [jacobian-states]";
  Type state = function.getArgumentTypes()[request.wrt.front()];
  if (auto tensor = dyn_cast<RankedTensorType>(state); tensor && !tensor.hasStaticShape())
    return emitError() << "needs states of static extents, but argument " << request.wrt.front()
                       << " of '@" << function.getSymName() << "' is of type " << state
                       << " [jacobian-states]";
  for (auto [number, output] : llvm::zip_equal(request.wrt, outputs)) {
    Type argument = function.getArgumentTypes()[number];
    if (argument != state || output != state)
      return emitError() << "needs states of one type, but argument " << number << " of '@"
                         << function.getSymName() << "' is of type " << argument
                         << ", its new value of type " << output << ", and argument "
                         << request.wrt.front() << " of type " << state
                         << " [jacobian-states]";
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
  if (request.isOfStates())
    return verifyStates(function, request, emitError);
  if (request.kind == Derivative::grad && !isScalar(outputs.front()))
    return emitError() << "needs one scalar result, but '@" << function.getSymName() << "' returns "
                       << outputs.front()
                       << "; use 'etrace.vector_grad' (the gradient of the sum) or "
                          "'etrace.jacrev' (a row for each element) [derivative-result]";
  return success();
}

/// One state of the list: declared, of floats, read by the function.
static FailureOr<StateTarget> getTarget(func::FuncOp function, SymbolRefAttr symbol,
                                        ArrayRef<StateUse> uses, bool allowUnused,
                                        EmitError emitError) {
  SymbolTableCollection tables;
  StateTarget target{symbol, lookupState(function, symbol, tables)};
  const Declaration &declaration = target.declaration;
  auto fail = [&](const Twine &what, const Twine &remedy) -> FailureOr<StateTarget> {
    InFlightDiagnostic diag = emitError() << what << "; " << remedy << " [derivative-states]";
    if (declaration.op)
      diag.attachNote(declaration.op->getLoc()) << "declared here";
    return failure();
  };
  std::string name = llvm::formatv("{0}", symbol).str();
  if (!declaration.op)
    return fail("names " + name + " in states, which no 'etrace.model' beside '@" +
                    function.getSymName() + "' declares",
                "name the model and the state (@model::@state)");
  if (!isFloatLike(declaration.type))
    return fail("cannot differentiate with respect to " + name + ", which holds integers",
                "leave it out of states");
  const StateUse *use = findUse(uses, declaration.op);
  if (allowUnused || (use && use->read))
    return target;
  return fail("names " + name + " in states, which '@" + function.getSymName() + "' " +
                  (use ? "only writes: its value before the call has no effect"
                       : "does not use"),
              "leave it out, or say 'allow_unused' for a derivative of zero");
}

/// The states of the question; a function that uses states has its list.
static LogicalResult getTargets(func::FuncOp function, const DerivativeQuestion &question,
                                DerivativeRequest &request, EmitError emitError) {
  SmallVector<StateUse> uses = getStateUses(function);
  if (!question.states) {
    if (uses.empty())
      return success();
    InFlightDiagnostic diag = emitError() << "needs 'states', because '@" << function.getSymName()
                                          << "' uses ";
    llvm::interleaveComma(uses, diag, [&](const StateUse &use) { diag << use.symbol; });
    return diag << "; list those with respect to which it is differentiated, or say 'states []' "
                   "[derivative-states]";
  }
  llvm::SmallDenseSet<Operation *> seen;
  for (auto symbol : question.states.getAsRange<SymbolRefAttr>()) {
    FailureOr<StateTarget> target =
        getTarget(function, symbol, uses, question.allowUnused, emitError);
    if (failed(target))
      return failure();
    if (!seen.insert(target->declaration.op).second)
      return emitError() << "names " << symbol << " in states twice [derivative-states]";
    request.states.push_back(*target);
  }
  return success();
}

/// The arguments that the question names: without a list the first, or none beside states.
static FailureOr<SmallVector<int64_t>> getNumbers(const DerivativeQuestion &question,
                                                  EmitError emitError) {
  bool hasStates = question.states && !question.states.empty();
  if (!question.wrt)
    return hasStates ? SmallVector<int64_t>() : SmallVector<int64_t>{0};
  if (question.wrt.empty() && !hasStates) {
    emitError() << "names no argument in wrt; leave wrt out for the first [derivative-wrt]";
    return failure();
  }
  return SmallVector<int64_t>(question.wrt.asArrayRef());
}

static LogicalResult verifyTransforms(func::FuncOp function, const DerivativeRequest &request,
                                      EmitError emitError) {
  if (!request.transforms)
    return success();
  DerivativeRequest bare = request;
  bare.value = false;
  SmallVector<Type> results = getDerivativeTypes(function.getFunctionType(), bare).results;
  for (Attribute attribute : request.transforms) {
    auto transform = dyn_cast<GradientTransformAttrInterface>(attribute);
    if (!transform)
      return emitError() << "has " << attribute
                         << " in transforms, which is no function of derivatives; expected "
                            "#etrace.scale, clip_by_value, clip_by_global_norm, gradient_noise "
                            "or transform_by [derivative-transforms]";
    if (failed(transform.verifyTransform(function, TypeRange(results).drop_back(request.aux),
                                         emitError)))
      return failure();
  }
  return success();
}

FailureOr<DerivativeRequest> etrace::getDerivativeRequest(func::FuncOp function,
                                                          const DerivativeQuestion &question,
                                                          EmitError emitError) {
  FailureOr<SmallVector<int64_t>> numbers = getNumbers(question, emitError);
  DerivativeRequest request;
  request.kind = question.kind;
  if (failed(numbers) || failed(verifyDifferentiable(function, *numbers, emitError)) ||
      failed(getTargets(function, question, request, emitError)))
    return failure();
  if (request.isOfStates() && !request.states.empty()) {
    emitError() << "takes its states as arguments in wrt, not in states; "
                   "--etrace-functionalize-functions makes them arguments [jacobian-states]";
    return failure();
  }
  unsigned results = function.getNumResults();
  unsigned differentiated = request.isOfStates() ? numbers->size() : 1;
  if (question.hasAux && results == differentiated) {
    emitError() << "has 'has_aux', but '@" << function.getSymName() << "' returns nothing behind "
                << (request.isOfStates() ? "the new values of its states" : "its first result")
                << "; return the auxiliary values there, or leave 'has_aux' out [derivative-aux]";
    return failure();
  }
  request.wrt = *numbers;
  if (question.hasAux && results > differentiated)
    request.aux = results - differentiated;
  request.value = question.returnValue;
  request.automatic = question.automatic;
  request.transforms = question.transforms;
  request.mixing = question.mixing;
  if (failed(verifyOutputs(function, request, emitError)) ||
      failed(verifyTransforms(function, request, emitError)))
    return failure();
  return request;
}

DerivativeQuestion etrace::getQuestion(DerivativeOpInterface op) {
  return {op.getDerivative(), op.getStatesAttr(), op.getWrtAttr(),    op.getAllowUnused(),
          op.getHasAux(),     op.getReturnValue(), op.getAutomatic(), op.getTransformsAttr(),
          op.getMixing()};
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

/// D[p, a, b], or J[p, a, q, b], for states of one type.
static Type getStateJacobianType(ArrayRef<Type> states, Derivative kind) {
  SmallVector<int64_t> positions, shape;
  if (auto tensor = dyn_cast<RankedTensorType>(states.front()))
    llvm::append_range(positions, tensor.getShape());
  int64_t number = states.size();
  llvm::append_range(shape, positions);
  shape.push_back(number);
  if (kind == Derivative::full_jacobian)
    llvm::append_range(shape, positions);
  shape.push_back(number);
  return RankedTensorType::get(shape, getElementTypeOrSelf(states.front()));
}

DerivativeTypes etrace::getDerivativeTypes(FunctionType function,
                                           const DerivativeRequest &request) {
  SmallVector<Type> arguments = llvm::map_to_vector(
      request.states, [](const StateTarget &target) -> Type { return target.declaration.type; });
  for (int64_t number : request.wrt)
    arguments.push_back(function.getInput(number));
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
  case Derivative::block_jacobian:
  case Derivative::full_jacobian:
    types.results.push_back(getStateJacobianType(arguments, request.kind));
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
      function, getQuestion(derivative), [&] { return op->emitOpError(); });
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
