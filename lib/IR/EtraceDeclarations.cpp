//===- EtraceDeclarations.cpp - States and parameters of a model ----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/IR/Etrace.h"

using namespace mlir;
using namespace etrace;

//===----------------------------------------------------------------------===//
// Reading declarations
//===----------------------------------------------------------------------===//

static void collectDeclarations(Block &block, const Twine &prefix,
                                SmallVectorImpl<Declaration> &declarations) {
  for (Operation &op : block) {
    if (auto container = dyn_cast<StateContainerOpInterface>(op)) {
      std::string name = (prefix + SymbolTable::getSymbolName(&op).getValue() + ".").str();
      if (!container.getBody().empty())
        collectDeclarations(container.getBody().front(), name, declarations);
    } else if (auto declaration = dyn_cast<DeclarationOpInterface>(op)) {
      declarations.push_back(
          {&op, dyn_cast<RankedTensorType>(declaration.getType()), declaration.getInitAttr(),
           declaration.getRole(), (prefix + SymbolTable::getSymbolName(&op).getValue()).str()});
    }
  }
}

SmallVector<Declaration> etrace::getDeclarations(ModelOp model) {
  SmallVector<Declaration> declarations;
  collectDeclarations(model.getBody().front(), "", declarations);
  return declarations;
}

SmallVector<Declaration> etrace::getDeclarations(StateContainerOpInterface container) {
  SmallVector<Declaration> declarations;
  collectDeclarations(container.getBody().front(), "", declarations);
  return declarations;
}

Declaration etrace::lookupDeclaration(ModelOp model, StringRef path) {
  for (Declaration &declaration : getDeclarations(model))
    if (declaration.path == path)
      return declaration;
  return {};
}

SymbolRefAttr etrace::getLocalSymbol(Operation *declaration) {
  SmallVector<FlatSymbolRefAttr> names;
  for (Operation *op = declaration; op && !isa<ModelOp>(op); op = op->getParentOp())
    names.push_back(FlatSymbolRefAttr::get(SymbolTable::getSymbolName(op)));
  std::reverse(names.begin(), names.end());
  return SymbolRefAttr::get(names.front().getAttr(), ArrayRef(names).drop_front());
}

StateContainerOpInterface etrace::getRootContainer(Operation *declaration) {
  StateContainerOpInterface root;
  for (Operation *op = declaration->getParentOp(); op; op = op->getParentOp())
    if (auto container = dyn_cast<StateContainerOpInterface>(op))
      root = container;
  return root;
}

//===----------------------------------------------------------------------===//
// Verifiers
//===----------------------------------------------------------------------===//

LogicalResult etrace::detail::verifyInitializer(Operation *op, RankedTensorType type,
                                                InitializerAttrInterface init) {
  if (!isa<FloatType>(type.getElementType()) && !init.isConstant())
    return op->emitOpError("of integers can only start at a constant, found ") << init;
  if (type.getRank() < init.getMinimumRank())
    return op->emitOpError("starts at ") << init << ", which needs a tensor of rank "
                                         << init.getMinimumRank() << " or more, found " << type;
  return success();
}

/// Shared by all declarations: a ranked, static-or-dynamic tensor of numbers.
static LogicalResult verifyDeclaration(DeclarationOpInterface op, bool mustBeFloat) {
  auto type = dyn_cast<RankedTensorType>(op.getType());
  if (!type)
    return op->emitOpError("must be a ranked tensor, found ") << op.getType();
  Type element = type.getElementType();
  if (mustBeFloat && !isa<FloatType>(element))
    return op->emitOpError("must hold floats, found ") << type;
  if (!element.isIntOrIndexOrFloat())
    return op->emitOpError("must hold numbers, found ") << type;
  return etrace::detail::verifyInitializer(op, type, op.getInitAttr());
}

LogicalResult ParamOp::verify() { return verifyDeclaration(*this, /*mustBeFloat=*/true); }
LogicalResult HiddenOp::verify() { return verifyDeclaration(*this, /*mustBeFloat=*/true); }
LogicalResult ComponentOp::verify() { return verifyDeclaration(*this, /*mustBeFloat=*/true); }

LogicalResult StateOp::verify() { return verifyDeclaration(*this, /*mustBeFloat=*/false); }

LogicalResult GroupStateOp::verifyRegions() {
  // G1.
  ComponentOp first;
  for (Operation &op : getBody().front()) {
    auto component = dyn_cast<ComponentOp>(op);
    if (!component)
      return op.emitOpError("is not allowed in an 'etrace.group_state'; it holds components only");
    if (!first)
      first = component;
    else if (component.getType() != first.getType()) {
      InFlightDiagnostic diag = component.emitOpError("has type ")
                                << component.getType() << ", but the components of a group state "
                                << "have one type; those of an 'etrace.tree_state' may differ";
      diag.attachNote(first.getLoc()) << "'" << first.getSymName() << "' has " << first.getType();
      return diag;
    }
  }
  if (!first)
    return emitOpError("has no components");
  // G2. A type that is not a ranked tensor is an error of the component.
  auto type = dyn_cast<RankedTensorType>(first.getType());
  if (type && type.getRank() == 0)
    return first.emitOpError("has no position axis; the components of a group state have one or "
                             "more, a single number is an 'etrace.hidden'");
  return success();
}

LogicalResult TreeStateOp::verifyRegions() {
  // T1.
  if (getBody().front().empty())
    return emitOpError("has no components");
  for (Operation &op : getBody().front())
    if (!isa<ComponentOp, StateContainerOpInterface>(op))
      return op.emitOpError("is not allowed in an 'etrace.tree_state'; it holds components, group "
                            "states and tree states");
  return success();
}
