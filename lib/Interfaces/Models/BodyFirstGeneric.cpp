//===- BodyFirstGeneric.cpp - linalg.generic, body first -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "BodyFirstGeneric.h"
#include "Models.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace etrace;
using namespace etrace::detail;

void etrace::detail::eraseDeadOps(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (!op.hasTrait<OpTrait::IsTerminator>() && isOpTriviallyDead(&op))
      op.erase();
}

BodyFirstGeneric::BodyFirstGeneric(Location loc, ArrayRef<utils::IteratorType> iterators)
    : loc(loc), iterators(iterators), body(new Block) {
  region.push_back(body);
}

BlockArgument BodyFirstGeneric::addInput(Value operand, AffineMap map) {
  BlockArgument arg = body->addArgument(getElementTypeOrSelf(operand), loc);
  inputs.push_back({operand, map, arg});
  return arg;
}

BlockArgument BodyFirstGeneric::addResult(RankedTensorType type, Value like, Value init,
                                        AffineMap map) {
  BlockArgument arg = body->addArgument(type.getElementType(), loc);
  results.push_back({type, like, init, map, arg});
  return arg;
}

void BodyFirstGeneric::yield(ArrayRef<Value> values) {
  OpBuilder builder = atEnd();
  SmallVector<Value> made;
  for (auto [result, value] : llvm::zip(results, values))
    if ((result.made = bool(value)))
      made.push_back(value);
  linalg::YieldOp::create(builder, loc, made);
  eraseDeadOps(*body);
}

/// The inputs that the body reads, each once.
SmallVector<BodyFirstGeneric::Input> BodyFirstGeneric::selectInputs() const {
  SmallVector<Input> selected;
  for (const Input &input : inputs) {
    if (input.arg.use_empty())
      continue;
    auto *same = llvm::find_if(selected, [&](const Input &other) {
      return other.operand == input.operand && other.map == input.map;
    });
    if (same == selected.end())
      selected.push_back(input);
    else
      BlockArgument(input.arg).replaceAllUsesWith(same->arg);
  }
  return selected;
}

/// Gives an extent to loops that no operand has as a dimension: an input without contents,
/// so that nothing is kept alive for its shape.
void BodyFirstGeneric::addExtents(OpBuilder &builder, ArrayRef<Result> made,
                                SmallVectorImpl<Input> &selected) {
  SmallVector<bool> known(iterators.size(), false);
  auto mark = [&](AffineMap map) {
    for (AffineExpr expr : map.getResults())
      if (auto dim = dyn_cast<AffineDimExpr>(expr))
        known[dim.getPosition()] = true;
  };
  for (const Input &input : selected)
    mark(input.map);
  for (const Result &result : made)
    mark(result.map);
  SmallVector<AffineExpr> exprs;
  SmallVector<OpFoldResult> extents;
  for (const Input &input : inputs)
    for (auto [axis, expr] : llvm::enumerate(input.map.getResults())) {
      auto dim = dyn_cast<AffineDimExpr>(expr);
      if (!dim || known[dim.getPosition()])
        continue;
      known[dim.getPosition()] = true;
      exprs.push_back(expr);
      extents.push_back(tensor::getMixedSize(builder, loc, input.operand, axis));
    }
  if (exprs.empty())
    return;
  AffineMap map = AffineMap::get(iterators.size(), 0, exprs, builder.getContext());
  Type element = made.front().type.getElementType();
  Value empty = tensor::EmptyOp::create(builder, loc, extents, element);
  selected.push_back({empty, map, body->addArgument(element, loc)});
}

/// Zeros only if the body reads them.
Value BodyFirstGeneric::makeInit(OpBuilder &builder, const Result &result) const {
  if (result.init && !result.arg.use_empty())
    return result.init;
  SmallVector<Value> extents;
  for (int64_t axis = 0; axis < result.type.getRank(); ++axis)
    if (result.type.isDynamicDim(axis))
      extents.push_back(tensor::DimOp::create(builder, loc, result.like, axis));
  Value empty = tensor::EmptyOp::create(builder, loc, result.type, extents);
  if (result.arg.use_empty())
    return empty;
  Value zero = buildConstant(builder, loc, result.type.getElementType(), 0.0);
  return linalg::FillOp::create(builder, loc, zero, empty).getResult(0);
}

SmallVector<Value> BodyFirstGeneric::finish(OpBuilder &builder) {
  SmallVector<Result> made;
  llvm::copy_if(results, std::back_inserter(made), [](const Result &r) { return r.made; });
  SmallVector<Value> values(results.size());
  if (made.empty())
    return values;
  SmallVector<Input> selected = selectInputs();
  addExtents(builder, made, selected);
  SmallVector<Value> operands, inits;
  SmallVector<AffineMap> maps;
  SmallVector<Type> types;
  auto *block = new Block;
  region.push_back(block);
  auto declare = [&](BlockArgument arg, AffineMap map) {
    maps.push_back(map);
    arg.replaceAllUsesWith(block->addArgument(arg.getType(), loc));
  };
  for (const Input &input : selected) {
    operands.push_back(input.operand);
    declare(input.arg, input.map);
  }
  for (const Result &result : made) {
    inits.push_back(makeInit(builder, result));
    types.push_back(result.type);
    declare(result.arg, result.map);
  }
  // An accumulator of a result that is not made is zero throughout.
  for (const Result &result : results)
    if (!result.made && !result.arg.use_empty()) {
      OpBuilder atStart = atBlockEnd(loc.getContext(), block);
      BlockArgument(result.arg).replaceAllUsesWith(
          buildConstant(atStart, loc, result.type.getElementType(), 0.0));
    }
  block->getOperations().splice(block->end(), body->getOperations());
  body->erase();
  auto generic = linalg::GenericOp::create(builder, loc, types, operands, inits, maps, iterators);
  generic.getRegion().takeBody(region);
  unsigned next = 0;
  for (auto [value, result] : llvm::zip(values, results))
    if (result.made)
      value = generic.getResult(next++);
  return values;
}
