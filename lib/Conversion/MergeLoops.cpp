//===- MergeLoops.cpp - One loop in place of two that compute the same ----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Two loops over the same range that do not read each other's results are one loop that carries
// what both carry. It is worth it where they compute the same: the loop of a function, and the
// one that runs again to keep what the reverse pass reads. Which carried values are equal is the
// largest solution of
//
//   a ~ b   iff   their initial values are equal, and what they become in the bodies is, given ~
//
// looked for by pairing values that start equal, in order, and giving up pairs that do not stay so.
//===----------------------------------------------------------------------===//

#include "etrace/Conversion/Passes.h"

#include "etrace/Differentiation/Regions.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/OperationSupport.h"

namespace etrace {
#define GEN_PASS_DEF_MERGELOOPSPASS
#include "etrace/Conversion/Passes.h.inc"
} // namespace etrace

using namespace mlir;
using namespace etrace;

namespace {
/// Which values of the body of `second` are equal to which of `first`.
class LoopMatch {
public:
  LoopMatch(scf::ForOp first, scf::ForOp second) : first(first), second(second) {}
  /// Finds the equal values; the number of operations of `second` that need not be there.
  unsigned solve();
  Value lookup(Value value) const { return equal.lookupOrDefault(value); }
  bool isEqual(Value value) const { return equal.contains(value); }

private:
  /// The next carried value of `first` behind `previous` with this initial value, or -1.
  int findPartner(Value init, int previous);
  unsigned matchBodies();
  bool matchOperation(Operation &op, Operation &candidate);
  bool dropUnequal();

  scf::ForOp first, second;
  /// For each carried value of `second`, the number of an equal one of `first`, or -1.
  SmallVector<int> partners;
  IRMapping equal;
};
} // namespace

bool LoopMatch::matchOperation(Operation &op, Operation &candidate) {
  // Regions may read values of the body, too.
  IRMapping inside;
  auto check = [&](Value a, Value b) -> LogicalResult {
    Value other = inside.contains(a) ? inside.lookup(a) : lookup(a);
    return success(other == b);
  };
  auto mark = [&](Value a, Value b) { inside.map(a, b); };
  return OperationEquivalence::isEquivalentTo(&op, &candidate, check, mark,
                                              OperationEquivalence::IgnoreLocations);
}

/// Given which carried values are equal, which others are.
unsigned LoopMatch::matchBodies() {
  equal.clear();
  equal.map(second.getInductionVar(), first.getInductionVar());
  for (auto [number, partner] : llvm::enumerate(partners))
    if (partner >= 0)
      equal.map(second.getRegionIterArg(number), first.getRegionIterArg(partner));
  unsigned matched = 0;
  llvm::DenseMap<OperationName, SmallVector<Operation *>> candidates;
  for (Operation &op : first.getBody()->without_terminator())
    candidates[op.getName()].push_back(&op);
  for (Operation &op : second.getBody()->without_terminator())
    for (Operation *candidate : candidates[op.getName()])
      if (isMemoryEffectFree(&op) && matchOperation(op, *candidate)) {
        equal.map(op.getResults(), candidate->getResults());
        ++matched;
        break;
      }
  return matched;
}

int LoopMatch::findPartner(Value init, int previous) {
  for (unsigned number = previous + 1; number < first.getNumRegionIterArgs(); ++number)
    if (first.getInitArgs()[number] == init && !llvm::is_contained(partners, int(number)))
      return number;
  return -1;
}

/// True if some pair does not stay equal. Its value may be equal to another one that starts so.
bool LoopMatch::dropUnequal() {
  bool changed = false;
  for (auto [number, partner] : llvm::enumerate(partners)) {
    if (partner < 0)
      continue;
    Value next = lookup(second.getYieldedValues()[number]);
    if (next != first.getYieldedValues()[partner]) {
      partner = findPartner(second.getInitArgs()[number], partner);
      changed = true;
    }
  }
  return changed;
}

unsigned LoopMatch::solve() {
  for (Value init : second.getInitArgs())
    partners.push_back(findPartner(init, -1));
  unsigned matched = matchBodies();
  while (dropUnequal())
    matched = matchBodies();
  return matched;
}

//===----------------------------------------------------------------------===//
// Merging
//===----------------------------------------------------------------------===//

