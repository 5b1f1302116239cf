//===- TraceDomain.cpp - The iteration space of a trace -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// A trace element is a pair (element w of a leaf, hidden position p) such that p reads
// a position of y that reads w. Its dimensions are those of p that the leaf lacks, then those
// of the leaf; x may be read anywhere (a window that moves with p).
//===----------------------------------------------------------------------===//

#include "Learner.h"

#include "etrace/Interfaces/ZeroPadding.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

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

namespace {
/// A dimension of the domain: the primitive's iteration dimension and the axis of
/// hidden positions behind it, -1 if there is none.
struct DomainDim {
  int iteration;
  int position;
  int64_t extent;
};
} // namespace

static unsigned getDim(AffineMap map, unsigned axis) {
  return cast<AffineDimExpr>(map.getResult(axis)).getPosition();
}

/// The map from the domain to a tensor that `map` indexes from an iteration space of these
/// extents; null if the domain lacks a dimension.
static AffineMap rebase(AffineMap map, ArrayRef<DomainDim> dims, ArrayRef<int64_t> extents) {
  MLIRContext *context = map.getContext();
  SmallVector<AffineExpr> places(extents.size());
  for (auto [dim, extent] : llvm::enumerate(extents))
    if (extent == 1)
      places[dim] = getAffineConstantExpr(0, context);
  for (auto [index, dim] : llvm::enumerate(dims))
    if (dim.iteration >= 0)
      places[dim.iteration] = getAffineDimExpr(index, context);
  for (unsigned dim = 0; dim < extents.size(); ++dim)
    if (map.isFunctionOfDim(dim) && !places[dim])
      return {};
  return map.replaceDimsAndSymbols(places, {}, dims.size(), 0);
}

FailureOr<TraceDomain> etrace::computeTraceDomain(ETPOpInterface primitive, OpOperand &leaf,
                                                  AffineMap positionToOutput,
                                                  ArrayRef<int64_t> positions) {
  SmallVector<AffineMap> maps = primitive.getIndexingMapsArray();
  AffineMap leafMap = maps[leaf.getOperandNumber()], outputMap = maps.back();
  auto leafShape = cast<RankedTensorType>(leaf.get().getType()).getShape();
  SmallVector<int64_t> extents = getIterationExtents(primitive);
  SmallVector<int> iterationOf(positions.size(), -1);
  for (auto [axis, expr] : llvm::enumerate(positionToOutput.getResults()))
    if (auto dim = dyn_cast<AffineDimExpr>(expr))
      iterationOf[dim.getPosition()] = getDim(outputMap, axis);
  auto inLeaf = [&](int iteration) {
    return iteration >= 0 && leafMap.isFunctionOfDim(iteration);
  };
  SmallVector<DomainDim> dims;
  for (auto [axis, extent] : llvm::enumerate(positions))
    if (!inLeaf(iterationOf[axis]))
      dims.push_back({iterationOf[axis], int(axis), extent});
  for (unsigned axis = 0; axis < leafMap.getNumResults(); ++axis) {
    int iteration = getDim(leafMap, axis);
    auto it = llvm::find(iterationOf, iteration);
    int position = it == iterationOf.end() ? -1 : int(it - iterationOf.begin());
    dims.push_back({iteration, position, leafShape[axis]});
  }

  TraceDomain domain;
  MLIRContext *context = leafMap.getContext();
  SmallVector<AffineExpr> position(positions.size());
  for (auto [index, dim] : llvm::enumerate(dims)) {
    domain.extents.push_back(dim.extent);
    domain.hasBroadcast |= dim.iteration < 0;
    if (dim.position >= 0)
      position[dim.position] = getAffineDimExpr(index, context);
  }
  domain.position = AffineMap::get(dims.size(), 0, position, context);
  domain.leaf = rebase(leafMap, dims, extents);
  domain.output = rebase(outputMap, dims, extents);
  bool fits = domain.leaf && domain.output;
  if (OpOperand *x = getMultiplicand(primitive, leaf)) {
    domain.multiplicand = rebase(maps[x->getOperandNumber()], dims, extents);
    fits &= bool(domain.multiplicand);
  }
  if (!fits) {
    primitive.emitOpError("sums over a dimension that neither its weight nor the hidden "
                          "positions have; its trace would not fit [trace-domain]");
    return failure();
  }
  return domain;
}

Value etrace::buildMultiplicand(OpBuilder &builder, Location loc, const LeafSite &site,
                                Value value) {
  ETPOpInterface primitive = site.relation->primitive;
  OpOperand *x = getMultiplicand(primitive, *site.leaf->operand);
  return x && value ? buildPadded(builder, loc, primitive, *x, value) : Value();
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

int GenericBuilder::input(Value value, AffineMap map) {
  if (!value)
    return -1;
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
