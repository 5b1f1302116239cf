//===- MapParallel.cpp - Parallel loops to gpu.launch ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// One-dimensional grids only: any rank and any extent map without the limits of the
// y and z dimensions, and neighbouring threads are neighbours in the last dimension.
//
//===----------------------------------------------------------------------===//

#include "etrace/Conversion/GPU/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/RegionUtils.h"

namespace etrace {
#define GEN_PASS_DEF_GPUMAPPARALLELPASS
#include "etrace/Conversion/GPU/Passes.h.inc"
} // namespace etrace

using namespace mlir;

namespace {

struct GPUMapParallelPass : etrace::impl::GPUMapParallelPassBase<GPUMapParallelPass> {
  using Base::Base;
  LogicalResult initialize(MLIRContext *context) override;
  void runOnOperation() override;

private:
  LogicalResult check(scf::ParallelOp loop);
  void map(scf::ParallelOp loop, StringRef kernel);
};

/// ceil(a / b) for a >= 0.
Value ceilDivide(OpBuilder &builder, Location loc, Value a, Value b) {
  Value one = arith::ConstantIndexOp::create(builder, loc, 1);
  Value slack = arith::SubIOp::create(builder, loc, b, one);
  Value sum = arith::AddIOp::create(builder, loc, a, slack);
  return arith::DivUIOp::create(builder, loc, sum, b);
}

/// ceil((upper - lower) / step) for each dimension, folded where it is known.
SmallVector<Value> countPoints(OpBuilder &builder, scf::ParallelOp loop) {
  Location loc = loop.getLoc();
  SmallVector<Value> counts;
  for (auto [lower, upper, step] :
       llvm::zip(loop.getLowerBound(), loop.getUpperBound(), loop.getStep())) {
    std::optional<int64_t> l = getConstantIntValue(lower), u = getConstantIntValue(upper),
                           s = getConstantIntValue(step);
    if (l && u && s) {
      int64_t count = *u > *l ? llvm::divideCeil(*u - *l, *s) : 0;
      counts.push_back(arith::ConstantIndexOp::create(builder, loc, count));
      continue;
    }
    Value extent = arith::SubIOp::create(builder, loc, upper, lower);
    counts.push_back(ceilDivide(builder, loc, extent, step));
  }
  return counts;
}

/// The product, folded when every factor is known.
Value product(OpBuilder &builder, Location loc, ArrayRef<Value> factors) {
  int64_t known = 1;
  Value unknown;
  for (Value factor : factors) {
    if (std::optional<int64_t> constant = getConstantIntValue(factor))
      known *= *constant;
    else
      unknown = unknown ? arith::MulIOp::create(builder, loc, unknown, factor) : factor;
  }
  Value constant = arith::ConstantIndexOp::create(builder, loc, known);
  if (!unknown)
    return constant;
  return known == 1 ? unknown : arith::MulIOp::create(builder, loc, unknown, constant);
}

/// index_d = lower_d + step_d * ((number / product of later counts) mod count_d)
SmallVector<Value> splitNumber(OpBuilder &builder, scf::ParallelOp loop, Value number,
                               ArrayRef<Value> counts) {
  Location loc = loop.getLoc();
  SmallVector<Value> indices(counts.size());
  for (int64_t d = counts.size() - 1; d >= 0; --d) {
    Value position = number;
    if (d > 0) {
      position = arith::RemUIOp::create(builder, loc, number, counts[d]);
      number = arith::DivUIOp::create(builder, loc, number, counts[d]);
    }
    if (getConstantIntValue(loop.getStep()[d]) != 1)
      position = arith::MulIOp::create(builder, loc, position, loop.getStep()[d]);
    if (getConstantIntValue(loop.getLowerBound()[d]) != 0)
      position = arith::AddIOp::create(builder, loc, position, loop.getLowerBound()[d]);
    indices[d] = position;
  }
  return indices;
}

/// Constants and addresses of constant arrays exist on both sides: clone them into the
/// kernel rather than pass them.
void sinkConstants(gpu::LaunchOp launch) {
  SetVector<Value> captured;
  getUsedValuesDefinedAbove(launch.getBody(), captured);
  OpBuilder builder = OpBuilder::atBlockBegin(&launch.getBody().front());
  for (Value value : captured) {
    Operation *def = value.getDefiningOp();
    if (!def || !(def->hasTrait<OpTrait::ConstantLike>() || isa<memref::GetGlobalOp>(def)))
      continue;
    Value inside = builder.clone(*def)->getResult(0);
    replaceAllUsesInRegionWith(value, inside, launch.getBody());
  }
}

LogicalResult GPUMapParallelPass::initialize(MLIRContext *context) {
  if (threads >= 1 && threads <= 1024)
    return success();
  return emitError(UnknownLoc::get(context), "expected 1 to 1024 threads in a block, found ")
         << int64_t(threads) << " [gpu-threads]";
}

LogicalResult GPUMapParallelPass::check(scf::ParallelOp loop) {
  if (loop.getNumResults() != 0)
    return loop.emitError("a parallel reduction has no kernel; expected reductions as "
                          "sequential loops [gpu-unsupported-operation]");
  WalkResult nested = loop.getBody()->walk([](scf::ParallelOp inner) {
    inner.emitError("a parallel loop inside a parallel loop has no kernel "
                    "[gpu-unsupported-operation]");
    return WalkResult::interrupt();
  });
  return failure(nested.wasInterrupted());
}

void GPUMapParallelPass::map(scf::ParallelOp loop, StringRef kernel) {
  OpBuilder builder(loop);
  Location loc = loop.getLoc();
  auto constant = [&](int64_t n) -> Value {
    return arith::ConstantIndexOp::create(builder, loc, n);
  };
  SmallVector<Value> counts = countPoints(builder, loop);
  Value total = product(builder, loc, counts);
  std::optional<int64_t> known = getConstantIntValue(total);
  int64_t block = known ? std::clamp<int64_t>(*known, 1, threads) : int64_t(threads);
  bool whole = known && *known % block == 0;
  Value blocks = known ? constant(llvm::divideCeil(*known, block))
                       : ceilDivide(builder, loc, total, constant(block));
  Value one = constant(1);
  auto launch = gpu::LaunchOp::create(
      builder, loc, blocks, one, one, constant(block), one, one, Value(), Type(), ValueRange(),
      TypeRange(), TypeRange(), Value(), Value(), Value(),
      FlatSymbolRefAttr::get(&getContext(), etrace::kKernelModule),
      FlatSymbolRefAttr::get(&getContext(), kernel));

  builder.setInsertionPointToStart(&launch.getBody().front());
  Value first = arith::MulIOp::create(builder, loc, launch.getBlockIds().x, constant(block));
  Value number = arith::AddIOp::create(builder, loc, first, launch.getThreadIds().x);
  gpu::TerminatorOp terminator = gpu::TerminatorOp::create(builder, loc);
  builder.setInsertionPoint(terminator);
  if (!whole) {
    Value inside =
        arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, number, total);
    auto guard = scf::IfOp::create(builder, loc, inside, /*withElseRegion=*/false);
    builder.setInsertionPointToStart(guard.thenBlock());
  }
  SmallVector<Value> indices = splitNumber(builder, loop, number, counts);
  for (auto [variable, index] : llvm::zip(loop.getInductionVars(), indices))
    variable.replaceAllUsesWith(index);
  Block *target = builder.getInsertionBlock();
  target->getOperations().splice(builder.getInsertionPoint(), loop.getBody()->getOperations(),
                                 loop.getBody()->begin(), std::prev(loop.getBody()->end()));
  loop.erase();
  sinkConstants(launch);
}

void GPUMapParallelPass::runOnOperation() {
  SmallVector<scf::ParallelOp> loops;
  getOperation().walk<WalkOrder::PreOrder>([&](scf::ParallelOp loop) {
    loops.push_back(loop);
    return WalkResult::skip();
  });
  // PTX has no dots in names.
  std::string prefix = getOperation().getSymName().str();
  std::replace(prefix.begin(), prefix.end(), '.', '_');
  for (auto [number, loop] : llvm::enumerate(loops)) {
    if (failed(check(loop)))
      return signalPassFailure();
    map(loop, prefix + "_" + std::to_string(number));
  }
}

} // namespace
