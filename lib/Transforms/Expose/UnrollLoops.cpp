//===- UnrollLoops.cpp - Loops that contain primitives --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The turns of a loop are written one after the other. Where it is not known how many there are but
// that there are at most n, turn k is a branch: what is carried keeps its value as soon as the loop
// has ended.
//===----------------------------------------------------------------------===//

#include "Expose.h"

#include "etrace/Interfaces/Contraction.h"
#include "etrace/Interfaces/DifferentiationInterfaces.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace etrace;

namespace {
using Values = SmallVector<Value>;

class LoopUnroller {
public:
  LoopUnroller(StepOp step, int64_t limit) : step(step), limit(limit) {
    step.walk([&](ETPOpInterface primitive) {
      if (StringAttr id = primitive.getPrimitiveId())
        ids.insert(id.getValue());
    });
  }

  LogicalResult run() {
    while (Operation *op = findNext())
      if (failed(expose(op)))
        return failure();
    return success();
  }

private:
  Operation *findNext();
  LogicalResult expose(Operation *op);
  LogicalResult unroll(scf::ForOp loop);
  LogicalResult unroll(scf::WhileOp loop);
  Values unrollCounted(OpBuilder &builder, scf::ForOp loop, int64_t trips);
  Values unrollBounded(OpBuilder &builder, scf::ForOp loop, int64_t trips);
  Values unrollBounded(OpBuilder &builder, scf::WhileOp loop, int64_t trips);
  FailureOr<int64_t> getTrips(Operation *loop, std::optional<int64_t> known);
  Values cloneBody(OpBuilder &builder, Block &body, ValueRange arguments);
  void rename(Operation *op);

  StepOp step;
  int64_t limit;
  /// The turn that is being written, and of how many.
  int64_t turn = 0, turns = 0;
  llvm::StringSet<> ids;
};
} // namespace

/// The region that a branch takes, if that is known.
static Region *getTakenRegion(Operation *op) {
  APInt value;
  if (auto branch = dyn_cast<scf::IfOp>(op))
    if (matchPattern(branch.getCondition(), m_ConstantInt(&value)))
      return value.isZero() ? &branch.getElseRegion() : &branch.getThenRegion();
  auto choice = dyn_cast<scf::IndexSwitchOp>(op);
  if (!choice || !matchPattern(choice.getArg(), m_ConstantInt(&value)))
    return nullptr;
  for (auto [number, listed] : llvm::enumerate(choice.getCases()))
    if (listed == value.getSExtValue())
      return &choice.getCaseRegions()[number];
  return &choice.getDefaultRegion();
}

/// The outermost loop or decided branch that contains a primitive.
Operation *LoopUnroller::findNext() {
  Operation *found = nullptr;
  step.getBody().walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (!op->getNumRegions() || !containsPrimitive(op))
      return WalkResult::skip();
    if (!isa<scf::ForOp, scf::WhileOp>(op) && !getTakenRegion(op))
      return WalkResult::advance();
    found = op;
    return WalkResult::interrupt();
  });
  return found;
}

/// Replaces a branch by the region that it takes.
static void takeBranch(Operation *op, Region &taken) {
  if (!taken.empty()) {
    Operation *end = taken.front().getTerminator();
    for (Operation &nested : llvm::make_early_inc_range(taken.front().without_terminator()))
      nested.moveBefore(op);
    op->replaceAllUsesWith(end->getOperands());
  }
  op->erase();
}

LogicalResult LoopUnroller::expose(Operation *op) {
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return unroll(loop);
  if (auto loop = dyn_cast<scf::WhileOp>(op))
    return unroll(loop);
  takeBranch(op, *getTakenRegion(op));
  return success();
}

/// How many turns to write.
FailureOr<int64_t> LoopUnroller::getTrips(Operation *loop, std::optional<int64_t> known) {
  auto promised = loop->getAttrOfType<IntegerAttr>(kMaxTripsAttr);
  if (!known && !promised) {
    InFlightDiagnostic diag = loop->emitError()
                              << "'" << loop->getName()
                              << "' of unknown length contains an ETP primitive, which has a trace "
                                 "only where it runs once in every step "
                                 "[primitive-in-unbounded-loop]";
    diag.attachNote() << "promise at most n turns by " << kMaxTripsAttr
                      << " = n : i64, give the loop constant bounds, or move "
                         "the primitive out";
    return diag;
  }
  int64_t trips = known ? *known : promised.getInt();
  if (trips > limit) {
    InFlightDiagnostic diag = loop->emitError()
                              << "'" << loop->getName() << "' of " << trips
                              << " turns contains an ETP primitive; loops of at most " << limit
                              << " turns are unrolled [primitive-in-long-loop]";
    diag.attachNote() << "set unroll-limit=" << trips
                      << " for a trace of every turn, or move the primitive out of the loop";
    return diag;
  }
  remarkExposed(loop, "scan-unrolled",
                "loop with primitives written as " + Twine(trips) + " turns");
  return trips;
}

/// matmul0 in the second turn is matmul0.1.
void LoopUnroller::rename(Operation *op) {
  if (turns == 1)
    return;
  op->walk([&](ETPOpInterface primitive) {
    if (!primitive.getPrimitiveId())
      return;
    std::string id = (primitive.getPrimitiveId().getValue() + "." + Twine(turn)).str();
    while (!ids.insert(id).second)
      id += "_";
    primitive.setPrimitiveId(StringAttr::get(op->getContext(), id));
  });
}

