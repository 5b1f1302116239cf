//===- BlockColumns.cpp - Columns of a block Jacobian ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "BlockColumns.h"

#include "etrace/Analysis/PositionAnalysis.h"
#include "etrace/Differentiation/Regions.h"
#include "etrace/Interfaces/Contraction.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Remarks.h"

using namespace mlir;
using namespace etrace;

BlockColumns::BlockColumns(TangentProgram &program, ValueRange outputs, Type state,
                           MixingPolicy policy)
    : program(program), outputs(outputs), state(state), policy(policy),
      paths(program.getBlock(), outputs, getPositions(state)) {}

bool BlockColumns::isLinear(Value value) const {
  return value.getParentBlock() == &program.getBlock();
}

FailureOr<SmallVector<Value>> BlockColumns::build(OpBuilder &builder, Value seed) {
  spreads.clear();
  Value ones = buildConstant(builder, seed.getLoc(), state, 1.0);
  spreads[seed] = {{PositionLink::identity(getPositions(state))}, true, ones};
  for (Operation &op : program.getBlock())
    if (failed(visit(builder, op)))
      return failure();
  SmallVector<Value> columns;
  for (Value output : outputs) {
    FailureOr<Value> column = finish(builder, output);
    if (failed(column))
      return failure();
    columns.push_back(*column);
  }
  return columns;
}

LogicalResult BlockColumns::visit(OpBuilder &builder, Operation &op) {
  std::vector<PositionLinks> reached, wanted;
  bool atIndex = true, any = false;
  for (OpResult result : op.getResults()) {
    PositionLinks links;
    for (Value read : getReads(&op))
      if (auto it = spreads.find(read); it != spreads.end()) {
        join(links, followForward(&op, read, it->second.links, result));
        atIndex &= it->second.atIndex;
      }
    wanted.push_back(intersect(links, paths.lookup(result)));
    any |= !wanted.back().empty();
    reached.push_back(wanted.back().empty() ? PositionLinks() : links);
  }
  if (!any || (atIndex && cloneWhole(builder, op, reached)))
    return success();
  restricted.insert(&op);
  for (auto [result, points] : llvm::zip_equal(op.getResults(), wanted))
    if (!points.empty() && failed(restrict(builder, cast<OpResult>(result), points)))
      return failure();
  return success();
}

//===----------------------------------------------------------------------===//
// Operations that keep positions apart
//===----------------------------------------------------------------------===//

static int64_t countIndices(const PositionLinks &links) {
  int64_t count = 0;
  for (const PositionLink &link : links) {
    int64_t volume = 1;
    for (auto [lower, upper] : llvm::zip_equal(link.index.lower, link.index.upper))
      volume *= upper - lower;
    count += volume;
  }
  return count;
}

/// The links that are kept of `reached`: those of indices on a path of their position. Nothing
/// if these are no boxes.
static std::optional<PositionLinks> keepOnPaths(const PositionLinks &reached,
                                                const PositionLinks &toOutputs) {
  PositionLinks kept;
  for (const PositionLink &link : reached)
    for (const PositionLink &back : toOutputs)
      if (std::optional<PositionLink> both = intersect(link, back)) {
        for (const PositionLink::Tie &tie : both->ties)
          if (link.isTied(tie.axis) && !link.index.isOne(tie.axis) &&
              !llvm::is_contained(link.ties, tie))
            return std::nullopt;
        join(kept, PositionLink{link.ties, both->index, both->position});
      }
  return makeFunction(kept, /*byIndex=*/true);
}

/// Zeros but in the boxes of the links.
static Value buildMasked(OpBuilder &builder, Location loc, Value value,
                         const PositionLinks &links) {
  Value masked = buildZerosLike(builder, loc, value);
  for (const PositionLink &link : links) {
    SmallVector<OpFoldResult> offsets, sizes;
    for (auto [lower, upper] : llvm::zip_equal(link.index.lower, link.index.upper)) {
      offsets.push_back(builder.getIndexAttr(lower));
      sizes.push_back(builder.getIndexAttr(upper - lower));
    }
    SmallVector<OpFoldResult> strides(offsets.size(), builder.getIndexAttr(1));
    Value part =
        tensor::ExtractSliceOp::create(builder, loc, value, offsets, sizes, strides);
    masked = tensor::InsertSliceOp::create(builder, loc, part, masked, offsets, sizes, strides);
  }
  return masked;
}

/// A clone, or what it folds to.
static SmallVector<Value> cloneOrFold(OpBuilder &builder, Operation &op, IRMapping &mapping) {
  Operation *clone = builder.clone(op, mapping);
  SmallVector<Value> results;
  if (succeeded(builder.tryFold(clone, results)) && !results.empty()) {
    clone->erase();
    return results;
  }
  return SmallVector<Value>(clone->getResults());
}

