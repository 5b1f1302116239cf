//===- CompareTraces.cpp - Gradients through the trace -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// With u a direction of one parameter and s_t = (dh_t/dw) u as the learning rule has it,
//
//   s_t = D_t s_{t-1} + f_t x u,      dL_t . u = signal_t . s + direct . u,
//
// where every product is a difference of the model along s or u.
//===----------------------------------------------------------------------===//

#include "GradientCheck.h"

#include "CheckArrays.h"

using namespace etrace;
using namespace etrace::run;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;

/// Directions of the parameters that a relation knows; no state has moved yet.
Error GradientCheck::startSensitivities() {
  std::map<std::string, std::vector<Array>> zeros;
  for (const DifferenceInfo &entry : target.entries)
    if (entry.kind == "transition") {
      std::vector<Array> &group = zeros[entry.getText("group")];
      group.clear();
      for (const std::string &member : entry.getTexts("members"))
        group.emplace_back(DataType::f64, values["state:" + member].getShape().vec());
    }
  for (const DifferenceInfo &entry : target.entries)
    if (entry.kind == "injection")
      for (const std::string &param : entry.getTexts("params"))
        if (!sensitivities.count(param))
          for (Direction &direction : makeDirections(param, values["param:" + param].getShape()))
            sensitivities[param].push_back({std::move(direction), zeros});
  return Error::success();
}

/// s <- D s.
Error GradientCheck::moveStates(Sensitivity &sensitivity) {
  auto next = sensitivity.states;
  for (auto &[group, members] : next)
    for (Array &array : members)
      array = Array(DataType::f64, array.getShape().vec());
  for (const DifferenceInfo &entry : target.entries) {
    if (entry.kind != "transition")
      continue;
    std::string group = entry.getText("group");
    size_t source = entry.record.getAs<mlir::IntegerAttr>("member").getInt();
    const Array &moved = sensitivity.states[group][source];
    if (getNorm(moved) == 0.0)
      continue;
    Expected<Estimates> estimates = differentiateEntry(entry.entry, {{"direction", moved}});
    if (!estimates)
      return estimates.takeError();
    for (auto &[path, response] : *estimates)
      addTo(next[group][getLastNumber(StringRef(path).rsplit('/').first)], response);
  }
  sensitivity.states = std::move(next);
  return Error::success();
}

/// s <- s + f x u.
Error GradientCheck::injectParameter(const std::string &param, Sensitivity &sensitivity) {
  for (const DifferenceInfo &entry : target.entries) {
    if (entry.kind != "injection" || !llvm::is_contained(entry.getTexts("params"), param))
      continue;
    Expected<Estimates> estimates = differentiateEntry(
        entry.entry, {{"direction:" + param, sensitivity.direction.values}});
    if (!estimates)
      return estimates.takeError();
    for (auto &[path, response] : *estimates)
      addTo(sensitivity.states[entry.getText("group")][getLastNumber(path)], response);
  }
  return Error::success();
}

/// dL . u of this step. The states of the window 1 are the old ones; those of a single step are
/// the new ones, of which the part that parameters move within the step is in `direct`.
Expected<Estimate> GradientCheck::differentiateTrace(const std::string &param,
                                                     Sensitivity &sensitivity) {
  Directions directions = {{"direction:" + param, sensitivity.direction.values}};
  auto addStates = [&](const std::string &group, const std::vector<std::string> &members) {
    for (auto [member, array] : llvm::zip(members, sensitivity.states[group]))
      directions["direction:" + member] = array;
  };
  const DifferenceInfo &loss = *target.find("loss");
  if (options.window != "single-step") {
    for (const DifferenceInfo &entry : target.entries)
      if (entry.kind == "transition")
        addStates(entry.getText("group"), entry.getTexts("members"));
    return differentiateLoss(loss.entry, directions);
  }
  Expected<Estimate> sum = differentiateLoss(loss.entry, directions);
  if (!sum)
    return sum.takeError();
  for (const DifferenceInfo &entry : target.entries) {
    if (entry.kind != "fresh")
      continue;
    directions.clear();
    addStates(entry.getText("group"), entry.getTexts("members"));
    Expected<Estimate> part = differentiateLoss(entry.entry, directions);
    if (!part)
      return part.takeError();
    sum = *sum + *part;
  }
  return sum;
}

Error GradientCheck::compareTraces() {
  bool isSingleStep = options.window == "single-step";
  for (auto &[param, list] : sensitivities) {
    Array gradient =
        following.read(*program.getABI().findBuffer(BufferKind::gradient, param));
    CheckRow &row = report.getRow("gradient of " + param + ", through the trace",
                                  target.declarations.at(param));
    for (Sensitivity &sensitivity : list) {
      if (isSingleStep)
        if (Error error = moveStates(sensitivity))
          return error;
      Expected<Estimate> slope = differentiateTrace(param, sensitivity);
      if (!slope)
        return slope.takeError();
      report.compare(row, dot(gradient, sensitivity.direction.values), *slope, {},
                     place + ", " + sensitivity.direction.label);
      if (!isSingleStep)
        if (Error error = moveStates(sensitivity))
          return error;
      if (Error error = injectParameter(param, sensitivity))
        return error;
    }
  }
  return Error::success();
}
