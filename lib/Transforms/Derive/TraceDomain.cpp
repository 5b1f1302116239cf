//===- TraceDomain.cpp - The iteration space of a trace -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// A trace element is a pair (element w of a leaf, hidden position p) such that p reads
// a position of y that reads w. With projections everywhere its dimensions are those of
// p that the leaf lacks, then those of the leaf.
//
// Where an index operand gives a dimension of y by elements of the leaf, and never changes, w
// decides p in it: a trace of a sparse product has no such dimension, and D, f and x are read
// through the index. A given dimension that the trace has (a row of a table) selects instead: x is
// 0 in all other rows.
//===----------------------------------------------------------------------===//

#include "Learner.h"

#include "etrace/Interfaces/Contraction.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace etrace;

void TraceStore::declare(BufferKind kind, const std::string &path, RankedTensorType type) {
  if (llvm::any_of(declarations, [&](const BufferDeclaration &d) { return d.path == path; }))
    return;
  declarations.push_back({(stringifyBufferKind(kind) + "." + path).str(), kind, path, type,
                          ZerosAttr::get(type.getContext())});
}

OpOperand *etrace::getMultiplicand(ETPOpInterface primitive, OpOperand &leaf) {
  SmallVector<OpOperand *> product = primitive.getProductOperands();
  if (!llvm::is_contained(product, &leaf))
    return nullptr;
  for (OpOperand *operand : product)
    if (operand != &leaf)
      return operand;
  return nullptr;
}

static unsigned getDim(AffineMap map, unsigned axis) {
  return cast<AffineDimExpr>(map.getResult(axis)).getPosition();
}

static bool isOne(Value tensor, unsigned axis) {
  return cast<RankedTensorType>(tensor.getType()).getDimSize(axis) == 1;
}

namespace {
/// Dimensions are named by the primitive's iteration dimensions. An axis of hidden positions that
/// y lacks (a broadcast tail) has a number behind these.
class DomainFinder {
public:
  DomainFinder(ETPOpInterface primitive, OpOperand &leaf,
               llvm::function_ref<bool(Value)> isInvariant)
      : primitive(primitive), leaf(leaf), isInvariant(isInvariant),
        maps(primitive.getIndexingMapsArray()),
        leafMap(maps[leaf.getOperandNumber()]) {
    if (llvm::is_contained(primitive.getProductOperands(), &leaf))
      indices = primitive.getDimIndices();
  }
  std::optional<TraceDomain> find(AffineMap positionToOutput, ArrayRef<int64_t> positions);

private:
  void findDims(ArrayRef<unsigned> iterationOf, ArrayRef<int64_t> positions);
  std::optional<unsigned> findDim(unsigned iteration) const;
  const DimIndex *findIndex(unsigned iteration) const;
  bool isDetermined(unsigned iteration, ArrayRef<unsigned> iterationOf) const;
  bool isInDomain(const DimIndex &index) const;
  /// The map from the domain with `count` dimensions behind it. An axis that is not in the domain
  /// has the extent 1.
  AffineMap inDomain(AffineMap map, unsigned count) const;
  Access rebase(ArrayRef<unsigned> iterations, ArrayRef<int64_t> shape) const;
  Access rebase(AffineMap map, Value tensor) const;
  bool findMultiplicand(TraceDomain &domain) const;

  ETPOpInterface primitive;
  OpOperand &leaf;
  llvm::function_ref<bool(Value)> isInvariant;
  SmallVector<AffineMap> maps;
  AffineMap leafMap;
  SmallVector<DimIndex> indices;
  SmallVector<unsigned> dims;
  SmallVector<int64_t> extents;
};
} // namespace

std::optional<unsigned> DomainFinder::findDim(unsigned iteration) const {
  auto it = llvm::find(dims, iteration);
  return it == dims.end() ? std::nullopt : std::optional<unsigned>(it - dims.begin());
}

