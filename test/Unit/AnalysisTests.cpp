//===- AnalysisTests.cpp - Positions and the graph of a step --------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/Analysis/StateFinder.h"
#include "etrace/Analysis/StepGraph.h"
#include "etrace/Interfaces/DifferentiationInterfaces.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace etrace;

namespace {
class AnalysisTest : public ::testing::Test {
protected:
  AnalysisTest() {
    DialectRegistry registry;
    registry.insert<EtraceDialect, arith::ArithDialect, func::FuncDialect, linalg::LinalgDialect,
                    math::MathDialect, tensor::TensorDialect>();
    registerDifferentiationModels(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
  }
  /// What the result of a function reads of its first argument.
  PositionSet analyze(StringRef text) {
    module = parseSourceString<ModuleOp>(text, &context);
    EXPECT_TRUE(module);
    auto function = *module->getOps<func::FuncOp>().begin();
    Block &body = function.front();
    return PositionAnalysis(body, body.getArgument(0)).lookup(body.getTerminator()->getOperand(0));
  }
  ModelOp parse(StringRef text) {
    module = parseSourceString<ModuleOp>(text, &context);
    EXPECT_TRUE(module);
    return *module->getOps<ModelOp>().begin();
  }
  MLIRContext context;
  OwningOpRef<ModuleOp> module;
};

TEST_F(AnalysisTest, PointwiseAndUnrelated) {
  PositionSet set = analyze(R"mlir(func.func @f(%x: tensor<4xf32>, %k: tensor<4xf32>) -> tensor<4xf32> {
    %0 = arith.mulf %x, %k : tensor<4xf32>
    %1 = arith.addf %0, %x : tensor<4xf32>
    return %1 : tensor<4xf32> })mlir");
  EXPECT_TRUE(set.isPointwise());
  EXPECT_TRUE(set.getProjection().isIdentity());
  EXPECT_FALSE(set.isNone());
  EXPECT_TRUE(analyze(R"mlir(func.func @f(%x: tensor<4xf32>, %k: tensor<4xf32>) -> tensor<4xf32> {
    return %k : tensor<4xf32> })mlir").isNone());
}

TEST_F(AnalysisTest, PiecesThatMeetInPlaceArePointwise) {
  for (StringRef first : {"1", "2"}) {
    std::string n = first.str(), m = std::to_string(4 - std::stoi(n));
    std::string text = "func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {\n"
        "%a = tensor.extract_slice %x[0] [" + n + "] [1] : tensor<4xf32> to tensor<" + n + "xf32>\n"
        "%b = tensor.extract_slice %x[" + n + "] [" + m + "] [1] : tensor<4xf32> to tensor<" + m + "xf32>\n"
        "%c = tensor.concat dim(0) %a, %b : (tensor<" + n + "xf32>, tensor<" + m + "xf32>) -> tensor<4xf32>\n"
        "return %c : tensor<4xf32> }";
    EXPECT_TRUE(analyze(text).isPointwise()) << "first piece of " << n;
  }
}

TEST_F(AnalysisTest, MovesArePiecesButNotPointwise) {
  PositionSet set = analyze(R"mlir(func.func @f(%x: tensor<8xf32>) -> tensor<4xf32> {
    %a = tensor.extract_slice %x[0] [4] [1] : tensor<8xf32> to tensor<4xf32>
    %b = tensor.extract_slice %x[4] [4] [1] : tensor<8xf32> to tensor<4xf32>
    %c = arith.mulf %a, %b : tensor<4xf32>
    return %c : tensor<4xf32> })mlir");
  EXPECT_FALSE(set.isPointwise());
  EXPECT_FALSE(set.getProjection());
  SmallVector<PositionPiece> pieces = set.getPieces();
  ASSERT_EQ(pieces.size(), 2u);
  EXPECT_EQ(pieces[0].shift[0], 0);
  EXPECT_EQ(pieces[1].shift[0], 4);
  EXPECT_EQ(pieces[1].lower[0], 0);
  EXPECT_EQ(pieces[1].upper[0], 4);
}

