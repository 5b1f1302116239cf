//===- BlockTraces.cpp - How traces lie in memory -------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The pass over a trace e[b, i, o] with the sum G[i, o] over b reads D, f and others of
// [b, o] for every i. With axes cut in blocks it becomes a pass over
// e[o / ob][b / bb][i / ib][b % bb][k][i % ib][o % ob] of all states k: one run through
// memory, in which a piece of G stays in registers over bb samples, a vector read serves ib
// rows, and the vectors of a block stay in the first-level cache.
//===----------------------------------------------------------------------===//

#include "etrace/Conversion/ABIRecord.h"
#include "etrace/Conversion/Passes.h"
#include "etrace/IR/Etrace.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/MathExtras.h"

namespace etrace {
#define GEN_PASS_DEF_BLOCKTRACESPASS
#include "etrace/Conversion/Passes.h.inc"
} // namespace etrace

using namespace mlir;
using namespace etrace;

namespace {

/// Bytes of the innermost block: a line of the cache.
constexpr int64_t kLine = 64;
/// Samples of a block at most; more save nothing.
constexpr int64_t kSamples = 8;

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
        rank(type.getRank()), cache(cache) {}

  /// Changes the layout where it pays.
  void run();

private:
  /// A copy of an input: its shape, the element of the input for each of its own, and the
  /// place in it for each point of the update.
  struct Packing {
    SmallVector<int64_t> shape;
    AffineMap source, place;
  };

  bool chooseLayout();
  bool readAxes();
  bool findRowAxis();
  void chooseBlocks();
  void chooseOrder();
  int64_t countVectors(int64_t axis) const;
  bool isVector(AffineMap map) const;
  bool dependsOnBatch(AffineMap map) const;
  SmallVector<AffineExpr> getNaturalIndices(
      llvm::function_ref<AffineExpr(size_t position, int64_t stored)> getIndex) const;
  int64_t getExtent(int64_t stored) const;
  bool isPacked(AffineMap map) const;
  Packing getPacking(AffineMap map) const;
  void packTogether(linalg::GenericOp op, ArrayRef<OpOperand *> operands);
  RankedTensorType getBlockedType() const;
  SmallVector<int64_t> getStoredStrides(int64_t &stateStride) const;
  void rewriteUpdate(linalg::GenericOp op);
  void setTypes();