const DimIndex *DomainFinder::findIndex(unsigned iteration) const {
  auto it = llvm::find_if(indices, [&](const DimIndex &i) { return i.dim == iteration; });
  return it == indices.end() ? nullptr : it;
}

/// Whether an index that never changes gives the dimension, by others of leaf and position: the
/// trace then needs no dimension of its own for it.
bool DomainFinder::isDetermined(unsigned iteration, ArrayRef<unsigned> iterationOf) const {
  const DimIndex *index = findIndex(iteration);
  if (!index || !isInvariant(index->index))
    return false;
  for (unsigned axis = 0; axis < index->map.getNumResults(); ++axis) {
    unsigned dim = getDim(index->map, axis);
    if (!leafMap.isFunctionOfDim(dim) && !llvm::is_contained(iterationOf, dim) &&
        !isOne(index->index, axis))
      return false;
  }
  return true;
}

void DomainFinder::findDims(ArrayRef<unsigned> iterationOf, ArrayRef<int64_t> positions) {
  for (auto [iteration, extent] : llvm::zip_equal(iterationOf, positions)) {
    bool inLeaf = iteration < leafMap.getNumDims() && leafMap.isFunctionOfDim(iteration);
    if (inLeaf || isDetermined(iteration, iterationOf))
      continue;
    dims.push_back(iteration);
    extents.push_back(extent);
  }
  auto leafShape = cast<RankedTensorType>(leaf.get().getType()).getShape();
  for (unsigned axis = 0; axis < leafMap.getNumResults(); ++axis) {
    dims.push_back(getDim(leafMap, axis));
    extents.push_back(leafShape[axis]);
  }
}

bool DomainFinder::isInDomain(const DimIndex &index) const {
  for (unsigned axis = 0; axis < index.map.getNumResults(); ++axis)
    if (!findDim(getDim(index.map, axis)) && !isOne(index.index, axis))
      return false;
  return true;
}

AffineMap DomainFinder::inDomain(AffineMap map, unsigned count) const {
  SmallVector<AffineExpr> exprs;
  for (unsigned axis = 0; axis < map.getNumResults(); ++axis) {
    std::optional<unsigned> dim = findDim(getDim(map, axis));
    exprs.push_back(dim ? getAffineDimExpr(*dim, map.getContext())
                        : getAffineConstantExpr(0, map.getContext()));
  }
  return AffineMap::get(dims.size() + count, 0, exprs, map.getContext());
}

Access DomainFinder::rebase(ArrayRef<unsigned> iterations, ArrayRef<int64_t> shape) const {
  MLIRContext *context = leafMap.getContext();
  SmallVector<AffineExpr> exprs;
  SmallVector<const DimIndex *> given;
  for (auto [iteration, extent] : llvm::zip_equal(iterations, shape)) {
    const DimIndex *index = findIndex(iteration);
    if (std::optional<unsigned> dim = findDim(iteration)) {
      exprs.push_back(getAffineDimExpr(*dim, context));
    } else if (index && isInDomain(*index)) {
      exprs.push_back(getAffineDimExpr(dims.size() + given.size(), context));
      given.push_back(index);
    } else if (extent == 1) {
      exprs.push_back(getAffineConstantExpr(0, context));
    } else {
      return {};
    }
  }
  Access access = AffineMap::get(dims.size() + given.size(), 0, exprs, context);
  for (auto [number, index] : llvm::enumerate(given))
    access.indices.push_back(
        {unsigned(dims.size() + number), index->index, inDomain(index->map, given.size())});
  return access;
}

Access DomainFinder::rebase(AffineMap map, Value tensor) const {
  SmallVector<unsigned> iterations;
  for (unsigned axis = 0; axis < map.getNumResults(); ++axis)
    iterations.push_back(getDim(map, axis));
  return rebase(iterations, cast<RankedTensorType>(tensor.getType()).getShape());
}

