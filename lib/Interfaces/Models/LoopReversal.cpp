//===- LoopReversal.cpp - Reverse mode of loops ---------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "BodyFirstGeneric.h"
#include "Loops.h"
#include "etrace/Differentiation/Transpose.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

#include <cmath>

using namespace mlir;
using namespace etrace;
using namespace etrace::detail;

LoopReversal::LoopReversal(scf::ForOp loop, OpBuilder &builder, CotangentMap &cotangents)
    : loop(loop), loc(loop.getLoc()), builder(builder), cotangents(cotangents),
      linear(loop.getNumRegionIterArgs()), swept(linear.size()), residual(linear.size()) {
  for (auto [number, argument] : llvm::enumerate(loop.getRegionIterArgs()))
    if (cotangents.isLinear(argument))
      linear.set(number);
  for (Value value : getCaptured(loop))
    if (cotangents.isLinear(value))
      captured.push_back(value);
  if (std::optional<APInt> trips = loop.getStaticTripCount())
    staticTrips = trips->getSExtValue();
  if (auto bound = loop->getAttrOfType<IntegerAttr>(kMaxTripsAttr))
    maxTrips = bound.getInt();
}

/// Cotangents and stacks have the extents of the first iteration, and what is swept does not
/// read those of linear values.
LogicalResult LoopReversal::verifyExtents() {
  auto emit = [&](Type type) {
    return loop.emitError() << "no transpose rule for '" << loop->getName() << "' that carries "
                            << type << ", whose extents may change from one iteration to the next; "
                               "expected static extents [no-transpose-rule]";
  };
  for (auto [number, argument] : llvm::enumerate(loop.getRegionIterArgs()))
    if ((linear.test(number) || swept.test(number)) &&
        !keepsExtents(argument, loop.getYieldedValues()[number]))
      return emit(argument.getType());
  for (Value argument : select(loop.getRegionIterArgs(), linear))
    if (readsInSlice(*loop.getBody(), select(loop.getYieldedValues(), swept), argument))
      return emit(argument.getType());
  return success();
}

Value LoopReversal::index(OpBuilder &b, int64_t value) const {
  return arith::ConstantIndexOp::create(b, loc, value);
}

/// ceil((upper - lower) / step), 0 if upper <= lower.
Value LoopReversal::buildTripCount() {
  if (staticTrips)
    return index(builder, *staticTrips);
  Value lower = loop.getLowerBound(), upper = loop.getUpperBound(), step = loop.getStep();
  auto predicate =
      loop.getUnsignedCmp() ? arith::CmpIPredicate::ult : arith::CmpIPredicate::slt;
  Type type = lower.getType();
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantOp::create(builder, loc, builder.getIntegerAttr(type, value));
  };
  Value runs = arith::CmpIOp::create(builder, loc, predicate, lower, upper);
  Value last = arith::SubIOp::create(
      builder, loc, arith::SubIOp::create(builder, loc, upper, lower), constant(1));
  Value trips = arith::AddIOp::create(
      builder, loc, arith::DivUIOp::create(builder, loc, last, step), constant(1));
  trips = arith::SelectOp::create(builder, loc, runs, trips, constant(0));
  if (!type.isIndex())
    trips = arith::IndexCastUIOp::create(builder, loc, builder.getIndexType(), trips);
  if (maxTrips) {
    Value holds = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ule, trips,
                                        index(builder, *maxTrips));
    cf::AssertOp::create(builder, loc, holds,
                         "a loop runs more often than its etrace.max_trips says");
  }
  return trips;
}

Value LoopReversal::buildInduction(OpBuilder &b, Value k) {
  Value step = loop.getStep();
  if (!step.getType().isIndex())
    k = arith::IndexCastUIOp::create(b, loc, step.getType(), k);
  Value distance = matchPattern(step, m_One())
                       ? k
                       : Value(arith::MulIOp::create(b, loc, k, step));
  return matchPattern(loop.getLowerBound(), m_Zero())
             ? distance
             : Value(arith::AddIOp::create(b, loc, loop.getLowerBound(), distance));
}

