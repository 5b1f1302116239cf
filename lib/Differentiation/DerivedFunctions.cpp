//===- DerivedFunctions.cpp - Tangents and transposes of functions --------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/Differentiation/DerivedFunctions.h"

#include "etrace/Differentiation/Linearize.h"
#include "etrace/Differentiation/Regions.h"
#include "etrace/Differentiation/Residuals.h"
#include "etrace/Differentiation/Transpose.h"

using namespace mlir;
using namespace etrace;

using Values = SmallVector<Value>;

static constexpr StringLiteral kTangentMode = "jvp";

func::FuncOp etrace::findDerivedFunction(func::FuncOp source, DictionaryAttr description) {
  for (auto other : source->getParentRegion()->getOps<func::FuncOp>())
    if (auto derived = other->getAttrOfType<DictionaryAttr>(kDerivedAttr))
      if (derived.get("by") == description)
        return other;
  return nullptr;
}

namespace {
/// A function derived from another.
class DerivedFunction {
public:
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
} // namespace

static DictionaryAttr describe(func::FuncOp source, StringRef mode, ArrayRef<int64_t> arguments,
                               ArrayRef<int64_t> results) {
  Builder builder(source.getContext());
  return builder.getDictionaryAttr(
      {builder.getNamedAttr("mode", builder.getStringAttr(mode)),
       builder.getNamedAttr("function", FlatSymbolRefAttr::get(source.getSymNameAttr())),
       builder.getNamedAttr("arguments", builder.getDenseI64ArrayAttr(arguments)),
       builder.getNamedAttr("of_results", builder.getDenseI64ArrayAttr(results))});
}

static std::string getName(func::FuncOp source, StringRef mode, ArrayRef<int64_t> arguments,
                           size_t possible) {
  std::string name = (source.getName() + "_" + mode).str();
  if (arguments.size() == possible)
    return name;
  name += "_wrt";
  for (int64_t number : arguments)
    name += "_" + std::to_string(number);
  return name;
}

FailureOr<func::FuncOp> etrace::getTangentFunction(func::FuncOp source,
                                                   ArrayRef<int64_t> arguments) {
  DictionaryAttr description = describe(source, kTangentMode, arguments, {});
  if (func::FuncOp function = findDerivedFunction(source, description))
    return function;
  size_t floats = llvm::count_if(source.getArguments(), isFloatLike);
  DerivedFunction derived(source, getName(source, kTangentMode, arguments, floats));
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

/// The numbers of the arguments whose tangents a tangent function takes; they are its last.
static ArrayRef<int64_t> getDifferentiated(func::FuncOp function) {
  auto derived = function->getAttrOfType<DictionaryAttr>(kDerivedAttr);
  auto by = derived ? derived.getAs<DictionaryAttr>("by") : DictionaryAttr();
  auto mode = by ? by.getAs<StringAttr>("mode") : StringAttr();
  auto arguments = by ? by.getAs<DenseI64ArrayAttr>("arguments") : DenseI64ArrayAttr();
  if (!mode || mode != kTangentMode || !arguments)
    return {};
  return arguments;
}

SmallVector<int64_t> etrace::getTangentArguments(func::FuncOp function) {
  size_t number = getDifferentiated(function).size();
  return llvm::to_vector(
      llvm::seq<int64_t>(function.getNumArguments() - number, function.getNumArguments()));
}

/// Tangents have the extents of the arguments that they belong to. An error if something else is
/// asked of the inputs of a transposed program.
static LogicalResult releaseInputs(func::FuncOp source, Block &body, ValueRange inputs) {
  for (auto [tangent, primal] :
       llvm::zip_equal(getTangentArguments(source), getDifferentiated(source)))
    replaceExtents(body.getArgument(tangent), body.getArgument(primal));
  for (Value input : inputs)
    if (!input.use_empty())
      return source.emitError() << "no transpose rule for a function that reads extents of "
                                   "differentiated values [no-transpose-rule]";
  return success();
}

FailureOr<func::FuncOp>
etrace::getTransposedFunction(func::FuncOp source, ArrayRef<int64_t> arguments,
                              ArrayRef<int64_t> results, const DifferentiationContext &context) {
  DictionaryAttr description = describe(source, "transpose", arguments, results);
  if (func::FuncOp function = findDerivedFunction(source, description))
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
  FailureOr<Values> outgoing =
      transposeProgram(builder, body, inputs, outputs, cotangents, inside);
  if (succeeded(outgoing)) {
    derived.close(*outgoing, description);
    reportResiduals(source, body, cotangents, derived.getReturn()->getOperands());
    if (failed(releaseInputs(source, body, inputs)))
      outgoing = failure();
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