  TraceCluster &cluster;
  RankedTensorType type;
  int64_t rank;
  int64_t cache;
  /// The axes that the gradient sums over: the batch.
  SmallVector<int64_t> summed;
  /// The axis of the rows that a block takes together.
  int64_t row = 0;
  /// Whether rows are passed one after the other, not line by line.
  bool hasLongRows = false;
  /// How many elements of each axis lie in one block.
  SmallVector<int64_t> blocks;
  /// The stored axes, outermost first: d counts the blocks of axis d, rank + d is the place
  /// inside a block.
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

bool TraceBlocker::dependsOnBatch(AffineMap map) const {
  return llvm::any_of(summed, [&](int64_t d) { return map.isFunctionOfDim(d); });
}

/// Inputs that vary along the last axis but not along `axis`: D, f and others of [b, o].
int64_t TraceBlocker::countVectors(int64_t axis) const {
  int64_t most = 0;
  for (Operation *update : cluster.updates) {
    auto op = cast<linalg::GenericOp>(update);
    most = std::max<int64_t>(
        most, llvm::count_if(op.getDpsInputOperands(), [&](OpOperand *operand) {
          AffineMap map = op.getMatchingIndexingMap(operand);
          return map.isFunctionOfDim(rank - 1) && !map.isFunctionOfDim(axis);
        }));
  }
  return most;
}

/// True for an input that all rows share.
bool TraceBlocker::isVector(AffineMap map) const {
  return map.isFunctionOfDim(rank - 1) && !map.isFunctionOfDim(row);
}

/// The axis whose turns share the most vectors.
bool TraceBlocker::findRowAxis() {
  int64_t most = 0;
  for (int64_t d = 0; d < rank - 1; ++d)
    if (int64_t count = countVectors(d); !llvm::is_contained(summed, d) && count > most) {
      row = d;
      most = count;
    }
  return most > 0;
}

static int64_t getLargestDivisor(int64_t extent, int64_t limit) {
  for (int64_t divisor = std::min(extent, limit); divisor > 1; --divisor)
    if (extent % divisor == 0)
      return divisor;
  return 1;
}

/// Two rows of many states, whose values fill the registers, or of one sample, where G is read
/// and written as often as the trace.
void TraceBlocker::chooseBlocks() {
  int64_t axis = rank - 1, samples = 1, states = cluster.buffers.size();
  for (int64_t d : summed)
    samples *= type.getDimSize(d);
  int64_t bytes = type.getElementTypeBitWidth() / 8;
  int64_t vectors = countVectors(row);
  blocks.assign(rank, 1);
  blocks[axis] = kLine / bytes;
  // The vectors of whole rows of one sample may stay in the cache: then G is read in order.
  hasLongRows = samples == 1 && vectors * type.getDimSize(axis) * bytes <= cache * 3 / 4;
  blocks[row] =
      getLargestDivisor(type.getDimSize(row), samples == 1 || states > 2 ? 2 : 4);
  if (!summed.empty())
    blocks[summed.back()] =
        getLargestDivisor(type.getDimSize(summed.back()),
                          std::min(kSamples, cache / 4 / (vectors * blocks[axis] * bytes)));
}

void TraceBlocker::chooseOrder() {
  auto addCount = [&](int64_t d) {
    if (blocks[d] == 1 || blocks[d] < type.getDimSize(d))
      order.push_back(d);
  };
  auto addPlace = [&](int64_t d) {
    if (blocks[d] > 1)
      order.push_back(rank + d);
  };
  SmallVector<int64_t> rows;
  for (int64_t d = 0; d < rank - 1; ++d)
    if (!llvm::is_contained(summed, d))
      rows.push_back(d);
  if (!hasLongRows)
    addCount(rank - 1);
  llvm::for_each(summed, addCount);
  llvm::for_each(rows, addCount);
  if (hasLongRows)
    addCount(rank - 1);
  llvm::for_each(summed, addPlace);
  llvm::for_each(rows, addPlace);
  addPlace(rank - 1);
}

/// Finds the summed axes. False if the updates do not agree on them: they would want
/// different orders.
bool TraceBlocker::readAxes() {
  if (!cluster.isFree || cluster.updates.empty())
    return false;
  SmallVector<utils::IteratorType> iterators =
      cast<linalg::GenericOp>(cluster.updates[0]).getIteratorTypesArray();
  for (Operation *op : cluster.updates)
    if (cast<linalg::GenericOp>(op).getIteratorTypesArray() != iterators ||
        int64_t(iterators.size()) != rank)
      return false;
  for (BufferOp buffer : cluster.buffers)
    if (buffer.getType() != type)
      return false;
  for (int64_t d = 0; d < rank; ++d)
    if (iterators[d] == utils::IteratorType::reduction)
      summed.push_back(d);
  return !llvm::is_contained(summed, rank - 1);
}

bool TraceBlocker::chooseLayout() {
  if (!readAxes() || !findRowAxis() ||
      type.getDimSize(rank - 1) % (kLine * 8 / type.getElementTypeBitWidth()) != 0)
    return false;
  chooseBlocks();
  chooseOrder();
  return true;
}

int64_t TraceBlocker::getExtent(int64_t stored) const {
  return stored < rank ? type.getDimSize(stored) / blocks[stored] : blocks[stored - rank];
}

RankedTensorType TraceBlocker::getBlockedType() const {
  return RankedTensorType::get(
      llvm::map_to_vector(order, [&](int64_t stored) { return getExtent(stored); }),
      type.getElementType());
}

/// The indices of the natural axes; `getIndex` gives that of a stored one, or null.
SmallVector<AffineExpr> TraceBlocker::getNaturalIndices(
    llvm::function_ref<AffineExpr(size_t position, int64_t stored)> getIndex) const {
  SmallVector<AffineExpr> natural(rank, getAffineConstantExpr(0, type.getContext()));
  for (auto [position, stored] : llvm::enumerate(order))
    if (AffineExpr index = getIndex(position, stored))
      natural[stored % rank] =
          natural[stored % rank] + (stored < rank ? index * blocks[stored] : index);
  return natural;
}

/// An input is copied in the order in which the update reads it if that order differs, or if
/// the rows share it: D, f and others then lie side by side.
bool TraceBlocker::isPacked(AffineMap map) const {
  return dependsOnBatch(map) || isVector(map);
}

/// Where a copy of v[b, o] or x[b, i] lies in the stored axes, and its elements in v or x.
TraceBlocker::Packing TraceBlocker::getPacking(AffineMap map) const {
  MLIRContext *context = type.getContext();
  Packing packing;
  SmallVector<AffineExpr> places;
  SmallVector<AffineExpr> natural =
      getNaturalIndices([&](size_t position, int64_t stored) -> AffineExpr {
        if (!map.isFunctionOfDim(stored % rank))
          return {};
        packing.shape.push_back(getExtent(stored));
        places.push_back(getAffineDimExpr(position, context));
        return getAffineDimExpr(packing.shape.size() - 1, context);
      });
  packing.source = map.replaceDimsAndSymbols(natural, {}, packing.shape.size(), 0);
  packing.place = AffineMap::get(order.size(), 0, places, context);
  return packing;
}

/// Copies `from`, read through the packing, to `to`.
static Value createPackedCopy(OpBuilder &builder, Location loc, Value from, AffineMap source,
                              Value to) {
  SmallVector<utils::IteratorType> parallel(source.getNumDims(), utils::IteratorType::parallel);
  auto identity = builder.getMultiDimIdentityMap(source.getNumDims());
  auto copy = linalg::GenericOp::create(
      builder, loc, to.getType(), from, to, ArrayRef<AffineMap>{source, identity}, parallel,
      [](OpBuilder &nested, Location at, ValueRange arguments) {
        linalg::YieldOp::create(nested, at, arguments.front());
      });
  return copy.getResult(0);
}

/// Packs inputs of one shape and place: v-th of all[.., v, o]. In arrays of their own they
/// would fall in the same few lines of the first-level cache, and each would need a register
/// for its address.
void TraceBlocker::packTogether(linalg::GenericOp op, ArrayRef<OpOperand *> operands) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  Packing packing = getPacking(op.getMatchingIndexingMap(operands.front()));
  SmallVector<int64_t> shape = packing.shape;
  auto single = RankedTensorType::get(shape, type.getElementType());
  if (operands.size() == 1) {
    Value empty = tensor::EmptyOp::create(builder, loc, shape, type.getElementType());
    operands.front()->set(createPackedCopy(builder, loc, operands.front()->get(),
                                           packing.source, empty));
    return;
  }
  shape.insert(shape.end() - 1, operands.size());
  SmallVector<OpFoldResult> offsets(shape.size(), builder.getIndexAttr(0)),
      strides(shape.size(), builder.getIndexAttr(1)), sizes;
  for (int64_t extent : shape)
    sizes.push_back(builder.getIndexAttr(extent));
  size_t axis = shape.size() - 2;
  sizes[axis] = builder.getIndexAttr(1);
  auto extract = [&](Value all, size_t number) -> Value {
    offsets[axis] = builder.getIndexAttr(number);
    return tensor::ExtractSliceOp::create(builder, loc, single, all, offsets, sizes, strides);
  };
  Value all = tensor::EmptyOp::create(builder, loc, shape, type.getElementType());
  for (auto [number, operand] : llvm::enumerate(operands)) {
    AffineMap source = getPacking(op.getMatchingIndexingMap(operand)).source;
    Value copy =
        createPackedCopy(builder, loc, operand->get(), source, extract(all, number));
    all = tensor::InsertSliceOp::create(builder, loc, copy, all, offsets, sizes, strides);
  }
  for (auto [number, operand] : llvm::enumerate(operands))
    operand->set(extract(all, number));
}

