//===- EtracePrimitives.cpp - Pointwise operations and ETP primitives -----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/IR/Etrace.h"

using namespace mlir;
using namespace etrace;

#include "etrace/IR/EtraceOpInterfaces.cpp.inc"

LogicalResult etrace::detail::verifyETPOp(Operation *op) {
  auto primitive = cast<ETPOpInterface>(op);
  if (op->getNumResults() != 1)
    return op->emitOpError("an ETP primitive has one result");
  SmallVector<AffineMap> maps = primitive.getIndexingMapsArray();
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
// MatmulOp
//===----------------------------------------------------------------------===//

LogicalResult MatmulOp::verify() {
  // P1; ranks and extents are checked by the interface.
  Type element = getElementTypeOrSelf(getResult());
  for (Value operand : getOperands())
    if (getElementTypeOrSelf(operand) != element)
      return emitOpError("expects one element type, found ")
             << getElementTypeOrSelf(operand) << " and " << element;
  return success();
}

SmallVector<AffineMap> MatmulOp::getIndexingMapsArray() {
  // Iteration space (batch..., i, o).
  MLIRContext *context = getContext();
  // Asked before P1 is verified: x may still have rank 0.
  unsigned batch = std::max<int64_t>(getX().getType().getRank(), 1) - 1, dims = batch + 2;
  SmallVector<AffineExpr> x, y;
  for (unsigned d = 0; d < batch; ++d) {
    x.push_back(getAffineDimExpr(d, context));
    y.push_back(getAffineDimExpr(d, context));
  }
  AffineExpr i = getAffineDimExpr(batch, context), o = getAffineDimExpr(batch + 1, context);
  x.push_back(i);
  y.push_back(o);
  SmallVector<AffineMap> maps = {AffineMap::get(dims, 0, x, context),
                                 AffineMap::get(dims, 0, {i, o}, context)};
  if (getBias())
    maps.push_back(AffineMap::get(dims, 0, {o}, context));
  maps.push_back(AffineMap::get(dims, 0, y, context));
  return maps;
}

SmallVector<OpOperand *> MatmulOp::getProductOperands() {
  return {&getXMutable(), &getWeightMutable()};
}

SmallVector<OpOperand *> MatmulOp::getAdditiveOperands() {
  if (getBias())
    return {&getBiasMutable()[0]};
  return {};
}

SmallVector<OpOperand *> MatmulOp::getTrainableOperands() {
  SmallVector<OpOperand *> leaves = {&getWeightMutable()};
  llvm::append_range(leaves, getAdditiveOperands());
  return leaves;
}

StringRef MatmulOp::getLeafName(OpOperand &operand) {
  return operand.getOperandNumber() == 1 ? "weight" : "bias";
}
StringRef MatmulOp::getFamilyName() { return "matmul"; }
StringAttr MatmulOp::getPrimitiveId() { return getIdAttr(); }
void MatmulOp::setPrimitiveId(StringAttr id) { setIdAttr(id); }

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
