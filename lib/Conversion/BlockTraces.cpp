//===- BlockTraces.cpp - How traces lie in memory -------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The pass over a trace e[b, i, o] with the sum G[i, o] over b becomes, with o = n ob + j,
// a pass over e[n][i][b][j]: e streams once and contiguously, ob elements of G stay in
// registers over b, and the vectors indexed by (b, o) are short enough for the cache.
//===----------------------------------------------------------------------===//

#include "etrace/Conversion/ABIRecord.h"
#include "etrace/Conversion/Passes.h"
#include "etrace/IR/Etrace.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/MathExtras.h"

namespace etrace {
#define GEN_PASS_DEF_BLOCKTRACESPASS
#include "etrace/Conversion/Passes.h.inc"
} // namespace etrace

using namespace mlir;
using namespace etrace;

namespace {

/// Blocks of fewer elements waste vectors; longer ones do not fit the registers.
constexpr int64_t kSmallestBlock = 16, kLargestBlock = 64;

/// Traces that the same operations update, with all values that stand for their contents.
struct TraceCluster {
  SmallVector<BufferOp> buffers;
  llvm::SetVector<Value> values;
  llvm::SetVector<Operation *> updates;
  /// False if a trace is used in a way that fixes its layout.
  bool isFree = true;
};

/// Collects the uses of one buffer.
class UseFinder {
public:
  explicit UseFinder(BufferOp buffer) : buffer(buffer) { cluster.buffers.push_back(buffer); }
  TraceCluster find();

private:
  bool visit(OpOperand &use);
  bool includeSource(Value value);
  void includeResults(ModuleOp module);
  BufferOp buffer;
  TraceCluster cluster;
};

class TraceBlocker {
public:
  TraceBlocker(TraceCluster &cluster, int64_t cache)
      : cluster(cluster), type(cast<RankedTensorType>(cluster.buffers.front().getType())),
        cache(cache) {}

  /// Changes the layout where it pays.
  void run();

private:
  bool chooseLayout();
  int64_t chooseBlock() const;
  bool isVector(AffineMap map) const;
  bool dependsOnBatch(AffineMap map) const;
  AffineMap pack(linalg::GenericOp op, OpOperand &operand, AffineMap map);
  RankedTensorType getBlockedType() const;
  void rewriteUpdate(linalg::GenericOp op);
  void setTypes();

  TraceCluster &cluster;
  RankedTensorType type;
  int64_t cache;
  int64_t block = 0;
  /// The axes that the gradient sums over: the batch.
  SmallVector<int64_t> summed;
  /// The stored axes, outermost first; the rank stands for the place inside a block.
  SmallVector<int64_t> order;
};

} // namespace

bool UseFinder::visit(OpOperand &use) {
  Operation *op = use.getOwner();
  if (auto generic = dyn_cast<linalg::GenericOp>(op)) {
    if (!generic.isDpsInit(&use) || !generic.getMatchingIndexingMap(&use).isIdentity() ||
        generic.hasIndexSemantics())
      return false;
    cluster.updates.insert(generic);
    cluster.values.insert(generic.getTiedOpResult(&use));
    return true;
  }
  if (auto fill = dyn_cast<linalg::FillOp>(op)) {
    cluster.values.insert(fill.getResult(0));
    return fill.isDpsInit(&use);
  }
  if (auto loop = dyn_cast<scf::ForOp>(op)) {
    cluster.values.insert(loop.getTiedLoopRegionIterArg(&use));
    cluster.values.insert(loop.getTiedLoopResult(&use));
    return true;
  }
  if (auto yield = dyn_cast<scf::YieldOp>(op)) {
    auto loop = dyn_cast<scf::ForOp>(yield->getParentOp());
    return loop && cluster.values.contains(loop.getRegionIterArgs()[use.getOperandNumber()]);
  }
  if (isa<func::ReturnOp>(op)) {
    auto function = cast<func::FuncOp>(op->getParentOp());
    auto name = function.getResultAttrOfType<StringAttr>(use.getOperandNumber(), kBufferAttr);
    return name && name == buffer.getSymNameAttr();
  }
  return false;
}

