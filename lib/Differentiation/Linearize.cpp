//===- Linearize.cpp - Forward mode over a block --------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/Differentiation/Linearize.h"
#include "etrace/Differentiation/Regions.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace etrace;

bool etrace::readsActiveValue(Operation *op, const TangentMap &tangents) {
  auto active = [&](Value value) { return tangents.isActive(value); };
  return llvm::any_of(op->getOperands(), active) || llvm::any_of(getCaptured(op), active);
}

/// True if the derivative is zero because no result is continuous.
static bool isDiscrete(Operation *op) {
  return llvm::none_of(op->getResultTypes(), isDifferentiable) && isMemoryEffectFree(op);
}

/// The operations on a path to `op`, last first: each computes the first active value that the
/// next one reads. The path begins with `start`.
static SmallVector<Operation *> findPath(Operation *op, const TangentMap &tangents,
                                         Value &start) {
  SmallVector<Operation *> path;
  while (true) {
    for (Value value : getReads(op))
      if (tangents.isActive(value)) {
        start = value;
        break;
      }
    op = start.getDefiningOp();
    if (!op || !readsActiveValue(op, tangents))
      return path;
    path.push_back(op);
  }
}

static LogicalResult emitNoRule(Operation *op, const TangentMap &tangents) {
  constexpr size_t shown = 8;
  InFlightDiagnostic diag = op->emitError()
                            << "no derivative rule for '" << op->getName()
                            << "' on a path from a differentiated value [no-derivative-rule]";
  Value start;
  SmallVector<Operation *> path = findPath(op, tangents, start);
  for (Operation *step : ArrayRef(path).take_front(shown))
    diag.attachNote(step->getLoc()) << "the path leads through '" << step->getName() << "'";
  if (path.size() > shown)
    diag.attachNote(path[shown]->getLoc())
        << "and through " << path.size() - shown << " operations before, the last of them here";
  diag.attachNote(start.getLoc()) << "the path enters by this value";
  diag.attachNote() << "write the operation in terms of supported ones, give it a derivative by "
                       "'etrace.custom_derivative', or cut the path by 'etrace.stop_gradient'";
  return failure();
}

/// Extents are needed to make zeros and sums.
static LogicalResult checkRanked(Operation *op) {
  for (Type type : op->getResultTypes())
    if (isa<UnrankedTensorType>(type))
      return op->emitError() << "no derivative rule for '" << op->getName()
                             << "' with an unranked result on a path from a differentiated value; "
                                "expected ranked tensors [no-derivative-rule]";
  return success();
}

/// The tangents of the results of one operation; null everywhere if it is not active.
static LogicalResult linearizeOp(Operation *op, OpBuilder &builder, const TangentMap &tangents,
                                 const LinearizeOptions &options,
                                 SmallVectorImpl<Value> &resultTangents) {
  resultTangents.clear();
  if (readsActiveValue(op, tangents) && !isDiscrete(op) && !(options.cut && options.cut(op))) {
    auto linearizable = dyn_cast<LinearizableOpInterface>(op);
    if (!linearizable)
      return emitNoRule(op, tangents);
    if (failed(checkRanked(op)))
      return failure();
    if (failed(linearizable.linearize(builder, tangents, resultTangents)))
      return failure();
  }
  resultTangents.resize(op->getNumResults());
  return success();
}

LogicalResult etrace::linearizeBlock(OpBuilder &builder, Block &block, TangentMap &tangents,
                                     const LinearizeOptions &options) {
  if (!tangents.getContext().scope)
    tangents.setScope(block.getParentOp());
  // The builder may insert into this block: walk what is there now.
  SmallVector<Operation *> ops;
  for (Operation &op : block)
    if (!op.hasTrait<OpTrait::IsTerminator>())
      ops.push_back(&op);
  SmallVector<Value> resultTangents;
  for (Operation *op : ops) {
    if (failed(linearizeOp(op, builder, tangents, options, resultTangents)))
      return failure();
    for (auto [result, tangent] : llvm::zip(op->getResults(), resultTangents)) {
      if (tangents.isActive(result))
        continue; // A seed.
      if (options.rewrite)
        tangent = options.rewrite(builder, result, tangent);
      tangents.set(result, tangent);
    }
  }
  return success();
}
