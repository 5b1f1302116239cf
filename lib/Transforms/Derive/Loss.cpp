//===- Loss.cpp - The loss and its gradient -------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "LearnerBuilder.h"

#include "etrace/Differentiation/Transpose.h"
#include "etrace/Interfaces/Contraction.h"

using namespace mlir;
using namespace etrace;

/// (outputs, targets) -> (loss, dL/doutputs).
LogicalResult LearnerBuilder::buildLossGradient() {
  if (!loss)
    return success();
  lossGradient = func::FuncOp::create(top, loss.getLoc(), symbol("loss_gradient"),
                                      loss.getFunctionType());
  lossGradient.setPrivate();
  lossGradient.getBody().takeBody(loss.getBody());
  Block &body = lossGradient.getBody().front();
  Operation *yield = body.getTerminator();
  Value value = yield->getOperand(0);

  TangentProgram program(body);
  unsigned outputs = graph.step.outputs.size();
  for (unsigned index = 0; index < outputs; ++index)
    program.addSeed(body.getArgument(index));
  if (failed(program.build({})))
    return failure();
  Value tangent = program.getTangent(value);
  if (!tangent) {
    loss.emitOpError("does not depend on the outputs of the step in a differentiable way; nothing "
                     "would be learnt [loss-without-gradient]");
    return failure();
  }
  program.hoistResiduals(yield);
  OpBuilder builder(yield);
  Value one = buildConstant(builder, loc, value.getType(), 1.0);
  auto cotangents =
      transposeProgram(builder, program.getBlock(), program.getBlock().getArguments(), tangent, one);
  if (failed(cotangents))
    return failure();
  SmallVector<Value> results = {value};
  for (unsigned index = 0; index < outputs; ++index) {
    Value cotangent = (*cotangents)[index];
    if (!cotangent)
      cotangent = buildZerosLike(builder, loc, body.getArgument(index));
    results.push_back(cotangent);
  }
  func::ReturnOp::create(builder, loc, results);
  yield->erase();
  lossGradient.setFunctionType(FunctionType::get(context, lossGradient.getArgumentTypes(),
                                                 TypeRange(ValueRange(results))));
  return success();
}
