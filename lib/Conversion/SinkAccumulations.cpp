//===- SinkAccumulations.cpp - Sums over iterations behind the loop -------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// A carried value to which each iteration only adds,
//
//   G <- G + sum_b x_t[b] g_t[b]   for t,       becomes       G + sum_(t,b) x[t,b] g[t,b]
//
// behind the loop: one product that keeps a tile of G in registers over all iterations, where
// the loop reads and writes all of G in each. What the operands are in iteration t comes from
// tensors of which the loop takes slices, or from new ones in which it stores them.
//===----------------------------------------------------------------------===//

#include "Contraction.h"
#include "etrace/Conversion/Passes.h"
#include "etrace/Differentiation/Stack.h"
#include "etrace/Support/ByteWidth.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Remarks.h"

namespace etrace {
#define GEN_PASS_DEF_SINKACCUMULATIONSPASS
#include "etrace/Conversion/Passes.h.inc"
} // namespace etrace

using namespace mlir;
using namespace etrace;

namespace {
/// scale * t + offset, where t numbers the iterations.
struct Progress {
  int64_t scale, offset;
};

/// Where an operand of a sum is found behind the loop.
struct Operand {
  /// All iterations of it, along `dim`; or, without `dim`, the operand itself, always the same.
  Value value;
  std::optional<int64_t> dim;
};

/// What the iterations store of a value of the body, and the result of the loop that holds it.
struct Stored {
  Value value, all;
};

/// An operation that does nothing with a carried value but add to it.
struct Accumulation {
  linalg::GenericOp op;
  BlockArgument carried;
};

/// A loop of constant bounds, and what may go out of it.
class LoopSums {
public:
  LoopSums(IRRewriter &rewriter, scf::ForOp loop) : rewriter(rewriter), loop(loop) {}
  void sink();

private:
  std::optional<Accumulation> matchAccumulation(unsigned number);
  std::optional<Progress> getProgress(Value index);
  std::optional<Progress> getSliceProgress(Value value);
  bool isInvariant(Value value) { return loop.isDefinedOutsideOfLoop(value); }
  int64_t getKeptBytes();
  Stored *findStack(Value value);
  bool choose(Accumulation sum);
  void addStacks();
  Value buildPosition();
  Operand getOperand(Value value);
  Operand sliceAll(tensor::ExtractSliceOp slice, Progress progress);
  void emit(Accumulation sum);

  IRRewriter &rewriter;
  scf::ForOp loop;
  int64_t iterations = 0;
  /// Iterations are in the order of stacks, or in the opposite one.
  bool isForward = true;
  SmallVector<Accumulation> chosen;
  SmallVector<Stored> stacks;
  /// Bytes of what is stored, and of what may be.
  int64_t storedBytes = 0, budget = 0;
};
} // namespace

//===----------------------------------------------------------------------===//
// What may go out
//===----------------------------------------------------------------------===//

std::optional<Accumulation> LoopSums::matchAccumulation(unsigned number) {
  BlockArgument carried = loop.getRegionIterArg(number);
  Value next = loop.getYieldedValues()[number];
  auto op = next.getDefiningOp<linalg::GenericOp>();
  if (!op || op->getBlock() != loop.getBody() || !next.hasOneUse() || !carried.hasOneUse() ||
      !addsToDestination(op) || op.getDpsInits().front() != carried || op.hasIndexSemantics())
    return std::nullopt;
  for (Value operand : op->getOperands()) {
    auto type = dyn_cast<RankedTensorType>(operand.getType());
    if (type ? !type.hasStaticShape() : !isInvariant(operand))
      return std::nullopt;
  }
  return Accumulation{op, carried};
}

/// What an index is in each iteration, if sums and products of constants make it.
std::optional<Progress> LoopSums::getProgress(Value index) {
  if (std::optional<int64_t> constant = getConstantIntValue(index))
    return Progress{0, *constant};
  if (index == loop.getInductionVar())
    return Progress{*getConstantIntValue(loop.getStep()),
                    *getConstantIntValue(loop.getLowerBound())};
  Operation *op = index.getDefiningOp();
  if (!isa_and_nonnull<arith::AddIOp, arith::SubIOp, arith::MulIOp>(op))
    return std::nullopt;
  std::optional<Progress> a = getProgress(op->getOperand(0)), b = getProgress(op->getOperand(1));
  if (!a || !b)
    return std::nullopt;
  if (isa<arith::AddIOp>(op))
    return Progress{a->scale + b->scale, a->offset + b->offset};
  if (isa<arith::SubIOp>(op))
    return Progress{a->scale - b->scale, a->offset - b->offset};
  if (a->scale && b->scale)
    return std::nullopt;
  return Progress{a->scale * b->offset + b->scale * a->offset, a->offset * b->offset};
}

