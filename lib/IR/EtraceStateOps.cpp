//===- EtraceStateOps.cpp - Reading and writing states --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/IR/Etrace.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;
using namespace etrace;

namespace {
/// A model (null: none) and the name of a state in it (null: the symbol names the model only).
struct LocalSymbol {
  ModelOp model;
  SymbolRefAttr name;
  std::string getPath() const { return name ? etrace::getPath(name) : ""; }
};
} // namespace

static LocalSymbol splitSymbol(Operation *op, SymbolRefAttr symbol,
                               SymbolTableCollection &tables) {
  if (auto model = op->getParentOfType<ModelOp>())
    return {model, symbol};
  auto model = tables.lookupNearestSymbolFrom<ModelOp>(op, symbol.getRootReference());
  ArrayRef<FlatSymbolRefAttr> nested = symbol.getNestedReferences();
  if (!model || nested.empty())
    return {model, nullptr};
  return {model, SymbolRefAttr::get(nested.front().getAttr(), nested.drop_front())};
}

Declaration etrace::lookupState(Operation *op, SymbolRefAttr symbol,
                                SymbolTableCollection &tables) {
  LocalSymbol local = splitSymbol(op, symbol, tables);
  return local.model ? lookupDeclaration(local.model, local.getPath()) : Declaration();
}

/// The components of the innermost container on the way that a name goes.
static void listComponents(InFlightDiagnostic &diag, const LocalSymbol &local, bool inModel) {
  if (!local.name)
    return;
  SmallVector<StringAttr> parts = {local.name.getRootReference()};
  for (FlatSymbolRefAttr nested : local.name.getNestedReferences())
    parts.push_back(nested.getAttr());
  StateContainerOpInterface container;
  Operation *scope = ModelOp(local.model);
  for (StringAttr part : parts) {
    auto inner =
        dyn_cast_or_null<StateContainerOpInterface>(SymbolTable::lookupSymbolIn(scope, part));
    if (!inner)
      break;
    container = inner;
    scope = inner;
  }
  if (!container)
    return;
  Diagnostic &note = diag.attachNote(container.getLoc())
                     << "the " << container.getContainerKind() << " '"
                     << getPath(getLocalSymbol(container)) << "' has the components";
  for (const Declaration &component : getDeclarations(container)) {
    note << " ";
    if (!inModel)
      note << FlatSymbolRefAttr::get(ModelOp(local.model).getSymNameAttr()) << "::";
    note << getLocalSymbol(component.op);
  }
}

/// Finds the declaration that a `get` or `set` names; complains if there is none.
static FailureOr<Declaration> resolve(Operation *op, SymbolRefAttr symbol, Type type,
                                      SymbolTableCollection &tables) {
  bool inModel = op->getParentOfType<ModelOp>() != nullptr;
  if (!op->getParentOfType<func::FuncOp>() && !op->getParentOfType<StepOp>())
    return op->emitOpError("belongs in an 'etrace.step' of an 'etrace.model', or in a 'func.func'");
  LocalSymbol local = splitSymbol(op, symbol, tables);
  ModelOp model = local.model;
  if (!model)
    return op->emitOpError("names @") << symbol.getRootReference().getValue()
                                       << ", which is not an 'etrace.model' beside the function; a "
                                        "function names the model first (@model::@state)";
  std::string path = local.getPath();
  Declaration declaration = lookupDeclaration(model, path);
  if (!declaration.op) {
    InFlightDiagnostic diag = op->emitOpError("names ") << symbol << ", which the model '"
                                                        << model.getSymName()
                                                        << "' does not declare";
    listComponents(diag, local, inModel);
    return diag;
  }
  if (declaration.type != type) {
    InFlightDiagnostic diag = op->emitOpError("has type ") << type << ", but '" << path << "' has "
                                                           << declaration.type;
    diag.attachNote(declaration.op->getLoc()) << "declared here";
    return diag;
  }
  return declaration;
}

LogicalResult GetOp::verifySymbolUses(SymbolTableCollection &tables) {
  return resolve(*this, getState(), getValue().getType(), tables);
}

LogicalResult SetOp::verifySymbolUses(SymbolTableCollection &tables) {
  FailureOr<Declaration> declaration = resolve(*this, getState(), getValue().getType(), tables);
  if (failed(declaration))
    return failure();
  if (declaration->role != kParamAttr || !getOperation()->getParentOfType<ModelOp>())
    return success();
  InFlightDiagnostic diag =
      emitOpError("writes the parameter '")
      << declaration->path
      << "'; parameters are read only in a step, the optimiser changes them between steps";
  diag.attachNote(declaration->op->getLoc())
      << "declared here; use 'etrace.state' for a value that the step carries";
  return diag;
}