/// Adds a value that becomes the contents of the buffer, with what it is written into. A
/// trace that is not read, only written, is written into an empty tensor.
bool UseFinder::includeSource(Value value) {
  if (!cluster.values.insert(value))
    return true;
  if (auto empty = value.getDefiningOp<tensor::EmptyOp>())
    return empty->hasOneUse();
  if (auto constant = value.getDefiningOp<arith::ConstantOp>())
    return constant->hasOneUse() && isa<SplatElementsAttr>(constant.getValue());
  auto result = dyn_cast<OpResult>(value);
  if (!result)
    return false;
  if (auto loop = dyn_cast<scf::ForOp>(result.getOwner())) {
    BlockArgument argument = loop.getTiedLoopRegionIterArg(result);
    return includeSource(loop.getTiedLoopInit(result)->get()) &&
           includeSource(loop.getTiedLoopYieldedValue(argument)->get());
  }
  if (auto op = dyn_cast<DestinationStyleOpInterface>(result.getOwner());
      op && isa<linalg::GenericOp, linalg::FillOp>(result.getOwner()))
    return includeSource(op.getTiedOpOperand(result)->get());
  return false;
}

/// What functions return for the buffer and loops carry for it.
void UseFinder::includeResults(ModuleOp module) {
  for (auto function : module.getOps<func::FuncOp>()) {
    if (function.isDeclaration())
      continue;
    for (OpOperand &returned : function.front().getTerminator()->getOpOperands()) {
      auto name =
          function.getResultAttrOfType<StringAttr>(returned.getOperandNumber(), kBufferAttr);
      if (name && name == buffer.getSymNameAttr())
        cluster.isFree &= includeSource(returned.get());
    }
  }
  for (size_t index = 0; index < cluster.values.size(); ++index)
    if (auto argument = dyn_cast<BlockArgument>(cluster.values[index]))
      if (auto loop = dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp()))
        cluster.isFree &= includeSource(loop.getTiedLoopYieldedValue(argument)->get());
}

TraceCluster UseFinder::find() {
  auto module = buffer->getParentOfType<ModuleOp>();
  for (auto function : module.getOps<func::FuncOp>())
    for (BlockArgument argument : function.getArguments()) {
      auto name = function.getArgAttrOfType<StringAttr>(argument.getArgNumber(), kBufferAttr);
      if (name && name == buffer.getSymNameAttr())
        cluster.values.insert(argument);
    }
  // The set grows while it is walked.
  auto followUses = [&] {
    for (size_t index = 0; index < cluster.values.size(); ++index)
      for (OpOperand &use : cluster.values[index].getUses())
        cluster.isFree &= visit(use);
  };
  followUses();
  includeResults(module);
  followUses();
  return std::move(cluster);
}

/// True for an input that varies along both the batch and the blocked axis: it stays in
/// the cache while a block is streamed.
bool TraceBlocker::isVector(AffineMap map) const {
  return map.isFunctionOfDim(type.getRank() - 1) && dependsOnBatch(map);
}

bool TraceBlocker::dependsOnBatch(AffineMap map) const {
  return llvm::any_of(summed, [&](int64_t d) { return map.isFunctionOfDim(d); });
}

int64_t TraceBlocker::chooseBlock() const {
  int64_t axis = type.getRank() - 1, samples = 1, vectors = 1;
  for (int64_t d : summed)
    samples *= type.getDimSize(d);
  if (samples == 1)
    return 0;
  for (Operation *op : cluster.updates)
    vectors = std::max<int64_t>(
        vectors, llvm::count_if(cast<linalg::GenericOp>(op).getDpsInputOperands(),
                                [&](OpOperand *operand) {
                                  return isVector(cast<linalg::GenericOp>(op)
                                                      .getMatchingIndexingMap(operand));
                                }));
  int64_t bytes = type.getElementTypeBitWidth() / 8;
  int64_t fits = std::max<int64_t>(1, cache / 2 / (vectors * samples * bytes));
  return std::min<int64_t>({kLargestBlock, int64_t(llvm::bit_floor(uint64_t(fits))),
                            int64_t(1) << llvm::countr_zero(uint64_t(type.getDimSize(axis)))});
}

