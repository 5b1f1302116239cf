//===- StateJacobian.cpp - Jacobians of states by states ------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "StateJacobian.h"

#include "BlockColumns.h"
#include "LinearMap.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Remarks.h"

using namespace mlir;
using namespace etrace;

/// Zeros stand for what a column does not reach; they need extents.
static LogicalResult verifyStatic(TangentProgram &program) {
  for (Operation &op : program.getBlock())
    for (Type type : op.getResultTypes())
      if (auto shaped = dyn_cast<ShapedType>(type); shaped && !shaped.hasStaticShape()) {
        Operation *primal = program.getPrimal(&op);
        return primal->emitError() << "'" << primal->getName() << "' has a tangent of type "
                                   << type << "; a block Jacobian needs static extents "
                                              "[jacobian-states]";
      }
  return success();
}

static void remarkCost(func::FuncOp function, unsigned states, Type state) {
  int64_t elements = states;
  for (int64_t extent : getPositions(state))
    elements *= extent;
  remark::analysis(function.getLoc(), remark::RemarkOpts::name("block-jacobian-cost")
                                          .category("etrace-derivatives")
                                          .function(function.getSymName()))
      << "one linearisation, " + std::to_string(states) +
             (states == 1 ? " sweep" : " sweeps") + " over it; 'full_jacobian' takes " +
             std::to_string(elements) + " forward passes";
}

FailureOr<SmallVector<Value>>
etrace::buildStateBlocks(OpBuilder &builder, func::FuncOp function, ValueRange states,
                         ValueRange outputs, MixingPolicy policy, Operation *&mixer) {
  LinearMap map(function, states, outputs);
  if (failed(map.build()) || failed(verifyStatic(map.getProgram())))
    return failure();
  Type state = states.front().getType();
  BlockColumns columns(map.getProgram(), map.getOutputTangents(), state, policy);
  unsigned number = states.size();
  SmallVector<Value> blocks(number * number);
  for (unsigned b = 0; b < number; ++b) {
    FailureOr<SmallVector<Value>> column =
        columns.build(builder, map.getProgram().getBlock().getArgument(b));
    if (failed(column)) {
      mixer = columns.getMixer();
      if (policy == MixingPolicy::full)
        return failure();
      return columns.emitMixing();
    }
    for (unsigned a = 0; a < number; ++a)
      blocks[a * number + b] = (*column)[a];
  }
  remarkCost(function, number, state);
  return blocks;
}

/// Puts blocks[a, b] (null: zeros) at [.., a, b] or [.., a, .., b] of a tensor.
static Value assemble(OpBuilder &builder, Location loc, ValueRange blocks, Type state,
                      bool isFull) {
  ArrayRef<int64_t> positions = getPositions(state);
  int64_t number = 0;
  while (number * number < int64_t(blocks.size()))
    ++number;
  SmallVector<int64_t> shape(positions), ones(positions);
  auto addAxes = [&](ArrayRef<int64_t> extents) {
    llvm::append_range(shape, extents);
    llvm::append_range(ones, extents);
  };
  auto addState = [&] {
    shape.push_back(number);
    ones.push_back(1);
  };
  addState();
  size_t first = positions.size();
  if (isFull)
    addAxes(positions);
  addState();
  Value result = buildConstant(builder, loc,
                               RankedTensorType::get(shape, getElementTypeOrSelf(state)), 0.0);
  SmallVector<OpFoldResult> sizes = getAsIndexOpFoldResult(builder.getContext(), ones);
  SmallVector<OpFoldResult> strides(sizes.size(), builder.getIndexAttr(1));
  for (auto [index, block] : llvm::enumerate(blocks)) {
    if (!block)
      continue;
    SmallVector<OpFoldResult> offsets(sizes.size(), builder.getIndexAttr(0));
    offsets[first] = builder.getIndexAttr(index / number);
    offsets.back() = builder.getIndexAttr(index % number);
    if (!isa<RankedTensorType>(block.getType()))
      block = tensor::FromElementsOp::create(builder, loc,
                                             RankedTensorType::get({}, block.getType()), block);
    result = tensor::InsertSliceOp::create(builder, loc, block, result, offsets, sizes, strides);
  }
  return result;
}

Value etrace::assembleBlockJacobian(OpBuilder &builder, Location loc, ValueRange blocks,
                                    Type state) {
  return assemble(builder, loc, blocks, state, /*isFull=*/false);
}

Value etrace::assembleFullJacobian(OpBuilder &builder, Location loc, ValueRange blocks,
                                   Type state) {
  return assemble(builder, loc, blocks, state, /*isFull=*/true);
}

Value etrace::extractDiagonal(OpBuilder &builder, Location loc, Value block, Type state) {
  auto type = dyn_cast<RankedTensorType>(state);
  if (!type || type.getRank() == 0)
    return block;
  unsigned rank = type.getRank();
  AffineMap identity = builder.getMultiDimIdentityMap(rank);
  SmallVector<AffineExpr> twice(identity.getResults());
  llvm::append_range(twice, identity.getResults());
  SmallVector<AffineMap> maps = {AffineMap::get(rank, 0, twice, builder.getContext()), identity};
  Value init = buildConstant(builder, loc, type, 0.0);
  SmallVector<utils::IteratorType> iterators(rank, utils::IteratorType::parallel);
  return linalg::GenericOp::create(builder, loc, type, block, init, maps, iterators,
                                   [](OpBuilder &inner, Location at, ValueRange scalars) {
                                     linalg::YieldOp::create(inner, at, scalars.front());
                                   })
      .getResult(0);
}
