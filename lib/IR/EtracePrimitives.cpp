//===- EtracePrimitives.cpp - Pointwise operations and ETP primitives -----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/IR/Etrace.h"

using namespace mlir;
using namespace etrace;

#include "etrace/IR/EtraceOpInterfaces.cpp.inc"

LogicalResult etrace::detail::verifyETPOp(Operation *op) {
  if (op->getNumResults() != 1)
    return op->emitOpError("an ETP primitive has one result");
  auto primitive = cast<ETPOpInterface>(op);
  if (failed(verifyIndexing(op, primitive.getIndexingMapsArray())))
    return failure();
  return verifyDimIndices(op, primitive.getDimIndices(), primitive.getIndexingMapsArray());
}

LogicalResult etrace::detail::verifyIndexing(Operation *op, ArrayRef<AffineMap> maps) {
  if (maps.size() != op->getNumOperands() + 1)
    return op->emitOpError("expects one indexing map for each operand and one for the result");
  SmallVector<int64_t> extents(maps.back().getNumDims(), ShapedType::kDynamic);
  auto check = [&](Value value, AffineMap map, const Twine &what) -> LogicalResult {
    auto type = cast<RankedTensorType>(value.getType());
    if (type.getRank() != map.getNumResults())
      return op->emitOpError() << what << " must have rank " << map.getNumResults() << ", found "
                               << type;
    for (auto [axis, expr] : llvm::enumerate(map.getResults())) {
      int64_t &extent = extents[cast<AffineDimExpr>(expr).getPosition()];
      int64_t size = type.getDimSize(axis);
      if (ShapedType::isDynamic(extent))
        extent = size;
      else if (!ShapedType::isDynamic(size) && extent != size)
        return op->emitOpError() << what << " has extent " << size << " along axis " << axis
                                 << ", expected " << extent;
    }
    return success();
  };
  for (OpOperand &operand : op->getOpOperands())
    if (failed(check(operand.get(), maps[operand.getOperandNumber()],
                     "operand #" + Twine(operand.getOperandNumber()))))
      return failure();
  return check(op->getResult(0), maps.back(), "result");
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
      if (!llvm::isLower(letter) || operand.count(letter) != 1 || count < 2)
        return std::nullopt;
    }
  if (!text.contains("->") || !inputs.contains(','))
    return std::nullopt;
  return equation;
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
