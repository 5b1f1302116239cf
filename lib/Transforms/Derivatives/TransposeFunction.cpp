//===- TransposeFunction.cpp - The transpose of one linear function -------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Derivatives.h"

#include "etrace/Differentiation/DerivedFunctions.h"
#include "etrace/Interfaces/DifferentiationInterfaces.h"
#include "etrace/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace etrace;

namespace etrace {
#define GEN_PASS_DEF_TRANSPOSEPASS
#include "etrace/Transforms/Passes.h.inc"
} // namespace etrace

func::FuncOp etrace::findFunction(ModuleOp module, StringRef name, StringRef purpose) {
  auto function = module.lookupSymbol<func::FuncOp>(name);
  if (!function)
    module.emitError() << "the module has no function '@" << name << "'" << purpose
                       << " [derivative-callee]";
  return function;
}

FailureOr<CheckpointPolicy> etrace::parseCheckpointPolicy(Operation *op, StringRef name) {
  if (std::optional<CheckpointPolicy> policy = symbolizeCheckpointPolicy(name))
    return *policy;
  return op->emitError() << "unknown checkpoint policy '" << name
                         << "', expected all, sqrt or none [checkpoint-policy]";
}

namespace {
struct TransposePass : public etrace::impl::TransposePassBase<TransposePass> {
  using TransposePassBase::TransposePassBase;

  void runOnOperation() override {
    if (failed(transpose()))
      signalPassFailure();
  }

  LogicalResult transpose() {
    ModuleOp module = getOperation();
    FailureOr<CheckpointPolicy> policy = parseCheckpointPolicy(module, checkpoint);
    if (failed(policy))
      return failure();
    func::FuncOp source = findFunction(module, function, " to transpose");
    if (!source)
      return failure();
    SmallVector<int64_t> linear(wrt.begin(), wrt.end());
    if (linear.empty())
      linear = getTangentArguments(source);
    if (linear.empty())
      return source.emitError() << "etrace-transpose needs the numbers of the arguments in which "
                                   "'@"
                                << function
                                << "' is linear; only those of a function that etrace-linearize "
                                   "made are known [derivative-wrt]";
    llvm::sort(linear);
    if (failed(verifyDifferentiable(source, linear, [&] {
          return source.emitError() << "etrace-transpose ";
        })))
      return failure();
    DifferentiationContext context;
    context.checkpoint = *policy;
    SmallVector<int64_t> results;
    for (auto [number, type] : llvm::enumerate(source.getResultTypes()))
      if (isDifferentiable(type))
        results.push_back(number);
    FailureOr<func::FuncOp> transposed =
        getTransposedFunction(source, linear, results, context);
    if (failed(transposed))
      return failure();
    transposed->setPublic();
    return success();
  }
};
} // namespace
