//===- TransitionCut.cpp - What remains of h_{t-1} -> h_t -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/Analysis/StepGraph.h"

#include "etrace/Differentiation/Regions.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace etrace;

bool etrace::isOpaquePrimitive(Operation *op) {
  auto primitive = dyn_cast<ETPOpInterface>(op);
  return primitive && !primitive.isTransparent();
}

static bool isProductOrConvolution(Operation *op) {
  if (isa<IndexedContractionOp>(op))
    return true;
  auto structured = dyn_cast<linalg::LinalgOp>(op);
  return structured && (linalg::isaContractionOpInterface(structured) ||
                        linalg::isaConvolutionOpInterface(structured));
}

LinearizeOptions TransitionCut::getOptions() const {
  LinearizeOptions options;
  auto cutOps = std::make_shared<llvm::DenseSet<Operation *>>();
  for (auto &[op, reason] : cuts)
    cutOps->insert(op);
  options.cut = [cutOps](Operation *op) {
    return cutOps->contains(op) || isOpaquePrimitive(op) || isProductOrConvolution(op);
  };
  return options;
}

namespace {
/// One attempt: linearise with the cuts so far and look where positions go.
struct Attempt {
  SmallVector<PositionSet> reached;
  /// Operations where positions leave their place on the way to a new state.
  llvm::SetVector<Operation *> movers;
  llvm::MapVector<Operation *, CutReason> active;
};
} // namespace

/// True if the value reads the source, if at all, position by position.
static bool isInPlace(const PositionAnalysis &positions, Value value, ArrayRef<int64_t> shape) {
  PositionSet set = positions.lookup(value);
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return set.isNone() || (set.isPointwise() && type && type.getShape() == shape);
}

/// Goes back from a value that is not in place to the operations that took it from there.
static void findMovers(const TangentProgram &program, const PositionAnalysis &positions,
                       Value value, ArrayRef<int64_t> shape, llvm::SetVector<Operation *> &movers) {
  llvm::SetVector<Value> moved;
  moved.insert(value);
  for (size_t next = 0; next < moved.size(); ++next) {
    Operation *op = moved[next].getDefiningOp();
    if (!op)
      continue;
    bool isFirst = true;
    for (Value read : getReads(op))
      if (!isInPlace(positions, read, shape)) {
        isFirst = false;
        moved.insert(read);
      }
    if (Operation *primal = isFirst ? program.getPrimal(op) : nullptr)
      movers.insert(primal);
  }
}

/// Linearises from `source`; records which operations were cut or passed.
static LogicalResult attempt(const StepView &step, const CarriedState &source,
                             const llvm::MapVector<Operation *, CutReason> &extra,
                             Attempt &result) {
  TangentProgram program(step.getBody());
  Value seed = program.addSeed(source.before);
  LinearizeOptions options;
  options.cut = [&](Operation *op) {
    if (extra.count(op)) {
      result.active.insert({op, CutReason::mixing});
      return true;
    }
    if (isOpaquePrimitive(op)) {
      result.active.insert({op, CutReason::primitive});
      return true;
    }
    if (isProductOrConvolution(op)) {
      result.active.insert({op, CutReason::product});
      return true;
    }
    return false;
  };
  if (failed(program.build(options)))
    return failure();
  PositionAnalysis positions(program.getBlock(), seed);
  for (const CarriedState &state : step.states) {
    Value tangent = state.isHidden ? program.getTangent(state.after) : Value();
    result.reached.push_back(tangent ? positions.lookup(tangent) : PositionSet());
    // Remember the step's operation in place of the tangent one.
    if (Operation *mixer = result.reached.back().mixer)
      result.reached.back().mixer = program.getPrimal(mixer);
    else if (tangent && !isInPlace(positions, tangent, source.getType().getShape()))
      findMovers(program, positions, tangent, source.getType().getShape(), result.movers);
  }
  return success();
}

/// The operations whose results reach the new value of a carried state along floats: a cut
/// elsewhere, as at a readout, takes nothing from the recurrence.
static llvm::DenseSet<Operation *> collectCarried(const StepView &step) {
  llvm::DenseSet<Operation *> carried;
  SmallVector<Value> worklist;
  for (const CarriedState &state : step.states)
    worklist.push_back(state.after);
  while (!worklist.empty()) {
    Value value = worklist.pop_back_val();
    Operation *op = value.getDefiningOp();
    if (!op || isa<StopGradientOp>(op) || !isFloatLike(value) || !carried.insert(op).second)
      continue;
    op->walk([&](Operation *nested) { llvm::append_range(worklist, nested->getOperands()); });
  }
  return carried;
}

FailureOr<TransitionCut> TransitionCut::compute(const StepView &step, const CarriedState &source) {
  llvm::MapVector<Operation *, CutReason> extra;
  for (;;) {
    Attempt result;
    if (failed(attempt(step, source, extra, result)))
      return failure();
    size_t before = extra.size();
    for (const PositionSet &set : result.reached)
      if (set.mixer)
        extra.insert({set.mixer, CutReason::mixing});
    if (extra.size() == before)
      for (Operation *op : result.movers)
        extra.insert({op, CutReason::mixing});
    if (extra.size() != before)
      continue;
    TransitionCut cut;
    cut.cuts = std::move(result.active);
    llvm::DenseSet<Operation *> carried = collectCarried(step);
    cut.cuts.remove_if([&](auto &entry) { return !carried.contains(entry.first); });
    for (auto [state, set] : llvm::zip(step.states, result.reached))
      cut.reaches.push_back(!set.isNone() && set.isPointwise() &&
                            state.getType().getShape() == source.getType().getShape());
    return cut;
  }
}
