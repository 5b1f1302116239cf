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

LogicalResult EmbeddingOp::verify() { return detail::verifyElementTypes(*this); }
SmallVector<OpOperand *> EmbeddingOp::getProductOperands() { return {&getTableMutable()}; }
SmallVector<OpOperand *> EmbeddingOp::getAdditiveOperands() { return {}; }
SmallVector<OpOperand *> EmbeddingOp::getTrainableOperands() { return {&getTableMutable()}; }
StringRef EmbeddingOp::getLeafName(OpOperand &) { return "weight"; }

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
