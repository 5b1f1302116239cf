//===- Derivatives.cpp - Functions derived from functions -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Derivatives.h"
#include "Jacobian.h"
#include "LinearMap.h"
#include "StateJacobian.h"
#include "etrace/Differentiation/DerivedFunctions.h"
#include "etrace/Differentiation/Regions.h"
#include "etrace/Interfaces/Contraction.h"
#include "etrace/Interfaces/DifferentiationInterfaces.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "mlir/Transforms/LoopInvariantCodeMotionUtils.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace etrace;

namespace {
using Values = SmallVector<Value>;

/// Makes a copy of a function return a derivative, the value and the auxiliary results.
class DerivativeBuilder {
public:
  DerivativeBuilder(func::FuncOp function, const DerivativeRequest &request)
      : function(function), request(request), body(function.getBody().front()),
        builder(body.getTerminator()), loc(function.getLoc()) {
    for (int64_t number : request.wrt)
      arguments.push_back(body.getArgument(number));
    Values returned(body.getTerminator()->getOperands());
    outputs.assign(returned.begin(), returned.end() - request.aux);
    others.assign(returned.begin() + (request.value ? 0 : outputs.size()), returned.end());
  }
  LogicalResult build();

private:
  FailureOr<Values> buildDerivative();
  FailureOr<Values> buildReverse(ValueRange cotangents);
  FailureOr<Values> buildForward();
  FailureOr<Values> buildJacobianByRows();
  FailureOr<Values> buildJacobianByColumns();
  FailureOr<Values> buildBlockJacobian();
  LogicalResult linearize(LinearMap &map, ArrayRef<int64_t> numbers);
  void remarkPasses();
  Values addSeeds(ArrayRef<Value> like);
  /// What an application returned, with zeros written out.
  Values complete(ArrayRef<Value> values, ArrayRef<Value> like);
  /// Zeros for each output and argument.
  Values buildBlocks(bool elementOfOutput);

  func::FuncOp function;
  const DerivativeRequest &request;
  Block &body;
  OpBuilder builder;
  Location loc;
  Values arguments, outputs, others;
};
} // namespace

LogicalResult DerivativeBuilder::build() {
  for (Operation &op : body.without_terminator())
    if (failed(verifyNoSideEffects(&op, function)))
      return failure();
  FailureOr<Values> results = buildDerivative();
  if (failed(results))
    return failure();
  if (request.transforms)
    for (auto transform : request.transforms.getAsRange<GradientTransformAttrInterface>())
      *results = transform.buildTransform(builder, loc, *results);
  llvm::append_range(*results, others);
  body.getTerminator()->setOperands(*results);
  function.removeResAttrsAttr();
  function.setType(
      builder.getFunctionType(body.getArgumentTypes(), TypeRange(ValueRange(*results))));
  function.walk([](LoopLikeOpInterface loop) { moveLoopInvariantCode(loop); });
  eraseDead(body, function);
  return success();
}

FailureOr<Values> DerivativeBuilder::buildDerivative() {
  switch (request.kind) {
  case Derivative::grad:
  case Derivative::vector_grad:
    return buildReverse(llvm::map_to_vector(
        outputs, [&](Value output) { return buildConstantLike(builder, loc, output, 1.0); }));
  case Derivative::vjp:
    return buildReverse(addSeeds(outputs));
  case Derivative::jvp:
    return buildForward();
  case Derivative::jacrev:
    return buildJacobianByRows();
  case Derivative::jacfwd:
    return buildJacobianByColumns();
  case Derivative::full_jacobian: {
    FailureOr<Values> blocks = buildJacobianByColumns();
    if (failed(blocks))
      return failure();
    return Values{assembleFullJacobian(builder, loc, *blocks, arguments.front().getType())};
  }
  case Derivative::block_jacobian:
    return buildBlockJacobian();
  case Derivative::hessian:
    break;
  }
  llvm_unreachable("a hessian is derived as jacfwd of jacrev");
}

Values DerivativeBuilder::addSeeds(ArrayRef<Value> like) {
  return llvm::map_to_vector(like, [&](Value value) -> Value {
    return body.addArgument(value.getType(), value.getLoc());
  });
}

/// A zero because nothing depends on an argument is right, but worth knowing.
LogicalResult DerivativeBuilder::linearize(LinearMap &map, ArrayRef<int64_t> numbers) {
  if (failed(map.build()))
    return failure();
  for (auto [input, number] : llvm::enumerate(numbers))
    if (!map.dependsOn(input))
      remark::analysis(loc, remark::RemarkOpts::name("independent-argument")
                                .category("etrace-derivatives")
                                .function(function.getSymName()))
          << ("no differentiated result depends on argument " + Twine(number) +
              " in a differentiable way: its derivative is zero")
                 .str();
  return success();
}

Values DerivativeBuilder::complete(ArrayRef<Value> values, ArrayRef<Value> like) {
  return llvm::map_to_vector(llvm::zip_equal(values, like), [&](auto pair) {
    auto [value, model] = pair;
    return value ? value : buildZerosLike(builder, loc, model);
  });
}

