//===- EtracePrimitives.cpp - Pointwise operations and ETP primitives -----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/IR/Etrace.h"

#include "llvm/Support/CheckedArithmetic.h"

using namespace mlir;
using namespace etrace;

#include "etrace/IR/EtraceOpInterfaces.cpp.inc"

/// Takes the extents of axes that are one dimension of the iteration space. An axis with more of
/// them is checked by the operation itself.
static LogicalResult matchExtents(Operation *op, Value value, AffineMap map, const Twine &what,
                                  SmallVectorImpl<int64_t> &extents) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getRank() != map.getNumResults())
    return op->emitOpError() << what << " must have rank " << map.getNumResults() << ", found "
                             << type;
  for (auto [axis, expr] : llvm::enumerate(map.getResults())) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    if (!dim)
      continue;
    int64_t &extent = extents[dim.getPosition()];
    int64_t size = type.getDimSize(axis);
    if (ShapedType::isDynamic(extent))
      extent = size;
    else if (!ShapedType::isDynamic(size) && extent != size)
      return op->emitOpError() << what << " has extent " << size << " along axis " << axis
                               << ", expected " << extent;
  }
  return success();
}

static LogicalResult matchAllExtents(Operation *op, ArrayRef<AffineMap> maps,
                                     SmallVectorImpl<int64_t> &extents) {
  extents.assign(maps.back().getNumDims(), ShapedType::kDynamic);
  for (OpOperand &operand : op->getOpOperands())
    if (failed(matchExtents(op, operand.get(), maps[operand.getOperandNumber()],
                            "operand #" + Twine(operand.getOperandNumber()), extents)))
      return failure();
  return matchExtents(op, op->getResult(0), maps.back(), "result", extents);
}

LogicalResult etrace::detail::verifyETPOp(Operation *op) {
  if (op->getNumResults() != 1)
    return op->emitOpError("an ETP primitive has one result");
  auto primitive = cast<ETPOpInterface>(op);
  SmallVector<AffineMap> maps = primitive.getIndexingMapsArray();
  return success(succeeded(verifyElementTypes(op)) && succeeded(verifyIndexing(op, maps)) &&
                 succeeded(verifyDimIndices(op, primitive.getDimIndices(), maps)));
}

LogicalResult etrace::detail::verifyIndexing(Operation *op, ArrayRef<AffineMap> maps) {
  if (maps.size() != op->getNumOperands() + 1)
    return op->emitOpError("expects one indexing map for each operand and one for the result");
  SmallVector<int64_t> extents;
  return matchAllExtents(op, maps, extents);
}

SmallVector<int64_t> etrace::getIterationExtents(ETPOpInterface primitive) {
  SmallVector<int64_t> extents;
  [[maybe_unused]] LogicalResult matched =
      matchAllExtents(primitive, primitive.getIndexingMapsArray(), extents);
  return extents;
}

LogicalResult etrace::detail::verifyDimIndices(Operation *op, ArrayRef<DimIndex> indices,
                                               ArrayRef<AffineMap> maps) {
  // P3, IC2: what an index is taken into has a position.
  auto isEmpty = [&](unsigned dim, Value value, AffineMap map) {
    std::optional<unsigned> axis =
        map.getResultPosition(getAffineDimExpr(dim, op->getContext()));
    return axis && cast<RankedTensorType>(value.getType()).getDimSize(*axis) == 0;
  };
  for (const DimIndex &index : indices) {
    bool empty = isEmpty(index.dim, op->getResult(0), maps.back());
    for (OpOperand &operand : op->getOpOperands())
      empty |= isEmpty(index.dim, operand.get(), maps[operand.getOperandNumber()]);
    if (empty)
      return op->emitOpError("has an index into a dimension of extent 0");
  }
  return success();
}

//===----------------------------------------------------------------------===//
// SpikeOp
//===----------------------------------------------------------------------===//

/// The surrogate of a spike that names none.
static SurrogateAttrInterface getDefaultSurrogate(MLIRContext *context) {
  return ReluGradAttr::get(context, 0.3, 1.0);
}

/// `surrogate` `(` attribute `)`.
static ParseResult parseSurrogate(OpAsmParser &parser, SpikeOp::Properties &properties) {
  Attribute parsed;
  if (parser.parseLParen())
    return failure();
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseAttribute(parsed) || parser.parseRParen())
    return failure();
  properties.surrogate = dyn_cast<SurrogateAttrInterface>(parsed);
  if (!properties.surrogate)
    return parser.emitError(loc)
           << "expected a surrogate gradient such as #etrace.relu_grad, found " << parsed;
  return success();
}