/// The factor of the leaf: x, or what an index leaves of it.
bool DomainFinder::findMultiplicand(TraceDomain &domain) const {
  OpOperand *x = getMultiplicand(primitive, leaf);
  MLIRContext *context = leafMap.getContext();
  Access access = AffineMap::get(dims.size(), 0, context);
  if (x)
    access = rebase(maps[x->getOperandNumber()], x->get());
  if (!access)
    return false;
  bool selects = false;
  unsigned count = access.indices.size();
  for (const DimIndex &index : indices) {
    std::optional<unsigned> dim = findDim(index.dim);
    selects |= dim || !isInvariant(index.index);
    if (dim && !isInDomain(index))
      return false;
    if (dim)
      access.indices.push_back({*dim, index.index, inDomain(index.map, count)});
  }
  domain.multiplicand = access;
  if (!selects)
    return true;
  SmallVector<AffineExpr> read;
  for (unsigned dim = 0; dim < dims.size(); ++dim)
    if (access.reads(dim))
      read.push_back(getAffineDimExpr(dim, context));
  domain.multiplicand = AffineMap::get(dims.size(), 0, read, context);
  domain.selection = access;
  return true;
}

std::optional<TraceDomain> DomainFinder::find(AffineMap positionToOutput,
                                              ArrayRef<int64_t> positions) {
  AffineMap outputMap = maps.back();
  auto iterationOf = llvm::to_vector(
      llvm::seq<unsigned>(outputMap.getNumDims(), outputMap.getNumDims() + positions.size()));
  for (auto [axis, expr] : llvm::enumerate(positionToOutput.getResults()))
    if (auto dim = dyn_cast<AffineDimExpr>(expr))
      iterationOf[dim.getPosition()] = getDim(outputMap, axis);
  findDims(iterationOf, positions);

  TraceDomain domain;
  domain.extents = extents;
  domain.hasBroadcast =
      llvm::any_of(dims, [&](unsigned dim) { return dim >= outputMap.getNumDims(); });
  domain.position = rebase(iterationOf, positions);
  domain.leaf = inDomain(leafMap, 0);
  domain.output = rebase(outputMap, primitive->getResult(0));
  if (!domain.position || !domain.output || !findMultiplicand(domain))
    return std::nullopt;
  return domain;
}

FailureOr<TraceDomain> etrace::computeTraceDomain(ETPOpInterface primitive, OpOperand &leaf,
                                                  AffineMap positionToOutput,
                                                  ArrayRef<int64_t> positions,
                                                  llvm::function_ref<bool(Value)> isInvariant) {
  std::optional<TraceDomain> domain =
      DomainFinder(primitive, leaf, isInvariant).find(positionToOutput, positions);
  if (domain)
    return *domain;
  primitive.emitOpError("sums over a dimension that neither its weight nor the hidden "
                        "positions have; its trace would not fit [trace-domain]");
  return failure();
}

bool Access::reads(unsigned dim) const {
  return map.isFunctionOfDim(dim) || llvm::any_of(indices, [&](const DimIndex &index) {
           return index.dim == dim || index.map.isFunctionOfDim(dim);
         });
}

/// The extents of those of the first `count` dimensions that an access has; 0 for others.
static SmallVector<int64_t> measure(const Access &access, Value value, unsigned count) {
  SmallVector<int64_t> extents(count, 0);
  auto add = [&](AffineMap map, Value tensor) {
    for (auto [axis, expr] : llvm::enumerate(map.getResults()))
      if (auto dim = dyn_cast<AffineDimExpr>(expr); dim && dim.getPosition() < count)
        extents[dim.getPosition()] = cast<RankedTensorType>(tensor.getType()).getDimSize(axis);
  };
  add(access.map, value);
  for (const DimIndex &index : access.indices)
    add(index.map, index.index);
  return extents;
}

