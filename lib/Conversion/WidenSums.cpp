//===- WidenSums.cpp - Sums of narrow floats in f32 -----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// A sum of n terms in bf16 stops growing when a term is less than 1/256 of it. So each sum over a
// loop of an operation is computed in f32, products included, and rounded once at its end.
//
//===----------------------------------------------------------------------===//

#include "etrace/Conversion/Passes.h"
#include "etrace/Interfaces/Contraction.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace etrace {
#define GEN_PASS_DEF_WIDENSUMSPASS
#include "etrace/Conversion/Passes.h.inc"
} // namespace etrace

using namespace mlir;
using namespace etrace;

/// The type with f32 for a narrower float.
static Type widen(Type type) {
  auto element = dyn_cast<FloatType>(getElementTypeOrSelf(type));
  if (!element || element.getWidth() >= 32)
    return type;
  Type wide = Float32Type::get(type.getContext());
  auto shaped = dyn_cast<ShapedType>(type);
  return shaped ? Type(shaped.clone(wide)) : wide;
}

static bool isNarrow(Type type) { return widen(type) != type; }

/// True if the operation computes the same in f32, but more precisely: what reads bits does not,
/// nor is it known of what has a body of its own.
static bool canWiden(Operation &op) {
  if (llvm::none_of(op.getOperandTypes(), isNarrow) && llvm::none_of(op.getResultTypes(), isNarrow))
    return op.getNumRegions() == 0;
  return op.getNumRegions() == 0 && !isa<arith::BitcastOp>(op) &&
         (op.hasTrait<OpTrait::Elementwise>() || op.hasTrait<OpTrait::ConstantLike>());
}

static bool isNarrowSum(linalg::LinalgOp op) {
  if (op.getNumReductionLoops() == 0 || !op.hasPureTensorSemantics() ||
      llvm::none_of(op.getDpsInits().getTypes(), isNarrow))
    return false;
  return llvm::all_of(op.getBlock()->without_terminator(), canWiden);
}

/// Clones an operation of the body with f32 for narrower floats.
static void cloneWidened(OpBuilder &b, Operation &op, IRMapping &mapping) {
  Location loc = op.getLoc();
  auto get = [&](Value value) {
    Value mapped = mapping.lookupOrDefault(value);
    return convertFloat(b, loc, mapped, widen(mapped.getType()));
  };
  if (isa<arith::ExtFOp, arith::TruncFOp>(op)) {
    mapping.map(op.getResult(0),
                convertFloat(b, loc, get(op.getOperand(0)), widen(op.getResult(0).getType())));
    return;
  }
  if (op.hasTrait<OpTrait::ConstantLike>()) {
    mapping.map(op.getResult(0), get(b.clone(op)->getResult(0)));
    return;
  }
  for (Value operand : op.getOperands())
    mapping.map(operand, get(operand));
  Operation *clone = b.clone(op, mapping);
  for (Value result : clone->getResults())
    result.setType(widen(result.getType()));
}

/// What the sums are added to, in f32.
static Value widenInit(OpBuilder &b, Value init) {
  Type type = widen(init.getType());
  auto fill = init.getDefiningOp<linalg::FillOp>();
  if (!fill || type == init.getType())
    return convertFloat(b, init.getLoc(), init, type);
  Value value = fill.getInputs().front();
  value = convertFloat(b, init.getLoc(), value, widen(value.getType()));
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, init.getLoc(), fill.getOutputs()[0]);
  Value empty = tensor::EmptyOp::create(b, init.getLoc(), sizes, getElementTypeOrSelf(type));
  return linalg::FillOp::create(b, init.getLoc(), value, empty).getResult(0);
}

static void widenSum(RewriterBase &rewriter, linalg::GenericOp op) {
  Location loc = op.getLoc();
  SmallVector<Value> inits;
  for (Value init : op.getOutputs())
    inits.push_back(widenInit(rewriter, init));
  auto body = [&](OpBuilder &b, Location, ValueRange arguments) {
    IRMapping mapping;
    mapping.map(op.getBlock()->getArguments(), arguments);
    for (Operation &inner : op.getBlock()->without_terminator())
      cloneWidened(b, inner, mapping);
    SmallVector<Value> yields;
    for (auto [value, init] : llvm::zip(op.getBlock()->getTerminator()->getOperands(), inits))
      yields.push_back(convertFloat(b, loc, mapping.lookupOrDefault(value),
                                    getElementTypeOrSelf(init)));
    linalg::YieldOp::create(b, loc, yields);
  };
  auto wide = linalg::GenericOp::create(rewriter, loc, ValueRange(inits).getTypes(),
                                        op.getInputs(), inits, op.getIndexingMapsArray(),
                                        op.getIteratorTypesArray(), body);
  SmallVector<Value> results;
  for (auto [result, type] : llvm::zip(wide.getResults(), op.getResultTypes()))
    results.push_back(convertFloat(rewriter, loc, result, type));
  rewriter.replaceOp(op, results);
}

namespace {
struct WidenSumsPass : public etrace::impl::WidenSumsPassBase<WidenSumsPass> {
  void runOnOperation() override {
    SmallVector<linalg::LinalgOp> sums;
    getOperation()->walk([&](linalg::LinalgOp op) {
      if (isNarrowSum(op))
        sums.push_back(op);
    });
    IRRewriter rewriter(&getContext());
    for (linalg::LinalgOp op : sums) {
      rewriter.setInsertionPoint(op);
      FailureOr<linalg::GenericOp> generic = linalg::generalizeNamedOp(rewriter, op);
      if (failed(generic))
        generic = cast<linalg::GenericOp>(op);
      rewriter.setInsertionPoint(*generic);
      widenSum(rewriter, *generic);
    }
  }
};
} // namespace
