//===- IRTests.cpp - The C++ interface of the dialect ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/IR/Etrace.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/TypeSwitch.h"
#include "gtest/gtest.h"

#include <cmath>

using namespace mlir;
using namespace etrace;

namespace {
constexpr llvm::StringLiteral kModel = R"mlir(
etrace.model @m attributes {batch_dim = 0} {
  etrace.param @w : tensor<3x5xf32> init #etrace.orthogonal<gain = 2.0>
  etrace.param @b : tensor<5xf32>
  etrace.group_state @neuron {
    etrace.component @V : tensor<2x5xf32> init #etrace.constant<value = -65.0>
    etrace.component @a : tensor<2x5xf32>
  }
  etrace.state @n : tensor<i32>
  etrace.step @update(%x: tensor<2x3xf32>) -> tensor<2x5xf32> {
    %w = etrace.get @w : tensor<3x5xf32>
    %b = etrace.get @b : tensor<5xf32>
    %y = etrace.matmul %x, %w bias %b id "y" : tensor<2x3xf32>, tensor<3x5xf32>, tensor<5xf32> -> tensor<2x5xf32>
    etrace.set @neuron::@V, %y : tensor<2x5xf32>
    etrace.yield %y : tensor<2x5xf32>
  }
}
)mlir";

class IRTest : public ::testing::Test {
protected:
  void SetUp() override {
    context.loadDialect<EtraceDialect>();
    module = parseSourceString<ModuleOp>(kModel, &context);
    ASSERT_TRUE(module);
    model = *module->getOps<ModelOp>().begin();
  }
  template <typename OpTy> OpTy find() {
    OpTy found;
    module->walk([&](OpTy op) { found = op; });
    return found;
  }
  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  ModelOp model;
};

TEST_F(IRTest, DeclarationsHavePathsAndRoles) {
  SmallVector<Declaration> declarations = getDeclarations(model);
  ASSERT_EQ(declarations.size(), 5u);
  EXPECT_EQ(declarations[0].path, "w");
  EXPECT_EQ(declarations[0].role, kParamAttr);
  EXPECT_EQ(declarations[2].path, "neuron.V");
  EXPECT_EQ(declarations[2].role, kHiddenAttr);
  EXPECT_EQ(declarations[4].role, kStateAttr);
  EXPECT_EQ(lookupDeclaration(model, "neuron.a").op, declarations[3].op);
  EXPECT_EQ(lookupDeclaration(model, "neuron").op, nullptr);
}

TEST_F(IRTest, InitialisersAreUniquedByValue) {
  auto init = cast<ConstantAttr>(lookupDeclaration(model, "neuron.V").init);
  EXPECT_EQ(init.getValue(), -65.0);
  EXPECT_EQ(init, ConstantAttr::get(&context, -65.0));
  EXPECT_NE(init, ConstantAttr::get(&context, 65.0));
  EXPECT_TRUE(cast<InitializerAttrInterface>(init).isConstant());
  // The default of a declaration without `init`.
  EXPECT_EQ(lookupDeclaration(model, "neuron.a").init, ZerosAttr::get(&context));
}

TEST_F(IRTest, MatmulIsDescribedByItsMaps) {
  auto primitive = cast<ETPOpInterface>(find<MatmulOp>().getOperation());
  AffineExpr b, i, o;
  bindDims(&context, b, i, o);
  SmallVector<AffineMap> expected = {
      AffineMap::get(3, 0, {b, i}, &context), AffineMap::get(3, 0, {i, o}, &context),
      AffineMap::get(3, 0, {o}, &context), AffineMap::get(3, 0, {b, o}, &context)};
  EXPECT_EQ(primitive.getIndexingMapsArray(), expected);
  EXPECT_EQ(primitive.getProductOperands().size(), 2u);
  ASSERT_EQ(primitive.getTrainableOperands().size(), 2u);
  EXPECT_EQ(primitive.getLeafName(*primitive.getTrainableOperands()[0]), "weight");
  EXPECT_EQ(primitive.getLeafName(*primitive.getTrainableOperands()[1]), "bias");
  EXPECT_EQ(primitive.getPrimitiveId().getValue(), "y");
  EXPECT_FALSE(primitive.isTransparent());
}

/// The value of a constant under `op`, which has one float.
double evaluate(Value value) {
  Operation *op = value.getDefiningOp();
  auto of = [&](unsigned i) { return evaluate(op->getOperand(i)); };
  return llvm::TypeSwitch<Operation *, double>(op)
      .Case<arith::ConstantOp>(
          [](auto c) { return cast<FloatAttr>(c.getValue()).getValueAsDouble(); })
      .Case<arith::AddFOp>([&](auto) { return of(0) + of(1); })
      .Case<arith::SubFOp>([&](auto) { return of(0) - of(1); })
      .Case<arith::MulFOp>([&](auto) { return of(0) * of(1); })
      .Case<arith::MaximumFOp>([&](auto) { return std::max(of(0), of(1)); })
      .Case<math::AbsFOp>([&](auto) { return std::abs(of(0)); })
      .Case<math::ExpOp>([&](auto) { return std::exp(of(0)); })
      .Case<LogisticOp>([&](auto) { return 1.0 / (1.0 + std::exp(-of(0))); })
      .Default([](Operation *) -> double {
        ADD_FAILURE() << "unexpected operation";
        return 0;
      });
}

double derivative(MLIRContext &context, SurrogateAttrInterface surrogate, double u) {
  OpBuilder builder(&context);
  Location loc = builder.getUnknownLoc();
  OwningOpRef<ModuleOp> scratch = ModuleOp::create(loc);
  builder.setInsertionPointToStart(scratch->getBody());
  Value input = arith::ConstantOp::create(builder, loc, builder.getF64FloatAttr(u));
  return evaluate(surrogate.buildDerivative(builder, loc, input));
}

TEST_F(IRTest, SurrogateDerivatives) {
  auto relu = ReluGradAttr::get(&context, 0.3, 1.0);
  EXPECT_DOUBLE_EQ(derivative(context, relu, 0.25), 0.3 * 0.75);
  EXPECT_DOUBLE_EQ(derivative(context, relu, -2.0), 0.0);
  auto sigmoid = SigmoidGradAttr::get(&context, 4.0);
  EXPECT_DOUBLE_EQ(derivative(context, sigmoid, 0.0), 1.0);
  auto gaussian = MultiGaussianAttr::get(&context, 0.15, 6.0, 0.5, 0.5);
  auto density = [](double u, double m, double s) {
    return std::exp(-0.5 * (u - m) * (u - m) / (s * s)) / (std::sqrt(2 * M_PI) * s);
  };
  double u = 0.7;
  double expected = 0.5 * (density(u, 0, 0.5) * 1.15 - 0.15 * density(u, 0.5, 3.0) -
                           0.15 * density(u, -0.5, 3.0));
  EXPECT_NEAR(derivative(context, gaussian, u), expected, 1e-15);
}
} // namespace
