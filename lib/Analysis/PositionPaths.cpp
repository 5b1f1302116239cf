//===- PositionPaths.cpp - From a position back to itself -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/Analysis/PositionPaths.h"

#include "etrace/Analysis/PositionAnalysis.h"
#include "etrace/Differentiation/Regions.h"
#include "mlir/IR/BuiltinTypes.h"

using namespace mlir;
using namespace etrace;

using Relations = FailureOr<std::vector<PositionRelation>>;

/// More links than this are taken for all pairs.
static constexpr size_t kMaxLinks = 64;

ArrayRef<int64_t> etrace::getPositions(Type state) {
  auto tensor = dyn_cast<RankedTensorType>(state);
  return tensor ? tensor.getShape() : ArrayRef<int64_t>();
}

/// An access of a result index j to map(j) as a relation.
static PositionRelation toRelation(const PositionAccess &access) {
  MLIRContext *context = access.map.getContext();
  SmallVector<AffineExpr> shifted;
  PositionRelation relation;
  for (auto [axis, lower] : llvm::enumerate(access.lower)) {
    shifted.push_back(getAffineDimExpr(axis, context) + lower);
    relation.box.push_back(access.upper[axis] < 0 ? ShapedType::kDynamic
                                                  : access.upper[axis] - lower);
  }
  relation.resultMap = AffineMap::get(shifted.size(), 0, shifted, context);
  relation.operandMap = access.map.compose(relation.resultMap);
  return relation;
}

/// How a result reads a value, as an operand or within regions; failure: every index may read
/// every index.
static Relations getRelations(Operation *op, Value read,
                                                             OpResult result) {
  PositionSet set = PositionAnalysis(*op, read).lookup(result);
  if (!set.mixer)
    return Relations(std::vector<PositionRelation>(
        llvm::map_iterator(set.accesses.begin(), toRelation),
        llvm::map_iterator(set.accesses.end(), toRelation)));
  auto interface = dyn_cast<PositionRelationOpInterface>(op);
  if (!interface || getCaptured(op).contains(read))
    return failure();
  std::vector<PositionRelation> relations;
  for (OpOperand &operand : op->getOpOperands()) {
    if (operand.get() != read)
      continue;
    FailureOr<PositionRelation> relation =
        interface.getPositionRelation(operand.getOperandNumber(), result.getResultNumber());
    if (failed(relation))
      return failure();
    relations.push_back(*relation);
  }
  return relations;
}

static PositionLinks follow(const PositionLinks &links,
                            const Relations &relations,
                            ArrayRef<int64_t> shape) {
  PositionLinks reached;
  for (const PositionLink &link : links) {
    if (failed(relations)) {
      PositionLink all = PositionLink::everything({}, shape);
      all.position = link.position;
      join(reached, all);
      continue;
    }
    for (const PositionRelation &relation : *relations)
      if (std::optional<PositionLink> next = compose(link, relation, shape))
        join(reached, *next);
  }
  return reached;
}

PositionLinks etrace::followForward(Operation *op, Value read, const PositionLinks &links,
                                    OpResult result) {
  return follow(links, getRelations(op, read, result), getPositions(result.getType()));
}

PathsFromInput::PathsFromInput(Block &program, Value input) {
  ArrayRef<int64_t> positions = getPositions(input.getType());
  links[input] = {PositionLink::identity(positions)};
  for (Operation &op : program)
    for (OpResult result : op.getResults()) {
      PositionLinks reached;
      for (Value read : getReads(&op))
        if (auto it = links.find(read); it != links.end())
          join(reached, followForward(&op, read, it->second, result));
      if (reached.size() > kMaxLinks)
        reached = {PositionLink::everything(positions, getPositions(result.getType()))};
      if (!reached.empty())
        links[result] = std::move(reached);
    }
}

PathsToOutputs::PathsToOutputs(Block &program, ValueRange outputs, ArrayRef<int64_t> positions)
    : positions(positions) {
  for (Value output : outputs)
    if (output)
      add(output, {PositionLink::identity(positions)});
  for (Operation &op : llvm::reverse(program))
    visit(op);
}

const PositionLinks &PathsToOutputs::lookup(Value value) const {
  static const PositionLinks none;
  auto it = links.find(value);
  return it == links.end() ? none : it->second;
}

void PathsToOutputs::visit(Operation &op) {
  for (OpResult result : op.getResults()) {
    PositionLinks reaching = lookup(result);
    if (reaching.empty())
      continue;
    for (Value read : getReads(&op)) {
      if (!isDifferentiable(read.getType()))
        continue;
      Relations relations = getRelations(&op, read, result);
      if (succeeded(relations))
        for (PositionRelation &relation : *relations)
          std::swap(relation.operandMap, relation.resultMap);
      add(read, follow(reaching, relations, getPositions(read.getType())));
    }
  }
}

void PathsToOutputs::add(Value value, const PositionLinks &more) {
  PositionLinks &known = links[value];
  join(known, more);
  if (known.size() > kMaxLinks)
    known = {PositionLink::everything(positions, getPositions(value.getType()))};
}