/// Moves what `second` reads in front of `first`. False, and nothing moved, if it depends on
/// `first` or on something with side effects.
static bool hoistReads(scf::ForOp first, scf::ForOp second) {
  SmallVector<Operation *> moved;
  llvm::SetVector<Operation *> worklist;
  auto add = [&](Operation *op) {
    for (Value read : getReads(op))
      if (Operation *definition = read.getDefiningOp())
        if (definition->getBlock() == first->getBlock() && !definition->isBeforeInBlock(first))
          worklist.insert(definition);
  };
  add(second);
  for (unsigned next = 0; next < worklist.size(); ++next) {
    Operation *op = worklist[next];
    if (op == first || !isMemoryEffectFree(op))
      return false;
    add(op);
  }
  moved.assign(worklist.begin(), worklist.end());
  llvm::sort(moved, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  for (Operation *op : moved)
    op->moveBefore(first);
  return true;
}

/// The loop `first`, and behind its carried values those of `second` that are not equal to any.
static void merge(scf::ForOp first, scf::ForOp second, const LoopMatch &match) {
  OpBuilder builder(first);
  SmallVector<Value> inits(first.getInitArgs());
  SmallVector<unsigned> own;
  for (auto [number, argument] : llvm::enumerate(second.getRegionIterArgs()))
    if (!match.isEqual(argument)) {
      own.push_back(number);
      inits.push_back(second.getInitArgs()[number]);
    }
  auto merged = scf::ForOp::create(builder, first.getLoc(), first.getLowerBound(),
                                   first.getUpperBound(), first.getStep(), inits, nullptr,
                                   first.getUnsignedCmp());
  merged->setDiscardableAttrs(first->getDiscardableAttrDictionary());
  IRMapping mapping;
  mapping.map(first.getInductionVar(), merged.getInductionVar());
  unsigned carried = first.getNumRegionIterArgs();
  for (auto [argument, replacement] :
       llvm::zip(first.getRegionIterArgs(), merged.getRegionIterArgs()))
    mapping.map(argument, replacement);
  builder.setInsertionPointToEnd(merged.getBody());
  for (Operation &op : first.getBody()->without_terminator())
    builder.clone(op, mapping);
  mapping.map(second.getInductionVar(), merged.getInductionVar());
  for (auto [number, argument] : llvm::enumerate(second.getRegionIterArgs()))
    if (match.isEqual(argument))
      mapping.map(argument, mapping.lookup(match.lookup(argument)));
  for (auto [index, number] : llvm::enumerate(own))
    mapping.map(second.getRegionIterArg(number), merged.getRegionIterArg(carried + index));
  for (Operation &op : second.getBody()->without_terminator()) {
    bool known = op.getNumResults() > 0 && match.isEqual(op.getResult(0));
    if (!known) {
      builder.clone(op, mapping);
      continue;
    }
    for (Value result : op.getResults())
      mapping.map(result, mapping.lookup(match.lookup(result)));
  }
  SmallVector<Value> yields;
  for (Value value : first.getYieldedValues())
    yields.push_back(mapping.lookupOrDefault(value));
  for (unsigned number : own)
    yields.push_back(mapping.lookupOrDefault(second.getYieldedValues()[number]));
  scf::YieldOp::create(builder, first.getLoc(), yields);
  first.replaceAllUsesWith(merged.getResults().take_front(carried));
  unsigned next = carried;
  for (auto [number, argument] : llvm::enumerate(second.getRegionIterArgs())) {
    auto partner = dyn_cast<BlockArgument>(match.lookup(argument));
    bool isEqual = match.isEqual(argument);
    second.getResult(number).replaceAllUsesWith(
        isEqual ? merged.getResult(partner.getArgNumber() - 1) : merged.getResult(next++));
  }
  second.erase();
  first.erase();
}

static bool haveSameRange(scf::ForOp a, scf::ForOp b) {
  return a.getLowerBound() == b.getLowerBound() && a.getUpperBound() == b.getUpperBound() &&
         a.getStep() == b.getStep() && a.getUnsignedCmp() == b.getUnsignedCmp();
}

/// Merges one pair of loops of a block; false if there is none.
static bool mergeOne(Block &block) {
  auto loops = llvm::to_vector(block.getOps<scf::ForOp>());
  for (auto [index, first] : llvm::enumerate(loops))
    for (scf::ForOp second : ArrayRef(loops).drop_front(index + 1)) {
      if (!haveSameRange(first, second) || !isMemoryEffectFree(first) ||
          !isMemoryEffectFree(second))
        continue;
      LoopMatch match(first, second);
      if (match.solve() == 0 || !hoistReads(first, second))
        continue;
      merge(first, second, match);
      return true;
    }
  return false;
}

namespace {
struct MergeLoopsPass : public etrace::impl::MergeLoopsPassBase<MergeLoopsPass> {
  void runOnOperation() override {
    // Outer blocks first: inner ones are replaced by copies.
    getOperation()->walk<WalkOrder::PreOrder>([&](Block *block) {
      while (mergeOne(*block))
        ;
    });
  }
};
} // namespace
