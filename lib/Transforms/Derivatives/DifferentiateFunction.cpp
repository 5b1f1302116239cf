//===- DifferentiateFunction.cpp - A derivative of one function -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Derivatives.h"

#include "etrace/Analysis/StateFinder.h"
#include "etrace/Transforms/Passes.h"
#include "mlir/AsmParser/AsmParser.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace etrace;

namespace etrace {
#define GEN_PASS_DEF_DIFFERENTIATEPASS
#include "etrace/Transforms/Passes.h.inc"
} // namespace etrace

/// The derivative of a name; `jacobian` is another name of `jacrev`.
static std::optional<Derivative> parseDerivative(StringRef name) {
  return name == "jacobian" ? Derivative::jacrev : symbolizeDerivative(name);
}

/// The attribute that the text of an option stands for; null if it stands for none.
static Attribute parseOption(StringRef text, MLIRContext *context) {
  // Whoever asks says what was expected.
  ScopedDiagnosticHandler silent(context, [](Diagnostic &) { return success(); });
  return parseAttribute(text, context);
}

namespace {
struct DifferentiatePass : public etrace::impl::DifferentiatePassBase<DifferentiatePass> {
  using DifferentiatePassBase::DifferentiatePassBase;

  void runOnOperation() override {
    if (failed(differentiate()))
      signalPassFailure();
  }

  LogicalResult differentiate() {
    ModuleOp module = getOperation();
    std::optional<Derivative> kind = parseDerivative(transform);
    if (!kind)
      return module.emitError() << "unknown transform '" << transform
                                << "', expected grad, vector_grad, jacrev, jacobian, jacfwd, "
                                   "hessian, block_jacobian, full_jacobian, vjp or jvp "
                                   "[derivative-transform]";
    func::FuncOp source = findFunction(module, function, " to differentiate");
    if (!source)
      return failure();
    FailureOr<CheckpointPolicy> keep = parseCheckpointPolicy(module, checkpoint);
    if (failed(keep) || failed(lowerDerivatives(source, *keep)))
      return failure();
    FailureOr<DerivativeQuestion> question = readQuestion(source, *kind);
    if (failed(question))
      return failure();
    FailureOr<DerivativeRequest> request = getDerivativeRequest(
        source, *question, [&] { return source.emitError() << argument << " "; });
    if (failed(request))
      return failure();
    request->checkpoint = *keep;
    FailureOr<func::FuncOp> derived = question->states ? buildWrapper(source, *request)
                                                       : getDerivative(source, *request);
    if (failed(derived))
      return failure();
    derived->setPublic();
    nameResults(*derived, source, *request);
    // Functions of derivatives may ask for derivatives themselves.
    return transforms.empty() ? success() : lowerDerivatives(module, *keep);
  }

  FailureOr<DerivativeQuestion> readQuestion(func::FuncOp source, Derivative kind) {
    Builder builder(&getContext());
    DerivativeQuestion question;
    question.kind = kind;
    question.allowUnused = allowUnused;
    question.hasAux = hasAux;
    question.returnValue = returnValue;
    question.automatic = automatic;
    std::optional<MixingPolicy> policy = symbolizeMixingPolicy(mixing);
    if (!policy)
      return getOperation().emitError() << "unknown policy '" << mixing
                                        << "', expected error, drop or full [derivative-mixing]";
    question.mixing = *policy;
    if (wrt.hasValue())
      question.wrt = builder.getDenseI64ArrayAttr(SmallVector<int64_t>(wrt.begin(), wrt.end()));
    FailureOr<SmallVector<Attribute>> targets = readStates(source);
    if (failed(targets))
      return failure();
    if (!targets->empty() || !getStateUses(source).empty())
      question.states = builder.getArrayAttr(*targets);
    if (transforms.empty())
      return question;
    question.transforms = dyn_cast_or_null<ArrayAttr>(parseOption(transforms, &getContext()));
    if (!question.transforms)
      return getOperation().emitError() << "expected a list such as [#etrace.scale<factor = "
                                           "0.5>], found '"
                                        << transforms << "' [derivative-transforms]";
    return question;
  }

  /// The states that the options name, or those that they ask to be found.
  FailureOr<SmallVector<Attribute>> readStates(func::FuncOp source) {
    SmallVector<Attribute> symbols;
    for (const std::string &text : states) {
      auto symbol = dyn_cast_or_null<SymbolRefAttr>(parseOption(text, &getContext()));
      if (!symbol)
        return getOperation().emitError() << "expected a state such as @model::@state, found '"
                                          << text << "' [derivative-states]";
      symbols.push_back(symbol);
    }
    if (!findStates.hasValue())
      return symbols;
    SmallVector<StateKind> kinds;
    for (const std::string &name : findStates) {
      std::optional<StateKind> kind = symbolizeStateKind(name);
      if (!kind && name != "any")
        return getOperation().emitError() << "invalid kind '" << name
                                          << "', expected param, hidden, group, tree, plain or any "
                                             "[unknown-option]";
      if (kind)
        kinds.push_back(*kind);
    }
    auto which = llvm::StringSwitch<std::optional<StateUsage>>(usage)
                     .Case("all", StateUsage::all)
                     .Case("read", StateUsage::read)
                     .Case("write", StateUsage::write)
                     .Default(std::nullopt);
    if (!which)
      return getOperation().emitError() << "invalid usage '" << usage
                                        << "', expected all, read or write [unknown-option]";
    for (const FoundState &found : etrace::findStates(source, kinds, *which))
      symbols.push_back(found.use.symbol);
    return symbols;
  }

  /// A function that takes what `source` takes, then the seeds, and uses states as it does.
  FailureOr<func::FuncOp> buildWrapper(func::FuncOp source, const DerivativeRequest &request) {
    DerivativeTypes types = getDerivativeTypes(source.getFunctionType(), request);
    SmallVector<Type> inputs(source.getArgumentTypes());
    llvm::append_range(inputs, types.seeds);
    auto wrapper = func::FuncOp::create(
        source.getLoc(), getDerivedName(source, request),
        FunctionType::get(&getContext(), inputs, types.results));
    for (unsigned number = 0; number < source.getNumArguments(); ++number)
      wrapper.setArgAttrs(number, source.getArgAttrDict(number));
    if (Attribute interface = source->getAttr("llvm.emit_c_interface"))
      wrapper->setAttr("llvm.emit_c_interface", interface);
    SymbolTable(getOperation()).insert(wrapper, std::next(Block::iterator(source)));
    OpBuilder builder = OpBuilder::atBlockEnd(wrapper.addEntryBlock());
    FailureOr<SmallVector<Value>> results = buildDerivativeCall(
        builder, source.getLoc(), source, request, wrapper.getArguments());
    if (failed(results)) {
      wrapper.erase();
      return failure();
    }
    func::ReturnOp::create(builder, source.getLoc(), *results);
    return wrapper;
  }

  static constexpr StringLiteral argument = "etrace-differentiate";
};
} // namespace
