//===- DifferentiateFunction.cpp - A derivative of one function -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Derivatives.h"

#include "etrace/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace etrace;

namespace etrace {
#define GEN_PASS_DEF_DIFFERENTIATEPASS
#include "etrace/Transforms/Passes.h.inc"
} // namespace etrace

/// The derivative of a name; `jacobian` is another name of `jacrev`.
static std::optional<Derivative> parseDerivative(StringRef name) {
  return name == "jacobian" ? Derivative::jacrev : symbolizeDerivative(name);
}

namespace {
struct DifferentiatePass : public etrace::impl::DifferentiatePassBase<DifferentiatePass> {
  using DifferentiatePassBase::DifferentiatePassBase;

  void runOnOperation() override {
    if (failed(differentiate()))
      signalPassFailure();
  }

  LogicalResult differentiate() {
    ModuleOp module = getOperation();
    std::optional<Derivative> kind = parseDerivative(transform);
    if (!kind)
      return module.emitError() << "unknown transform '" << transform
                                << "', expected grad, vector_grad, jacrev, jacobian, jacfwd, "
                                   "hessian, vjp or jvp [derivative-transform]";
    auto source = module.lookupSymbol<func::FuncOp>(function);
    if (!source)
      return module.emitError() << "the module has no function '@" << function
                                << "' to differentiate [derivative-callee]";
    if (failed(lowerDerivatives(source)))
      return failure();
    SmallVector<int64_t> numbers(wrt.begin(), wrt.end());
    if (numbers.empty())
      numbers.push_back(0);
    FailureOr<DerivativeRequest> request =
        getDerivativeRequest(source, *kind, numbers, hasAux, returnValue,
                             [&] { return source.emitError() << argument << " "; });
    if (failed(request))
      return failure();
    FailureOr<func::FuncOp> derived = getDerivative(source, *request);
    if (failed(derived))
      return failure();
    derived->setPublic();
    return success();
  }

  static constexpr StringLiteral argument = "etrace-differentiate";
};
} // namespace