bool TraceBlocker::chooseLayout() {
  int64_t rank = type.getRank(), axis = rank - 1;
  if (!cluster.isFree || cluster.updates.empty())
    return false;
  SmallVector<utils::IteratorType> iterators =
      cast<linalg::GenericOp>(cluster.updates[0]).getIteratorTypesArray();
  // Updates that sum over different axes would want different orders.
  for (Operation *op : cluster.updates)
    if (cast<linalg::GenericOp>(op).getIteratorTypesArray() != iterators ||
        int64_t(iterators.size()) != rank)
      return false;
  for (BufferOp buffer : cluster.buffers)
    if (buffer.getType() != type)
      return false;
  if (iterators[axis] == utils::IteratorType::reduction)
    return false;
  for (int64_t d = 0; d < axis; ++d)
    if (iterators[d] == utils::IteratorType::reduction)
      summed.push_back(d);
  block = chooseBlock();
  if (block < kSmallestBlock)
    return false;
  order.push_back(axis);
  for (int64_t d = 0; d < axis; ++d)
    if (iterators[d] != utils::IteratorType::reduction)
      order.push_back(d);
  llvm::append_range(order, summed);
  order.push_back(rank);
  return true;
}

RankedTensorType TraceBlocker::getBlockedType() const {
  SmallVector<int64_t> shape;
  for (int64_t axis : order)
    shape.push_back(axis == type.getRank()       ? block
                    : axis == type.getRank() - 1 ? type.getDimSize(axis) / block
                                                 : type.getDimSize(axis));
  return RankedTensorType::get(shape, type.getElementType());
}

/// Copies v[b, o] to p[o / block][b][o % block], or x[b, i] to p[i][b]: the order in which
/// the update reads it. At their natural stride the pieces would fall on few sets of the
/// cache. Returns the map of the copy.
AffineMap TraceBlocker::pack(linalg::GenericOp op, OpOperand &operand, AffineMap map) {
  MLIRContext *context = op.getContext();
  int64_t rank = type.getRank(), axis = rank - 1;
  SmallVector<int64_t> shape;
  SmallVector<AffineExpr> stored, natural(rank);
  ArrayRef<int64_t> blocked = getBlockedType().getShape();
  for (auto [position, storedAxis] : llvm::enumerate(order)) {
    // The place inside a block belongs to the blocked axis.
    if (!map.isFunctionOfDim(storedAxis == rank ? axis : storedAxis))
      continue;
    AffineExpr place = getAffineDimExpr(shape.size(), context);
    shape.push_back(blocked[position]);
    stored.push_back(getAffineDimExpr(position, context));
    if (storedAxis == rank)
      natural[axis] = natural[axis] + place;
    else
      natural[storedAxis] = storedAxis == axis ? place * block : place;
  }
  AffineMap source = map.replaceDimsAndSymbols(natural, {}, shape.size(), 0);
  auto packedMap = AffineMap::get(rank + 1, 0, stored, context);
  OpBuilder builder(op);
  Location loc = op.getLoc();
  Value empty = tensor::EmptyOp::create(builder, loc, shape, type.getElementType());
  SmallVector<utils::IteratorType> parallel(shape.size(), utils::IteratorType::parallel);
  auto copy = linalg::GenericOp::create(
      builder, loc, empty.getType(), operand.get(), empty,
      ArrayRef<AffineMap>{source, AffineMap::getMultiDimIdentityMap(shape.size(), context)},
      parallel, [](OpBuilder &nested, Location at, ValueRange arguments) {
        linalg::YieldOp::create(nested, at, arguments.front());
      });
  operand.set(copy.getResult(0));
  return packedMap;
}