ParseResult SpikeOp::parse(OpAsmParser &parser, OperationState &result) {
  SmallVector<OpAsmParser::UnresolvedOperand> operands(1);
  if (parser.parseOperand(operands.front()))
    return failure();
  if (succeeded(parser.parseOptionalKeyword("derivative")) &&
      (parser.parseLParen() || parser.parseOperand(operands.emplace_back()) ||
       parser.parseRParen()))
    return failure();
  auto &properties = result.getOrAddProperties<SpikeOp::Properties>();
  if (succeeded(parser.parseOptionalKeyword("surrogate")) && parseSurrogate(parser, properties))
    return failure();
  Type type;
  if (parser.parseOptionalAttrDict(result.attributes) || parser.parseColonType(type) ||
      parser.resolveOperands(operands, type, result.operands))
    return failure();
  result.addTypes(type);
  return success();
}

void SpikeOp::print(OpAsmPrinter &printer) {
  printer << ' ' << getInput();
  if (getDerivative())
    printer << " derivative(" << getDerivative() << ')';
  if (getSurrogate() != getDefaultSurrogate(getContext()))
    printer << " surrogate(" << Attribute(getSurrogate()) << ')';
  printer.printOptionalAttrDict((*this)->getAttrs(), {getSurrogateAttrName()});
  printer << " : " << getType();
}