/// Leaves the operation as it is, if each index of its results then belongs to one position.
bool BlockColumns::cloneWhole(OpBuilder &builder, Operation &op,
                              ArrayRef<PositionLinks> reached) {
  std::vector<PositionLinks> functions, kept;
  for (auto [result, links] : llvm::zip_equal(op.getResults(), reached)) {
    std::optional<PositionLinks> function = makeFunction(links, /*byIndex=*/true), onPaths;
    if (function)
      onPaths = keepOnPaths(*function, paths.lookup(result));
    if (!onPaths)
      return false;
    functions.push_back(*function);
    kept.push_back(*onPaths);
  }
  IRMapping mapping;
  for (Value read : getReads(&op)) {
    auto it = spreads.find(read);
    if (it != spreads.end())
      mapping.map(read, it->second.value);
    else if (isLinear(read))
      mapping.map(read, buildConstant(builder, op.getLoc(), read.getType(), 0.0));
  }
  SmallVector<Value> values = cloneOrFold(builder, op, mapping);
  for (auto [result, value, all, links] :
       llvm::zip_equal(op.getResults(), values, functions, kept)) {
    if (links.empty())
      continue;
    if (countIndices(links) != countIndices(all))
      value = buildMasked(builder, op.getLoc(), value, links);
    spreads[result] = {links, true, value};
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Operations that mix positions
//===----------------------------------------------------------------------===//

FailureOr<Value> BlockColumns::buildRestricted(OpBuilder &builder, OpResult result,
                                               const PositionLinks &points, bool atIndex) {
  Operation *op = result.getOwner();
  for (Value captured : getCaptured(op))
    if (spreads.contains(captured))
      return failure();
  Value sum;
  for (OpOperand &operand : op->getOpOperands()) {
    auto spread = spreads.find(operand.get());
    if (spread == spreads.end())
      continue;
    std::optional<RestrictedOp> edge =
        RestrictedOp::get(operand, result, [&](Value value) { return isLinear(value); });
    if (!edge)
      return failure();
    for (const PositionLink &from : spread->second.links)
      for (const PositionLink &to : points) {
        FailureOr<Value> next =
            edge->build(builder, spread->second.value, {spread->second.atIndex, from}, sum,
                        {atIndex, to}, getPositions(state));
        if (failed(next))
          return failure();
        sum = *next;
      }
  }
  // An element as it was: a value of its own type.
  if (sum && atIndex && !isa<RankedTensorType>(result.getType()))
    sum = tensor::ExtractOp::create(builder, op->getLoc(), sum, ValueRange());
  return sum;
}

LogicalResult BlockColumns::restrict(OpBuilder &builder, OpResult result,
                                     const PositionLinks &wanted) {
  for (bool atIndex : {true, false}) {
    std::optional<PositionLinks> points = makeFunction(wanted, atIndex);
    if (!points)
      continue;
    FailureOr<Value> value = buildRestricted(builder, result, *points, atIndex);
    if (failed(value))
      continue;
    if (*value)
      spreads[result] = {*points, atIndex, *value};
    return success();
  }
  return handleMixing(result.getOwner());
}

FailureOr<Value> BlockColumns::finish(OpBuilder &builder, Value output) {
  auto spread = output ? spreads.find(output) : spreads.end();
  if (spread == spreads.end())
    return Value();
  const auto &[links, atIndex, value] = spread->second;
  ArrayRef<int64_t> positions = getPositions(state);
  if (links.size() == 1 && links.front().isIdentity(positions))
    return value;
  // The output is read on other ways as well.
  Placement to{true, PositionLink::identity(positions)};
  Value sum;
  for (const PositionLink &from : links) {
    FailureOr<Value> next = RestrictedOp::getCopy(output).build(builder, value, {atIndex, from},
                                                                sum, to, positions);
    if (failed(next)) {
      if (failed(handleMixing(output.getDefiningOp())))
        return failure();
      return Value();
    }
    sum = *next;
  }
  return sum;
}

//===----------------------------------------------------------------------===//
// Mixing
//===----------------------------------------------------------------------===//

static std::string describe(Operation *op) {
  return ("'" + op->getName().getStringRef() + "'").str();
}

LogicalResult BlockColumns::handleMixing(Operation *op) {
  mixer = op;
  if (policy != MixingPolicy::drop)
    return failure();
  Operation *primal = program.getPrimal(op);
  if (dropped.insert(primal))
    remark::missed(primal->getLoc(),
                   remark::RemarkOpts::name("position-mixing").category("etrace-derivatives"))
        << describe(primal) + " mixes positions; the block Jacobian leaves this edge out";
  return success();
}

/// The operations, of the primal program, that mix positions before and behind the one at which
/// `build` failed.
llvm::SetVector<Operation *> BlockColumns::collectMixing() const {
  llvm::SetVector<Operation *> mixing;
  for (Operation *op : restricted)
    mixing.insert(program.getPrimal(op));
  DenseSet<Value> reached(mixer->result_begin(), mixer->result_end());
  for (Operation *op = mixer->getNextNode(); op; op = op->getNextNode())
    for (OpResult result : op->getResults()) {
      if (paths.lookup(result).empty())
        continue;
      for (Value read : getReads(op)) {
        if (!reached.contains(read))
          continue;
        reached.insert(result);
        if (PositionAnalysis(*op, read).lookup(result).mixer)
          mixing.insert(program.getPrimal(op));
      }
    }
  return mixing;
}

LogicalResult BlockColumns::emitMixing() const {
  Operation *primal = program.getPrimal(mixer);
  InFlightDiagnostic diag =
      primal->emitError()
      << describe(primal)
      << " mixes positions: a position reaches itself by way of several points of what it "
         "computes, so there is no exact block for single positions [position-mixing]";
  for (Operation *op : collectMixing())
    if (op != primal)
      diag.attachNote(op->getLoc()) << describe(op) << " mixes them, too";
  diag.attachNote() << "say 'mixing <drop>' to leave the edge through it out, 'mixing <full>' to "
                       "take the block from the full Jacobian, or cut the path by "
                       "'etrace.stop_gradient'";
  return failure();
}