SmallVector<Value> LoopReversal::sweep(OpBuilder &b, Value base, Value count, ValueRange starts,
                                       Value capacity) {
  Values inits(starts), arguments = select(loop.getRegionIterArgs(), swept);
  Values kept = capacity ? getKept() : Values();
  if (arguments.empty() && kept.empty())
    return {};
  for (Value value : kept) {
    // A carried value has the extents that it starts with.
    auto carried = dyn_cast<BlockArgument>(value);
    Value like = carried ? loop.getTiedLoopInit(carried)->get() : value;
    inits.push_back(Stack::build(b, loc, capacity, like));
  }
  auto body = [&](OpBuilder &inner, Location, Value position, ValueRange carried) {
    IRMapping mapping;
    Value k = arith::AddIOp::create(inner, loc, base, position);
    mapping.map(loop.getInductionVar(), buildInduction(inner, k));
    mapping.map(arguments, carried.take_front(arguments.size()));
    Values wanted = select(loop.getYieldedValues(), swept);
    llvm::append_range(wanted, kept);
    Values values = cloneSlice(inner, *loop.getBody(), wanted, mapping);
    Values next(ArrayRef(values).take_front(arguments.size()));
    for (auto [stack, value] : llvm::zip(carried.drop_front(arguments.size()),
                                         ArrayRef(values).drop_front(arguments.size())))
      next.push_back(Stack::store(inner, loc, stack, position, value));
    scf::YieldOp::create(inner, loc, next);
  };
  auto run = scf::ForOp::create(b, loc, index(b, 0), count, index(b, 1), inits, body);
  return Values(run.getResults());
}

FailureOr<SmallVector<Value>> LoopReversal::reverseBody(OpBuilder &b, Value k, ValueRange kept,
                                                        ArrayRef<Value> incoming,
                                                        ArrayRef<Value> totals) {
  Block &block = *b.getInsertionBlock();
  IRMapping mapping;
  mapping.map(loop.getInductionVar(), buildInduction(b, k));
  mapping.map(getKept(), kept);
  // The linear values themselves are not computed: stand-ins for as long as it takes to
  // transpose. Their extents, all that may be read of them, are those of the cotangents.
  Values inputs;
  unsigned first = block.getNumArguments();
  for (Value argument : select(loop.getRegionIterArgs(), linear)) {
    inputs.push_back(block.addArgument(argument.getType(), loc));
    mapping.map(argument, inputs.back());
  }
  llvm::append_range(inputs, captured);
  Values starts(incoming.size());
  llvm::append_range(starts, totals);
  FailureOr<Values> result =
      transposeBody(b, *loop.getBody(), inputs, select(loop.getYieldedValues(), linear), incoming,
                    mapping, cotangents.getContext(), starts);
  if (failed(result))
    return failure();
  for (auto [number, cotangent] : llvm::enumerate(incoming))
    if (cotangent)
      block.getArgument(first + number).replaceAllUsesWith(cotangent);
  block.eraseArguments(first, incoming.size());
  return result;
}

/// l is zero until a cotangent of a result or of a later iteration reaches it.
void LoopReversal::findLiveCotangents(ValueRange resultCotangents) {
  liveCarries.resize(linear.count());
  liveCaptured.resize(captured.size());
  Values arguments = select(loop.getRegionIterArgs(), linear);
  Values yields = select(loop.getYieldedValues(), linear), inputs = arguments;
  llvm::append_range(inputs, captured);
  for (auto [live, number] : llvm::enumerate(linear.set_bits())) {
    auto type = dyn_cast<RankedTensorType>(loop.getResult(number).getType());
    if (resultCotangents[number] || (type && !type.hasStaticShape()))
      liveCarries.set(live);
  }
  for (bool changed = true; changed;) {
    changed = false;
    DenseSet<Value> reached = findLive(*loop.getBody(), inputs, select(yields, liveCarries));
    for (auto [number, argument] : llvm::enumerate(arguments))
      if (reached.contains(argument) && !liveCarries.test(number)) {
        liveCarries.set(number);
        changed = true;
      }
    for (auto [number, value] : llvm::enumerate(captured))
      if (reached.contains(value))
        liveCaptured.set(number);
  }
}