/// The same update over the stored axes.
void TraceBlocker::rewriteUpdate(linalg::GenericOp op) {
  MLIRContext *context = op.getContext();
  SmallVector<AffineExpr> natural = getNaturalIndices(
      [&](size_t position, int64_t) { return getAffineDimExpr(position, context); });
  SmallVector<AffineMap> maps;
  llvm::MapVector<AffineMap, SmallVector<OpOperand *>> packed;
  for (OpOperand &operand : op->getOpOperands()) {
    AffineMap map = op.getMatchingIndexingMap(&operand);
    if (cluster.values.contains(operand.get())) {
      maps.push_back(AffineMap::getMultiDimIdentityMap(order.size(), context));
    } else if (op.isDpsInput(&operand) && isPacked(map)) {
      maps.push_back(getPacking(map).place);
      packed[maps.back()].push_back(&operand);
    } else {
      maps.push_back(map.replaceDimsAndSymbols(natural, {}, order.size(), 0));
    }
  }
  for (auto &[place, operands] : packed)
    packTogether(op, operands);
  SmallVector<utils::IteratorType> iterators = op.getIteratorTypesArray();
  auto attributes = llvm::map_to_vector(order, [&](int64_t stored) -> Attribute {
    return linalg::IteratorTypeAttr::get(context, iterators[stored % rank]);
  });
  op.setIndexingMapsAttr(Builder(context).getAffineMapArrayAttr(maps));
  op.setIteratorTypesAttr(Builder(context).getArrayAttr(attributes));
}

