//===- DifferentiationInterfaces.cpp - Three questions --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/Interfaces/DifferentiationInterfaces.h"
#include "Models/Models.h"
#include "etrace/Interfaces/Contraction.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace etrace;

#include "etrace/Interfaces/DifferentiationInterfaces.cpp.inc"

void TangentMap::set(Value primal, Value tangent) {
  if (tangent)
    tangents[primal] = tangent;
  else
    tangents.erase(primal);
}

void CotangentMap::accumulate(OpBuilder &builder, Value value, Value cotangent) {
  if (!cotangent || !isLinear(value))
    return;
  Value &total = cotangents[value];
  total = total ? buildAdd(builder, cotangent.getLoc(), total, cotangent) : cotangent;
}

Value etrace::buildAdd(OpBuilder &builder, Location loc, Value a, Value b) {
  if (matchPattern(a, m_AnyZeroFloat()))
    return b;
  if (matchPattern(b, m_AnyZeroFloat()))
    return a;
  return arith::AddFOp::create(builder, loc, a, b);
}

Value etrace::buildMul(OpBuilder &builder, Location loc, Value a, Value b) {
  if (matchPattern(a, m_OneFloat()))
    return b;
  if (matchPattern(b, m_OneFloat()))
    return a;
  return arith::MulFOp::create(builder, loc, a, b);
}

Value etrace::buildConstant(OpBuilder &builder, Location loc, Type type, double value) {
  TypedAttr attr = builder.getFloatAttr(getElementTypeOrSelf(type), value);
  if (auto shaped = dyn_cast<ShapedType>(type))
    attr = DenseElementsAttr::get(shaped, Attribute(attr));
  return arith::ConstantOp::create(builder, loc, attr);
}

/// d r = sum over active operands o of (dr/do) do.
LogicalResult etrace::linearizeByPartials(Operation *op, OpBuilder &builder,
                                          const TangentMap &tangents,
                                          SmallVectorImpl<Value> &resultTangents) {
  auto linearizable = cast<LinearizableOpInterface>(op);
  for (OpResult result : op->getResults()) {
    Value sum;
    for (OpOperand &operand : op->getOpOperands()) {
      Value tangent = tangents.lookup(operand.get());
      if (!tangent)
        continue;
      Value partial = linearizable.buildPartial(builder, result.getResultNumber(),
                                                operand.getOperandNumber());
      if (!partial)
        continue;
      Value term = buildMul(builder, op->getLoc(), partial, tangent);
      sum = sum ? buildAdd(builder, op->getLoc(), sum, term) : term;
    }
    resultTangents.push_back(sum);
  }
  return success();
}

void etrace::registerDifferentiationModels(DialectRegistry &registry) {
  detail::registerArithModels(registry);
  detail::registerMathModels(registry);
  detail::registerLinalgModels(registry);
  detail::registerTensorModels(registry);
  detail::registerSCFModels(registry);
  detail::registerCallModels(registry);
  detail::registerEtraceModels(registry);
}
