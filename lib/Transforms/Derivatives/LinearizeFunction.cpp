//===- LinearizeFunction.cpp - The tangent of one function ----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Derivatives.h"

#include "etrace/Differentiation/DerivedFunctions.h"
#include "etrace/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace etrace;

namespace etrace {
#define GEN_PASS_DEF_LINEARIZEPASS
#include "etrace/Transforms/Passes.h.inc"
} // namespace etrace

namespace {
struct LinearizePass : public etrace::impl::LinearizePassBase<LinearizePass> {
  using LinearizePassBase::LinearizePassBase;

  void runOnOperation() override {
    if (failed(linearize()))
      signalPassFailure();
  }

  LogicalResult linearize() {
    ModuleOp module = getOperation();
    func::FuncOp source = findFunction(module, function, " to linearise");
    if (!source)
      return failure();
    SmallVector<int64_t> numbers(wrt.begin(), wrt.end());
    if (numbers.empty())
      for (auto [number, type] : llvm::enumerate(source.getArgumentTypes()))
        if (isa<FloatType>(getElementTypeOrSelf(type)))
          numbers.push_back(number);
    if (numbers.empty())
      return source.emitError() << "etrace-linearize names no argument in wrt, and '@" << function
                                << "' takes no float [derivative-wrt]";
    if (failed(lowerDerivatives(source)) ||
        failed(verifyDifferentiable(source, numbers, [&] {
          return source.emitError() << "etrace-linearize ";
        })))
      return failure();
    FailureOr<func::FuncOp> tangent = getTangentFunction(source, numbers);
    if (failed(tangent))
      return failure();
    tangent->setPublic();
    return success();
  }
};
} // namespace
