//===- LoopResiduals.cpp - What the reverse pass of a loop keeps ----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Loops.h"
#include "MinimumCut.h"
#include "etrace/Differentiation/Residuals.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/Remarks.h"

using namespace mlir;
using namespace etrace;
using namespace etrace::detail;

/// What the linear values `roots` become reads of the other carried values, and what these
/// depend on from iteration to iteration.
void LoopReversal::findResiduals(const llvm::BitVector &roots) {
  residual.reset();
  Values yields = select(loop.getYieldedValues(), roots);
  for (auto [number, argument] : llvm::enumerate(loop.getRegionIterArgs()))
    if (!linear.test(number) && readsInSlice(*loop.getBody(), yields, Value(argument)))
      residual.set(number);
  swept = residual;
  closeOverCarries(*loop.getBody(), loop.getRegionIterArgs(), loop.getYieldedValues(), swept);
}

SmallVector<Value> LoopReversal::getKept() {
  Values kept = select(loop.getRegionIterArgs(), residual);
  llvm::append_range(kept, products);
  return kept;
}

/// True if computing a result takes much more than reading it again.
static bool isCostly(Operation *op) {
  if (auto structured = dyn_cast<linalg::LinalgOp>(op))
    return structured.getNumReductionLoops() > 0;
  auto primitive = dyn_cast<ETPOpInterface>(op);
  return primitive && !primitive.isTransparent();
}

/// What it takes to keep a value of each iteration, whose extents must be known in front of the
/// loop; a carried value has those that it starts with.
static int64_t getPrice(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  bool isKnown = type ? type.hasStaticShape() : value.getType().isIntOrFloat();
  if (!isKnown && isa<OpResult>(value))
    return CutGraph::kNever;
  constexpr int64_t guess = 4096;
  return getBytes(value).value_or(guess);
}

/// Chooses what is kept: the least, in bytes, from which everything is computed that the linear
/// operations behind `roots` read, without computing a costly result again. That is a minimum cut
/// between the carried values and costly results on one side and what is read on the other.
void LoopReversal::findKept(const llvm::BitVector &roots) {
  Block &body = *loop.getBody();
  auto isLinear = [&](Value value) { return cotangents.isLinear(value); };
  Values yields = select(loop.getYieldedValues(), roots);
  DenseSet<Value> reached(yields.begin(), yields.end()), needed;
  for (Operation *op : getSlice(body, reached))
    if (llvm::any_of(op->getResults(), isLinear))
      for (Value read : getReads(op))
        if (!isLinear(read))
          needed.insert(read);
  CutGraph graph;
  llvm::MapVector<Value, unsigned> nodes;
  auto isSource = [](Value value) {
    return isa<BlockArgument>(value) ||
           (isCostly(value.getDefiningOp()) && getPrice(value) != CutGraph::kNever);
  };
  auto addNode = [&](Value value) -> std::optional<unsigned> {
    if (value.getParentBlock() != &body || value == loop.getInductionVar())
      return std::nullopt;
    auto [entry, isNew] = nodes.insert({value, 0});
    if (isNew) {
      entry->second = graph.addNode(getPrice(value));
      if (isSource(value))
        graph.addSource(entry->second);
    }
    return entry->second;
  };
  DenseSet<Value> computed = needed;
  SmallVector<Operation *> slice = getSlice(body, computed);
  for (Operation *op : llvm::reverse(slice))
    for (Value result : op->getResults()) {
      unsigned node = *addNode(result);
      if (needed.contains(result))
        graph.addSink(node);
      if (!isSource(result))
        for (Value read : getReads(op))
          if (std::optional<unsigned> from = addNode(read))
            graph.addEdge(*from, node);
    }
  for (BlockArgument argument : loop.getRegionIterArgs())
    if (needed.contains(argument))
      graph.addSink(*addNode(argument));
  llvm::BitVector cut = graph.solve();
  products.clear();
  for (auto [value, node] : nodes)
    if (cut.test(node) && isa<OpResult>(value))
      products.push_back(value);
  for (auto [number, argument] : llvm::enumerate(loop.getRegionIterArgs())) {
    auto *entry = nodes.find(argument);
    residual[number] = entry != nodes.end() && cut.test(entry->second);
  }
}

/// ", for 2 carried values and 1 computed value that its derivative reads".
static std::string describeKept(size_t carried, size_t products) {
  auto count = [](size_t number, StringRef what) {
    return (llvm::Twine(number) + " " + what + (number == 1 ? "" : "s")).str();
  };
  std::string text = carried ? count(carried, "carried value") : "";
  if (products)
    text += (carried ? " and " : "") + count(products, "computed value");
  return text.empty() ? text : ", for " + text + " that its derivative reads";
}

void LoopReversal::reportKept(CheckpointPolicy policy) {
  Values kept = getKept();
  std::optional<int64_t> one = getBytes(kept);
  std::optional<int64_t> start = getBytes(select(loop.getRegionIterArgs(), swept));
  std::optional<int64_t> trips = staticTrips ? staticTrips : maxTrips;
  std::string text = "the reverse pass of this loop keeps ";
  if (kept.empty() || policy == CheckpointPolicy::none)
    text += kept.empty() ? "nothing: its derivative reads no carried value"
                         : "nothing: it computes carried values from the start";
  else if (!one || !start)
    text += "carried values of dynamic extents";
  else if (policy == CheckpointPolicy::all)
    text += trips ? std::to_string(*one * *trips) + " bytes"
                  : std::to_string(*one) + " bytes for each iteration";
  else if (staticTrips) {
    int64_t length = getChunkLength(*staticTrips);
    text += std::to_string(*start * int64_t(llvm::divideCeil(*staticTrips, length)) + *one * length) +
            " bytes";
  } else {
    text += std::to_string(*start + *one) + " bytes for each of sqrt(n) iterations";
  }
  text += describeKept(kept.size() - products.size(), products.size());
  remark::analysis(loc, remark::RemarkOpts::name("loop-residuals")
                            .category("etrace-differentiation"))
      << text + " [loop-residuals]";
}