/// Indexed contractions know no constant: an axis of extent 1 becomes a dimension of its own.
static SmallVector<AffineMap> replaceConstants(ArrayRef<AffineMap> maps) {
  MLIRContext *context = maps.front().getContext();
  unsigned dims = maps.front().getNumDims();
  SmallVector<SmallVector<AffineExpr>> results;
  for (AffineMap map : maps)
    for (AffineExpr &expr : results.emplace_back(llvm::to_vector(map.getResults())))
      if (isa<AffineConstantExpr>(expr))
        expr = getAffineDimExpr(dims++, context);
  return llvm::map_to_vector(results, [&](const SmallVector<AffineExpr> &exprs) {
    return AffineMap::get(dims, 0, exprs, context);
  });
}

/// The tensor result[map] that an access reads from its space, `value` or 1 where it is selected.
static Value buildGather(OpBuilder &builder, Location loc, Value value, const Access &access,
                         AffineMap map, RankedTensorType type) {
  SmallVector<AffineMap> all = {access.map};
  for (const DimIndex &index : access.indices)
    all.push_back(index.map);
  all.push_back(AffineMap::get(access.map.getNumDims(), 0, map.getResults(), map.getContext()));
  all = replaceConstants(all);
  SmallVector<DimIndex> indices;
  for (auto [index, indexMap] : llvm::zip(access.indices, ArrayRef(all).drop_front()))
    indices.push_back({index.dim, index.index, indexMap});
  SmallVector<Value> factors;
  SmallVector<AffineMap> maps;
  if (value) {
    factors.push_back(value);
    maps.push_back(all.front());
  }
  maps.push_back(all.back());
  return buildContraction(builder, loc, factors, maps, type, indices);
}

Value etrace::buildMultiplicand(OpBuilder &builder, Location loc, ETPOpInterface primitive,
                                OpOperand &leaf, const TraceDomain &domain) {
  OpOperand *x = getMultiplicand(primitive, leaf);
  Value value = x ? x->get() : Value();
  if (!domain.selection)
    return value;
  AffineMap map = domain.multiplicand.map;
  auto shape = llvm::map_to_vector(map.getResults(), [&](AffineExpr expr) {
    return domain.extents[cast<AffineDimExpr>(expr).getPosition()];
  });
  auto type = RankedTensorType::get(shape, getElementTypeOrSelf(leaf.get()));
  return buildGather(builder, loc, value, *domain.selection, map, type);
}

//===----------------------------------------------------------------------===//
// Building linalg.generic
//===----------------------------------------------------------------------===//

static arith::FastMathFlagsAttr getContract(OpBuilder &builder) {
  return arith::FastMathFlagsAttr::get(builder.getContext(), arith::FastMathFlags::contract);
}

Value BodyArithmetic::add(Value a, Value b) const {
  if (!a || !b)
    return a ? a : b;
  return arith::AddFOp::create(builder, loc, a, b, getContract(builder));
}

Value BodyArithmetic::mul(Value a, Value b) const {
  if (!a || !b)
    return a ? a : b;
  return arith::MulFOp::create(builder, loc, a, b, getContract(builder));
}

/// `value` where an access reads it; what is one number everywhere is that, too, read through an
/// index.
static Value readThroughIndices(OpBuilder &builder, Location loc, Value value,
                                const Access &access, AffineMap map, ArrayRef<int64_t> shape) {
  auto type = RankedTensorType::get(shape, getElementTypeOrSelf(value));
  DenseFPElementsAttr constant;
  if (matchPattern(value, m_Constant(&constant)) && constant.isSplat())
    return arith::ConstantOp::create(
        builder, loc, DenseElementsAttr::get(type, constant.getSplatValue<Attribute>()));
  return buildGather(builder, loc, value, access, map, type);
}

