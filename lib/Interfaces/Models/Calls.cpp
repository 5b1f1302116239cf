//===- Calls.cpp - Models of calls ----------------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The derivative of a call is a call of a derived function, which stands beside the callee.
// It is derived once for each callee and pattern of activity; an attribute on it says from
// what, so that other calls find it.
//
//     f(x, y) -> r          with dx:        f_jvp_wrt_0(x, y, dx) -> dr
//     g(x, y, dx) -> dr     linear in dx:   g_transpose(x, y, cotangent of dr) -> that of dx
//
// The numbers of the arguments are left out if they are all that could be.
//===----------------------------------------------------------------------===//

#include "Models.h"
#include "etrace/Differentiation/Linearize.h"
#include "etrace/Differentiation/Regions.h"
#include "etrace/Differentiation/Transpose.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace etrace;
using namespace etrace::detail;

namespace {
using Values = SmallVector<Value>;

/// Calls `visit` for the callees of all calls in `function`.
bool reaches(func::FuncOp function, func::FuncOp target, DenseSet<Operation *> &visited) {
  return function
      .walk([&](CallOpInterface call) {
        auto callee =
            dyn_cast_or_null<func::FuncOp>(call.resolveCallable());
        bool found = callee && (callee == target || (visited.insert(callee).second &&
                                                     reaches(callee, target, visited)));
        return found ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

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
  DenseSet<Operation *> visited;
  if (reaches(callee, callee, visited))
    return emit("which is recursive");
  if (hasSideEffects(call, scope))
    return emit("which has side effects");
  return callee;
}

/// A function derived from another.
class DerivedFunction {
public:
  /// The function with this description beside `source`, or null.
  static func::FuncOp find(func::FuncOp source, DictionaryAttr description) {
    for (auto other : source->getParentRegion()->getOps<func::FuncOp>())
      if (auto derived = other->getAttrOfType<DictionaryAttr>(kDerivedAttr))
        if (derived.get("by") == description)
          return other;
    return nullptr;
  }

  /// Starts one: a private copy of `source`.
  DerivedFunction(func::FuncOp source, const Twine &name) : source(source) {
    OpBuilder builder(source);
    builder.setInsertionPointAfter(source);
    function = cast<func::FuncOp>(builder.clone(*source));
    function.setPrivate();
    for (StringAttr attribute : {function.getArgAttrsAttrName(), function.getResAttrsAttrName()})
      function->removeAttr(attribute);
    Operation *table = SymbolTable::getNearestSymbolTable(source);
    StringAttr unique = builder.getStringAttr(name);
    for (unsigned number = 0; SymbolTable::lookupSymbolIn(table, unique); ++number)
      unique = builder.getStringAttr(name + "_" + Twine(number));
    function.setSymNameAttr(unique);
  }

  func::FuncOp get() { return function; }
  Block &getBody() { return function.getBody().front(); }
  Operation *getReturn() { return getBody().getTerminator(); }

  /// Returns those of `values` that are not null, describes the function and drops what is dead.
  void close(ArrayRef<Value> values, DictionaryAttr description) {
    Values results;
    SmallVector<int64_t> kept;
    for (auto [number, value] : llvm::enumerate(values))
      if (value) {
        results.push_back(value);
        kept.push_back(number);
      }
    getReturn()->setOperands(results);
    eraseDead(getBody(), source);
    Builder builder(source.getContext());
    function->setAttr(kDerivedAttr, builder.getDictionaryAttr(
                                        {builder.getNamedAttr("by", description),
                                         builder.getNamedAttr(
                                             "results", builder.getDenseI64ArrayAttr(kept))}));
    setType();
  }
  void setType() {
    function.setType(FunctionType::get(function.getContext(), getBody().getArgumentTypes(),
                                       getReturn()->getOperandTypes()));
  }

private:
  func::FuncOp source, function;
};

DictionaryAttr describe(func::FuncOp source, StringRef mode, ArrayRef<int64_t> arguments,
                        ArrayRef<int64_t> results) {
  Builder builder(source.getContext());
  return builder.getDictionaryAttr(
      {builder.getNamedAttr("mode", builder.getStringAttr(mode)),
       builder.getNamedAttr("function", FlatSymbolRefAttr::get(source.getSymNameAttr())),
       builder.getNamedAttr("arguments", builder.getDenseI64ArrayAttr(arguments)),
       builder.getNamedAttr("of_results", builder.getDenseI64ArrayAttr(results))});
}

std::string getName(func::FuncOp source, StringRef mode, ArrayRef<int64_t> arguments,
                    size_t possible) {
  std::string name = (source.getName() + "_" + mode).str();
  if (arguments.size() == possible)
    return name;
  name += "_wrt";
  for (int64_t number : arguments)
    name += "_" + std::to_string(number);
  return name;
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

bool isFloatLike(Value value) { return isa<FloatType>(getElementTypeOrSelf(value)); }

/// f_jvp(x, dx of `arguments`): the tangents of the results.
FailureOr<func::FuncOp> getTangentFunction(func::FuncOp source, ArrayRef<int64_t> arguments) {
  DictionaryAttr description = describe(source, "jvp", arguments, {});
  if (func::FuncOp function = DerivedFunction::find(source, description))
    return function;
  size_t floats = llvm::count_if(source.getArguments(), isFloatLike);
  DerivedFunction derived(source, getName(source, "jvp", arguments, floats));
  Block &body = derived.getBody();
  TangentMap tangents;
  for (int64_t number : arguments) {
    Value argument = body.getArgument(number);
    tangents.set(argument, body.addArgument(argument.getType(), argument.getLoc()));
  }
  OpBuilder builder(derived.getReturn());
  if (failed(linearizeBlock(builder, body, tangents))) {
    derived.get().erase();
    return failure();
  }
  derived.close(llvm::map_to_vector(derived.getReturn()->getOperands(),
                                    [&](Value v) { return tangents.lookup(v); }),
                description);
  return derived.get();
}

/// g_transpose(x, cotangents of `results`): the cotangents of `arguments`, in which g is linear
/// and which it takes no more.
FailureOr<func::FuncOp> getTransposedFunction(func::FuncOp source, ArrayRef<int64_t> arguments,
                                              ArrayRef<int64_t> results,
                                              const DifferentiationContext &context) {
  DictionaryAttr description = describe(source, "transpose", arguments, results);
  if (func::FuncOp function = DerivedFunction::find(source, description))
    return function;
  bool isTangent = source->hasAttr(kDerivedAttr);
  DerivedFunction derived(source, getName(source, "transpose", arguments,
                                          isTangent ? arguments.size()
                                                    : source.getNumArguments()));
  Block &body = derived.getBody();
  Values inputs, outputs, cotangents;
  for (int64_t number : arguments)
    inputs.push_back(body.getArgument(number));
  for (int64_t number : results) {
    outputs.push_back(derived.getReturn()->getOperand(number));
    cotangents.push_back(body.addArgument(outputs.back().getType(), outputs.back().getLoc()));
  }
  OpBuilder builder(derived.getReturn());
  DifferentiationContext inside = context;
  inside.scope = source;
  inside.isTrial = false;
  FailureOr<Values> outgoing =
      transposeProgram(builder, body, inputs, outputs, cotangents, inside);
  if (succeeded(outgoing)) {
    derived.close(*outgoing, description);
    for (Value input : inputs)
      if (!input.use_empty()) {
        source.emitError() << "no transpose rule for a function that reads extents of "
                              "differentiated values [no-transpose-rule]";
        outgoing = failure();
        break;
      }
  }
  if (failed(outgoing)) {
    derived.get().erase();
    return failure();
  }
  for (int64_t number : llvm::reverse(arguments))
    body.eraseArgument(number);
  derived.setType();
  return derived.get();
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
