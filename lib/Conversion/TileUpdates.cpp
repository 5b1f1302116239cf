//===- TileUpdates.cpp - Updates of blocked traces in registers -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// The loops of an update of e[.., b, i, o], with short rows i and sums over the samples b
// of a block, become: outer loops, a loop over vectors of o, and the loop over b, which carries a
// vector of each sum for each row. All rows of a sample are taken at once, so that each
// vector of [b, o] is loaded once for them. Each state is written as soon as it is known:
// few values are alive at a time.
//
//===----------------------------------------------------------------------===//

#include "Arithmetic.h"
#include "ParallelLoop.h"
#include "Tiling.h"
#include "etrace/Conversion/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace etrace {
#define GEN_PASS_DEF_TILEUPDATESPASS
#include "etrace/Conversion/Passes.h.inc"
} // namespace etrace

using namespace mlir;
using namespace etrace;

namespace {

/// Rows of a block at most: their values are registers.
constexpr int64_t kMostRows = 4;

/// An update whose innermost loops are [sums] rows, lanes.
struct Update {
  /// Fails for operations that are better lowered otherwise.
  static FailureOr<Update> match(linalg::GenericOp op, int64_t vectorBits);

  linalg::GenericOp op;
  /// The loops over rows and along a row: the last two.
  unsigned row = 0, lane = 0;
  /// The innermost run of sums is [firstSum, row).
  unsigned firstSum = 0;
  SmallVector<int64_t> extents;
  int64_t width = 0;

  bool isCarried(OpOperand &operand) {
    AffineMap map = op.getMatchingIndexingMap(&operand);
    for (unsigned dim = firstSum; dim < row; ++dim)
      if (map.isFunctionOfDim(dim))
        return false;
    return firstSum < row;
  }
};

class UpdateEmitter {
public:
  UpdateEmitter(IRRewriter &builder, Update &work)
      : builder(builder), work(work), loc(work.op.getLoc()), indices(work.extents.size()) {}

  void emit();

private:
  /// The vectors that stand for a value of the body: one for each row, or one for all.
  using Rows = SmallVector<Value>;

  Value constant(int64_t value) { return arith::ConstantIndexOp::create(builder, loc, value); }
  SmallVector<Value> getIndices(AffineMap map);
  template <typename Function>
  Rows forEachRow(AffineMap map, Function function);
  Rows load(OpOperand &operand);
  void store(OpOperand &operand, const Rows &values);

  void emitLoops(unsigned dim);
  void emitColumns();
  void emitSums();
  Rows emitSamples(unsigned dim, ValueRange sums);
  Rows emitSample(ValueRange sums);
  const Rows &getRows(Value value);
  SmallVector<Value> getTerms(arith::AddFOp sum);
  Rows addTerm(const Rows &sum, Value term);
  void emitSum(arith::AddFOp op);
  void emitOperation(Operation *op);
  void loadOldValues();

  IRRewriter &builder;
  Update &work;
  Location loc;
  SmallVector<Value> indices;
  llvm::DenseMap<Value, Rows> values;
};

} // namespace

//===----------------------------------------------------------------------===//
// What is an update
//===----------------------------------------------------------------------===//

/// Whether neighbours along `dim` are neighbours in memory, or the operand does not
/// depend on it.
static bool isContiguous(linalg::GenericOp op, OpOperand &operand, unsigned dim) {
  AffineMap map = op.getMatchingIndexingMap(&operand);
  if (!map.isFunctionOfDim(dim))
    return true;
  auto type = cast<MemRefType>(operand.get().getType());
  if (!type.isLastDimUnitStride())
    return false;
  for (AffineExpr expr : map.getResults().drop_back())
    if (expr.isFunctionOfDim(dim))
      return false;
  // The last index is dim, or grows with it: (d0 * 32 + dim).
  AffineExpr last = map.getResults().back();
  AffineExpr other = simplifyAffineExpr(
      last - getAffineDimExpr(dim, op.getContext()), map.getNumDims(), 0);
  return !other.isFunctionOfDim(dim);
}

/// Scalar operations that exist on vectors, and give the same there.
static bool isVectorizable(Operation &op) {
  return op.getNumResults() == 1 && op.getNumRegions() == 0 &&
         op.hasTrait<OpTrait::Vectorizable>() && isa<arith::ArithDialect>(op.getDialect());
}