/// Clones a body as this turn; what it does with integers that are known is known.
Values LoopUnroller::cloneBody(OpBuilder &builder, Block &body, ValueRange arguments) {
  IRMapping mapping;
  mapping.map(body.getArguments(), arguments);
  for (Operation &op : body.without_terminator()) {
    Operation *clone = builder.clone(op, mapping);
    rename(clone);
    Values folded;
    bool counts =
        llvm::all_of(clone->getResultTypes(), [](Type type) { return type.isIntOrIndex(); });
    if (!counts || failed(builder.tryFold(clone, folded)) || folded.empty())
      continue;
    mapping.map(op.getResults(), folded);
    clone->erase();
  }
  return llvm::map_to_vector(body.getTerminator()->getOperands(),
                             [&](Value value) { return mapping.lookupOrDefault(value); });
}

static Value buildNext(OpBuilder &builder, scf::ForOp loop, Value induction) {
  return builder.createOrFold<arith::AddIOp>(loop.getLoc(), induction, loop.getStep());
}

/// NaN for what a loop returns if it has not ended after all.
static void buildPromise(OpBuilder &builder, Location loc, Value continues, Values &results) {
  for (Value &result : results) {
    if (!isFloatLike(result))
      continue;
    Value broken =
        buildConstantLike(builder, loc, result, std::numeric_limits<double>::quiet_NaN());
    result = arith::SelectOp::create(builder, loc, continues, broken, result);
  }
}

Values LoopUnroller::unrollCounted(OpBuilder &builder, scf::ForOp loop, int64_t trips) {
  Value induction = loop.getLowerBound();
  Values carried(loop.getInits());
  for (turn = 0, turns = trips; turn < turns; ++turn) {
    Values arguments = {induction};
    llvm::append_range(arguments, carried);
    carried = cloneBody(builder, *loop.getBody(), arguments);
    induction = buildNext(builder, loop, induction);
  }
  return carried;
}

/// Builds one turn, taken while `continues`: `fill` returns what the carried values become.
static Values buildTurn(OpBuilder &builder, Location loc, Value continues, ValueRange carried,
                        function_ref<Values(OpBuilder &)> fill) {
  auto branch = scf::IfOp::create(builder, loc, carried.getTypes(), continues,
                                  /*withElseRegion=*/true);
  OpBuilder then = OpBuilder::atBlockEnd(branch.thenBlock());
  Values next = fill(then);
  scf::YieldOp::create(then, loc, next);
  OpBuilder otherwise = OpBuilder::atBlockEnd(branch.elseBlock());
  scf::YieldOp::create(otherwise, loc, carried);
  return Values(branch.getResults());
}

Values LoopUnroller::unrollBounded(OpBuilder &builder, scf::ForOp loop, int64_t trips) {
  Location loc = loop.getLoc();
  auto predicate = loop.getUnsignedCmp() ? arith::CmpIPredicate::ult : arith::CmpIPredicate::slt;
  Value induction = loop.getLowerBound(), continues;
  Values carried(loop.getInits());
  for (turn = 0, turns = trips; turn < turns; ++turn) {
    continues = arith::CmpIOp::create(builder, loc, predicate, induction, loop.getUpperBound());
    Values arguments = {induction};
    llvm::append_range(arguments, carried);
    carried = buildTurn(builder, loc, continues, carried, [&](OpBuilder &then) {
      return cloneBody(then, *loop.getBody(), arguments);
    });
    induction = buildNext(builder, loop, induction);
  }
  continues = arith::CmpIOp::create(builder, loc, predicate, induction, loop.getUpperBound());
  buildPromise(builder, loc, continues, carried);
  return carried;
}

/// Carries the condition, then the values that the region before it forwards.
Values LoopUnroller::unrollBounded(OpBuilder &builder, scf::WhileOp loop, int64_t trips) {
  turn = 0, turns = trips + 1;
  Values carried = cloneBody(builder, *loop.getBeforeBody(), loop.getInits());
  while (++turn < turns) {
    Value continues = carried.front();
    carried = buildTurn(builder, loop.getLoc(), continues, carried, [&](OpBuilder &then) {
      Values next = cloneBody(then, *loop.getAfterBody(), ValueRange(carried).drop_front());
      return cloneBody(then, *loop.getBeforeBody(), next);
    });
  }
  Values results(llvm::drop_begin(carried));
  buildPromise(builder, loop.getLoc(), carried.front(), results);
  return results;
}

LogicalResult LoopUnroller::unroll(scf::ForOp loop) {
  std::optional<int64_t> known;
  if (std::optional<APInt> trips = loop.getStaticTripCount())
    known = trips->getActiveBits() < 63 ? trips->getZExtValue() : INT64_MAX;
  FailureOr<int64_t> trips = getTrips(loop, known);
  if (failed(trips))
    return failure();
  OpBuilder builder(loop);
  loop.replaceAllUsesWith(known ? unrollCounted(builder, loop, *trips)
                                : unrollBounded(builder, loop, *trips));
  loop.erase();
  return success();
}

LogicalResult LoopUnroller::unroll(scf::WhileOp loop) {
  FailureOr<int64_t> trips = getTrips(loop, std::nullopt);
  if (failed(trips))
    return failure();
  OpBuilder builder(loop);
  loop.replaceAllUsesWith(unrollBounded(builder, loop, *trips));
  loop.erase();
  return success();
}

LogicalResult etrace::unrollLoops(StepOp step, int64_t limit) {
  return LoopUnroller(step, limit).run();
}