FailureOr<SmallVector<Value>> LoopReversal::reverse(OpBuilder &b, Value base, Value count,
                                                    ValueRange incoming, Load load) {
  Value one = index(b, 1);
  auto result = scf::ForOp::create(b, loc, index(b, 0), count, one, incoming);
  OpBuilder inner = atBlockEnd(loop.getContext(), result.getBody());
  Value left = arith::SubIOp::create(inner, loc, count, result.getInductionVar());
  Value position = arith::SubIOp::create(inner, loc, left, one);
  Value k = arith::AddIOp::create(inner, loc, base, position);
  Values residuals = load(inner, position);
  Values carried(result.getRegionIterArgs().begin(), result.getRegionIterArgs().end());
  Values cotangents(liveCarries.size());
  for (auto [next, live] : llvm::enumerate(liveCarries.set_bits()))
    cotangents[live] = carried[next];
  Values totals(captured.size());
  for (auto [number, live] : llvm::enumerate(liveCaptured.set_bits()))
    totals[live] = carried[liveCarries.count() + number];
  FailureOr<Values> outgoing = reverseBody(inner, k, residuals, cotangents, totals);
  if (failed(outgoing))
    return failure();
  Values yields;
  for (unsigned live : liveCarries.set_bits()) {
    Value value = (*outgoing)[live];
    yields.push_back(value ? value : buildZerosLike(inner, loc, cotangents[live]));
  }
  for (unsigned live : liveCaptured.set_bits())
    yields.push_back((*outgoing)[liveCarries.size() + live]);
  scf::YieldOp::create(inner, loc, yields);
  eraseDead(*result.getBody(), this->cotangents.getContext().scope);
  return Values(result.getResults());
}

/// Keeps the residuals of all iterations.
FailureOr<SmallVector<Value>> LoopReversal::reverseAll(Value trips, ValueRange incoming) {
  Value zero = index(builder, 0);
  Value capacity = maxTrips && !staticTrips ? index(builder, *maxTrips) : trips;
  Values kept = sweep(builder, zero, trips, select(loop.getInitArgs(), swept), capacity);
  return reverse(builder, zero, trips, incoming, loadFrom(kept));
}

/// Reads residuals from the stacks that a sweep has left.
std::function<SmallVector<Value>(OpBuilder &, Value)> LoopReversal::loadFrom(Values kept) {
  return [this, kept = std::move(kept)](OpBuilder &b, Value position) {
    Values values;
    for (auto [number, like] : llvm::enumerate(getKept()))
      values.push_back(
          Stack::load(b, loc, kept[swept.count() + number], position, like.getType()));
    return values;
  };
}

/// Computes n_k from n_0 for every k.
FailureOr<SmallVector<Value>> LoopReversal::reverseFromStart(Value trips, ValueRange incoming) {
  Value zero = index(builder, 0);
  Values starts = select(loop.getInitArgs(), swept);
  auto load = [&](OpBuilder &b, Value position) {
    Values values = sweep(b, zero, position, starts, {});
    Values residuals;
    for (auto [number, carried] : llvm::enumerate(swept.set_bits()))
      if (residual.test(carried))
        residuals.push_back(values[number]);
    return residuals;
  };
  return reverse(builder, zero, trips, incoming, load);
}

/// The chunks of about sqrt(n) iterations into which n iterations are cut.
struct LoopReversal::Chunks {
  Value length, number, trips;
  /// The first iteration of a chunk, and how many it has.
  std::pair<Value, Value> get(OpBuilder &b, Location loc, Value chunk) const {
    Value base = arith::MulIOp::create(b, loc, chunk, length);
    Value left = arith::SubIOp::create(b, loc, trips, base);
    return {base, arith::MinUIOp::create(b, loc, length, left)};
  }
};

LoopReversal::Chunks LoopReversal::buildChunks(Value trips) {
  Chunks chunks{{}, {}, trips};
  if (staticTrips) {
    int64_t length = getChunkLength(*staticTrips);
    chunks.length = index(builder, length);
    chunks.number = index(builder, llvm::divideCeil(*staticTrips, length));
    return chunks;
  }
  Type integer = builder.getI64Type(), real = builder.getF64Type();
  Value n = arith::IndexCastOp::create(builder, loc, integer, trips);
  Value root = math::SqrtOp::create(builder, loc,
                                    arith::UIToFPOp::create(builder, loc, real, n));
  Value rounded = arith::FPToUIOp::create(builder, loc, integer, root);
  Value one = index(builder, 1);
  chunks.length = arith::AddIOp::create(
      builder, loc, arith::IndexCastOp::create(builder, loc, builder.getIndexType(), rounded),
      one);
  Value last = arith::AddIOp::create(
      builder, loc, trips, arith::SubIOp::create(builder, loc, chunks.length, one));
  chunks.number = arith::DivUIOp::create(builder, loc, last, chunks.length);
  return chunks;
}

