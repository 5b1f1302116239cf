//===- Neighbourhood.cpp - Which positions a position influences ----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Derivatives.h"
#include "LinearMap.h"
#include "etrace/Analysis/PositionPaths.h"
#include "etrace/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/BitVector.h"

using namespace mlir;
using namespace etrace;

namespace etrace {
#define GEN_PASS_DEF_NEIGHBOURHOODPASS
#include "etrace/Transforms/Passes.h.inc"
} // namespace etrace

namespace {
/// For each position the set of those that it influences.
using Influence = std::vector<BitVector>;
} // namespace

/// Calls `visit` with every index of a box; stops where it has no index.
static void forEachIndex(const IndexBox &box, function_ref<void(ArrayRef<int64_t>)> visit) {
  if (box.isEmpty())
    return;
  SmallVector<int64_t> index = box.lower;
  while (true) {
    visit(index);
    int64_t axis = index.size() - 1;
    while (axis >= 0 && ++index[axis] == box.upper[axis]) {
      index[axis] = box.lower[axis];
      --axis;
    }
    if (axis < 0)
      return;
  }
}

static int64_t flatten(ArrayRef<int64_t> index, ArrayRef<int64_t> shape) {
  int64_t flat = 0;
  for (auto [at, extent] : llvm::zip_equal(index, shape))
    flat = flat * extent + at;
  return flat;
}

/// Adds the pairs (p, i) of a link between values of one shape.
static void addPairs(const PositionLink &link, ArrayRef<int64_t> shape, Influence &influence) {
  forEachIndex(link.position, [&](ArrayRef<int64_t> position) {
    IndexBox box = link.index;
    for (const PositionLink::Tie &tie : link.ties) {
      int64_t at = position[tie.dim];
      box.lower[tie.axis] = std::max(box.lower[tie.axis], at + tie.low);
      box.upper[tie.axis] = std::min(box.upper[tie.axis], at + tie.high + 1);
    }
    BitVector &row = influence[flatten(position, shape)];
    forEachIndex(box, [&](ArrayRef<int64_t> index) { row.set(flatten(index, shape)); });
  });
}

/// p and what it influences within `hops` applications of a function with this influence.
static Influence extend(const Influence &once, int64_t hops) {
  size_t positions = once.size();
  Influence reached(positions, BitVector(positions));
  for (auto [position, row] : llvm::enumerate(reached))
    row.set(position);
  for (int64_t hop = 0; hop < hops; ++hop) {
    Influence next = reached;
    for (auto [row, before] : llvm::zip_equal(next, reached))
      for (unsigned between : before.set_bits())
        row |= once[between];
    if (next == reached)
      break;
    reached = std::move(next);
  }
  return reached;
}

/// The table and the mask as constants.
static SmallVector<Value> buildTable(OpBuilder &builder, Location loc,
                                     const Influence &influence) {
  size_t width = 1;
  for (const BitVector &row : influence)
    width = std::max<size_t>(width, row.count());
  SmallVector<int64_t> table;
  SmallVector<bool> mask;
  for (auto [position, row] : llvm::enumerate(influence)) {
    size_t end = (position + 1) * width;
    table.push_back(position);
    for (unsigned neighbour : row.set_bits())
      if (neighbour != position)
        table.push_back(neighbour);
    mask.resize(table.size(), true);
    table.resize(end, position);
    mask.resize(end, false);
  }
  SmallVector<int64_t> shape = {int64_t(influence.size()), int64_t(width)};
  auto build = [&](DenseElementsAttr value) -> Value {
    return arith::ConstantOp::create(builder, loc, value);
  };
  return {build(DenseElementsAttr::get(RankedTensorType::get(shape, builder.getI64Type()),
                                       ArrayRef(table))),
          build(DenseElementsAttr::get(RankedTensorType::get(shape, builder.getI1Type()),
                                       ArrayRef(mask)))};
}

namespace {
struct NeighbourhoodPass : public etrace::impl::NeighbourhoodPassBase<NeighbourhoodPass> {
  using NeighbourhoodPassBase::NeighbourhoodPassBase;

  void runOnOperation() override {
    if (failed(addNeighbourhood()))
      signalPassFailure();
  }

  LogicalResult addNeighbourhood() {
    ModuleOp module = getOperation();
    func::FuncOp source = findFunction(module, function, "");
    if (!source)
      return failure();
    if (hops < 0)
      return source.emitError() << "needs a number of hops that is not negative, got "
                                << hops.getValue()
                                << " [neighbourhood-hops]";
    SmallVector<int64_t> numbers(wrt.begin(), wrt.end());
    if (numbers.empty())
      numbers.push_back(0);
    if (failed(lowerDerivatives(source)))
      return failure();
    DerivativeQuestion question;
    question.kind = Derivative::full_jacobian;
    question.wrt = DenseI64ArrayAttr::get(&getContext(), numbers);
    question.hasAux = source.getNumResults() > numbers.size();
    FailureOr<DerivativeRequest> request = getDerivativeRequest(
        source, question, [&] { return source.emitError() << "etrace-neighbourhood "; });
    if (failed(request))
      return failure();
    FailureOr<Influence> influence = findInfluence(source, *request);
    if (failed(influence))
      return failure();
    addFunction(source, extend(*influence, hops));
    return success();
  }

  /// What one application does, as the operations of its linearisation say.
  static FailureOr<Influence> findInfluence(func::FuncOp source,
                                            const DerivativeRequest &request) {
    Block &body = source.getBody().front();
    SmallVector<Value> states;
    for (int64_t number : request.wrt)
      states.push_back(body.getArgument(number));
    ValueRange outputs = body.getTerminator()->getOperands().take_front(states.size());
    LinearMap map(source, states, outputs);
    if (failed(map.linearize()))
      return failure();
    ArrayRef<int64_t> shape = getPositions(states.front().getType());
    int64_t positions = 1;
    for (int64_t extent : shape)
      positions *= extent;
    Influence influence(positions, BitVector(positions));
    Block &program = map.getProgram().getBlock();
    for (unsigned state = 0; state < states.size(); ++state) {
      PathsFromInput paths(program, program.getArgument(state));
      for (Value tangent : map.getOutputTangents())
        if (tangent)
          for (const PositionLink &link : paths.lookup(tangent))
            addPairs(link, shape, influence);
    }
    return influence;
  }

  void addFunction(func::FuncOp source, const Influence &influence) {
    OpBuilder builder(source);
    builder.setInsertionPointAfter(source);
    Location loc = source.getLoc();
    auto derived = func::FuncOp::create(
        builder, loc, (source.getSymName() + ".neighbourhood_" + Twine(hops)).str(),
        builder.getFunctionType({}, {}));
    builder.setInsertionPointToStart(derived.addEntryBlock());
    SmallVector<Value> results = buildTable(builder, loc, influence);
    func::ReturnOp::create(builder, loc, results);
    derived.setType(builder.getFunctionType({}, TypeRange(ValueRange(results))));
    SymbolTable symbols(source->getParentOp());
    symbols.insert(derived);
  }
};
} // namespace