/// The strides of the stored axes. The traces of all states lie in one array: between the
/// places of the samples and those of the rows.
SmallVector<int64_t> TraceBlocker::getStoredStrides(int64_t &stateStride) const {
  SmallVector<int64_t> strides(order.size());
  int64_t stride = 1;
  stateStride = 0;
  for (size_t position = order.size(); position-- > 0;) {
    int64_t stored = order[position];
    bool isInner = stored == rank + row || stored == 2 * rank - 1;
    if (!isInner && !stateStride) {
      stateStride = stride;
      stride *= cluster.buffers.size();
    }
    strides[position] = stride;
    stride *= getExtent(stored);
  }
  if (!stateStride)
    stateStride = stride;
  return strides;
}

void TraceBlocker::setTypes() {
  RankedTensorType blocked = getBlockedType();
  Builder b(type.getContext());
  int64_t stateStride;
  SmallVector<int64_t> stored = getStoredStrides(stateStride);
  SmallVector<int64_t> blockStrides(rank, 0), strides(rank, 0);
  for (auto [axis, stride] : llvm::zip(order, stored))
    (axis < rank ? blockStrides : strides)[axis % rank] = stride;
  llvm::sort(cluster.buffers,
             [](BufferOp a, BufferOp c) { return a->isBeforeInBlock(c); });
  for (auto [state, buffer] : llvm::enumerate(cluster.buffers)) {
    NamedAttrList layout;
    layout.append("shape", b.getDenseI64ArrayAttr(type.getShape()));
    layout.append("blocks", b.getDenseI64ArrayAttr(blocks));
    layout.append("block_strides", b.getDenseI64ArrayAttr(blockStrides));
    layout.append("strides", b.getDenseI64ArrayAttr(strides));
    if (cluster.buffers.size() > 1) {
      layout.append("array", FlatSymbolRefAttr::get(cluster.buffers.front().getSymNameAttr()));
      layout.append("members", b.getI64IntegerAttr(cluster.buffers.size()));
      layout.append("start", b.getI64IntegerAttr(state * stateStride));
      layout.append("stored_strides", b.getDenseI64ArrayAttr(stored));
    }
    buffer->setAttr(kLayoutAttr, layout.getDictionary(type.getContext()));
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
        cast<RankedTensorType>(buffer.getType()).getRank() < 2)
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