FailureOr<Values> DerivativeBuilder::buildReverse(ValueRange cotangents) {
  LinearMap map(function, arguments, outputs, request.checkpoint);
  if (failed(linearize(map, request.wrt)))
    return failure();
  FailureOr<Values> result = map.applyTransposed(builder, cotangents);
  if (failed(result))
    return failure();
  return complete(*result, arguments);
}

FailureOr<Values> DerivativeBuilder::buildForward() {
  LinearMap map(function, arguments, outputs, request.checkpoint);
  if (failed(linearize(map, request.wrt)))
    return failure();
  return complete(map.apply(builder, addSeeds(arguments)), outputs);
}

Values DerivativeBuilder::buildBlocks(bool elementOfOutput) {
  Values blocks;
  for (Value output : outputs)
    for (Value argument : arguments)
      blocks.push_back(buildJacobianZeros(
          builder, loc, output, argument,
          getElementTypeOrSelf(elementOfOutput ? output : argument)));
  return blocks;
}

/// The number of elements of all types; nothing if an extent is dynamic.
static std::optional<int64_t> countElements(TypeRange types) {
  int64_t count = 0;
  for (Type type : types) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (tensor && !tensor.hasStaticShape())
      return std::nullopt;
    count += tensor ? tensor.getNumElements() : 1;
  }
  return count;
}

/// What the Jacobian costs, and what it would cost in the other mode.
void DerivativeBuilder::remarkPasses() {
  std::optional<int64_t> rows = countElements(ValueRange(outputs).getTypes());
  std::optional<int64_t> columns = countElements(ValueRange(arguments).getTypes());
  if (!rows || !columns)
    return;
  bool byRows = request.kind == Derivative::jacrev;
  std::string reverse = std::to_string(*rows) + " reverse passes";
  std::string forward = std::to_string(*columns) + " forward passes";
  remark::analysis(loc, remark::RemarkOpts::name("jacobian-passes")
                            .category("etrace-derivatives")
                            .function(function.getSymName()))
      << (request.automatic ? "chosen: takes " : "takes ") + (byRows ? reverse : forward) +
             "; '" + (byRows ? "jacfwd" : "jacrev") + "' takes " + (byRows ? forward : reverse);
}

FailureOr<Values> DerivativeBuilder::buildJacobianByRows() {
  remarkPasses();
  LinearMap map(function, arguments, outputs, request.checkpoint);
  if (failed(linearize(map, request.wrt)))
    return failure();
  Values blocks = buildBlocks(/*elementOfOutput=*/false);
  for (auto [number, output] : llvm::enumerate(outputs)) {
    MutableArrayRef<Value> row =
        MutableArrayRef(blocks).slice(number * arguments.size(), arguments.size());
    auto apply = [&, number = number](OpBuilder &inner, Value seed) {
      Values cotangents(outputs.size());
      cotangents[number] = seed;
      return map.applyTransposed(inner, cotangents);
    };
    if (failed(applyToBasis(builder, loc, output, BasisAxes::leading, row, apply)))
      return failure();
  }
  return blocks;
}

/// One linear map for each argument: the others are constants, without zeros carried along.
FailureOr<Values> DerivativeBuilder::buildJacobianByColumns() {
  remarkPasses();
  Values blocks = buildBlocks(/*elementOfOutput=*/true);
  for (auto [number, argument] : llvm::enumerate(arguments)) {
    LinearMap map(function, argument, outputs);
    if (failed(linearize(map, request.wrt[number])))
      return failure();
    Values column;
    for (unsigned output = 0; output < outputs.size(); ++output)
      column.push_back(blocks[output * arguments.size() + number]);
    auto apply = [&](OpBuilder &inner, Value seed) -> FailureOr<Values> {
      return map.apply(inner, seed);
    };
    if (failed(applyToBasis(builder, loc, argument, BasisAxes::trailing, column, apply)))
      return failure();
    for (unsigned output = 0; output < outputs.size(); ++output)
      blocks[output * arguments.size() + number] = column[output];
  }
  return blocks;
}

FailureOr<Values> DerivativeBuilder::buildBlockJacobian() {
  Type state = arguments.front().getType();
  Operation *mixer = nullptr;
  FailureOr<Values> blocks =
      buildStateBlocks(builder, function, arguments, outputs, request.mixing, mixer);
  if (succeeded(blocks))
    return Values{assembleBlockJacobian(builder, loc, *blocks, state)};
  if (!mixer || request.mixing != MixingPolicy::full)
    return failure();
  remark::missed(mixer->getLoc(), remark::RemarkOpts::name("position-mixing")
                                      .category("etrace-derivatives")
                                      .function(function.getSymName()))
      << ("'" + mixer->getName().getStringRef() +
          "' mixes positions; the block is taken from the full Jacobian")
             .str();
  blocks = buildJacobianByColumns();
  if (failed(blocks))
    return failure();
  for (Value &block : *blocks)
    block = extractDiagonal(builder, loc, block, state);
  return Values{assembleBlockJacobian(builder, loc, *blocks, state)};
}