LogicalResult SpikeOp::verify() {
  // SP1.
  if (getDerivative() && getSurrogate() != getDefaultSurrogate(getContext()))
    return emitOpError("takes its derivative from an operand or from a surrogate, not from both");
  return success();
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

LogicalResult etrace::detail::verifyElementTypes(Operation *op) {
  // P1; ranks and extents are checked by the interface.
  Type element = getElementTypeOrSelf(op->getResult(0));
  for (Value operand : op->getOperands())
    if (isa<FloatType>(getElementTypeOrSelf(operand)) && getElementTypeOrSelf(operand) != element)
      return op->emitOpError("expects one element type, found ")
             << getElementTypeOrSelf(operand) << " and " << element;
  return success();
}

SmallVector<OpOperand *> etrace::detail::getOperandsFrom(Operation *op, unsigned first) {
  return llvm::map_to_vector(op->getOpOperands().drop_front(first),
                             [](OpOperand &operand) { return &operand; });
}

SmallVector<AffineMap> etrace::detail::selectDims(MLIRContext *context, unsigned dims,
                                                  ArrayRef<SmallVector<unsigned>> operands) {
  return llvm::map_to_vector(operands, [&](const SmallVector<unsigned> &selected) {
    auto exprs = llvm::map_to_vector(
        selected, [&](unsigned dim) { return getAffineDimExpr(dim, context); });
    return AffineMap::get(dims, 0, exprs, context);
  });
}

SmallVector<unsigned> etrace::detail::appendDims(unsigned count, ArrayRef<unsigned> rest) {
  auto dims = llvm::to_vector(llvm::seq(0u, count));
  llvm::append_range(dims, rest);
  return dims;
}

SmallVector<AffineMap> MatmulOp::getIndexingMapsArray() {
  // Iteration space (batch..., i, o). Asked before P1 is verified: x may still have rank 0.
  unsigned i = std::max<int64_t>(getX().getType().getRank(), 1) - 1, o = i + 1;
  SmallVector<SmallVector<unsigned>> operands = {detail::appendDims(i, {i}), {i, o}};
  if (getBias())
    operands.push_back({o});
  operands.push_back(detail::appendDims(i, {o}));
  return detail::selectDims(getContext(), o + 1, operands);
}

SmallVector<AffineMap> GroupedMatmulOp::getIndexingMapsArray() {
  // Iteration space (batch..., g, k, n); x may have any rank, as above.
  unsigned g = std::max<int64_t>(getX().getType().getRank(), 2) - 2, k = g + 1, n = g + 2;
  SmallVector<SmallVector<unsigned>> operands = {detail::appendDims(g, {g, k}), {g, k, n}};
  if (getBias())
    operands.push_back({g, n});
  operands.push_back(detail::appendDims(g, {g, n}));
  return detail::selectDims(getContext(), n + 1, operands);
}

LogicalResult LoraMatmulOp::verify() {
  unsigned i = std::max<int64_t>(getX().getType().getRank(), 1) - 1, r = i + 1, o = i + 2;
  SmallVector<SmallVector<unsigned>> operands = {detail::appendDims(i, {i}), {i, r}, {r, o}};
  if (getBias())
    operands.push_back({o});
  operands.push_back(detail::appendDims(i, {o}));
  if (failed(detail::verifyIndexing(*this, detail::selectDims(getContext(), o + 1, operands))))
    return failure();
  if (!getAlpha().isFinite()) // LM1.
    return emitOpError("expects a finite alpha");
  return detail::verifyElementTypes(*this);
}

//===----------------------------------------------------------------------===//
// EinsumOp
//===----------------------------------------------------------------------===//

std::optional<EinsumEquation> EinsumEquation::parse(StringRef text) {
  auto [inputs, y] = text.split("->");
  auto [x, weight] = inputs.split(',');
  EinsumEquation equation{x, weight, y};
  for (StringRef operand : {x, weight, y})
    for (char letter : operand) {
      int count = llvm::count_if(ArrayRef({x, weight, y}), [&](StringRef other) {
        return other.contains(letter);
      });
      int least = llvm::isLower(letter) ? 2 : 3;
      if (!llvm::isAlpha(letter) || operand.count(letter) != 1 || count < least)
        return std::nullopt;
    }
  if (!text.contains("->") || !inputs.contains(','))
    return std::nullopt;
  return equation;
}

SmallVector<char> EinsumEquation::getWindows() const {
  SmallVector<char> windows;
  llvm::copy_if(x, std::back_inserter(windows), llvm::isUpper);
  return windows;
}

SmallVector<AffineMap> EinsumOp::getIndexingMapsArray() {
  EinsumEquation equation = *EinsumEquation::parse(getEquation());
  // The letters of y first, then those that are summed.
  std::string letters = equation.y.str();
  for (char letter : equation.x)
    if (!equation.y.contains(letter))
      letters += letter;
  auto dimsOf = [&](StringRef operand) {
    return llvm::map_to_vector(operand,
                               [&](char letter) { return unsigned(letters.find(letter)); });
  };
  return detail::selectDims(getContext(), letters.size(),
                            {dimsOf(equation.x), dimsOf(equation.weight), dimsOf(equation.y)});
}

//===----------------------------------------------------------------------===//
// ConvOp
//===----------------------------------------------------------------------===//

namespace {
/// The iteration space of a convolution: samples and positions of y, then the axes of the weight.
class ConvSpace {
public:
  explicit ConvSpace(ConvOp op)
      : op(op), equation(*EinsumEquation::parse(op.getEquation())),
        windows(equation.getWindows()) {
    for (char letter : equation.y)
      if (llvm::isUpper(letter) || !equation.weight.contains(letter))
        outer += letter;
  }

  unsigned getNumDims() const { return outer.size() + equation.weight.size(); }
  AffineMap getMap(StringRef letters, llvm::function_ref<AffineExpr(char)> getIndex) const {
    return AffineMap::get(getNumDims(), 0, llvm::map_to_vector(letters, getIndex),
                          op.getContext());
  }
  /// The dimension of a letter in y; for samples also in x.
  AffineExpr getPosition(char letter) const {
    size_t dim = outer.find(letter);
    return dim == std::string::npos ? getKernel(letter) : getAffineDimExpr(dim, op.getContext());
  }
  AffineExpr getKernel(char letter) const {
    return getAffineDimExpr(outer.size() + equation.weight.find(letter), op.getContext());
  }
  /// p * stride + k * kernel_dilation in x with its padding.
  AffineExpr getInput(char letter) const {
    if (!llvm::isUpper(letter))
      return getPosition(letter);
    return getPosition(letter) * get(op.getStrides(), letter, 1) +
           getKernel(letter) * get(op.getKernelDilation(), letter, 1);
  }
  /// The number for a letter; C2 may not be verified yet.
  int64_t get(std::optional<ArrayRef<int64_t>> numbers, char letter, int64_t otherwise) const {
    size_t place = llvm::find(windows, letter) - windows.begin();
    return numbers && place < numbers->size() ? (*numbers)[place] : otherwise;
  }

  mutable ConvOp op;
  EinsumEquation equation;
  SmallVector<char> windows;
  std::string outer;
};
} // namespace

SmallVector<AffineMap> ConvOp::getIndexingMapsArray() {
  ConvSpace space(*this);
  auto input = [&](char letter) { return space.getInput(letter); };
  auto kernel = [&](char letter) { return space.getKernel(letter); };
  auto position = [&](char letter) { return space.getPosition(letter); };
  std::string bias;
  llvm::copy_if(space.equation.y, std::back_inserter(bias), [&](char letter) {
    return llvm::isLower(letter) && space.equation.weight.contains(letter);
  });
  SmallVector<AffineMap> maps = {space.getMap(space.equation.x, input),
                                 space.getMap(space.equation.weight, kernel)};
  if (getBias())
    maps.push_back(space.getMap(bias, position));
  maps.push_back(space.getMap(space.equation.y, position));
  return maps;
}

std::optional<ZeroPadding> ConvOp::getPadding(OpOperand &operand) {
  auto isTrivial = [](std::optional<ArrayRef<int64_t>> numbers, int64_t trivial) {
    return !numbers || llvm::all_of(*numbers, [&](int64_t n) { return n == trivial; });
  };
  if (operand.getOperandNumber() != 0 ||
      (isTrivial(getLow(), 0) && isTrivial(getHigh(), 0) && isTrivial(getInputDilation(), 1)))
    return std::nullopt;
  ConvSpace space(*this);
  ZeroPadding padding;
  for (char letter : space.equation.x) {
    padding.low.push_back(space.get(getLow(), letter, 0));
    padding.high.push_back(space.get(getHigh(), letter, 0));
    padding.step.push_back(space.get(getInputDilation(), letter, 1));
  }
  return padding;
}

/// C2: a number for each axis along which windows move.
static LogicalResult verifyNumbers(ConvOp op, size_t windows) {
  std::pair<StringRef, std::optional<ArrayRef<int64_t>>> lists[] = {
      {"strides", op.getStrides()},
      {"low", op.getLow()},
      {"high", op.getHigh()},
      {"input_dilation", op.getInputDilation()},
      {"kernel_dilation", op.getKernelDilation()}};
  for (auto &[name, numbers] : lists)
    if (numbers && numbers->size() != windows)
      return op.emitOpError() << "expects " << windows << " numbers in '" << name
                              << "', one for each upper-case letter of the equation, found "
                              << numbers->size();
  return success();
}

/// C3: the windows along one axis. `last` and `window` are the distances from the first element of
/// x with its zeros, and of a window, to the last.
static LogicalResult verifyWindows(const ConvSpace &space, char letter) {
  ConvOp op = space.op;
  int64_t x = op.getX().getType().getDimSize(space.equation.x.find(letter));
  int64_t kernel = op.getWeight().getType().getDimSize(space.equation.weight.find(letter));
  if (ShapedType::isDynamic(x) || ShapedType::isDynamic(kernel))
    return success();
  std::optional<int64_t> zeros = llvm::checkedAdd(space.get(op.getLow(), letter, 0),
                                                  space.get(op.getHigh(), letter, 0));
  std::optional<int64_t> last =
      llvm::checkedMulAdd(x - 1, space.get(op.getInputDilation(), letter, 1), zeros.value_or(0));
  std::optional<int64_t> window =
      llvm::checkedMul(kernel - 1, space.get(op.getKernelDilation(), letter, 1));
  if (!zeros || !last || !window)
    return op.emitOpError() << "has extents along '" << letter << "' that no index can hold";
  if (x == 0 || kernel == 0 || *window > *last)
    return op.emitOpError() << "has no window along '" << letter << "': " << kernel
                            << " elements of the weight over " << x << " of x";
  int64_t count = (*last - *window) / space.get(op.getStrides(), letter, 1) + 1;
  size_t axis = space.equation.y.find(letter);
  int64_t y = op.getType().getDimSize(axis);
  if (!ShapedType::isDynamic(y) && y != count)
    return op.emitOpError() << "result has extent " << y << " along axis " << axis
                            << ", expected " << count;
  return success();
}

LogicalResult ConvOp::verify() {
  ConvSpace space(*this);
  if (failed(verifyNumbers(*this, space.windows.size())))
    return failure();
  return success(llvm::all_of(space.windows, [&](char letter) {
    return succeeded(verifyWindows(space, letter));
  }));
}

//===----------------------------------------------------------------------===//
// ElementwiseOp
//===----------------------------------------------------------------------===//

SmallVector<AffineMap> ElementwiseOp::getIndexingMapsArray() {
  AffineMap identity =
      AffineMap::getMultiDimIdentityMap(getWeight().getType().getRank(), getContext());
  return {identity, identity};
}
SmallVector<OpOperand *> ElementwiseOp::getProductOperands() { return {&getWeightMutable()}; }
SmallVector<OpOperand *> ElementwiseOp::getAdditiveOperands() { return {}; }
SmallVector<OpOperand *> ElementwiseOp::getTrainableOperands() { return {&getWeightMutable()}; }
StringRef ElementwiseOp::getLeafName(OpOperand &) { return "weight"; }
StringRef ElementwiseOp::getFamilyName() { return "elementwise"; }
bool ElementwiseOp::isTransparent() { return true; }
StringAttr ElementwiseOp::getPrimitiveId() { return getIdAttr(); }
void ElementwiseOp::setPrimitiveId(StringAttr id) { setIdAttr(id); }
