//===- DRTRL.cpp - Diagonal real-time recurrent learning ------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// One trace per parameter element and hidden position, for every state a:
//
//   e_t[w,p,a] = sum_b D_t[p,a,b] e_{t-1}[w,p,b] + f_t[p,a] x_t
//   dL/dw     += sum_{p,a} signal[p,a] e[w,p,a]
//
// Update and contraction are one linalg.generic, so that every trace is read and
// written once. Under window(1) the contraction takes the old trace (the signal is
// dL_t/dh_{t-1}), under single-step the new one (dL_t/dh_t).
//===----------------------------------------------------------------------===//

#include "../Derive/Learner.h"

using namespace mlir;
using namespace etrace;

namespace {
class DRTRL : public TraceRule {
public:
  explicit DRTRL(Window window) : window(window) {}
  void declareTraces(const StepQuantities &step, TraceStore &traces) override;
  void buildUpdate(OpBuilder &builder, Location loc, StepQuantities &step,
                   TraceStore &traces) override;

private:
  void buildSite(OpBuilder &builder, Location loc, StepQuantities &step, const LeafSite &site,
                 TraceStore &traces);
  Window window;
};

/// Numbers of the operands of the fused update.
struct Operands {
  int x, direct, gradient;
  SmallVector<SmallVector<int>> jacobian;
  SmallVector<int> f, signal, trace;
};
} // namespace

static std::string slotName(const LeafSite &site, unsigned a) {
  return site.name + "/" + std::to_string(a);
}

void DRTRL::declareTraces(const StepQuantities &step, TraceStore &traces) {
  for (const LeafSite &site : step.sites)
    for (unsigned a = 0; a < site.slots.size(); ++a)
      if (site.slots[a])
        traces.declare(BufferKind::trace, slotName(site, a),
                       RankedTensorType::get(site.domain.extents,
                                             getElementTypeOrSelf(site.leaf->operand->get())));
}

void DRTRL::buildSite(OpBuilder &builder, Location loc, StepQuantities &step,
                      const LeafSite &site, TraceStore &traces) {
  const GroupQuantities &group = step.at(site);
  const TraceDomain &domain = site.domain;
  unsigned states = site.slots.size();
  bool contracts = step.hasGradients();
  GenericBuilder generic(builder, loc, domain.extents.size());
  Operands at;
  at.x = generic.input(buildMultiplicand(builder, loc, site, site.multiplicand),
                       domain.multiplicand);
  at.direct = generic.input(contracts ? site.direct : Value(), domain.output);
  for (unsigned a = 0; a < states; ++a) {
    at.jacobian.emplace_back();
    for (unsigned b = 0; b < states; ++b)
      at.jacobian[a].push_back(generic.input(
          site.slots[b] ? group.jacobian[a][b] : Value(), domain.position));
    at.f.push_back(generic.input(site.f[a], domain.position));
    at.signal.push_back(generic.input(
        contracts && site.slots[a] ? group.signal[a] : Value(), domain.position));
  }
  for (unsigned a = 0; a < states; ++a)
    at.trace.push_back(generic.output(site.slots[a] ? traces.get(slotName(site, a)) : Value(),
                                      domain.getIdentity(builder.getContext())));
  at.gradient = generic.output(contracts ? step.gradients[site.gradient] : Value(), domain.leaf);

  auto body = [&](const BodyArithmetic &math, auto in, auto out) {
    SmallVector<Value> results;
    Value sum;
    auto contract = [&](unsigned a, Value trace) {
      if (at.signal[a] >= 0)
        sum = math.add(sum, math.mul(in(at.signal[a]), trace));
    };
    for (unsigned a = 0; a < states; ++a) {
      if (at.trace[a] < 0)
        continue;
      Value next;
      for (unsigned b = 0; b < states; ++b)
        if (at.jacobian[a][b] >= 0)
          next = math.add(next, math.mul(in(at.jacobian[a][b]), out(at.trace[b])));
      if (at.f[a] >= 0)
        next = math.add(next, math.mul(in(at.f[a]), in(at.x)));
      contract(a, window == Window::one ? out(at.trace[a]) : next);
      results.push_back(next);
    }
    if (at.direct >= 0)
      sum = math.add(sum, math.mul(in(at.direct), in(at.x)));
    if (at.gradient >= 0)
      results.push_back(math.add(out(at.gradient), sum));
    return results;
  };
  SmallVector<Value> results = generic.build(domain.leaf, body);
  unsigned number = 0;
  for (unsigned a = 0; a < states; ++a)
    if (at.trace[a] >= 0)
      traces.set(slotName(site, a), results[number++]);
  if (at.gradient >= 0)
    step.gradients[site.gradient] = results[number];
}

void DRTRL::buildUpdate(OpBuilder &builder, Location loc, StepQuantities &step,
                        TraceStore &traces) {
  for (const LeafSite &site : step.sites)
    buildSite(builder, loc, step, site, traces);
}

std::unique_ptr<TraceRule> etrace::createDRTRL(const DeriveOptions &options) {
  return std::make_unique<DRTRL>(options.window);
}
