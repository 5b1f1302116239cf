//===- StepView.cpp - A step in functional form, by role ------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/Analysis/StepView.h"

using namespace mlir;
using namespace etrace;

static StringRef getStringAttr(Attribute attribute) {
  return attribute ? cast<StringAttr>(attribute).getValue() : StringRef();
}

FailureOr<StepView> StepView::get(StepOp step) {
  StepView view;
  view.body = &step.getBody().front();
  WalkResult walk = step.getBody().walk([&](Operation *op) {
    if (!isa<GetOp, SetOp>(op))
      return WalkResult::advance();
    op->emitOpError("remains in the step; run 'etrace-functionalize' first");
    return WalkResult::interrupt();
  });
  if (walk.wasInterrupted())
    return failure();
  Operation *yield = view.body->getTerminator();
  for (unsigned a = 0; a < step.getNumArguments(); ++a) {
    Value value = step.getArgument(a);
    if (StringRef path = getStringAttr(step.getArgAttr(a, kParamAttr)); !path.empty()) {
      view.params.push_back({path.str(), value, a});
      continue;
    }
    bool isHidden = bool(step.getArgAttr(a, kHiddenAttr));
    StringRef path = getStringAttr(step.getArgAttr(a, isHidden ? kHiddenAttr : kStateAttr));
    if (!path.empty()) {
      view.states.push_back({path.str(), value, Value(), a, isHidden, 0});
      continue;
    }
    StringRef name = getStringAttr(step.getArgAttr(a, kNameAttr));
    view.inputs.push_back({name.empty() ? ("x" + Twine(a)).str() : name.str(), value, a,
                           bool(step.getArgAttr(a, kSingleStepAttr))});
  }
  for (unsigned r = 0; r < step.getNumResults(); ++r) {
    StringRef path = getStringAttr(step.getResultAttr(r, kHiddenAttr));
    if (path.empty())
      path = getStringAttr(step.getResultAttr(r, kStateAttr));
    if (path.empty()) {
      StringRef name = getStringAttr(step.getResultAttr(r, kNameAttr));
      view.outputs.push_back(
          {name.empty() ? ("out" + Twine(r)).str() : name.str(), yield->getOperand(r), r});
      continue;
    }
    for (CarriedState &state : view.states)
      if (state.path == path) {
        state.after = yield->getOperand(r);
        state.result = r;
      }
  }
  if (view.outputs.size() == 1 && view.outputs.front().name == "out0")
    view.outputs.front().name = "out";
  return view;
}

FailureOr<StepView> StepView::get(ModelOp model) {
  if (StepOp step = model.getStep())
    return get(step);
  model.emitOpError("has no 'etrace.step' to derive a learner from; it holds states of functions "
                    "only [no-step]");
  return failure();
}

StepView StepView::over(Block &other) const {
  StepView view = *this;
  view.body = &other;
  Operation *from = body->getTerminator(), *to = other.getTerminator();
  auto image = [&](Value value) {
    for (OpOperand &operand : from->getOpOperands())
      if (operand.get() == value)
        return to->getOperand(operand.getOperandNumber());
    return Value();
  };
  for (StepInput &input : view.inputs)
    input.value = other.getArgument(input.argument);
  for (CarriedState &state : view.states) {
    state.before = other.getArgument(state.argument);
    state.after = image(state.after);
  }
  for (StepParameter &param : view.params)
    param.value = other.getArgument(param.argument);
  for (StepOutput &output : view.outputs)
    output.value = image(output.value);
  return view;
}

const CarriedState *StepView::findHidden(StringRef path) const {
  for (const CarriedState &state : states)
    if (state.isHidden && state.path == path)
      return &state;
  return nullptr;
}

const StepParameter *StepView::findParam(StringRef path) const {
  for (const StepParameter &param : params)
    if (param.path == path)
      return &param;
  return nullptr;
}

const StepParameter *StepView::findParam(Value value) const {
  for (const StepParameter &param : params)
    if (param.value == value)
      return &param;
  return nullptr;
}
