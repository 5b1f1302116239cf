//===- TestModels.cpp - Which operations have which models ----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "TestPasses.h"
#include "etrace/Interfaces/DifferentiationInterfaces.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/Pass.h"

#include <map>

using namespace mlir;
using namespace etrace;

namespace {
struct TestModelsPass : PassWrapper<TestModelsPass, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(TestModelsPass)
  StringRef getArgument() const final { return "test-etrace-models"; }
  StringRef getDescription() const final {
    return "Print the operations of the dialects of values and which models they have";
  }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<arith::ArithDialect, complex::ComplexDialect, linalg::LinalgDialect,
                    math::MathDialect, tensor::TensorDialect>();
  }
  void runOnOperation() override {
    std::map<StringRef, RegisteredOperationName> names;
    for (RegisteredOperationName name : getContext().getRegisteredOperations())
      if (llvm::is_contained({"arith", "math", "complex", "tensor", "linalg"},
                             name.getDialectNamespace()))
        names.emplace(name.getStringRef(), name);
    for (auto [text, name] : names) {
      llvm::outs() << text;
      if (name.hasInterface<LinearizableOpInterface>())
        llvm::outs() << " linearizable";
      if (name.hasInterface<LinearTransposeOpInterface>())
        llvm::outs() << " transposable";
      if (name.hasInterface<PositionRelationOpInterface>())
        llvm::outs() << " relational";
      llvm::outs() << "\n";
    }
  }
};
} // namespace

void etrace::test::registerModelsTestPass() { PassRegistration<TestModelsPass>(); }
