//===- While.cpp - Models of scf.while ------------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The tangent of a `while` carries tangents beside the values that it carries already. In
// reverse mode its iterations are counted first; the linear program is then a `for` over
// that count, whose body is the region before the condition and the one after it, followed
// by the region before the condition once more.
//===----------------------------------------------------------------------===//

#include "BodyFirstGeneric.h"
#include "Loops.h"
#include "etrace/Differentiation/Transpose.h"

using namespace mlir;
using namespace etrace;
using namespace etrace::detail;

namespace {
using Values = SmallVector<Value>;

/// The derivative of a `while`, built for one guess of what is active.
class TangentWhile {
public:
  TangentWhile(scf::WhileOp loop, const TangentMap &tangents)
      : loop(loop), tangents(tangents), carried(loop.getInits().size()),
        forwarded(loop.getNumResults()), detached(loop.getLoc(), 2), before(detached[0]),
        after(detached[1]) {
    addActive(carried, llvm::map_to_vector(loop.getInits(),
                                           [&](Value v) { return tangents.lookup(v); }));
  }

  /// Derives both regions until what is active no longer grows.
  LogicalResult derive() {
    do {
      ValueRange condition = loop.getConditionOp().getArgs();
      if (failed(deriveRegion(loop.getBefore(), before, carried, condition, first)))
        return failure();
      addActive(forwarded, first.tangents);
      if (failed(deriveRegion(loop.getAfter(), after, forwarded, loop.getYieldedValues(), second)))
        return failure();
    } while (addActive(carried, second.tangents));
    return success();
  }

  void build(OpBuilder &builder, SmallVectorImpl<Value> &out) {
    Location loc = loop.getLoc();
    out.resize(forwarded.size());
    if (forwarded.none())
      return;
    OpBuilder inner = atBlockEnd(loop.getContext(), &before.front());
    Values arguments = join(inner, first, forwarded);
    scf::ConditionOp::create(inner, loc, test, arguments);
    inner.setInsertionPointToEnd(&after.front());
    scf::YieldOp::create(inner, loc, join(inner, second, carried));
    Values inits(loop.getInits());
    llvm::append_range(inits, getTangents(builder, loop.getInits(), tangents, carried));
    auto result = scf::WhileOp::create(builder, loc, TypeRange(ValueRange(arguments)), inits,
                                       loop->getDiscardableAttrDictionary().getValue());
    result.getBefore().takeBody(before);
    result.getAfter().takeBody(after);
    for (auto [number, tangent] : llvm::enumerate(forwarded.set_bits()))
      out[tangent] = result.getResult(forwarded.size() + number);
  }

private:
  LogicalResult deriveRegion(Region &source, Region &target, const llvm::BitVector &active,
                             ValueRange values, DerivedBody &derived) {
    target.dropAllReferences();
    target.getBlocks().clear();
    Block &block = target.emplaceBlock();
    IRMapping mapping;
    TangentMap inside = getCapturedTangents(loop, tangents);
    addArguments(block, source.getArguments(), active, mapping, inside);
    OpBuilder inner = atBlockEnd(loop.getContext(), &block);
    FailureOr<DerivedBody> result =
        linearizeBody(inner, source.front(), values, mapping, inside);
    if (failed(result))
      return failure();
    derived = *result;
    if (&source == &loop.getBefore())
      test = mapping.lookupOrDefault(loop.getConditionOp().getCondition());
    return success();
  }

  Values join(OpBuilder &builder, const DerivedBody &derived, const llvm::BitVector &active) {
    Values values = derived.primals;
    for (unsigned number : active.set_bits()) {
      Value tangent = derived.tangents[number];
      values.push_back(tangent ? tangent
                               : buildZerosLike(builder, loop.getLoc(), derived.primals[number]));
    }
    return values;
  }

