//===- TraceDomain.cpp - The iteration space of a trace -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// A trace element is a pair (element w of a leaf, hidden position p) such that p reads
// a position of y that reads w. Its dimensions are those of p that the leaf lacks, then those
// of the leaf; x may be read anywhere (a window that moves with p).
//
// Where an index operand gives a dimension of y by elements of the leaf, and never changes, w
// decides p in it: a trace of a sparse product has no such dimension, and D, f and x are read
// through the index. A given dimension that the trace has (a row of a table) selects instead: x is
// 0 in all other rows.
//===----------------------------------------------------------------------===//

#include "etrace/Analysis/TraceDomain.h"

using namespace mlir;
using namespace etrace;

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
  /// How a tensor is read that `map` reads from the iteration space; null if the domain lacks a
  /// dimension.
  Access rebase(AffineMap map) const;
  bool findMultiplicand(TraceDomain &domain) const;

  ETPOpInterface primitive;
  OpOperand &leaf;
  llvm::function_ref<bool(Value)> isInvariant;
  SmallVector<AffineMap> maps;
  AffineMap leafMap;
  SmallVector<DimIndex> indices;
  SmallVector<unsigned> dims;
  SmallVector<int64_t> extents, iterationExtents;
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
    bool isUnit = iteration >= leafMap.getNumDims() && extent == 1;
    if (inLeaf || isUnit || isDetermined(iteration, iterationOf))
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

Access DomainFinder::rebase(AffineMap map) const {
  MLIRContext *context = leafMap.getContext();
  SmallVector<AffineExpr> places(map.getNumDims());
  SmallVector<const DimIndex *> given;
  for (unsigned iteration = 0; iteration < map.getNumDims(); ++iteration) {
    if (!map.isFunctionOfDim(iteration))
      continue;
    const DimIndex *index = findIndex(iteration);
    if (std::optional<unsigned> dim = findDim(iteration)) {
      places[iteration] = getAffineDimExpr(*dim, context);
    } else if (index && isInDomain(*index)) {
      places[iteration] = getAffineDimExpr(dims.size() + given.size(), context);
      given.push_back(index);
    } else if (iterationExtents[iteration] == 1) {
      places[iteration] = getAffineConstantExpr(0, context);
    } else {
      return {};
    }
  }
  Access access = map.replaceDimsAndSymbols(places, {}, dims.size() + given.size(), 0);
  for (auto [number, index] : llvm::enumerate(given))
    access.indices.push_back(
        {unsigned(dims.size() + number), index->index, inDomain(index->map, given.size())});
  return access;
}

/// The factor of the leaf: x, or what an index leaves of it.
bool DomainFinder::findMultiplicand(TraceDomain &domain) const {
  OpOperand *x = getMultiplicand(primitive, leaf);
  MLIRContext *context = leafMap.getContext();
  Access access = AffineMap::get(dims.size(), 0, context);
  if (x)
    access = rebase(maps[x->getOperandNumber()]);
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
  iterationExtents = getIterationExtents(primitive);
  llvm::append_range(iterationExtents, positions);
  findDims(iterationOf, positions);

  TraceDomain domain;
  domain.extents = extents;
  domain.hasBroadcast =
      llvm::any_of(dims, [&](unsigned dim) { return dim >= outputMap.getNumDims(); });
  domain.position =
      rebase(AffineMap::getMultiDimMapWithTargets(iterationExtents.size(), iterationOf,
                                                  leafMap.getContext()));
  domain.leaf = inDomain(leafMap, 0);
  domain.output = rebase(outputMap);
  if (!domain.position || !domain.output || !findMultiplicand(domain))
    return std::nullopt;
  return domain;
}

ArrayRef<int64_t> etrace::getTraceShape(const StepGraph &graph, const WeightRelation &relation,
                                        const RelationTarget &target) {
  if (target.positionToOutput)
    return graph.groups[target.group].positions;
  ETPOpInterface primitive = relation.primitive;
  return cast<RankedTensorType>(primitive->getResult(0).getType()).getShape();
}

AffineMap etrace::getTracePositions(const StepGraph &graph, const WeightRelation &relation,
                                    const RelationTarget &target) {
  if (target.positionToOutput)
    return target.positionToOutput;
  ETPOpInterface primitive = relation.primitive;
  return AffineMap::getMultiDimIdentityMap(getTraceShape(graph, relation, target).size(),
                                           primitive->getContext());
}

/// Whether a value is the same in all steps: it depends on constants alone, and on states that
/// the step does not change.
static bool isInvariant(const StepView &step, Value value) {
  SmallVector<Value> worklist = {value};
  llvm::DenseSet<Value> seen;
  while (!worklist.empty()) {
    Value next = worklist.pop_back_val();
    if (!seen.insert(next).second)
      continue;
    if (Operation *op = next.getDefiningOp()) {
      if (!isMemoryEffectFree(op))
        return false;
      op->walk([&](Operation *nested) { llvm::append_range(worklist, nested->getOperands()); });
      continue;
    }
    bool isOfStep = next.getParentBlock() == &step.getBody();
    if (isOfStep && llvm::none_of(step.states, [&](const CarriedState &state) {
          return state.before == next && state.after == next;
        }))
      return false;
  }
  return true;
}

std::optional<TraceDomain> etrace::computeTraceDomain(const StepGraph &graph,
                                                      const WeightRelation &relation,
                                                      const RelationTarget &target,
                                                      const WeightLeaf &leaf) {
  auto isFixed = [&](Value index) { return isInvariant(graph.step, index); };
  return DomainFinder(relation.primitive, *leaf.operand, isFixed)
      .find(getTracePositions(graph, relation, target), getTraceShape(graph, relation, target));
}

bool Access::reads(unsigned dim) const {
  return map.isFunctionOfDim(dim) || llvm::any_of(indices, [&](const DimIndex &index) {
           return index.dim == dim || index.map.isFunctionOfDim(dim);
         });
}
