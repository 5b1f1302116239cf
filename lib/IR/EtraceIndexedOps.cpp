//===- EtraceIndexedOps.cpp - Operations with index operands --------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/IR/Etrace.h"

using namespace mlir;
using namespace etrace;

//===----------------------------------------------------------------------===//
// EmbeddingOp
//===----------------------------------------------------------------------===//

SmallVector<AffineMap> EmbeddingOp::getIndexingMapsArray() {
  // Iteration space (batch..., v, d).
  unsigned v = getIndex().getType().getRank(), d = v + 1;
  return detail::selectDims(getContext(), d + 1,
                            {detail::appendDims(v, {}), {v, d}, detail::appendDims(v, {d})});
}

SmallVector<DimIndex> EmbeddingOp::getDimIndices() {
  unsigned v = getIndex().getType().getRank();
  return {{v, getIndex(), getIndexingMapsArray().front()}};
}

SmallVector<OpOperand *> EmbeddingOp::getProductOperands() { return {&getTableMutable()}; }
SmallVector<OpOperand *> EmbeddingOp::getAdditiveOperands() { return {}; }
SmallVector<OpOperand *> EmbeddingOp::getTrainableOperands() { return {&getTableMutable()}; }
StringRef EmbeddingOp::getLeafName(OpOperand &) { return "weight"; }

//===----------------------------------------------------------------------===//
// SparseMatmulOp
//===----------------------------------------------------------------------===//

SmallVector<AffineMap> SparseMatmulOp::getIndexingMapsArray() {
  // Iteration space (batch..., i, o, e). Asked before P1 is verified: x may still have rank 0.
  unsigned i = std::max<int64_t>(getX().getType().getRank(), 1) - 1, o = i + 1, e = i + 2;
  SmallVector<SmallVector<unsigned>> operands = {detail::appendDims(i, {i}), {e}, {e}, {e}};
  if (getBias())
    operands.push_back({o});
  operands.push_back(detail::appendDims(i, {o}));
  return detail::selectDims(getContext(), e + 1, operands);
}

SmallVector<DimIndex> SparseMatmulOp::getDimIndices() {
  SmallVector<AffineMap> maps = getIndexingMapsArray();
  unsigned i = maps.front().getNumDims() - 3, o = i + 1;
  return {{i, getRows(), maps[getRowsMutable().getOperandNumber()]},
          {o, getCols(), maps[getColsMutable().getOperandNumber()]}};
}

SmallVector<OpOperand *> SparseMatmulOp::getProductOperands() {
  return {&getXMutable(), &getWeightMutable()};
}
SmallVector<OpOperand *> SparseMatmulOp::getAdditiveOperands() {
  return detail::getOperandsFrom(*this, 4);
}
SmallVector<OpOperand *> SparseMatmulOp::getTrainableOperands() {
  SmallVector<OpOperand *> operands = {&getWeightMutable()};
  llvm::append_range(operands, getAdditiveOperands());
  return operands;
}
StringRef SparseMatmulOp::getLeafName(OpOperand &operand) {
  return operand.getOperandNumber() == 1 ? "weight" : "bias";
}

//===----------------------------------------------------------------------===//
// ExpandPointersOp
//===----------------------------------------------------------------------===//

LogicalResult ExpandPointersOp::verify() {
  // EP1.
  if (getPointers().getType().getRank() != 1 || getType().getRank() != 1)
    return emitOpError("expects pointers and rows of rank 1");
  int64_t pointers = getPointers().getType().getDimSize(0);
  if (!ShapedType::isDynamic(pointers) && pointers < 2)
    return emitOpError("expects two pointers or more, found ") << pointers;
  return success();
}

//===----------------------------------------------------------------------===//
// IndexedContractionOp
//===----------------------------------------------------------------------===//

SmallVector<AffineMap> IndexedContractionOp::getFactorMaps() {
  auto maps = llvm::to_vector(getMaps().getAsValueRange<AffineMapAttr>());
  maps.truncate(getFactors().size());
  return maps;
}

AffineMap IndexedContractionOp::getResultMap() {
  return cast<AffineMapAttr>(getMaps().getValue().back()).getValue();
}

SmallVector<DimIndex> IndexedContractionOp::getDimIndices() {
  SmallVector<DimIndex> indices;
  auto maps = getMaps().getValue().slice(getFactors().size(), getIndices().size());
  for (auto [dim, index, map] : llvm::zip_equal(getDims(), getIndices(), maps))
    indices.push_back({unsigned(dim), index, cast<AffineMapAttr>(map).getValue()});
  return indices;
}

/// IC2.
static LogicalResult verifyGivenDims(IndexedContractionOp op) {
  SmallVector<DimIndex> indices = op.getDimIndices();
  for (const DimIndex &index : indices) {
    if (index.dim >= op.getResultMap().getNumDims())
      return op.emitOpError("gives dimension ") << index.dim << ", but the iteration space has "
                                                << op.getResultMap().getNumDims();
    if (llvm::count_if(indices, [&](const DimIndex &other) { return other.dim == index.dim; }) > 1)
      return op.emitOpError("gives dimension ") << index.dim << " twice";
    if (llvm::any_of(indices, [&](const DimIndex &other) {
          return other.map.isFunctionOfDim(index.dim);
        }))
      return op.emitOpError("has an index that depends on the given dimension ") << index.dim;
  }
  return success();
}

LogicalResult IndexedContractionOp::verify() {
  // IC1.
  auto maps = llvm::to_vector(getMaps().getAsValueRange<AffineMapAttr>());
  if (maps.size() != getNumOperands() || getDims().size() != getIndices().size())
    return emitOpError("expects a map for each factor, each index and the result, and a "
                       "dimension for each index");
  llvm::SmallBitVector used(maps.back().getNumDims());
  for (AffineMap map : maps) {
    if (map.getNumDims() != used.size() || map.getNumSymbols() ||
        llvm::any_of(map.getResults(), [](AffineExpr expr) { return !isa<AffineDimExpr>(expr); }))
      return emitOpError("expects maps that select dimensions of one iteration space, found ")
             << AffineMapAttr::get(map);
    for (AffineExpr expr : map.getResults())
      used.set(cast<AffineDimExpr>(expr).getPosition());
  }
  if (!used.all())
    return emitOpError("has a dimension without an extent: ") << used.find_first_unset();
  if (failed(verifyGivenDims(*this)))
    return failure();
  maps.push_back(maps.back()); // `init` is indexed as the result is.
  if (failed(detail::verifyIndexing(*this, maps)) ||
      failed(detail::verifyDimIndices(*this, getDimIndices(), maps)))
    return failure();
  return detail::verifyElementTypes(*this);
}