  scf::WhileOp loop;
  const TangentMap &tangents;
  llvm::BitVector carried, forwarded;
  DetachedRegions detached;
  Region &before, &after;
  DerivedBody first, second;
  Value test;
};

struct WhileModel : LinearizableOpInterface::ExternalModel<WhileModel, scf::WhileOp> {
  LogicalResult linearize(Operation *op, OpBuilder &builder, const TangentMap &tangents,
                          SmallVectorImpl<Value> &out) const {
    if (failed(verifyNoSideEffects(op, tangents.getContext().scope)))
      return failure();
    TangentWhile tangent(cast<scf::WhileOp>(op), tangents);
    if (failed(tangent.derive()))
      return failure();
    tangent.build(builder, out);
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Reverse mode
//===----------------------------------------------------------------------===//

/// A `while` that is linear in some of the values that it carries, as a `for`.
class BoundedWhile {
public:
  BoundedWhile(scf::WhileOp loop, OpBuilder &builder, CotangentMap &cotangents)
      : loop(loop), loc(loop.getLoc()), builder(builder), cotangents(cotangents),
        linear(loop.getInits().size()), detached(loc), iteration(detached[0]) {
    for (auto [number, argument] : llvm::enumerate(loop.getBeforeArguments()))
      if (cotangents.isLinear(argument))
        linear.set(number);
    other = linear;
    other.flip();
    buildIteration();
  }

  LogicalResult transpose(ValueRange results) {
    // What the condition and the other values read of linear ones is not theirs to compute.
    if (readsInSlice(iteration.front(), select(next, other),
                     select(iteration.getArguments(), linear)) ||
        readsInSlice(*loop.getBeforeBody(), loop.getConditionOp().getCondition(),
                     select(loop.getBeforeArguments(), linear)))
      return emitExtents();
    count();
    DetachedRegions detached(loc);
    Block &block = detached[0].emplaceBlock();
    OpBuilder staging = atBlockEnd(loop.getContext(), &block);
    Values outputs = buildProgram(staging);
    SetVector<Value> inputs;
    for (Value read : getReads(loop))
      if (cotangents.isLinear(read))
        inputs.insert(read);
    FailureOr<Values> outgoing = transposeProgram(builder, block, inputs.getArrayRef(), outputs,
                                                  results, cotangents.getContext());
    if (failed(outgoing))
      return failure();
    for (Operation &op : block)
      for (Operation *user : op.getUsers())
        if (!block.findAncestorOpInBlock(*user)) {
          op.dropAllUses();
          return emitExtents();
        }
    for (auto [input, cotangent] : llvm::zip(inputs, *outgoing))
      cotangents.accumulate(builder, input, cotangent);
    return success();
  }

private:
  LogicalResult emitExtents() {
    return loop.emitError() << "no transpose rule for '" << loop->getName()
                            << "' that reads extents of differentiated values that it carries; "
                               "expected static extents [no-transpose-rule]";
  }

  /// From what is carried, through both regions, to what is carried next.
  void buildIteration() {
    Block &block = iteration.emplaceBlock();
    OpBuilder inner = atBlockEnd(loop.getContext(), &block);
    IRMapping mapping;
    for (Value argument : loop.getBeforeArguments())
      mapping.map(argument, block.addArgument(argument.getType(), loc));
    Values forwarded =
        cloneSlice(inner, *loop.getBeforeBody(), loop.getConditionOp().getArgs(), mapping);
    mapping.map(loop.getAfterArguments(), forwarded);
    next = cloneSlice(inner, *loop.getAfterBody(), loop.getYieldedValues(), mapping);
  }

  /// Runs the loop without its linear part: what it carries at the end, and how often it ran.
  void count() {
    Values inits = select(loop.getInits(), other);
    inits.push_back(arith::ConstantIndexOp::create(builder, loc, 0));
    auto before = [&](OpBuilder &b, Location, ValueRange carried) {
      IRMapping mapping;
      mapping.map(select(loop.getBeforeArguments(), other), carried.drop_back());
      Value test = cloneSlice(b, *loop.getBeforeBody(), loop.getConditionOp().getCondition(),
                              mapping)
                       .front();
      scf::ConditionOp::create(b, loc, test, carried);
    };
    auto after = [&](OpBuilder &b, Location, ValueRange carried) {
      IRMapping mapping;
      mapping.map(select(iteration.getArguments(), other), carried.drop_back());
      Values values = cloneSlice(b, iteration.front(), select(next, other), mapping);
      Value one = arith::ConstantIndexOp::create(b, loc, 1);
      values.push_back(arith::AddIOp::create(b, loc, carried.back(), one));
      scf::YieldOp::create(b, loc, values);
    };
    auto run = scf::WhileOp::create(builder, loc, TypeRange(ValueRange(inits)), inits, before,
                                    after);
    run->setDiscardableAttrs(loop->getDiscardableAttrDictionary());
    last.assign(run.result_begin(), run.result_end());
    trips = last.pop_back_val();
  }

  /// The linear program: a loop that runs `trips` times, then what it forwards at the end.
  Values buildProgram(OpBuilder &staging) {
    Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
    Value one = arith::ConstantIndexOp::create(builder, loc, 1);
    auto body = [&](OpBuilder &b, Location, Value, ValueRange carried) {
      IRMapping mapping;
      mapping.map(iteration.getArguments(), carried);
      scf::YieldOp::create(b, loc, cloneSlice(b, iteration.front(), next, mapping));
    };
    auto run = scf::ForOp::create(staging, loc, zero, trips, one, loop.getInits(), body);
    run->setDiscardableAttrs(loop->getDiscardableAttrDictionary());
    IRMapping mapping;
    mapping.map(select(loop.getBeforeArguments(), other), last);
    mapping.map(select(loop.getBeforeArguments(), linear), select(run.getResults(), linear));
    // What is not linear belongs to the program that is built.
    for (Operation &op : loop.getBeforeBody()->without_terminator()) {
      bool isLinear = llvm::any_of(op.getResults(), [&](Value v) { return cotangents.isLinear(v); });
      (isLinear ? staging : builder).clone(op, mapping);
    }
    return llvm::map_to_vector(loop.getConditionOp().getArgs(),
                               [&](Value v) { return mapping.lookupOrDefault(v); });
  }

  scf::WhileOp loop;
  Location loc;
  OpBuilder &builder;
  CotangentMap &cotangents;
  /// Which of the carried values are linear, and which are not.
  llvm::BitVector linear, other;
  DetachedRegions detached;
  Region &iteration;
  /// What an iteration yields; what is carried at the end, linear values left out.
  Values next, last;
  Value trips;
};

struct WhileTranspose : LinearTransposeOpInterface::ExternalModel<WhileTranspose, scf::WhileOp> {
  bool isLinearIn(Operation *op, Linear linear) const {
    auto loop = cast<scf::WhileOp>(op);
    for (auto [init, argument] : llvm::zip(loop.getInits(), loop.getBeforeArguments()))
      if (linear(argument) && !isTerm(init, linear))
        return false;
    return !linear(loop.getConditionOp().getCondition());
  }
  LogicalResult transpose(Operation *op, OpBuilder &builder, ValueRange results,
                          CotangentMap &cotangents) const {
    if (!op->hasAttr(kMaxTripsAttr)) {
      InFlightDiagnostic diag = op->emitError()
                                << "no transpose rule for '" << op->getName()
                                << "' without a bound of its trip count [no-transpose-rule]";
      diag.attachNote() << "state one: " << kMaxTripsAttr << " = 100 : i64";
      return failure();
    }
    return BoundedWhile(cast<scf::WhileOp>(op), builder, cotangents).transpose(results);
  }
};
} // namespace

void etrace::detail::attachWhileModels(MLIRContext *context) {
  scf::WhileOp::attachInterface<WhileModel, WhileTranspose>(*context);
}
