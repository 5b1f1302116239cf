//===- Contraction.cpp - Recognises contractions --------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Contraction.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace etrace;

bool etrace::addsToDestination(linalg::LinalgOp op) {
  if (op.getNumDpsInits() != 1)
    return false;
  Block *body = op.getBlock();
  BlockArgument out = body->getArgument(op.getNumDpsInputs());
  auto sum = body->getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  return sum && out.hasOneUse() && sum->hasOneUse() && (sum.getLhs() == out || sum.getRhs() == out);
}

/// Whether the body is `yield sum + a * b`.
static bool isMultiplyAdd(linalg::GenericOp op) {
  Block &body = *op.getBody();
  if (body.getNumArguments() != 3 || body.getOperations().size() != 3)
    return false;
  auto sum = body.getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  if (!sum)
    return false;
  Value total = body.getArgument(2);
  Value part = sum.getLhs() == total ? sum.getRhs() : sum.getLhs();
  auto product = part.getDefiningOp<arith::MulFOp>();
  if (!product || (sum.getLhs() != total && sum.getRhs() != total))
    return false;
  Value a = body.getArgument(0), b = body.getArgument(1);
  return (product.getLhs() == a && product.getRhs() == b) ||
         (product.getLhs() == b && product.getRhs() == a);
}

/// Whether neighbours along `dim` are neighbours in memory.
static bool isContiguous(Value memory, AffineMap map, unsigned dim) {
  auto type = cast<MemRefType>(memory.getType());
  SmallVector<int64_t> strides;
  int64_t offset;
  return map.getNumResults() > 0 && succeeded(type.getStridesAndOffset(strides, offset)) &&
         map.getResults().back() == getAffineDimExpr(dim, map.getContext()) &&
         strides.back() == 1;
}

/// The largest parallel dimension of `operand` and the result that `other` lacks.
static std::optional<unsigned> findTileDim(const Contraction &work, AffineMap operand,
                                           AffineMap other) {
  std::optional<unsigned> best;
  for (unsigned dim = 0; dim < work.extents.size(); ++dim) {
    bool fits = operand.isFunctionOfDim(dim) && work.mapC.isFunctionOfDim(dim) &&
                !other.isFunctionOfDim(dim) && work.extents[dim] > 1;
    if (fits && (!best || work.extents[dim] > work.extents[*best]))
      best = dim;
  }
  return best;
}

/// Takes the first dimension that can be n, and m beside it; tries again with a and b
/// exchanged if there is none.
static bool matchColumns(Contraction &work, llvm::function_ref<bool(unsigned)> canBeColumn) {
  for (bool exchange : {false, true}) {
    (void)exchange;
    for (unsigned dim = 0; dim < work.extents.size(); ++dim)
      if (isContiguous(work.c, work.mapC, dim) && !work.mapA.isFunctionOfDim(dim) &&
          canBeColumn(dim)) {
        work.n = dim;
        work.m = findTileDim(work, work.mapA, work.mapB);
        return true;
      }
    std::swap(work.a, work.b);
    std::swap(work.mapA, work.mapB);
  }
  return false;
}

/// Finds n, contiguous in b and c.
static bool matchOuter(Contraction &work) {
  return matchColumns(work, [&](unsigned dim) {
    return work.extents[dim] > 1 && isContiguous(work.b, work.mapB, dim);
  });
}

/// Finds k, contiguous in a and b, and n, contiguous in c.
static bool matchDot(Contraction &work) {
  auto contiguous = llvm::find_if(work.k, [&](unsigned dim) {
    return work.extents[dim] > 1 && isContiguous(work.a, work.mapA, dim) &&
           isContiguous(work.b, work.mapB, dim);
  });
  if (contiguous == work.k.end())
    return false;
  std::rotate(contiguous, contiguous + 1, work.k.end());
  work.isDot = true;
  return matchColumns(work, [&](unsigned dim) { return work.mapB.isFunctionOfDim(dim); });
}

FailureOr<Contraction> etrace::matchContraction(linalg::GenericOp op) {
  if (op.getNumDpsInputs() != 2 || op.getNumDpsInits() != 1 || !op.hasPureBufferSemantics() ||
      !isMultiplyAdd(op))
    return failure();
  Contraction work(op.getLoc());
  work.a = op.getDpsInputs()[0];
  work.b = op.getDpsInputs()[1];
  work.c = op.getDpsInits()[0];
  if (work.a == work.c || work.b == work.c)
    return failure();
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  if (llvm::any_of(maps, [](AffineMap map) { return !map.isProjectedPermutation(); }))
    return failure();
  work.mapA = maps[0];
  work.mapB = maps[1];
  work.mapC = maps[2];
  work.element = cast<MemRefType>(work.c.getType()).getElementType();
  if (!work.element.isF32() && !work.element.isF64())
    return failure();
  work.extents = op.getStaticLoopRanges();
  for (int64_t extent : work.extents)
    if (ShapedType::isDynamic(extent) || extent == 0)
      return failure();
  for (unsigned dim = 0; dim < work.extents.size(); ++dim)
    if (!work.mapC.isFunctionOfDim(dim))
      work.k.push_back(dim);
  if (work.k.empty() || (!matchOuter(work) && !matchDot(work)))
    return failure();
  for (unsigned dim = 0; dim < work.extents.size(); ++dim)
    if (dim != work.n && dim != work.m && !llvm::is_contained(work.k, dim))
      work.outer.push_back(dim);
  return work;
}
