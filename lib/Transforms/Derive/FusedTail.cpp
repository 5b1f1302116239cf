//===- FusedTail.cpp - Traces at the positions of y -----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Where a hidden position p reads several positions of y, and each of these is read by p
// alone (the gates of one product, taken apart by slices), a trace element is a pair
// (w, y position o) with p = p(o). Then f has a value for each o, D and the signal are
// those of p(o), and everything else is as if y were the hidden positions.
//===----------------------------------------------------------------------===//

#include "LearnerBuilder.h"

#include "etrace/Differentiation/Linearize.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace etrace;

static SmallVector<OpFoldResult> getIndices(OpBuilder &builder, ArrayRef<int64_t> values) {
  return getAsIndexOpFoldResult(builder.getContext(), values);
}

/// Puts the part of `value` that `piece` reads at its place in `output`.
static Value insertPiece(OpBuilder &builder, Location loc, Value value, Value output,
                         const PositionPiece &piece) {
  SmallVector<int64_t> sizes, offsets;
  for (auto [shift, lower, upper] : llvm::zip(piece.shift, piece.lower, piece.upper)) {
    sizes.push_back(upper - lower);
    offsets.push_back(lower + shift);
  }
  SmallVector<OpFoldResult> ones(sizes.size(), builder.getIndexAttr(1));
  Value part = tensor::ExtractSliceOp::create(builder, loc, value, getIndices(builder, piece.lower),
                                              getIndices(builder, sizes), ones);
  return tensor::InsertSliceOp::create(builder, loc, part, output, getIndices(builder, offsets),
                                       getIndices(builder, sizes), ones);
}

Value etrace::liftToOutput(OpBuilder &builder, Location loc, Value value, RankedTensorType output,
                           ArrayRef<PositionPiece> pieces) {
  if (!value)
    return value;
  Value lifted = buildConstant(builder, loc, output, 0.0);
  for (const PositionPiece &piece : pieces)
    lifted = insertPiece(builder, loc, value, lifted, piece);
  return lifted;
}

/// f[o, a]: the tangents for a seed of ones in one piece after the other.
LogicalResult LearnerBuilder::buildFusedTail(OpBuilder &side, const WeightRelation &relation,
                                             const RelationTarget &target,
                                             const LinearizeOptions &linearize,
                                             SmallVectorImpl<Value> &f) {
  Value y = relation.primitive->getResult(0);
  const HiddenGroup &group = graph.groups[target.group];
  for (const PositionPiece &piece : target.pieces) {
    auto positions =
        RankedTensorType::get(group.positions, getElementTypeOrSelf(y.getType()));
    Value ones = buildConstant(side, loc, positions, 1.0);
    TangentMap tangents;
    tangents.set(y, liftToOutput(side, loc, ones, cast<RankedTensorType>(y.getType()), piece));
    if (failed(linearizeBlock(side, graph.step.getBody(), tangents, linearize)))
      return failure();
    for (unsigned number : target.reach) {
      Value tangent = tangents.lookup(graph.step.states[group.members[number]].after);
      if (!tangent)
        continue;
      if (!f[number])
        f[number] = buildConstant(side, loc, y.getType(), 0.0);
      f[number] = insertPiece(side, loc, tangent, f[number], piece);
    }
  }
  return success();
}

/// D at the positions of y.
void LearnerBuilder::liftJacobians(OpBuilder &side, const WeightRelation &relation,
                                   const RelationTarget &target) {
  auto output = cast<RankedTensorType>(relation.primitive->getResult(0).getType());
  GroupQuantities lifted = quantities.groups[target.group];
  for (auto &row : lifted.jacobian)
    for (Value &entry : row)
      entry = liftToOutput(side, loc, entry, output, target.pieces);
  quantities.ofSites[{&relation, target.group}] = std::move(lifted);
}

/// The signals at the positions of y.
void LearnerBuilder::liftSignals(OpBuilder &builder) {
  for (const WeightRelation &relation : graph.relations)
    for (const RelationTarget &target : relation.targets) {
      auto it = quantities.ofSites.find({&relation, target.group});
      if (it == quantities.ofSites.end())
        continue;
      auto output = cast<RankedTensorType>(relation.primitive->getResult(0).getType());
      it->second.signal = quantities.groups[target.group].signal;
      for (Value &signal : it->second.signal)
        signal = liftToOutput(builder, loc, signal, output, target.pieces);
    }
}

/// A value at hidden positions, where the trace of a site lives.
Value LearnerBuilder::liftToSite(OpBuilder &builder, const LeafSite &site, Value value) {
  auto target = llvm::find_if(site.relation->targets, [&](const RelationTarget &candidate) {
    return candidate.group == site.group;
  });
  if (target->positionToOutput)
    return value;
  ETPOpInterface primitive = site.relation->primitive;
  auto output = cast<RankedTensorType>(primitive->getResult(0).getType());
  return liftToOutput(builder, loc, value, output, target->pieces);
}
