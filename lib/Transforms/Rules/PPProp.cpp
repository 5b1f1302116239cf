//===- PPProp.cpp - Pre- and postsynaptic propagation (ES-D-RTRL) ---------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The trace factorised in an input and an output side, with decay alpha:
//
//   ex_t       = alpha ex_{t-1} + x_t
//   ef_t[p,a]  = alpha sum_b D_t[p,a,b] ef_{t-1}[p,b] + (1 - alpha) f_t[p,a]
//   dL/dw     += ex * sum_a signal[p,a] ef[p,a] / c,   c = 1 - alpha^(n+1)
//
// n is the number of steps before this one, for the old and the new trace alike. A
// leaf without a multiplicand (a bias) has no ex.
//===----------------------------------------------------------------------===//

#include "../Derive/Learner.h"

#include "etrace/Interfaces/DifferentiationInterfaces.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <cmath>

using namespace mlir;
using namespace etrace;

/// The reference stops correcting after this many calls.
static constexpr int64_t kCompatCorrectedCalls = 1000;

namespace {
class PPProp : public TraceRule {
public:
  PPProp(Window window, double decay, bool compat)
      : window(window), decay(decay), compat(compat) {}
  void declareTraces(const StepQuantities &step, TraceStore &traces) override;
  void buildUpdate(OpBuilder &builder, Location loc, StepQuantities &step,
                   TraceStore &traces) override;

private:
  using Key = std::pair<const WeightRelation *, unsigned>;
  void collectNames(const StepQuantities &step);
  /// 1 / c as a scalar; advances the counter.
  Value buildCorrection(OpBuilder &builder, Location loc, Type type, TraceStore &traces);
  void updateInputs(OpBuilder &builder, Location loc, TraceStore &traces);
  void updateOutputs(OpBuilder &builder, Location loc, StepQuantities &step, TraceStore &traces);
  void contract(OpBuilder &builder, Location loc, StepQuantities &step, Value correction,
                TraceStore &traces);

  Window window;
  double decay;
  bool compat;
  /// Names of the input traces, one for every value x, and of the output traces.
  llvm::MapVector<Value, std::string> inputNames;
  llvm::MapVector<Key, const LeafSite *> outputSites;
};
} // namespace

static std::string outputName(const LeafSite &site, unsigned a) {
  // All leaves of a relation share f, so the group is enough.
  return site.relation->name + "/f/group" + std::to_string(site.group) + "/" + std::to_string(a);
}

void PPProp::collectNames(const StepQuantities &step) {
  inputNames.clear();
  outputSites.clear();
  for (const LeafSite &site : step.sites) {
    std::string name = site.relation->name + "/x";
    if (llvm::any_of(inputNames, [&](auto &input) {
          return input.second == name && input.first != site.multiplicand;
        }))
      name += "/group" + std::to_string(site.group);
    if (site.multiplicand)
      inputNames.insert({site.multiplicand, name});
    outputSites.insert({{site.relation, site.group}, &site});
  }
}

void PPProp::declareTraces(const StepQuantities &step, TraceStore &traces) {
  collectNames(step);
  for (auto &[x, name] : inputNames)
    traces.declare(BufferKind::trace, name, cast<RankedTensorType>(x.getType()));
  MLIRContext *context = nullptr;
  for (auto &[key, site] : outputSites)
    for (unsigned a = 0; a < site->slots.size(); ++a)
      for (Value f : site->f)
        if (site->slots[a] && f) {
          context = f.getContext();
          traces.declare(BufferKind::trace, outputName(*site, a),
                         cast<RankedTensorType>(f.getType()));
        }
  if (context)
    traces.declare(BufferKind::counter, "steps",
                   RankedTensorType::get({}, IntegerType::get(context, 64)));
}

Value PPProp::buildCorrection(OpBuilder &builder, Location loc, Type type, TraceStore &traces) {
  Value counter = traces.get("steps");
  Value n = tensor::ExtractOp::create(builder, loc, counter, ValueRange());
  Value one = arith::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(1));
  Value next = arith::AddIOp::create(builder, loc, n, one);
  traces.set("steps", tensor::InsertOp::create(builder, loc, next, counter, ValueRange()));
  if (decay == 0.0)
    return {};
  Value exponent = arith::SIToFPOp::create(builder, loc, type, next);
  Value logDecay = buildConstant(builder, loc, type, std::log(decay));
  Value power =
      math::ExpOp::create(builder, loc, buildMul(builder, loc, exponent, logDecay));
  Value unit = buildConstant(builder, loc, type, 1.0);
  Value c = arith::SubFOp::create(builder, loc, unit, power);
  if (compat) {
    Value limit =
        arith::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(kCompatCorrectedCalls));
    Value corrected =
        arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, n, limit);
    c = arith::SelectOp::create(builder, loc, corrected, c, unit);
  }
  return arith::DivFOp::create(builder, loc, unit, c);
}

