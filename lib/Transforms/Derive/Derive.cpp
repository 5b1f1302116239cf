//===- Derive.cpp - From graph IR to learner IR ---------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "LearnerBuilder.h"

#include "etrace/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace etrace;

namespace etrace {
#define GEN_PASS_DEF_DERIVEPASS
#include "etrace/Transforms/Passes.h.inc"
} // namespace etrace

static constexpr llvm::StringLiteral kRuleNames[] = {"d-rtrl", "pp-prop"};

ArrayRef<llvm::StringLiteral> etrace::getRuleNames() { return kRuleNames; }

FailureOr<Window> etrace::parseWindow(ModelOp model, StringRef text) {
  if (text == "single-step")
    return Window::singleStep;
  if (text == "1")
    return Window::one;
  return model.emitOpError("cannot learn with the window '")
         << text << "'; windows are 'single-step' and '1' [unknown-window]";
}

std::unique_ptr<TraceRule> etrace::createTraceRule(const DeriveOptions &options) {
  if (options.rule == "d-rtrl")
    return createDRTRL(options);
  if (options.rule == "pp-prop")
    return createPPProp(options);
  return nullptr;
}

LearnerBuilder::LearnerBuilder(ModelOp model, StepGraph graph, DeriveOptions options,
                               std::unique_ptr<TraceRule> rule)
    : model(model), loc(model.getLoc()), context(model.getContext()), graph(std::move(graph)),
      options(std::move(options)), rule(std::move(rule)), top(model), loss(model.getLoss()) {}

LogicalResult LearnerBuilder::build() {
  if (failed(verifyShapes()) || failed(verifyStates()) || failed(buildForward()) ||
      failed(buildLossGradient()))
    return failure();
  // Buffers stand in front of all functions.
  top.setInsertionPoint(forward);
  declareBuffers();
  if (loss)
    declareOptimizer();
  top.setInsertionPoint(model);
  buildEntries();
  if (loss)
    buildApply();
  Operation *module = model->getParentOp();
  buildResetEntry(top, loc, module, model.getSymName(), "reset", /*everything=*/false);
  buildResetEntry(top, loc, module, model.getSymName(), "init", /*everything=*/true);
  model.erase();
  return success();
}

/// D and f are built for positions that are known.
LogicalResult LearnerBuilder::verifyShapes() {
  StepOp step = model.getStep();
  for (unsigned a = 0; a < step.getNumArguments(); ++a)
    if (!cast<RankedTensorType>(step.getArgumentTypes()[a]).hasStaticShape())
      return step.emitOpError("argument #")
             << a << " has the dynamic type " << step.getArgumentTypes()[a]
             << "; derivation needs static shapes [dynamic-shape]";
  return success();
}

/// A learner starts states by itself and has one element type.
LogicalResult LearnerBuilder::verifyStates() {
  Type type;
  for (const CarriedState &state : graph.step.states) {
    Declaration declaration = lookupDeclaration(model, state.path);
    if (failed(verifyInitialState(declaration)))
      return failure();
    if (state.isHidden && type && getElementTypeOrSelf(state.before) != type)
      return declaration.op->emitOpError("has another element type than the hidden states before "
                                         "it; a learner has one [element-type]");
    if (state.isHidden)
      type = getElementTypeOrSelf(state.before);
  }
  return success();
}

namespace {
struct DerivePass : public etrace::impl::DerivePassBase<DerivePass> {
  using DerivePassBase::DerivePassBase;

  LogicalResult readOptions(ModelOp model, DeriveOptions &options) {
    options.rule = rule;
    options.decay = decay;
    options.compat = model.isBraintraceCompat();
    options.minimalSlots = slots == "minimal" && !options.compat;
    options.queries = queries;
    options.optimizer = optimizer;
    FailureOr<Window> parsed = parseWindow(model, window);
    if (failed(parsed))
      return failure();
    options.window = *parsed;
    if (!(decay >= 0.0 && decay < 1.0))
      return model.emitOpError("needs a decay in [0, 1), found ") << decay << " [decay]";
    if (slots != "minimal" && slots != "all")
      return model.emitOpError("has no slots '")
             << slots << "'; slots are 'minimal' and 'all' [unknown-slots]";
    if (optimizer != "adam" && optimizer != "sgd")
      return model.emitOpError("has no optimiser '")
             << optimizer << "'; optimisers are 'sgd' and 'adam' [unknown-optimizer]";
    return success();
  }

  /// What the learner does not show, for tools that get it without the model.
  DictionaryAttr describe(ModelOp model) {
    Builder builder(&getContext());
    NamedAttrList fields;
    fields.append("rule", builder.getStringAttr(rule));
    fields.append("window", builder.getStringAttr(window));
    fields.append("decay", builder.getF64FloatAttr(decay));
    fields.append("optimizer", builder.getStringAttr(optimizer));
    fields.append("compat",
                  builder.getStringAttr(stringifyCompat(model.getCompat().value_or(Compat::none))));
    if (IntegerAttr axis = model.getBatchDimAttr())
      fields.append("batch_dim", axis);
    return fields.getDictionary(&getContext());
  }

  LogicalResult derive(ModelOp model) {
    DeriveOptions options;
    if (failed(readOptions(model, options)))
      return failure();
    std::unique_ptr<TraceRule> traceRule = createTraceRule(options);
    if (!traceRule) {
      InFlightDiagnostic diag = model.emitOpError("cannot learn by the rule '")
                                << rule << "'; rules are ";
      llvm::interleaveComma(getRuleNames(), diag,
                            [&](StringRef name) { diag << "'" << name << "'"; });
      return diag << " [unknown-rule]";
    }
    FailureOr<StepGraph> graph = StepGraph::read(model);
    if (failed(graph))
      return failure();
    DictionaryAttr record = describe(model);
    if (failed(LearnerBuilder(model, std::move(*graph), options, std::move(traceRule)).build()))
      return failure();
    getOperation()->setAttr(kLearnerAttr, record);
    return success();
  }

  void runOnOperation() override {
    auto models = llvm::to_vector(getOperation().getOps<ModelOp>());
    if (models.empty()) {
      getOperation().emitError("has no 'etrace.model' to derive a learner from [no-model]");
      return signalPassFailure();
    }
    if (models.size() > 1) {
      models[1].emitOpError(
          "is a second model; derive one model of a module at a time [one-model]");
      return signalPassFailure();
    }
    if (failed(derive(models.front())))
      signalPassFailure();
  }
};
} // namespace
