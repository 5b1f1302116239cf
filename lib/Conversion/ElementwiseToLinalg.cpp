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

/// An operation on the elements of tensors, with one result.
static bool isElementwise(Operation *op) {
  return OpTrait::hasElementwiseMappableTraits(op) && op->getNumResults() == 1 &&
         isa<RankedTensorType>(op->getResult(0).getType());
}

static RankedTensorType getType(Operation *op) {
  return cast<RankedTensorType>(op->getResult(0).getType());
}

namespace {
/// Operations that become one: the last of them has the result, the others have no user outside.
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
  /// A tensor of the shape of the result whose contents do not matter.
  Value buildDestination();
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
    seen.insert(op->getResult(0));
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

Value TreeBuilder::buildDestination() {
  RankedTensorType type = getType(root);
  // All operands have the extents of the result.
  Value like = inputs.empty() ? splats.front().first : inputs.front();
  return tensor::EmptyOp::create(builder, loc, tensor::getMixedSizes(builder, loc, like),
                                 type.getElementType());
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
                                     {getType(op).getElementType()}, op->getAttrs());
    mapping.map(op->getResult(0), scalar->getResult(0));
  }
  linalg::YieldOp::create(inner, loc, mapping.lookup(root->getResult(0)));
}

void TreeBuilder::build() {
  collectInputs();
  RankedTensorType type = getType(root);
  AffineMap identity = builder.getMultiDimIdentityMap(type.getRank());
  SmallVector<AffineMap> maps(inputs.size() + 1, identity);
  SmallVector<utils::IteratorType> iterators(type.getRank(), utils::IteratorType::parallel);
  auto generic = linalg::GenericOp::create(
      builder, loc, TypeRange(type), inputs.getArrayRef(), buildDestination(), maps, iterators,
      [&](OpBuilder &inner, Location, ValueRange arguments) { buildBody(inner, arguments); });
  root->getResult(0).replaceAllUsesWith(generic.getResult(0));
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
  bool fits = common >= 0 && getType(built[common].ops.front()).getShape() ==
                                 getType(op).getShape();
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
