//===- TraceGenerics.cpp - Loop nests over the domain of a trace ----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Learner.h"

#include "etrace/Interfaces/Contraction.h"
#include "etrace/Interfaces/ZeroPadding.h"
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

Value etrace::selectMultiplicand(OpBuilder &builder, Location loc, ETPOpInterface primitive,
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

Value etrace::buildMultiplicand(OpBuilder &builder, Location loc, const LeafSite &site,
                                Value value) {
  ETPOpInterface primitive = site.relation->primitive;
  OpOperand *x = getMultiplicand(primitive, *site.leaf->operand);
  return x && value ? buildPadded(builder, loc, primitive, *x, value) : value;
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
  Value padded = x ? buildPadded(builder, loc, primitive, *x, x->get()) : Value();
  int xIn = generic.input(padded, project(xMap));
  int deltaIn = generic.input(delta, project(outputMap));
  int out0 = generic.output(gradient, project(leafMap));
  return generic.build(project(leafMap), [&](const BodyArithmetic &math, auto in, auto out) {
    return SmallVector<Value>{math.add(out(out0), math.mul(in(xIn), in(deltaIn)))};
  })[0];
}
