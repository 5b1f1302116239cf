//===- ResultNames.cpp - What the results of a derivative are -------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Derivatives are a map from states and arguments in which maps may nest:
//
//     {kind = "derivative", of = "y", wrt = ["model.weight", "l2_coeff"]}
//
// is the block d^2 y / (d weight d l2_coeff). `of` is there if the function has several results
// that are differentiated. The others are {kind = "value", name = ...} and
// {kind = "aux", name = ...}. A state is named by its path; an argument or result by its
// `etrace.name`, else by its number.
//===----------------------------------------------------------------------===//

#include "Derivatives.h"

using namespace mlir;
using namespace etrace;

static Attribute getName(DictionaryAttr attributes, int64_t number, Builder &builder) {
  if (attributes)
    if (auto name = attributes.getAs<StringAttr>(kNameAttr))
      return name;
  return builder.getI64IntegerAttr(number);
}

namespace {
class ResultNames {
public:
  ResultNames(func::FuncOp function, const DerivativeRequest &request)
      : function(function), request(request), builder(function.getContext()),
        outputs(function.getNumResults() - request.aux) {
    for (const StateTarget &target : request.states)
      targets.push_back(builder.getStringAttr(getPath(target.symbol)));
    for (int64_t number : request.wrt)
      targets.push_back(getName(function.getArgAttrDict(number), number, builder));
  }

  SmallVector<Attribute> get() {
    switch (request.kind) {
    case Derivative::jvp:
      for (unsigned output = 0; output < outputs; ++output)
        addDerivative(output, {});
      break;
    case Derivative::grad:
    case Derivative::vector_grad:
    case Derivative::vjp:
      addBlocks(std::nullopt, {}, 1);
      break;
    case Derivative::block_jacobian:
    case Derivative::full_jacobian:
      addDerivative(std::nullopt, targets);
      break;
    case Derivative::jacrev:
    case Derivative::jacfwd:
    case Derivative::hessian:
      for (unsigned output = 0; output < outputs; ++output)
        addBlocks(output, {}, request.kind == Derivative::hessian ? 2 : 1);
      break;
    }
    if (request.value)
      addOthers("value", 0, outputs);
    addOthers("aux", outputs, function.getNumResults());
    return names;
  }

private:
  /// Blocks of the derivative of `order` behind `prefix`.
  void addBlocks(std::optional<unsigned> output, ArrayRef<Attribute> prefix, unsigned order) {
    for (Attribute target : targets) {
      SmallVector<Attribute> wrt(prefix);
      wrt.push_back(target);
      if (order == 1)
        addDerivative(output, wrt);
      else
        addBlocks(output, wrt, order - 1);
    }
  }
  void addDerivative(std::optional<unsigned> output, ArrayRef<Attribute> wrt) {
    NamedAttrList fields;
    fields.append("kind", builder.getStringAttr("derivative"));
    if (output && outputs > 1)
      fields.append("of", getName(function.getResultAttrDict(*output), *output, builder));
    if (!wrt.empty())
      fields.append("wrt", builder.getArrayAttr(wrt));
    names.push_back(fields.getDictionary(builder.getContext()));
  }
  void addOthers(StringRef kind, unsigned first, unsigned last) {
    for (unsigned result = first; result < last; ++result)
      names.push_back(builder.getDictionaryAttr(
          {builder.getNamedAttr("kind", builder.getStringAttr(kind)),
           builder.getNamedAttr("name", getName(function.getResultAttrDict(result), result,
                                                builder))}));
  }

  func::FuncOp function;
  const DerivativeRequest &request;
  Builder builder;
  unsigned outputs;
  SmallVector<Attribute> targets, names;
};
} // namespace

void etrace::nameResults(func::FuncOp derived, func::FuncOp function,
                         const DerivativeRequest &request) {
  for (auto [result, name] : llvm::enumerate(ResultNames(function, request).get()))
    derived.setResultAttr(result, kResultAttr, name);
}
