//===- PerturbedRun.cpp - A program run again from other values -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "PerturbedRun.h"

#include "etrace/Differentiation/Regions.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"

using namespace mlir;
using namespace etrace;

static Value buildDifference(OpBuilder &builder, Location loc, Value a, Value b) {
  if (isa<ComplexType>(getElementTypeOrSelf(a)))
    return complex::SubOp::create(builder, loc, a, b);
  return arith::SubFOp::create(builder, loc, a, b);
}

/// True if the second run differs from a plain one at this operation.
static bool isFrozen(Operation *op, bool trustCustom) {
  return isa<SpikeOp, StopGradientOp>(op) || (trustCustom && isa<CustomDerivativeOp>(op));
}

void PerturbedRun::perturb(Value value, Value difference) {
  if (!difference)
    return;
  values[value] = buildAdd(builder, value.getLoc(), nominal.lookup(value), difference);
  differences[value] = difference;
}

Value PerturbedRun::lookup(Value value) const {
  Value second = values.lookup(value);
  return second ? second : nominal.lookupOrDefault(value);
}

Value PerturbedRun::runSpike(Operation *op) {
  auto spike = cast<SpikeOp>(op);
  Value difference = getDifference(spike.getInput());
  if (!difference)
    return {};
  Value slope;
  if (spike.getDerivative())
    slope = nominal.lookup(spike.getDerivative());
  else
    slope = cast<SurrogateAttrInterface>(Attribute(spike.getSurrogate()))
                .buildDerivative(builder, op->getLoc(), nominal.lookup(spike.getInput()));
  return buildAdd(builder, op->getLoc(), nominal.lookup(spike.getResult()),
                  buildMul(builder, op->getLoc(), slope, difference));
}

/// y0 + jvp(x0, x - x0).
LogicalResult PerturbedRun::runDeclared(Operation *op, SmallVectorImpl<Value> &out) {
  auto custom = cast<CustomDerivativeOp>(op);
  if (custom.getJvp().empty())
    return op->emitOpError("has no 'jvp', so a difference cannot be taken of what it declares; "
                           "give it one, or compare with its body [difference-declared]");
  SmallVector<Value> arguments;
  for (Value input : custom.getInputs())
    arguments.push_back(nominal.lookup(input));
  for (Value input : llvm::make_filter_range(custom.getInputs(), isFloatLike)) {
    Value difference = getDifference(input);
    arguments.push_back(difference ? difference
                                   : buildConstant(builder, op->getLoc(), input.getType(), 0.0));
  }
  IRMapping mapping;
  mapping.map(custom.getJvp().getArguments(), arguments);
  Block &jvp = custom.getJvp().front();
  SmallVector<Value> tangents =
      cloneSlice(builder, jvp, jvp.getTerminator()->getOperands(), mapping);
  unsigned next = 0;
  for (Value result : op->getResults())
    out.push_back(isFloatLike(result) ? buildAdd(builder, op->getLoc(), nominal.lookup(result),
                                             tangents[next++])
                                  : Value());
  return success();
}

LogicalResult PerturbedRun::runOperation(Operation *op, SmallVectorImpl<Value> &out) {
  if (isa<StopGradientOp>(op))
    return success();
  if (isa<SpikeOp>(op)) {
    out.push_back(runSpike(op));
    return success();
  }
  if (isFrozen(op, trustCustom))
    return runDeclared(op, out);
  Operation *nested = nullptr;
  op->walk([&](Operation *inner) {
    if (isFrozen(inner, trustCustom))
      nested = inner;
  });
  if (nested)
    return nested->emitOpError("stands in a region of '")
           << op->getName()
           << "', where its nominal value is not known; write it in the step itself, or out of "
              "the path of derivatives [difference-region]";
  IRMapping mapping;
  for (Value read : getReads(op))
    mapping.map(read, lookup(read));
  llvm::append_range(out, builder.clone(*op, mapping)->getResults());
  return success();
}

LogicalResult PerturbedRun::run(Block &block, const LinearizeOptions &options) {
  auto differs = [&](Value value) { return values.contains(value); };
  for (Operation &op : block.without_terminator()) {
    SmallVector<Value> second;
    if (llvm::any_of(getReads(&op), differs) && !(options.cut && options.cut(&op)) &&
        failed(runOperation(&op, second)))
      return failure();
    second.resize(op.getNumResults());
    for (auto [result, value] : llvm::zip(op.getResults(), second)) {
      if (differs(result))
        continue; // Perturbed from the start.
      if (!isDifferentiable(result.getType())) {
        if (value)
          values[result] = value;
        continue;
      }
      Value difference =
          value ? buildDifference(builder, op.getLoc(), value, nominal.lookup(result)) : Value();
      Value wanted =
          options.rewrite ? options.rewrite(builder, result, difference) : difference;
      if (wanted != difference) {
        perturb(result, wanted);
      } else if (value) {
        values[result] = value;
        differences[result] = difference;
      }
    }
  }
  return success();
}