void PPProp::updateInputs(OpBuilder &builder, Location loc, TraceStore &traces) {
  for (auto &[x, name] : inputNames) {
    Value alpha = buildConstant(builder, loc, x.getType(), decay);
    Value old = buildMul(builder, loc, alpha, traces.get(name));
    traces.set(name, buildAdd(builder, loc, old, x));
  }
}

void PPProp::updateOutputs(OpBuilder &builder, Location loc, StepQuantities &step,
                           TraceStore &traces) {
  for (auto &[key, site] : outputSites) {
    const GroupQuantities &group = step.at(*site);
    unsigned states = site->slots.size();
    SmallVector<Value> next(states);
    for (unsigned a = 0; a < states; ++a) {
      if (!site->slots[a])
        continue;
      Type type = traces.get(outputName(*site, a)).getType();
      auto add = [&](double factor, Value value) {
        Value term = buildMul(builder, loc, buildConstant(builder, loc, type, factor), value);
        next[a] = next[a] ? buildAdd(builder, loc, next[a], term) : term;
      };
      for (unsigned b = 0; b < states; ++b)
        if (site->slots[b] && group.jacobian[a][b])
          add(decay, buildMul(builder, loc, group.jacobian[a][b],
                              traces.get(outputName(*site, b))));
      if (site->f[a])
        add(1.0 - decay, site->f[a]);
    }
    for (unsigned a = 0; a < states; ++a)
      if (next[a])
        traces.set(outputName(*site, a), next[a]);
  }
}

void PPProp::contract(OpBuilder &builder, Location loc, StepQuantities &step, Value correction,
                      TraceStore &traces) {
  for (const LeafSite &site : step.sites) {
    const GroupQuantities &group = step.at(site);
    Value q;
    for (unsigned a = 0; a < site.slots.size(); ++a)
      if (site.slots[a] && group.signal[a]) {
        Value term = buildMul(builder, loc, traces.get(outputName(site, a)), group.signal[a]);
        q = q ? buildAdd(builder, loc, q, term) : term;
      }
    if (!q && !site.direct)
      continue;
    if (q && correction)
      q = buildMul(builder, loc, q,
                   tensor::SplatOp::create(builder, loc, correction, q.getType()));
    Value trace = site.multiplicand ? traces.get(inputNames.lookup(site.multiplicand)) : Value();
    GenericBuilder generic(builder, loc, site.domain.extents.size());
    int traceIn = generic.input(q ? trace : Value(), site.domain.multiplicand);
    int qIn = generic.input(q, site.domain.position);
    int xIn = generic.input(site.direct ? site.multiplicand : Value(), site.domain.multiplicand);
    int directIn = generic.input(site.direct, site.domain.output);
    int gradient = generic.output(step.gradients[site.gradient], site.domain.leaf);
    auto body = [&](const BodyArithmetic &math, auto in, auto out) {
      Value sum = qIn >= 0 ? math.mul(in(traceIn), in(qIn)) : Value();
      if (directIn >= 0)
        sum = math.add(sum, math.mul(in(xIn), in(directIn)));
      return SmallVector<Value>{math.add(out(gradient), sum)};
    };
    step.gradients[site.gradient] = generic.build(site.domain.leaf, body)[0];
  }
}

void PPProp::buildUpdate(OpBuilder &builder, Location loc, StepQuantities &step,
                         TraceStore &traces) {
  collectNames(step);
  if (step.sites.empty())
    return;
  Type type = getElementTypeOrSelf(step.sites.front().leaf->operand->get());
  Value correction = buildCorrection(builder, loc, type, traces);
  if (step.hasGradients() && window == Window::one)
    contract(builder, loc, step, correction, traces);
  updateInputs(builder, loc, traces);
  updateOutputs(builder, loc, step, traces);
  if (step.hasGradients() && window == Window::singleStep)
    contract(builder, loc, step, correction, traces);
}

std::unique_ptr<TraceRule> etrace::createPPProp(const DeriveOptions &options) {
  return std::make_unique<PPProp>(options.window, options.decay, options.compat);
}