TEST_F(AnalysisTest, BroadcastsAreProjections) {
  PositionSet set = analyze(R"mlir(func.func @f(%x: tensor<4xf32>) -> tensor<2x4xf32> {
    %e = tensor.empty() : tensor<2x4xf32>
    %0 = linalg.broadcast ins(%x : tensor<4xf32>) outs(%e : tensor<2x4xf32>) dimensions = [0]
    return %0 : tensor<2x4xf32> })mlir");
  EXPECT_FALSE(set.isPointwise());
  EXPECT_EQ(set.getProjection(), AffineMap::get(2, 0, getAffineDimExpr(1, &context)));
  EXPECT_TRUE(set.getPieces().empty());
}

TEST_F(AnalysisTest, SumsMixAndNameTheOperation) {
  PositionSet set = analyze(R"mlir(func.func @f(%x: tensor<4xf32>) -> tensor<f32> {
    %z = arith.constant dense<0.0> : tensor<f32>
    %0 = linalg.reduce { arith.addf } ins(%x : tensor<4xf32>) outs(%z : tensor<f32>) dimensions = [0]
    return %0 : tensor<f32> })mlir");
  ASSERT_TRUE(set.mixer);
  EXPECT_EQ(set.mixer->getName().getStringRef(), "linalg.reduce");
  EXPECT_FALSE(set.isPointwise());
  EXPECT_TRUE(set.getPieces().empty());
}

TEST_F(AnalysisTest, JoinKeepsEachAccessOnce) {
  PositionAccess access{AffineMap::getMultiDimIdentityMap(1, &context), {0}, {4}};
  PositionSet set{{access}, nullptr};
  set.join(PositionSet{{access}, nullptr});
  EXPECT_EQ(set.accesses.size(), 1u);
  access.lower[0] = 1;
  set.join(PositionSet{{access}, nullptr});
  EXPECT_EQ(set.accesses.size(), 2u);
}

constexpr llvm::StringLiteral kNeuron = R"mlir(
etrace.model @m {
  etrace.param @w : tensor<3x5xf32>
  etrace.param @out : tensor<5x2xf32>
  etrace.hidden @v : tensor<5xf32>
  etrace.hidden @i : tensor<5xf32>
  etrace.step @update(%x: tensor<3xf32>, %v: tensor<5xf32> {etrace.hidden = "v"},
                      %i: tensor<5xf32> {etrace.hidden = "i"}, %w: tensor<3x5xf32> {etrace.param = "w"},
                      %out: tensor<5x2xf32> {etrace.param = "out"})
      -> (tensor<2xf32>, tensor<5xf32> {etrace.hidden = "v"}, tensor<5xf32> {etrace.hidden = "i"}) {
    %y = etrace.matmul %x, %w id "in" : tensor<3xf32>, tensor<3x5xf32> -> tensor<5xf32>
    %i1 = arith.addf %i, %y : tensor<5xf32>
    %v1 = arith.addf %v, %i : tensor<5xf32>
    %o = etrace.matmul %v1, %out id "out" : tensor<5xf32>, tensor<5x2xf32> -> tensor<2xf32>
    etrace.yield %o, %v1, %i1 : tensor<2xf32>, tensor<5xf32>, tensor<5xf32>
  }
}
)mlir";