/// How a slice of a tensor from outside moves: one dynamic offset along a dimension that the
/// result drops, everything else constant.
std::optional<Progress> LoopSums::getSliceProgress(Value value) {
  auto slice = value.getDefiningOp<tensor::ExtractSliceOp>();
  if (!slice || !isInvariant(slice.getSource()) || !slice.getSourceType().hasStaticShape() ||
      slice.getOffsets().size() != 1 || !slice.getSizes().empty() || !slice.getStrides().empty())
    return std::nullopt;
  for (auto [dim, offset] : llvm::enumerate(slice.getStaticOffsets()))
    if (ShapedType::isDynamic(offset) && !slice.getDroppedDims().test(dim))
      return std::nullopt;
  std::optional<Progress> progress = getProgress(slice.getOffsets().front());
  return progress && progress->scale ? progress : std::nullopt;
}

/// What the iterations read of tensors from outside.
int64_t LoopSums::getKeptBytes() {
  int64_t bytes = 0;
  for (auto slice : loop.getBody()->getOps<tensor::ExtractSliceOp>())
    if (getSliceProgress(slice))
      bytes += iterations * slice.getType().getNumElements() *
               getByteWidth(slice.getType().getElementType());
  return bytes;
}

Stored *LoopSums::findStack(Value value) {
  auto *stack = llvm::find_if(stacks, [&](Stored stack) { return stack.value == value; });
  return stack == stacks.end() ? nullptr : stack;
}

/// Chooses a sum if the operands of an iteration are far fewer than what it is added to: they go to
/// memory and come back, while what is added to may stay in a cache. All that is stored is at most
/// twice what the loop reads of what was kept for it: memory stays of the order that it has, and a
/// loop that recomputes in order to keep little goes on so.
bool LoopSums::choose(Accumulation sum) {
  constexpr int64_t farFewer = 4;
  int64_t elements = 0, bytes = 0;
  llvm::SetVector<Value> stored;
  for (Value input : sum.op.getDpsInputs()) {
    if (isInvariant(input))
      continue;
    auto type = cast<RankedTensorType>(input.getType());
    elements += type.getNumElements();
    std::optional<Progress> progress = getSliceProgress(input);
    bool isRead = progress && (progress->scale > 0) == isForward;
    if (!isRead && !findStack(input) && stored.insert(input))
      bytes += iterations * type.getNumElements() * getByteWidth(type.getElementType());
  }
  int64_t total = cast<RankedTensorType>(sum.carried.getType()).getNumElements();
  if (farFewer * elements > total || storedBytes + bytes > budget)
    return false;
  storedBytes += bytes;
  for (Value value : stored)
    stacks.push_back({value, Value()});
  return true;
}

//===----------------------------------------------------------------------===//
// The loop that stores, and the sums behind it
//===----------------------------------------------------------------------===//

/// The number of an iteration along a stack.
Value LoopSums::buildPosition() {
  Location loc = loop.getLoc();
  Value position = rewriter.createOrFold<arith::SubIOp>(loc, loop.getInductionVar(),
                                                        loop.getLowerBound());
  if (getConstantIntValue(loop.getStep()) != 1)
    position = arith::DivUIOp::create(rewriter, loc, position, loop.getStep());
  if (isForward)
    return position;
  Value last = arith::ConstantIndexOp::create(rewriter, loc, iterations - 1);
  return arith::SubIOp::create(rewriter, loc, last, position);
}

/// Makes the loop carry the stacks, and no longer add to what is summed behind it.
void LoopSums::addStacks() {
  for (Accumulation sum : chosen)
    (*loop.getYieldedValuesMutable())[sum.carried.getArgNumber() - 1].set(sum.carried);
  if (stacks.empty())
    return;
  rewriter.setInsertionPoint(loop);
  Location loc = loop.getLoc();
  Value capacity = arith::ConstantIndexOp::create(rewriter, loc, iterations);
  SmallVector<Value> empty;
  for (const Stored &stack : stacks)
    empty.push_back(Stack::build(rewriter, loc, capacity, stack.value));
  auto storeAll = [&](OpBuilder &, Location, ArrayRef<BlockArgument> arguments) {
    SmallVector<Value> next;
    Value position = buildPosition();
    for (auto [stack, argument] : llvm::zip(stacks, arguments))
      next.push_back(Stack::store(rewriter, loc, argument, position, stack.value));
    return next;
  };
  // The body moves to another loop, which has arguments of its own.
  SmallVector<std::optional<unsigned>> arguments;
  for (const Stored &stack : stacks) {
    auto argument = dyn_cast<BlockArgument>(stack.value);
    arguments.push_back(argument ? std::optional(argument.getArgNumber()) : std::nullopt);
  }
  unsigned first = loop.getNumResults();
  loop = cast<scf::ForOp>(*loop.replaceWithAdditionalYields(
      rewriter, empty, /*replaceInitOperandUsesInLoop=*/false, storeAll));
  for (auto [number, stack] : llvm::enumerate(stacks)) {
    if (arguments[number])
      stack.value = loop.getBody()->getArgument(*arguments[number]);
    stack.all = loop.getResult(first + number);
  }
}

