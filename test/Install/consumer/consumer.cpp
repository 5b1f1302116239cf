//===- consumer.cpp - A compiler that embeds etrace -----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Builds a function of its own, marks states and parameters on it, and runs the passes.

#include "etrace/Analysis/Report.h"
#include "etrace/InitAll.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/InitAllDialects.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"

using namespace mlir;

/// h' = h + x w.
static func::FuncOp buildFunction(OpBuilder &builder) {
  Location loc = builder.getUnknownLoc();
  auto vector = [&](int64_t n) { return RankedTensorType::get({n}, builder.getF32Type()); };
  auto matrix = RankedTensorType::get({3, 5}, builder.getF32Type());
  auto type = builder.getFunctionType({vector(3), vector(5), matrix}, {vector(5), vector(5)});
  auto func = func::FuncOp::create(builder, loc, "mine", type);
  Block *body = func.addEntryBlock();
  func.setArgAttr(1, etrace::kHiddenAttr, builder.getStringAttr("h"));
  func.setArgAttr(2, etrace::kParamAttr, builder.getStringAttr("w"));
  func.setResultAttr(1, etrace::kHiddenAttr, builder.getStringAttr("h"));
  builder.setInsertionPointToStart(body);
  auto product = linalg::VecmatOp::create(
      builder, loc, ValueRange{body->getArgument(0), body->getArgument(2)},
      ValueRange{body->getArgument(1)});
  product->setAttr("etrace.primitive", builder.getStringAttr("matmul"));
  Value h = product->getResult(0);
  func::ReturnOp::create(builder, loc, ValueRange{h, h});
  return func;
}

int main() {
  DialectRegistry registry;
  registerAllDialects(registry);
  etrace::registerAllDialects(registry);
  etrace::registerAllPasses();
  MLIRContext context(registry);
  context.loadDialect<func::FuncDialect, linalg::LinalgDialect, etrace::EtraceDialect>();
  OpBuilder builder(&context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(builder.getUnknownLoc());
  builder.setInsertionPointToStart(module->getBody());
  buildFunction(builder);
  PassManager manager(&context);
  if (failed(parsePassPipeline("etrace-raise-functions,etrace-analyze", manager)) ||
      failed(manager.run(*module)))
    return 1;
  module->print(llvm::outs());
  // The report as a value.
  std::string report;
  llvm::raw_string_ostream os(report);
  for (auto model : module->getOps<etrace::ModelOp>())
    if (failed(etrace::printReport(os, model, etrace::ReportFormat::text)))
      return 1;
  llvm::outs() << "\n" << report;
  return 0;
}