TEST_F(AnalysisTest, GraphOfANeuron) {
  FailureOr<StepGraph> graph = StepGraph::compute(parse(kNeuron));
  ASSERT_TRUE(succeeded(graph));
  ASSERT_EQ(graph->step.states.size(), 2u);
  EXPECT_EQ(graph->step.outputs.front().name, "out");
  ASSERT_EQ(graph->groups.size(), 1u);
  EXPECT_EQ(graph->groups[0].members, (SmallVector<unsigned>{0, 1}));
  // v reads v and i, i reads itself; nothing reaches i from v.
  EXPECT_EQ(graph->groups[0].edges,
            (SmallVector<std::pair<unsigned, unsigned>>{{0, 0}, {0, 1}, {1, 1}}));
  EXPECT_EQ(graph->findGroup(1), 0);
  EXPECT_EQ(graph->findGroup(7), -1);
  ASSERT_EQ(graph->relations.size(), 1u);
  const WeightRelation &relation = graph->relations[0];
  EXPECT_TRUE(relation.exact) << relation.reason;
  ASSERT_EQ(relation.targets.size(), 1u);
  EXPECT_EQ(relation.targets[0].reach, (SmallVector<unsigned>{1}));
  EXPECT_TRUE(relation.targets[0].positionToOutput.isIdentity());
  EXPECT_EQ(relation.leaves[0].params, (SmallVector<std::string>{"w"}));
  ASSERT_EQ(graph->excluded.size(), 1u);
  EXPECT_EQ(graph->excluded[0].path, "out");
  EXPECT_EQ(graph->excluded[0].reason, "relation-excluded-non-temporal");
}

TEST_F(AnalysisTest, TransitionStopsAtPrimitivesOnTheWay) {
  FailureOr<StepView> step = StepView::get(parse(kNeuron).getStep());
  ASSERT_TRUE(succeeded(step));
  const CarriedState *v = step->findHidden("v");
  ASSERT_TRUE(v);
  EXPECT_FALSE(step->findHidden("w"));
  EXPECT_TRUE(step->findParam("w"));
  FailureOr<TransitionCut> cut = TransitionCut::compute(*step, *v);
  ASSERT_TRUE(succeeded(cut));
  EXPECT_EQ(cut->reaches, (SmallVector<bool>{true, false}));
  // The readout is not on the way to a state.
  EXPECT_TRUE(cut->cuts.empty());
}

static constexpr const char *kEnergy = R"(
etrace.model @store {
  etrace.param @scale : tensor<f64>
  etrace.param @offset : tensor<f64>
  etrace.state @cache : tensor<f64>
}
func.func @energy(%x: tensor<f64>) -> tensor<f64> {
  %s = etrace.get @store::@scale : tensor<f64>
  %o = etrace.get @store::@offset : tensor<f64>
  %p = arith.mulf %x, %s : tensor<f64>
  %q = arith.addf %p, %o : tensor<f64>
  etrace.set @store::@scale, %s : tensor<f64>
  etrace.set @store::@cache, %q : tensor<f64>
  return %q : tensor<f64>
})";

// S003-06..09: the state finder, with a key function.
TEST_F(AnalysisTest, FindsStatesByKey) {
  module = parseSourceString<ModuleOp>(kEnergy, &context);
  ASSERT_TRUE(module);
  auto energy = module->lookupSymbol<func::FuncOp>("energy");
  auto keys = [](ArrayRef<FoundState> states) {
    std::string text;
    for (const FoundState &state : states)
      text += state.key + ":" + state.use.declaration.path + " ";
    return text;
  };
  EXPECT_EQ(keys(findStates(energy)), "0:scale 1:offset 2:cache ");
  EXPECT_EQ(keys(findStates(energy, StateKind::param)), "0:scale 1:offset ");
  EXPECT_EQ(keys(findStates(energy, {}, StateUsage::read)), "0:offset ");
  EXPECT_EQ(keys(findStates(energy, {}, StateUsage::write)), "0:scale 1:cache ");
  EXPECT_EQ(keys(findStates(energy, {}, StateUsage::all, keyByName)),
            "scale:scale offset:offset cache:cache ");
  // A key that is taken gives way to the name.
  auto same = [](unsigned, const StateUse &) { return std::string("k"); };
  EXPECT_EQ(keys(findStates(energy, {}, StateUsage::all, same)),
            "k:scale offset:offset cache:cache ");
}

} // namespace