/// The slices of all iterations as one.
Operand LoopSums::sliceAll(tensor::ExtractSliceOp slice, Progress progress) {
  unsigned moving = 0;
  SmallVector<OpFoldResult> offsets = slice.getMixedOffsets(), sizes = slice.getMixedSizes(),
                            strides = slice.getMixedStrides();
  llvm::SmallBitVector dropped = slice.getDroppedDims();
  while (!ShapedType::isDynamic(slice.getStaticOffsets()[moving]))
    ++moving;
  int64_t last = progress.offset + (iterations - 1) * progress.scale;
  offsets[moving] = rewriter.getIndexAttr(std::min(progress.offset, last));
  sizes[moving] = rewriter.getIndexAttr(iterations);
  strides[moving] = rewriter.getIndexAttr(std::abs(progress.scale));
  dropped.reset(moving);
  SmallVector<int64_t> shape;
  int64_t dim = 0;
  for (unsigned d = 0; d < dropped.size(); ++d) {
    if (dropped.test(d))
      continue;
    if (d == moving)
      dim = shape.size();
    shape.push_back(*getConstantIntValue(sizes[d]));
  }
  auto type = RankedTensorType::get(shape, slice.getType().getElementType());
  Value all = tensor::ExtractSliceOp::create(rewriter, slice.getLoc(), type, slice.getSource(),
                                             offsets, sizes, strides);
  return {all, dim};
}

Operand LoopSums::getOperand(Value value) {
  if (isInvariant(value))
    return {value, std::nullopt};
  if (Stored *stack = findStack(value))
    return {stack->all, 0};
  return sliceAll(value.getDefiningOp<tensor::ExtractSliceOp>(), *getSliceProgress(value));
}

/// The operation again behind the loop, with the iterations as its outermost dimension.
void LoopSums::emit(Accumulation sum) {
  linalg::GenericOp op = sum.op;
  unsigned number = sum.carried.getArgNumber() - 1;
  rewriter.setInsertionPointAfter(loop);
  MLIRContext *context = op.getContext();
  AffineExpr iteration = getAffineDimExpr(0, context);
  SmallVector<AffineMap> maps;
  SmallVector<Value> inputs;
  for (OpOperand &use : op->getOpOperands()) {
    AffineMap map = op.getMatchingIndexingMap(&use).shiftDims(1);
    if (!op.isDpsInit(&use)) {
      Operand operand = getOperand(use.get());
      if (operand.dim)
        map = map.insertResult(iteration, *operand.dim);
      inputs.push_back(operand.value);
    }
    maps.push_back(map);
  }
  SmallVector<utils::IteratorType> iterators = op.getIteratorTypesArray();
  iterators.insert(iterators.begin(), utils::IteratorType::reduction);
  auto sunk = linalg::GenericOp::create(rewriter, op.getLoc(), op->getResultTypes(), inputs,
                                        loop.getInitArgs()[number], maps, iterators);
  rewriter.inlineRegionBefore(op.getRegion(), sunk.getRegion(), sunk.getRegion().begin());
  rewriter.replaceAllUsesWith(loop.getResult(number), sunk.getResult(0));
  rewriter.eraseOp(op);
}

void LoopSums::sink() {
  std::optional<llvm::APInt> count = loop.getStaticTripCount();
  if (!count || !count->ugt(1) || !getConstantIntValue(loop.getLowerBound()) ||
      !getConstantIntValue(loop.getStep()))
    return;
  iterations = count->getSExtValue();
  budget = 2 * getKeptBytes();
  for (unsigned number = 0; number < loop.getNumRegionIterArgs(); ++number) {
    std::optional<Accumulation> sum = matchAccumulation(number);
    if (!sum)
      continue;
    if (chosen.empty())
      for (Value input : llvm::reverse(sum->op.getDpsInputs()))
        if (std::optional<Progress> progress = getSliceProgress(input))
          isForward = progress->scale > 0;
    if (choose(*sum))
      chosen.push_back(*sum);
  }
  if (chosen.empty())
    return;
  remark::passed(loop.getLoc(),
                 remark::RemarkOpts::name("accumulation-sunk").category("etrace-lowering"))
      << "carried values that are summed behind this loop: " + std::to_string(chosen.size()) +
             "; it stores " + std::to_string(storedBytes) +
             " bytes for them [accumulation-sunk]";
  SmallVector<unsigned> numbers;
  for (Accumulation sum : chosen)
    numbers.push_back(sum.carried.getArgNumber());
  addStacks();
  for (auto [sum, number] : llvm::zip(chosen, numbers)) {
    sum.carried = loop.getBody()->getArgument(number);
    emit(sum);
  }
}

namespace {
struct SinkAccumulations : etrace::impl::SinkAccumulationsPassBase<SinkAccumulations> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    SmallVector<scf::ForOp> loops;
    getOperation()->walk([&](scf::ForOp loop) { loops.push_back(loop); });
    for (scf::ForOp loop : loops)
      LoopSums(rewriter, loop).sink();
  }
};
} // namespace
