//===- DifferentiationInterfaces.cpp - Three questions --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/Interfaces/DifferentiationInterfaces.h"
#include "Models/Models.h"
#include "etrace/Interfaces/Contraction.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
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

bool etrace::isFloatLike(Value value) { return isa<FloatType>(getElementTypeOrSelf(value)); }

bool etrace::isDifferentiable(Type type) {
  Type element = getElementTypeOrSelf(type);
  if (auto complex = dyn_cast<ComplexType>(element))
    element = complex.getElementType();
  return isa<FloatType>(element);
}

/// Arithmetic of complex numbers works on scalars: tensors of them go through linalg.
template <typename FloatOp, typename ComplexOp, typename StructuredOp>
static Value buildBinary(OpBuilder &builder, Location loc, Value a, Value b) {
  if (!isa<ComplexType>(getElementTypeOrSelf(a)))
    return FloatOp::create(builder, loc, a, b);
  auto type = dyn_cast<RankedTensorType>(a.getType());
  if (!type)
    return ComplexOp::create(builder, loc, a, b);
  Value empty = tensor::EmptyOp::create(builder, loc, tensor::getMixedSizes(builder, loc, a),
                                        type.getElementType());
  return StructuredOp::create(builder, loc, ValueRange{a, b}, ValueRange{empty})->getResult(0);
}

/// True if every element is the real number `value`.
static bool isConstant(Value number, double value) {
  Attribute attr;
  if (!matchPattern(number, m_Constant(&attr)))
    return false;
  if (auto elements = dyn_cast<DenseElementsAttr>(attr)) {
    if (!elements.isSplat() || elements.empty())
      return false;
    attr = elements.getSplatValue<Attribute>();
  }
  auto is = [](Attribute part, double expected) {
    auto real = dyn_cast<FloatAttr>(part);
    return real && (expected == 0.0 ? real.getValue().isZero()
                                    : real.getValue().isExactlyValue(expected));
  };
  if (auto parts = dyn_cast<ArrayAttr>(attr))
    return parts.size() == 2 && is(parts[0], value) && is(parts[1], 0.0);
  return is(attr, value);
}

bool etrace::isZeroConstant(Value value) { return isConstant(value, 0.0); }

Value etrace::buildAdd(OpBuilder &builder, Location loc, Value a, Value b) {
  if (isZeroConstant(a))
    return b;
  if (isZeroConstant(b))
    return a;
  return buildBinary<arith::AddFOp, complex::AddOp, linalg::AddOp>(builder, loc, a, b);
}

Value etrace::buildMul(OpBuilder &builder, Location loc, Value a, Value b) {
  if (isConstant(a, 1.0))
    return b;
  if (isConstant(b, 1.0))
    return a;
  return buildBinary<arith::MulFOp, complex::MulOp, linalg::MulOp>(builder, loc, a, b);
}

/// The real number `value` as an element of the type.
static Attribute getElementAttr(Builder &builder, Type element, double value) {
  if (auto complex = dyn_cast<ComplexType>(element))
    return builder.getArrayAttr({builder.getFloatAttr(complex.getElementType(), value),
                                 builder.getFloatAttr(complex.getElementType(), 0.0)});
  if (element.isIntOrIndex())
    return builder.getIntegerAttr(element, static_cast<int64_t>(value));
  return builder.getFloatAttr(element, value);
}

Value etrace::buildConstant(OpBuilder &builder, Location loc, Type type, double value) {
  Type element = getElementTypeOrSelf(type);
  Attribute attr = getElementAttr(builder, element, value);
  if (auto shaped = dyn_cast<ShapedType>(type))
    return arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(shaped, attr));
  if (isa<ComplexType>(element))
    return complex::ConstantOp::create(builder, loc, type, cast<ArrayAttr>(attr));
  return arith::ConstantOp::create(builder, loc, cast<TypedAttr>(attr));
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
  detail::registerComplexModels(registry);
  detail::registerLinalgModels(registry);
  detail::registerTensorModels(registry);
  detail::registerSCFModels(registry);
  detail::registerCallModels(registry);
  detail::registerEtraceModels(registry);
  detail::registerGradientTransformModels(registry);
}
