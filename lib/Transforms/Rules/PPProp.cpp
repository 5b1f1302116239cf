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
#include "mlir/IR/Remarks.h"

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
  AffineMap getContractionMap(const LeafSite &site) const;
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

/// The element of a leaf that takes the contraction at a point of the domain. For a bias the
/// reference sums the leading axes of y, whichever they are.
AffineMap PPProp::getContractionMap(const LeafSite &site) const {
  AffineMap own = site.domain.leaf;
  if (!compat || site.multiplicand)
    return own;
  Operation *primitive = site.relation->primitive;
  auto leaf = cast<RankedTensorType>(site.leaf->operand->get().getType());
  auto y = cast<RankedTensorType>(primitive->getResult(0).getType());
  AffineMap last = site.domain.output.map.getMinorSubMap(leaf.getRank());
  if (last == own || y.getShape().take_back(leaf.getRank()) == leaf.getShape())
    return last;
  remark::missed(primitive->getLoc(), remark::RemarkOpts::name("compat-bias-axes")
                                          .category("etrace-derive")
                                          .function(primitive->getParentOfType<func::FuncOp>()
                                                        .getSymName()))
      << "the reference refuses pp-prop for a bias that does not lie along the last axes of the "
         "result; its gradient is taken [compat-bias-axes]";
  return own;
}

namespace {
/// x[..] v[place], a part of a gradient; a null x is 1.
struct Term {
  Value x, v;
  Access place;
};
} // namespace

/// G[leaf] += sum of terms, over the domain of a site.
static Value accumulate(OpBuilder &builder, Location loc, const LeafSite &site,
                        ArrayRef<Term> terms, AffineMap leaf, Value gradient) {
  if (terms.empty())
    return gradient;
  GenericBuilder generic(builder, loc, site.domain.extents.size());
  SmallVector<std::pair<int, int>> numbers;
  for (const Term &term : terms) {
    int x = generic.input(term.x, site.domain.multiplicand);
    numbers.push_back({x, generic.input(term.v, term.place)});
  }
  int total = generic.output(gradient, leaf);
  return generic.build(leaf, [&](const BodyArithmetic &math, auto in, auto out) {
    Value sum;
    for (auto [x, v] : numbers)
      sum = math.add(sum, math.mul(in(x), in(v)));
    return SmallVector<Value>{math.add(out(total), sum)};
  })[0];
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
    SmallVector<Term> carried, direct;
    if (q) {
      Value trace = site.multiplicand ? traces.get(inputNames.lookup(site.multiplicand)) : Value();
      carried.push_back({buildMultiplicand(builder, loc, site, trace), q, site.domain.position});
    }
    if (site.direct)
      direct.push_back({buildMultiplicand(builder, loc, site, site.multiplicand), site.direct,
                        site.domain.output});
    AffineMap summed = getContractionMap(site);
    if (summed == site.domain.leaf)
      carried.append(std::exchange(direct, {}));
    Value &gradient = step.gradients[site.gradient];
    gradient = accumulate(builder, loc, site, carried, summed, gradient);
    gradient = accumulate(builder, loc, site, direct, site.domain.leaf, gradient);
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
