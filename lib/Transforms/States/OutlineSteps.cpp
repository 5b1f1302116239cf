//===- OutlineSteps.cpp - Steps and losses as functions -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/IR/StateUses.h"
#include "etrace/Transforms/Passes.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace etrace;

namespace etrace {
#define GEN_PASS_DEF_OUTLINESTEPSPASS
#include "etrace/Transforms/Passes.h.inc"
} // namespace etrace

namespace {
/// Makes a function of a step or a loss, in written or functional form.
class Outliner {
public:
  Outliner(FunctionOpInterface source, ModelOp model)
      : source(source), model(model), builder(source.getContext()) {}
  func::FuncOp outline();

private:
  /// The state that an argument or result stands for in functional form, or one without `op`.
  Declaration getState(DictionaryAttr attributes);
  void qualify(Operation *op);

  FunctionOpInterface source;
  ModelOp model;
  OpBuilder builder;
};
} // namespace

Declaration Outliner::getState(DictionaryAttr attributes) {
  for (StringRef role : {StringRef(kParamAttr), StringRef(kHiddenAttr), StringRef(kStateAttr)})
    if (auto path = attributes ? attributes.getAs<StringAttr>(role) : nullptr)
      return lookupDeclaration(model, path.getValue());
  return {};
}

/// In a function a state is named with its model.
void Outliner::qualify(Operation *op) {
  auto qualified = [&](SymbolRefAttr symbol) {
    return getQualifiedSymbol(model, lookupDeclaration(model, getPath(symbol)));
  };
  op->walk([&](GetOp get) { get.setStateAttr(qualified(get.getState())); });
  op->walk([&](SetOp set) { set.setStateAttr(qualified(set.getState())); });
}

func::FuncOp Outliner::outline() {
  Block &body = source.getFunctionBody().front();
  Operation *yield = body.getTerminator();
  SmallVector<Type> inputs, results;
  SmallVector<DictionaryAttr> inputAttrs, resultAttrs;
  for (unsigned index = 0; index < source.getNumArguments(); ++index)
    if (!getState(source.getArgAttrDict(index)).op) {
      inputs.push_back(source.getArgumentTypes()[index]);
      inputAttrs.push_back(source.getArgAttrDict(index));
    }
  for (unsigned index = 0; index < source.getNumResults(); ++index)
    if (!getState(source.getResultAttrDict(index)).op) {
      results.push_back(source.getResultTypes()[index]);
      resultAttrs.push_back(source.getResultAttrDict(index));
    }
  builder.setInsertionPointAfter(model);
  auto function = func::FuncOp::create(builder, source.getLoc(),
                                       (model.getSymName() + "." + source.getName()).str(),
                                       builder.getFunctionType(inputs, results));
  function.setAllArgAttrs(inputAttrs);
  function.setAllResultAttrs(resultAttrs);
  builder.setInsertionPointToStart(function.addEntryBlock());
  IRMapping mapping;
  unsigned next = 0;
  for (unsigned index = 0; index < source.getNumArguments(); ++index) {
    Declaration state = getState(source.getArgAttrDict(index));
    mapping.map(body.getArgument(index),
                state.op ? GetOp::create(builder, source.getLoc(), state.type,
                                         getQualifiedSymbol(model, state))
                               .getResult()
                         : Value(function.getArgument(next++)));
  }
  for (Operation &op : body.without_terminator())
    qualify(builder.clone(op, mapping));
  SmallVector<Value> returned;
  for (unsigned index = 0; index < source.getNumResults(); ++index) {
    Declaration state = getState(source.getResultAttrDict(index));
    Value value = mapping.lookupOrDefault(yield->getOperand(index));
    if (state.op)
      SetOp::create(builder, yield->getLoc(), getQualifiedSymbol(model, state), value);
    else
      returned.push_back(value);
  }
  func::ReturnOp::create(builder, yield->getLoc(), returned);
  return function;
}

namespace {
struct OutlineStepsPass : public etrace::impl::OutlineStepsPassBase<OutlineStepsPass> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    for (ModelOp model : llvm::to_vector(getOperation().getOps<ModelOp>()))
      for (Operation *op : {model.getLoss().getOperation(), model.getStep().getOperation()})
        if (op) {
          func::FuncOp function = Outliner(cast<FunctionOpInterface>(op), model).outline();
          function->remove();
          symbols.insert(function, std::next(Block::iterator(model)));
        }
  }
};
} // namespace