FailureOr<Update> Update::match(linalg::GenericOp op, int64_t vectorBits) {
  if (!op.hasPureBufferSemantics() || op.hasIndexSemantics() || op.getNumLoops() < 2)
    return failure();
  Update work;
  work.op = op;
  work.extents = op.getStaticLoopRanges();
  work.lane = op.getNumLoops() - 1;
  work.row = work.lane - 1;
  SmallVector<utils::IteratorType> iterators = op.getIteratorTypesArray();
  for (unsigned dim : {work.row, work.lane})
    if (iterators[dim] != utils::IteratorType::parallel)
      return failure();
  if (llvm::any_of(work.extents, ShapedType::isDynamic) || work.extents[work.row] > kMostRows)
    return failure();
  work.firstSum = work.row;
  while (work.firstSum > 0 &&
         iterators[work.firstSum - 1] == utils::IteratorType::reduction)
    --work.firstSum;
  for (OpOperand &operand : op->getOpOperands()) {
    auto type = dyn_cast<MemRefType>(operand.get().getType());
    if (!type || !type.getElementType().isIntOrFloat() ||
        !isContiguous(op, operand, work.lane))
      return failure();
    // A vector of the widest type fills a register.
    int64_t lanes = vectorBits / std::max(8u, type.getElementTypeBitWidth());
    work.width = work.width ? std::min(work.width, lanes) : lanes;
  }
  // Every output is a sum or is written once for each point.
  for (OpOperand &output : op.getDpsInitsMutable()) {
    AffineMap map = op.getMatchingIndexingMap(&output);
    if (!map.isFunctionOfDim(work.lane) || !map.isFunctionOfDim(work.row))
      return failure();
  }
  if (work.extents[work.lane] % work.width != 0 ||
      !llvm::all_of(op.getBody()->without_terminator(), isVectorizable))
    return failure();
  return work;
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

SmallVector<Value> UpdateEmitter::getIndices(AffineMap map) {
  SmallVector<Value> result;
  for (AffineExpr expr : map.getResults()) {
    auto single = AffineMap::get(map.getNumDims(), 0, expr);
    OpFoldResult index = affine::makeComposedFoldedAffineApply(builder, loc, single,
                                                               getAsOpFoldResult(indices));
    result.push_back(getValueOrCreateConstantIndexOp(builder, loc, index));
  }
  return result;
}

/// Calls the function for each row that the map tells apart.
template <typename Function>
UpdateEmitter::Rows UpdateEmitter::forEachRow(AffineMap map, Function function) {
  Rows result;
  int64_t rows = map.isFunctionOfDim(work.row) ? work.extents[work.row] : 1;
  for (int64_t row = 0; row < rows; ++row) {
    indices[work.row] = constant(row);
    result.push_back(function(row));
  }
  return result;
}

UpdateEmitter::Rows UpdateEmitter::load(OpOperand &operand) {
  AffineMap map = work.op.getMatchingIndexingMap(&operand);
  Type element = getElementTypeOrSelf(operand.get().getType());
  auto type = VectorType::get({work.width}, element);
  return forEachRow(map, [&](int64_t) -> Value {
    SmallVector<Value> where = getIndices(map);
    if (map.isFunctionOfDim(work.lane))
      return vector::LoadOp::create(builder, loc, type, operand.get(), where);
    Value scalar = memref::LoadOp::create(builder, loc, operand.get(), where);
    return vector::BroadcastOp::create(builder, loc, type, scalar);
  });
}

void UpdateEmitter::store(OpOperand &operand, const Rows &rows) {
  AffineMap map = work.op.getMatchingIndexingMap(&operand);
  forEachRow(map, [&](int64_t row) -> Value {
    Value value = rows.size() == 1 ? rows[0] : rows[row];
    vector::StoreOp::create(builder, loc, value, operand.get(), getIndices(map));
    return value;
  });
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

/// The loops around the innermost sums; the outermost of more than one turn is marked if its
/// turns are independent.
void UpdateEmitter::emitLoops(unsigned dim) {
  if (dim == work.firstSum)
    return emitColumns();
  if (work.extents[dim] == 1) {
    indices[dim] = constant(0);
    return emitLoops(dim + 1);
  }
  auto loop = scf::ForOp::create(builder, loc, constant(0), constant(work.extents[dim]),
                                 constant(1));
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(loop.getBody());
    indices[dim] = loop.getInductionVar();
    emitLoops(dim + 1);
  }
  bool isOutermost = llvm::all_of(ArrayRef(work.extents).take_front(dim),
                                  [](int64_t extent) { return extent == 1; });
  if (isOutermost &&
      work.op.getIteratorTypesArray()[dim] == utils::IteratorType::parallel)
    makeParallel(builder, loop);
}

void UpdateEmitter::emitColumns() {
  int64_t extent = work.extents[work.lane];
  if (extent == work.width) {
    indices[work.lane] = constant(0);
    return emitSums();
  }
  auto loop =
      scf::ForOp::create(builder, loc, constant(0), constant(extent), constant(work.width));
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  indices[work.lane] = loop.getInductionVar();
  emitSums();
}

/// Loads the sums, carries them over the samples, stores them.
void UpdateEmitter::emitSums() {
  linalg::GenericOp op = work.op;
  Rows sums;
  SmallVector<OpOperand *> carried;
  for (OpOperand &output : op.getDpsInitsMutable())
    if (work.isCarried(output)) {
      carried.push_back(&output);
      llvm::append_range(sums, load(output));
    }
  sums = emitSamples(work.firstSum, sums);
  ArrayRef<Value> rest = sums;
  int64_t rows = work.extents[work.row];
  for (OpOperand *output : carried) {
    store(*output, Rows(rest.take_front(rows)));
    rest = rest.drop_front(rows);
  }
}

UpdateEmitter::Rows UpdateEmitter::emitSamples(unsigned dim, ValueRange sums) {
  if (dim == work.row)
    return emitSample(sums);
  if (work.extents[dim] == 1) {
    indices[dim] = constant(0);
    return emitSamples(dim + 1, sums);
  }
  auto loop = scf::ForOp::create(builder, loc, constant(0), constant(work.extents[dim]),
                                 constant(1), sums);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  indices[dim] = loop.getInductionVar();
  Rows next = emitSamples(dim + 1, loop.getRegionIterArgs());
  // Without results the loop has its terminator already.
  if (!next.empty())
    scf::YieldOp::create(builder, loc, next);
  return Rows(loop.getResults());
}

//===----------------------------------------------------------------------===//
// One sample, all rows
//===----------------------------------------------------------------------===//

/// The vectors of a value: loads it, computes it, or spreads a value from outside.
const UpdateEmitter::Rows &UpdateEmitter::getRows(Value value) {
  auto known = values.find(value);
  if (known != values.end())
    return known->second;
  Rows rows;
  auto argument = dyn_cast<BlockArgument>(value);
  if (argument && argument.getOwner() == work.op.getBody()) {
    rows = load(*work.op.getMatchingOpOperand(argument));
  } else if (Operation *def = value.getDefiningOp(); def && def->getBlock() == work.op.getBody()) {
    emitOperation(def);
    return values[value];
  } else {
    auto type = VectorType::get({work.width}, value.getType());
    rows.push_back(vector::BroadcastOp::create(builder, loc, type, value));
  }
  return values[value] = rows;
}

/// The terms of a sum: a tree of additions whose inner results have no other use. What is
/// carried comes first, so that each term is one multiply-add.
SmallVector<Value> UpdateEmitter::getTerms(arith::AddFOp sum) {
  SmallVector<Value> terms;
  std::function<void(Value)> collect = [&](Value value) {
    auto inner = value.getDefiningOp<arith::AddFOp>();
    if (!inner || inner->getBlock() != sum->getBlock() || !value.hasOneUse()) {
      terms.push_back(value);
      return;
    }
    collect(inner.getLhs());
    collect(inner.getRhs());
  };
  collect(sum.getLhs());
  collect(sum.getRhs());
  auto carried = llvm::find_if(
      terms, [&](Value term) { return isa<BlockArgument>(term) && values.contains(term); });
  if (carried != terms.end())
    std::rotate(terms.begin(), carried, carried + 1);
  return terms;
}

/// sum + term, as a multiply-add if the term is a product.
UpdateEmitter::Rows UpdateEmitter::addTerm(const Rows &sum, Value term) {
  auto product = term.getDefiningOp<arith::MulFOp>();
  bool isProduct =
      product && product->getBlock() == work.op.getBody() && term.hasOneUse();
  Rows a = getRows(isProduct ? product.getLhs() : term), b;
  if (isProduct)
    b = getRows(product.getRhs());
  auto at = [](const Rows &rows, size_t row) { return rows.size() == 1 ? rows[0] : rows[row]; };
  Rows result;
  for (size_t row = 0, e = std::max({sum.size(), a.size(), b.size()}); row < e; ++row)
    result.push_back(
        isProduct
            ? vector::FMAOp::create(builder, loc, at(a, row), at(b, row), at(sum, row)).getResult()
            : arith::AddFOp::create(builder, loc, at(sum, row), at(a, row)).getResult());
  return result;
}

/// Sums are added up term by term, in the order of the states: the first is needed first, and
/// so memory is read upwards, as the prefetching of processors expects.
void UpdateEmitter::emitSum(arith::AddFOp op) {
  SmallVector<Value> terms = getTerms(op);
  Rows sum = getRows(terms.front());
  for (Value term : llvm::drop_begin(terms))
    sum = addTerm(sum, term);
  values[op.getResult()] = sum;
}

void UpdateEmitter::emitOperation(Operation *op) {
  if (auto sum = dyn_cast<arith::AddFOp>(op))
    return emitSum(sum);
  SmallVector<Rows> operands;
  size_t count = 1;
  for (Value operand : op->getOperands()) {
    operands.push_back(getRows(operand));
    count = std::max(count, operands.back().size());
  }
  Rows results;
  for (size_t row = 0; row < count; ++row) {
    OperationState state(op->getLoc(), op->getName());
    for (const Rows &operand : operands)
      state.operands.push_back(operand.size() == 1 ? operand[0] : operand[row]);
    state.addTypes(VectorType::get({work.width}, op->getResult(0).getType()));
    state.addAttributes(op->getAttrs());
    results.push_back(builder.create(state)->getResult(0));
  }
  values[op->getResult(0)] = results;
}

/// What the body reads of arrays that it overwrites must be read before.
void UpdateEmitter::loadOldValues() {
  linalg::GenericOp op = work.op;
  for (OpOperand &output : op.getDpsInitsMutable())
    if (!work.isCarried(output) && op.payloadUsesValueFromOperand(&output))
      getRows(op.getMatchingBlockArgument(&output));
}

UpdateEmitter::Rows UpdateEmitter::emitSample(ValueRange sums) {
  linalg::GenericOp op = work.op;
  values.clear();
  int64_t rows = work.extents[work.row];
  for (OpOperand &output : op.getDpsInitsMutable())
    if (work.isCarried(output)) {
      values[op.getMatchingBlockArgument(&output)] = Rows(sums.take_front(rows));
      sums = sums.drop_front(rows);
    }
  loadOldValues();
  Rows next;
  auto yielded = [&](OpOperand &output) {
    return getRows(op.getMatchingYieldValue(&output)->get());
  };
  for (OpOperand &output : op.getDpsInitsMutable())
    if (work.isCarried(output)) {
      Rows sum = yielded(output);
      // A sum of terms that no row tells apart.
      sum.resize(rows, sum.front());
      llvm::append_range(next, sum);
    }
  for (OpOperand &output : op.getDpsInitsMutable())
    if (!work.isCarried(output))
      store(output, yielded(output));
  return next;
}

void UpdateEmitter::emit() { emitLoops(0); }

namespace {
struct TileUpdates : etrace::impl::TileUpdatesPassBase<TileUpdates> {
  using TileUpdatesPassBase::TileUpdatesPassBase;

  void runOnOperation() override {
    auto emit = [&](IRRewriter &rewriter, linalg::GenericOp op) {
      FailureOr<Update> work = Update::match(op, vectorBits);
      if (failed(work))
        return false;
      relaxArithmetic(op);
      UpdateEmitter(rewriter, *work).emit();
      return true;
    };
    if (failed(tileGenerics(getOperation(), vectorBits, emit)))
      signalPassFailure();
  }
};
} // namespace