static DictionaryAttr describe(func::FuncOp function, const DerivativeRequest &request) {
  Builder builder(function.getContext());
  NamedAttrList fields;
  fields.append("mode", builder.getStringAttr(stringifyDerivative(request.kind)));
  fields.append("function", FlatSymbolRefAttr::get(function.getSymNameAttr()));
  fields.append("arguments", builder.getDenseI64ArrayAttr(request.wrt));
  fields.append("aux", builder.getI64IntegerAttr(request.aux));
  fields.append("value", builder.getBoolAttr(request.value));
  // As text: other tools read the function after our dialect is gone.
  if (request.transforms)
    fields.append("transforms", builder.getStringAttr(llvm::formatv("{0}", request.transforms)));
  // Policies are part of the description where they are not the default.
  if (request.mixing != MixingPolicy::error)
    fields.set("mixing", builder.getStringAttr(stringifyMixingPolicy(request.mixing)));
  if (request.checkpoint != CheckpointPolicy::all)
    fields.set("checkpoint", builder.getStringAttr(stringifyCheckpointPolicy(request.checkpoint)));
  return fields.getDictionary(function.getContext());
}

std::string etrace::getDerivedName(func::FuncOp function, const DerivativeRequest &request) {
  std::string name;
  llvm::raw_string_ostream stream(name);
  stream << function.getSymName() << "." << stringifyDerivative(request.kind);
  for (const StateTarget &target : request.states)
    stream << "_" << getPath(target.symbol);
  for (int64_t number : request.wrt)
    stream << "_" << number;
  stream << (request.value ? "_value" : "") << (request.aux ? "_aux" : "")
         << (request.transforms ? "_transformed" : "");
  if (request.mixing != MixingPolicy::error)
    stream << "_" << stringifyMixingPolicy(request.mixing);
  return name;
}

/// A Jacobian takes a reverse pass for each element of the results or a forward pass for each
/// element of the arguments: the mode that takes fewer, if the request leaves it open.
static Derivative chooseMode(func::FuncOp function, const DerivativeRequest &request) {
  bool isJacobian = request.kind == Derivative::jacrev || request.kind == Derivative::jacfwd;
  if (!isJacobian || !request.automatic)
    return request.kind;
  SmallVector<Type> arguments = llvm::map_to_vector(
      request.wrt, [&](int64_t number) { return function.getArgumentTypes()[number]; });
  ArrayRef<Type> outputs = function.getResultTypes().drop_back(request.aux);
  // The blocks have the element type of the argument in one mode, of the result in the other.
  Type element = getElementTypeOrSelf(outputs.front());
  bool sameTypes = llvm::all_of(llvm::concat<const Type>(arguments, outputs), [&](Type type) {
    return getElementTypeOrSelf(type) == element;
  });
  std::optional<int64_t> rows = countElements(outputs), columns = countElements(arguments);
  if (!sameTypes || !rows || !columns || *rows == *columns)
    return request.kind;
  return *rows < *columns ? Derivative::jacrev : Derivative::jacfwd;
}

FailureOr<func::FuncOp> etrace::getDerivative(func::FuncOp function,
                                              const DerivativeRequest &asked) {
  DerivativeRequest request = asked;
  request.kind = chooseMode(function, asked);
  DictionaryAttr description = describe(function, request);
  if (func::FuncOp found = findDerivedFunction(function, description))
    return found;
  func::FuncOp source = function;
  DerivativeRequest first = request;
  if (request.kind == Derivative::hessian) {
    first.kind = Derivative::jacrev;
    first.automatic = false;
    first.transforms = nullptr;
    FailureOr<func::FuncOp> inner = getDerivative(function, first);
    if (failed(inner))
      return failure();
    source = *inner;
    // The blocks of the Jacobian are differentiated again; all else is handed on.
    unsigned blocks = (function.getNumResults() - request.aux) * request.wrt.size();
    first = request;
    first.kind = Derivative::jacfwd;
    first.aux = source.getNumResults() - blocks;
    first.value = false;
  }
  func::FuncOp derived = source.clone();
  derived.setPrivate();
  derived.setSymName(getDerivedName(function, request));
  Builder builder(function.getContext());
  derived->setAttr(kDerivedAttr,
                   builder.getDictionaryAttr(builder.getNamedAttr("by", description)));
  SymbolTable symbols(SymbolTable::getNearestSymbolTable(function));
  // Behind what is derived already.
  auto position = std::next(Block::iterator(source));
  while (position != source->getBlock()->end() && position->hasAttr(kDerivedAttr))
    ++position;
  symbols.insert(derived, position);
  if (succeeded(DerivativeBuilder(derived, first).build()))
    return derived;
  derived.erase();
  return failure();
}