/// The same update over the stored axes.
void TraceBlocker::rewriteUpdate(linalg::GenericOp op) {
  MLIRContext *context = op.getContext();
  int64_t rank = type.getRank();
  SmallVector<AffineExpr> natural(rank);
  for (auto [position, axis] : llvm::enumerate(order))
    if (axis < rank)
      natural[axis] = getAffineDimExpr(position, context);
  natural[rank - 1] = natural[rank - 1] * block + getAffineDimExpr(rank, context);
  SmallVector<AffineMap> maps;
  for (OpOperand &operand : op->getOpOperands()) {
    AffineMap map = op.getMatchingIndexingMap(&operand);
    if (cluster.values.contains(operand.get())) {
      maps.push_back(AffineMap::getMultiDimIdentityMap(rank + 1, context));
      continue;
    }
    if (op.isDpsInput(&operand) && dependsOnBatch(map)) {
      maps.push_back(pack(op, operand, map));
      continue;
    }
    SmallVector<AffineExpr> exprs;
    for (AffineExpr expr : map.getResults())
      exprs.push_back(expr.replaceDims(natural));
    maps.push_back(AffineMap::get(rank + 1, 0, exprs, context));
  }
  SmallVector<utils::IteratorType> old = op.getIteratorTypesArray(), iterators;
  for (int64_t axis : order)
    iterators.push_back(axis == rank ? utils::IteratorType::parallel : old[axis]);
  op.setIndexingMapsAttr(Builder(context).getAffineMapArrayAttr(maps));
  SmallVector<Attribute> attributes;
  for (utils::IteratorType iterator : iterators)
    attributes.push_back(linalg::IteratorTypeAttr::get(context, iterator));
  op.setIteratorTypesAttr(Builder(context).getArrayAttr(attributes));
}

void TraceBlocker::setTypes() {
  RankedTensorType blocked = getBlockedType();
  Builder b(type.getContext());
  auto layout = b.getDictionaryAttr({
      b.getNamedAttr("axis", b.getI64IntegerAttr(type.getRank() - 1)),
      b.getNamedAttr("block", b.getI64IntegerAttr(block)),
      b.getNamedAttr("order", b.getDenseI64ArrayAttr(order)),
      b.getNamedAttr("shape", b.getDenseI64ArrayAttr(type.getShape())),
  });
  for (BufferOp buffer : cluster.buffers) {
    buffer->setAttr(kLayoutAttr, layout);
    buffer.setType(blocked);
  }
  for (Value value : cluster.values) {
    if (auto constant = value.getDefiningOp<arith::ConstantOp>()) {
      auto splat = cast<SplatElementsAttr>(constant.getValue());
      constant.setValueAttr(DenseElementsAttr::get(blocked, splat.getSplatValue<Attribute>()));
    }
    value.setType(blocked);
  }
}

void TraceBlocker::run() {
  if (!chooseLayout())
    return;
  for (Operation *op : cluster.updates)
    rewriteUpdate(cast<linalg::GenericOp>(op));
  setTypes();
}

/// Joins the traces that one operation updates: they share its iteration space.
static std::vector<TraceCluster> findClusters(ModuleOp module) {
  std::vector<TraceCluster> clusters;
  for (auto buffer : module.getOps<BufferOp>()) {
    if (buffer.getKind() != BufferKind::trace ||
        cast<RankedTensorType>(buffer.getType()).getRank() < 3)
      continue;
    TraceCluster next = UseFinder(buffer).find();
    for (size_t index = clusters.size(); index-- > 0;) {
      TraceCluster &other = clusters[index];
      if (llvm::none_of(other.updates, [&](Operation *op) { return next.updates.contains(op); }))
        continue;
      next.buffers.append(other.buffers);
      next.values.insert(other.values.begin(), other.values.end());
      next.updates.insert(other.updates.begin(), other.updates.end());
      next.isFree &= other.isFree;
      clusters.erase(clusters.begin() + index);
    }
    clusters.push_back(std::move(next));
  }
  return clusters;
}

/// The signatures follow the bodies.
static void updateSignatures(ModuleOp module) {
  for (auto function : module.getOps<func::FuncOp>())
    if (!function.isDeclaration())
      function.setFunctionType(FunctionType::get(
          module.getContext(), function.front().getArgumentTypes(),
          function.front().getTerminator()->getOperandTypes()));
}

namespace {
struct BlockTraces : etrace::impl::BlockTracesPassBase<BlockTraces> {
  using BlockTracesPassBase::BlockTracesPassBase;

  void runOnOperation() override {
    for (TraceCluster &cluster : findClusters(getOperation()))
      TraceBlocker(cluster, cache).run();
    updateSignatures(getOperation());
  }
};
} // namespace