/// Runs over all chunks; keeps what is swept at the beginning of each.
SmallVector<Value> LoopReversal::sweepChunks(const Chunks &chunks) {
  Values inits = select(loop.getInitArgs(), swept);
  unsigned number = inits.size();
  for (Value start : select(loop.getInitArgs(), swept))
    inits.push_back(Stack::build(builder, loc, chunks.number, start));
  auto body = [&](OpBuilder &b, Location, Value chunk, ValueRange carried) {
    auto [base, count] = chunks.get(b, loc, chunk);
    Values next = sweep(b, base, count, carried.take_front(number), {});
    for (auto [value, stack] : llvm::zip(carried, carried.drop_front(number)))
      next.push_back(Stack::store(b, loc, stack, chunk, value));
    scf::YieldOp::create(b, loc, next);
  };
  auto run = scf::ForOp::create(builder, loc, index(builder, 0), chunks.number,
                                index(builder, 1), inits, body);
  return Values(run.getResults().drop_front(number));
}

/// Keeps what is swept at the beginning of each chunk; from there, the residuals of one chunk
/// at a time.
FailureOr<SmallVector<Value>> LoopReversal::reverseInChunks(Value trips, ValueRange incoming) {
  Chunks chunks = buildChunks(trips);
  Values kept = sweepChunks(chunks);
  Value one = index(builder, 1);
  auto result =
      scf::ForOp::create(builder, loc, index(builder, 0), chunks.number, one, incoming);
  OpBuilder inner = atBlockEnd(loop.getContext(), result.getBody());
  Value left = arith::SubIOp::create(inner, loc, chunks.number, result.getInductionVar());
  Value chunk = arith::SubIOp::create(inner, loc, left, one);
  auto [base, count] = chunks.get(inner, loc, chunk);
  Values starts;
  for (auto [stack, like] : llvm::zip(kept, select(loop.getRegionIterArgs(), swept)))
    starts.push_back(Stack::load(inner, loc, stack, chunk, like.getType()));
  FailureOr<Values> outgoing = reverse(inner, base, count, result.getRegionIterArgs(),
                                       loadFrom(sweep(inner, base, count, starts, chunks.length)));
  if (failed(outgoing))
    return failure();
  scf::YieldOp::create(inner, loc, *outgoing);
  return Values(result.getResults());
}

LogicalResult LoopReversal::run(ValueRange resultCotangents) {
  findResiduals(linear);
  if (failed(verifyExtents()))
    return failure();
  findLiveCotangents(resultCotangents);
  llvm::BitVector live(linear.size());
  for (unsigned number : liveNumbers())
    live.set(number);
  findResiduals(live);
  Values incoming;
  for (unsigned number : liveNumbers())
    incoming.push_back(resultCotangents[number]
                           ? resultCotangents[number]
                           : buildZerosLike(builder, loc, loop.getInitArgs()[number]));
  for (Value value : select(captured, liveCaptured)) {
    Value total = cotangents.lookup(value);
    incoming.push_back(total ? total : buildZerosLike(builder, loc, value));
  }
  Value trips = buildTripCount();
  CheckpointPolicy policy = cotangents.getContext().checkpoint;
  if (auto own = loop->getAttrOfType<CheckpointPolicyAttr>(kCheckpointAttr))
    policy = own.getValue();
  FailureOr<Values> outgoing = failure();
  bool keeps = policy != CheckpointPolicy::none;
  if (keeps)
    findKept(live);
  if (!keeps || getKept().empty())
    outgoing = reverseFromStart(trips, incoming);
  else if (policy == CheckpointPolicy::sqrt)
    outgoing = reverseInChunks(trips, incoming);
  else
    outgoing = reverseAll(trips, incoming);
  if (failed(outgoing))
    return failure();
  reportKept(policy);
  // The totals of captured values first: what a loop starts from may be one of them.
  SmallVector<unsigned> numbers = liveNumbers();
  ArrayRef<Value> totals = ArrayRef(*outgoing).drop_front(numbers.size());
  for (auto [value, total] : llvm::zip_equal(select(captured, liveCaptured), totals))
    cotangents.set(value, total);
  for (auto [number, cotangent] : llvm::zip(numbers, *outgoing))
    cotangents.accumulate(builder, loop.getInitArgs()[number], cotangent);
  return success();
}

SmallVector<unsigned> LoopReversal::liveNumbers() const {
  SmallVector<unsigned> numbers;
  for (auto [live, number] : llvm::enumerate(linear.set_bits()))
    if (liveCarries.test(live))
      numbers.push_back(number);
  return numbers;
}

//===----------------------------------------------------------------------===//
// What is kept
//===----------------------------------------------------------------------===//

int64_t LoopReversal::getChunkLength(int64_t trips) {
  return std::max<int64_t>(1, std::ceil(std::sqrt(double(trips))));
}
