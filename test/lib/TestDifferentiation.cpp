//===- TestDifferentiation.cpp - jvp and vjp of functions -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "TestPasses.h"
#include "etrace/Differentiation/Linearize.h"
#include "etrace/Differentiation/Regions.h"
#include "etrace/Differentiation/Transpose.h"
#include "etrace/IR/Etrace.h"
#include "etrace/Interfaces/Contraction.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

using namespace mlir;
using namespace etrace;

namespace {
/// A copy of a function with its tangent program behind its body.
struct TangentFunction {
  func::FuncOp function;
  Operation *terminator;
  SmallVector<Value> inputs, inputTangents, outputs, outputTangents;
};

/// Copies `function` under another name, adds an argument for the tangent of each float
/// argument, and linearises.
FailureOr<TangentFunction> makeTangent(func::FuncOp function, StringRef suffix) {
  OpBuilder builder(function);
  builder.setInsertionPointAfter(function);
  TangentFunction result;
  result.function = cast<func::FuncOp>(builder.clone(*function));
  result.function.setName((function.getName() + suffix).str());
  Block &body = result.function.getBody().front();
  result.terminator = body.getTerminator();
  TangentMap tangents;
  for (BlockArgument argument : llvm::to_vector(body.getArguments())) {
    if (!isDifferentiable(argument.getType()))
      continue;
    result.inputs.push_back(argument);
    result.inputTangents.push_back(body.addArgument(argument.getType(), argument.getLoc()));
    tangents.set(argument, result.inputTangents.back());
  }
  builder.setInsertionPoint(result.terminator);
  if (failed(linearizeBlock(builder, body, tangents)))
    return failure();
  for (Value output : result.terminator->getOperands()) {
    if (!isDifferentiable(output.getType()))
      continue;
    result.outputs.push_back(output);
    result.outputTangents.push_back(tangents.lookup(output));
  }
  return result;
}

/// Replaces what the function returns (null: zeros like the value beside it).
void setResults(TangentFunction &tangent, ArrayRef<Value> values, ArrayRef<Value> like) {
  OpBuilder builder(tangent.terminator);
  SmallVector<Value> results;
  for (auto [value, model] : llvm::zip(values, like))
    results.push_back(value ? value
                            : buildZerosLike(builder, tangent.terminator->getLoc(), model));
  tangent.terminator->setOperands(results);
  Block &body = tangent.function.getBody().front();
  tangent.function.setType(builder.getFunctionType(body.getArgumentTypes(),
                                                   ValueRange(results).getTypes()));
}

/// The functions of the module that were there before the pass.
SmallVector<func::FuncOp> getFunctions(ModuleOp module) {
  return llvm::to_vector(llvm::make_filter_range(
      module.getOps<func::FuncOp>(), [](func::FuncOp f) { return !f.isDeclaration(); }));
}

struct TestLinearizePass : PassWrapper<TestLinearizePass, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(TestLinearizePass)
  StringRef getArgument() const final { return "test-etrace-linearize"; }
  StringRef getDescription() const final {
    return "Append f_jvp(x..., dx...) -> dy... for every function f(x...) -> y...";
  }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<EtraceDialect>();
  }
  void runOnOperation() override {
    for (func::FuncOp function : getFunctions(getOperation())) {
      FailureOr<TangentFunction> tangent = makeTangent(function, "_jvp");
      if (failed(tangent))
        return signalPassFailure();
      setResults(*tangent, tangent->outputTangents, tangent->outputs);
    }
  }
};

struct TestTransposePass : PassWrapper<TestTransposePass, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(TestTransposePass)
  StringRef getArgument() const final { return "test-etrace-transpose"; }
  StringRef getDescription() const final {
    return "Append f_vjp(x..., dy...) -> dx... for every function f(x...) -> y...";
  }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<EtraceDialect>();
  }
  void runOnOperation() override {
    for (func::FuncOp function : getFunctions(getOperation()))
      if (failed(transpose(function)))
        return signalPassFailure();
  }

  LogicalResult transpose(func::FuncOp function) {
    FailureOr<TangentFunction> tangent = makeTangent(function, "_vjp");
    if (failed(tangent))
      return failure();
    Block &body = tangent->function.getBody().front();
    SmallVector<Value> cotangents;
    for (Value output : tangent->outputs)
      cotangents.push_back(body.addArgument(output.getType(), output.getLoc()));
    OpBuilder builder(tangent->terminator);
    FailureOr<SmallVector<Value>> results = transposeProgram(
        builder, body, tangent->inputTangents, tangent->outputTangents, cotangents);
    if (failed(results))
      return failure();
    setResults(*tangent, *results, tangent->inputs);
    return dropTangents(*tangent);
  }

  /// The tangent program is dead once it is transposed; so are its arguments.
  LogicalResult dropTangents(TangentFunction &tangent) {
    Block &body = tangent.function.getBody().front();
    for (auto [input, value] : llvm::zip(tangent.inputTangents, tangent.inputs))
      replaceExtents(input, value);
    eraseDead(body, tangent.function);
    BitVector dead(body.getNumArguments());
    for (Value argument : tangent.inputTangents)
      dead.set(cast<BlockArgument>(argument).getArgNumber());
    for (Value argument : tangent.inputTangents)
      if (!argument.use_empty())
        return tangent.function.emitError() << "the transposed program reads a tangent";
    return tangent.function.eraseArguments(dead);
  }
};
} // namespace

void etrace::test::registerDifferentiationTestPasses() {
  PassRegistration<TestLinearizePass>();
  PassRegistration<TestTransposePass>();
}
