//===- ElementwiseToLinalg.cpp - Trees of elementwise operations ----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// An operation joins the tree of its users if all of them stand in one tree. Every tree becomes
// one `linalg.generic`, built once: fusing pairs of operations instead would copy what is fused
// already for every operation that joins, in time that grows with the square of its length.
//===----------------------------------------------------------------------===//

#include "etrace/Conversion/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/SetVector.h"

namespace etrace {
#define GEN_PASS_DEF_ELEMENTWISETOLINALGPASS
#include "etrace/Conversion/Passes.h.inc"
} // namespace etrace

using namespace mlir;
using namespace etrace;

/// An operation on the elements of tensors.
static bool isElementwise(Operation *op) {
  return OpTrait::hasElementwiseMappableTraits(op) && op->getNumResults() > 0 &&
         llvm::all_of(op->getResultTypes(), llvm::IsaPred<RankedTensorType>);
}

/// All results have one shape.
static ArrayRef<int64_t> getShape(Operation *op) {
  return cast<RankedTensorType>(op->getResult(0).getType()).getShape();
}

static SmallVector<Type> getElementTypes(Operation *op) {
  return llvm::map_to_vector(op->getResultTypes(),
                             [](Type type) { return getElementTypeOrSelf(type); });
}

namespace {
/// Operations that become one: the last of them has the results, the others have no user outside.
struct Tree {
  /// Last first.
  SmallVector<Operation *> ops;
};

/// Builds the generic of one tree.
class TreeBuilder {
public:
  explicit TreeBuilder(const Tree &tree)
      : tree(tree), root(tree.ops.front()), builder(root), loc(root->getLoc()) {}
  void build();

private:
  void collectInputs();
  /// Tensors of the shape of the results whose contents do not matter.
  SmallVector<Value> buildDestinations();
  void buildBody(OpBuilder &inner, ValueRange arguments);

  const Tree &tree;
  Operation *root;
  OpBuilder builder;
  Location loc;
  llvm::SetVector<Value> inputs;
  /// Tensors of which all elements have one value that is known.
  SmallVector<std::pair<Value, TypedAttr>> splats;
};
} // namespace

void TreeBuilder::collectInputs() {
  DenseSet<Value> seen;
  for (Operation *op : tree.ops)
    seen.insert(op->result_begin(), op->result_end());
  for (Operation *op : llvm::reverse(tree.ops))
    for (Value operand : op->getOperands()) {
      // A scalar is read as it is.
      if (!isa<RankedTensorType>(operand.getType()) || !seen.insert(operand).second)
        continue;
      SplatElementsAttr splat;
      if (matchPattern(operand, m_Constant(&splat)))
        splats.push_back({operand, splat.getSplatValue<TypedAttr>()});
      else
        inputs.insert(operand);
    }
}

SmallVector<Value> TreeBuilder::buildDestinations() {
  // All operands have the extents of the result.
  Value like = inputs.empty() ? splats.front().first : inputs.front();
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, like);
  SmallVector<Value> destinations;
  for (Type element : getElementTypes(root))
    destinations.push_back(tensor::EmptyOp::create(builder, loc, sizes, element));
  return destinations;
}

void TreeBuilder::buildBody(OpBuilder &inner, ValueRange arguments) {
  IRMapping mapping;
  for (auto [input, argument] : llvm::zip(inputs, arguments))
    mapping.map(input, argument);
  for (auto &[tensor, value] : splats)
    mapping.map(tensor, arith::ConstantOp::create(inner, tensor.getLoc(), value));
  for (Operation *op : llvm::reverse(tree.ops)) {
    SmallVector<Value> operands;
    for (Value operand : op->getOperands())
      operands.push_back(mapping.lookupOrDefault(operand));
    Operation *scalar = inner.create(op->getLoc(), op->getName().getIdentifier(), operands,
                                     getElementTypes(op), op->getAttrs());
    mapping.map(op->getResults(), scalar->getResults());
  }
  SmallVector<Value> yields;
  for (Value result : root->getResults())
    yields.push_back(mapping.lookup(result));
  linalg::YieldOp::create(inner, loc, yields);
}

void TreeBuilder::build() {
  collectInputs();
  unsigned rank = getShape(root).size();
  SmallVector<AffineMap> maps(inputs.size() + root->getNumResults(),
                              builder.getMultiDimIdentityMap(rank));
  SmallVector<utils::IteratorType> iterators(rank, utils::IteratorType::parallel);
  auto generic = linalg::GenericOp::create(
      builder, loc, root->getResultTypes(), inputs.getArrayRef(), buildDestinations(), maps,
      iterators,
      [&](OpBuilder &inner, Location, ValueRange arguments) { buildBody(inner, arguments); });
  root->replaceAllUsesWith(generic.getResults());
  // Users before what they use.
  for (Operation *op : tree.ops)
    op->erase();
}

/// The tree that all users of `op` stand in, or -1.
static int findTree(Operation *op, const DenseMap<Operation *, int> &trees,
                    ArrayRef<Tree> built) {
  int common = -1;
  for (Operation *user : op->getUsers()) {
    auto tree = trees.find(user);
    if (tree == trees.end() || (common >= 0 && tree->second != common))
      return -1;
    common = tree->second;
  }
  bool fits = common >= 0 && getShape(built[common].ops.front()) == getShape(op);
  return fits ? common : -1;
}

/// The trees of a block, those of later operations first.
static std::vector<Tree> collectTrees(Block &block) {
  std::vector<Tree> trees;
  DenseMap<Operation *, int> treeOf;
  for (Operation &op : llvm::reverse(block)) {
    if (!isElementwise(&op))
      continue;
    int tree = findTree(&op, treeOf, trees);
    if (tree < 0) {
      tree = trees.size();
      trees.emplace_back();
    }
    trees[tree].ops.push_back(&op);
    treeOf[&op] = tree;
  }
  return trees;
}

namespace {
struct ElementwiseToLinalgPass
    : public etrace::impl::ElementwiseToLinalgPassBase<ElementwiseToLinalgPass> {
  void runOnOperation() override {
    SmallVector<Block *> blocks;
    getOperation()->walk([&](Block *block) { blocks.push_back(block); });
    for (Block *block : blocks)
      for (const Tree &tree : collectTrees(*block))
        TreeBuilder(tree).build();
  }
};
} // namespace