int GenericBuilder::input(Value value, const Access &access) {
  if (!value)
    return -1;
  AffineMap map = access.map;
  if (!access.indices.empty()) {
    SmallVector<AffineExpr> read;
    SmallVector<int64_t> shape;
    SmallVector<int64_t> extents = measure(access, value, dims);
    for (unsigned dim = 0; dim < dims; ++dim)
      if (access.reads(dim)) {
        read.push_back(builder.getAffineDimExpr(dim));
        shape.push_back(extents[dim]);
      }
    map = AffineMap::get(dims, 0, read, builder.getContext());
    value = readThroughIndices(builder, loc, value, access, map, shape);
  }
  inputs.push_back(value);
  inputMaps.push_back(map);
  return inputs.size() - 1;
}

int GenericBuilder::output(Value value, AffineMap map) {
  if (!value)
    return -1;
  outputs.push_back(value);
  outputMaps.push_back(map);
  return outputs.size() - 1;
}

SmallVector<Value> GenericBuilder::build(
    AffineMap parallelMap,
    llvm::function_ref<SmallVector<Value>(const BodyArithmetic &, Lookup, Lookup)> body) {
  SmallVector<utils::IteratorType> iterators;
  for (unsigned d = 0; d < dims; ++d)
    iterators.push_back(parallelMap.isFunctionOfDim(d) ? utils::IteratorType::parallel
                                                       : utils::IteratorType::reduction);
  SmallVector<AffineMap> maps = inputMaps;
  llvm::append_range(maps, outputMaps);
  auto generic = linalg::GenericOp::create(
      builder, loc, TypeRange(ValueRange(outputs)), inputs, outputs, maps, iterators,
      [&](OpBuilder &nested, Location nestedLoc, ValueRange arguments) {
        auto in = [&](int number) { return number < 0 ? Value() : arguments[number]; };
        auto out = [&](int number) {
          return number < 0 ? Value() : arguments[inputs.size() + number];
        };
        BodyArithmetic arithmetic{nested, nestedLoc};
        linalg::YieldOp::create(nested, nestedLoc, body(arithmetic, in, out));
      });
  return SmallVector<Value>(generic.getResults());
}

Value etrace::buildDirectGradient(OpBuilder &builder, Location loc, ETPOpInterface primitive,
                                  OpOperand &leaf, Value delta, Value gradient) {
  SmallVector<AffineMap> maps = primitive.getIndexingMapsArray();
  AffineMap leafMap = maps[leaf.getOperandNumber()], outputMap = maps.back();
  OpOperand *x = getMultiplicand(primitive, leaf);
  AffineMap xMap = x ? maps[x->getOperandNumber()] : AffineMap();
  bool isFactor = llvm::is_contained(primitive.getProductOperands(), &leaf);
  if (SmallVector<DimIndex> indices = primitive.getDimIndices(); isFactor && !indices.empty()) {
    SmallVector<Value> factors = {delta};
    SmallVector<AffineMap> factorMaps = {outputMap};
    if (x) {
      factors.push_back(x->get());
      factorMaps.push_back(xMap);
    }
    factorMaps.push_back(leafMap);
    return buildIndexedContraction(builder, loc, factors, factorMaps, indices, gradient);
  }
  // Drop iteration dimensions that no operand of this generic has.
  llvm::SmallBitVector unused(leafMap.getNumDims(), true);
  for (AffineMap map : {leafMap, outputMap, xMap})
    for (unsigned d = 0; map && d < unused.size(); ++d)
      if (map.isFunctionOfDim(d))
        unused.reset(d);
  auto project = [&](AffineMap map) { return map ? projectDims(map, unused, true) : map; };
  GenericBuilder generic(builder, loc, unused.size() - unused.count());
  int xIn = generic.input(x ? x->get() : Value(), project(xMap));
  int deltaIn = generic.input(delta, project(outputMap));
  int out0 = generic.output(gradient, project(leafMap));
  return generic.build(project(leafMap), [&](const BodyArithmetic &math, auto in, auto out) {
    return SmallVector<Value>{math.add(out(out0), math.mul(in(xIn), in(deltaIn)))};
  })[0];
}
