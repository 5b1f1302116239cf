//===- Optimizer.cpp - One update of all parameters -----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// With g the gradient times `scale` and n the number of this update:
//
//   sgd:   w -= rate g
//   adam:  m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2
//          w -= rate (m / (1 - b1^n)) / (sqrt(v / (1 - b2^n)) + epsilon)
//
// The gradient is zero afterwards.
//===----------------------------------------------------------------------===//

#include "LearnerBuilder.h"

#include "etrace/Interfaces/DifferentiationInterfaces.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace etrace;

namespace {
class Optimizer {
public:
  Optimizer(LearnerBuilder &learner, bool adam, Location loc, Type type, OpBuilder &builder)
      : learner(learner), adam(adam), loc(loc), type(type), builder(builder) {}
  void build(ArrayRef<EntryValue> params, ArrayRef<EntryValue> gradients,
             ArrayRef<EntryValue> first, ArrayRef<EntryValue> second);

private:
  Value scalar(double value) { return buildConstant(builder, loc, type, value); }
  /// 1 / (1 - b^n).
  Value buildBiasCorrection(Value b, Value n);
  SmallVector<Value> buildUpdate(Value w, Value g, Value m, Value v);

  LearnerBuilder &learner;
  bool adam;
  Location loc;
  Type type;
  OpBuilder builder;
  Value scale, rate, beta1, beta2, epsilon, correction1, correction2;
};
} // namespace

Value Optimizer::buildBiasCorrection(Value b, Value n) {
  Value exponent = arith::MulFOp::create(builder, loc, n, math::LogOp::create(builder, loc, b));
  Value power = math::ExpOp::create(builder, loc, exponent);
  Value remainder = arith::SubFOp::create(builder, loc, scalar(1.0), power);
  return arith::DivFOp::create(builder, loc, scalar(1.0), remainder);
}

/// New values of parameter, gradient, m and v.
SmallVector<Value> Optimizer::buildUpdate(Value w, Value g, Value m, Value v) {
  unsigned rank = cast<RankedTensorType>(w.getType()).getRank();
  AffineMap identity = AffineMap::getMultiDimIdentityMap(rank, builder.getContext());
  GenericBuilder generic(builder, loc, rank);
  generic.output(w, identity);
  generic.output(g, identity);
  generic.output(m, identity);
  generic.output(v, identity);
  auto body = [&](const BodyArithmetic &math, auto, auto out) -> SmallVector<Value> {
    OpBuilder &b = math.builder;
    Value one = buildConstant(b, loc, type, 1.0), zero = buildConstant(b, loc, type, 0.0);
    Value gradient = math.mul(scale, out(1));
    if (!adam)
      return {arith::SubFOp::create(b, loc, out(0), math.mul(rate, gradient)), zero};
    Value rest1 = arith::SubFOp::create(b, loc, one, beta1);
    Value rest2 = arith::SubFOp::create(b, loc, one, beta2);
    Value nextM = math.add(math.mul(beta1, out(2)), math.mul(rest1, gradient));
    Value nextV =
        math.add(math.mul(beta2, out(3)), math.mul(rest2, math.mul(gradient, gradient)));
    Value root = math::SqrtOp::create(b, loc, math.mul(nextV, correction2));
    Value step = arith::DivFOp::create(b, loc, math.mul(nextM, correction1),
                                       math.add(root, epsilon));
    return {arith::SubFOp::create(b, loc, out(0), math.mul(rate, step)), zero, nextM, nextV};
  };
  return generic.build(identity, body);
}

void Optimizer::build(ArrayRef<EntryValue> params, ArrayRef<EntryValue> gradients,
                      ArrayRef<EntryValue> first, ArrayRef<EntryValue> second) {
  SmallVector<EntryValue> arguments;
  SmallVector<StringRef> names = {"scale", "learning_rate"};
  if (adam)
    names.append({"beta1", "beta2", "epsilon"});
  for (StringRef name : names)
    arguments.push_back({type, name.str(), ""});
  unsigned externals = arguments.size();
  SmallVector<EntryValue> results;
  for (ArrayRef<EntryValue> list : {params, gradients, first, second})
    llvm::append_range(results, list);
  EntryValue counter{RankedTensorType::get({}, builder.getI64Type()), "", "optimizer.updates"};
  if (adam)
    results.push_back(counter);
  llvm::append_range(arguments, results);
  func::FuncOp entry = learner.createEntry("apply", arguments, results);
  builder = OpBuilder::atBlockEnd(&entry.front());
  scale = entry.getArgument(0);
  rate = entry.getArgument(1);
  Value nextCounter;
  if (adam) {
    beta1 = entry.getArgument(2);
    beta2 = entry.getArgument(3);
    epsilon = entry.getArgument(4);
    Value old = entry.getArguments().back();
    Value n = tensor::ExtractOp::create(builder, loc, old, ValueRange());
    Value one = arith::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(1));
    n = arith::AddIOp::create(builder, loc, n, one);
    nextCounter = tensor::InsertOp::create(builder, loc, n, old, ValueRange());
    Value exponent = arith::SIToFPOp::create(builder, loc, type, n);
    correction1 = buildBiasCorrection(beta1, exponent);
    correction2 = buildBiasCorrection(beta2, exponent);
  }
  size_t count = params.size();
  SmallVector<Value> values(results.size());
  for (size_t p = 0; p < count; ++p) {
    auto at = [&](size_t list) {
      return list < 2 || adam ? entry.getArgument(externals + list * count + p) : Value();
    };
    SmallVector<Value> next = buildUpdate(at(0), at(1), at(2), at(3));
    for (auto [list, value] : llvm::enumerate(next))
      values[list * count + p] = value;
  }
  if (adam)
    values.back() = nextCounter;
  func::ReturnOp::create(builder, loc, values);
}

void LearnerBuilder::declareOptimizer() {
  if (options.optimizer != "adam")
    return;
  auto declare = [&](const std::string &path, Type bufferType) {
    BufferOp::create(top, loc, top.getStringAttr("optimizer." + path),
                     BufferKindAttr::get(context, BufferKind::optimizer), top.getStringAttr(path),
                     TypeAttr::get(bufferType),
                     cast<InitializerAttrInterface>(ZerosAttr::get(context)));
  };
  for (const char *moment : {"m/", "v/"})
    for (const StepParameter &param : graph.step.params)
      declare(moment + param.path, param.value.getType());
  declare("updates", RankedTensorType::get({}, top.getI64Type()));
}

void LearnerBuilder::buildApply() {
  if (graph.step.params.empty())
    return;
  bool adam = options.optimizer == "adam";
  auto moments = [&](StringRef moment) {
    SmallVector<EntryValue> values;
    for (const StepParameter &param : graph.step.params)
      if (adam)
        values.push_back({param.value.getType(), "", ("optimizer." + moment + param.path).str()});
    return values;
  };
  Type type = getElementTypeOrSelf(graph.step.params.front().value);
  Optimizer(*this, adam, loc, type, top)
      .build(paramValues(), gradientValues(), moments("m/"), moments("v/"));
}
