//===- FindStates.cpp - A report of the states that functions use ---------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "../ReportFile.h"
#include "etrace/Analysis/StateFinder.h"
#include "etrace/Transforms/Passes.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/JSON.h"

using namespace mlir;
using namespace etrace;
namespace json = llvm::json;

namespace etrace {
#define GEN_PASS_DEF_FINDSTATESPASS
#include "etrace/Transforms/Passes.h.inc"
} // namespace etrace

static json::Object describe(const Declaration &declaration) {
  json::Array shape;
  for (int64_t extent : declaration.type.getShape())
    shape.push_back(ShapedType::isDynamic(extent) ? json::Value(nullptr) : json::Value(extent));
  std::string element;
  llvm::raw_string_ostream(element) << declaration.type.getElementType();
  return json::Object{{"name", declaration.path},
                      {"kind", stringifyStateKind(getStateKind(declaration))},
                      {"shape", std::move(shape)},
                      {"type", element}};
}

static json::Object describe(const StateUse &use) {
  json::Object object = describe(use.declaration);
  object["state"] = getPath(use.symbol);
  object["read"] = use.read;
  object["written"] = use.written;
  return object;
}

/// Puts a value at a path of nested objects: "neuron.V" is {"neuron": {"V": value}}.
static void insertNested(json::Object &object, StringRef path, json::Object value) {
  auto [head, tail] = path.split('.');
  if (tail.empty()) {
    object[head] = std::move(value);
    return;
  }
  json::Value &inner = object.try_emplace(head, json::Object()).first->second;
  insertNested(*inner.getAsObject(), tail, std::move(value));
}

namespace {
struct FindStatesPass : public etrace::impl::FindStatesPassBase<FindStatesPass> {
  using FindStatesPassBase::FindStatesPassBase;

  void runOnOperation() override {
    markAllAnalysesPreserved();
    if (failed(readOptions()) || failed(collect()))
      return signalPassFailure();
    if (format == "json")
      text = llvm::formatv("{0:2}\n", json::Value(std::move(report))).str();
    if (failed(writeReport(getOperation(), output, text)))
      signalPassFailure();
  }

private:
  LogicalResult check(StringRef option, StringRef value, ArrayRef<StringRef> allowed) {
    if (llvm::is_contained(allowed, value))
      return success();
    InFlightDiagnostic diag = getOperation().emitError()
                              << "invalid " << option << " '" << value << "', expected ";
    for (auto [number, name] : llvm::enumerate(allowed))
      diag << (number == 0 ? "" : number + 1 == allowed.size() ? " or " : ", ") << name;
    return diag << " [unknown-option]";
  }

  LogicalResult readOptions() {
    for (const std::string &name : kinds) {
      if (failed(check("kind", name, {"param", "hidden", "group", "tree", "plain"})))
        return failure();
      filter.push_back(*symbolizeStateKind(name));
    }
    return success(succeeded(check("usage", usage, {"all", "read", "write", "both"})) &&
                   succeeded(check("container", container, {"map", "list", "tuple"})) &&
                   succeeded(check("keys", keys, {"position", "name"})) &&
                   succeeded(check("form", form, {"flat", "nested"})) &&
                   succeeded(check("format", format, {"text", "json"})));
  }

  LogicalResult collect() {
    ModuleOp module = getOperation();
    if (!model.empty()) {
      auto op = module.lookupSymbol<ModelOp>(model);
      if (!op)
        return module.emitError() << "the module has no 'etrace.model @" << model
                                  << "' [unknown-model]";
      addModel(op);
      return success();
    }
    if (function.empty()) {
      for (auto op : module.getOps<func::FuncOp>())
        addFunction(op);
      return success();
    }
    auto op = module.lookupSymbol<func::FuncOp>(function);
    if (!op)
      return module.emitError() << "the module has no function '@" << function
                                << "' [unknown-function]";
    addFunction(op);
    return success();
  }

  /// What a model declares, in either form.
  void addModel(ModelOp op) {
    llvm::raw_string_ostream os(text);
    os << "States of @" << op.getSymName() << ":\n";
    json::Object states;
    for (const Declaration &declaration : listStates(op, filter)) {
      os << "   " << declaration.path << "  "
         << stringifyStateKind(getStateKind(declaration)) << "  " << declaration.type << "\n";
      if (form == "nested")
        insertNested(states, declaration.path, describe(declaration));
      else
        states[declaration.path] = describe(declaration);
    }
    report[op.getSymName()] = std::move(states);
  }

  void addFunction(func::FuncOp op) {
    json::Object object;
    if (usage == "both") {
      object["read"] = addStates(op, StateUsage::read, "read only");
      object["write"] = addStates(op, StateUsage::write, "written");
      report[op.getSymName()] = std::move(object);
      return;
    }
    bool reads = usage == "read", writes = usage == "write";
    report[op.getSymName()] =
        addStates(op, reads    ? StateUsage::read
                      : writes ? StateUsage::write
                               : StateUsage::all,
                  reads ? "read only" : writes ? "written" : "used");
  }

  /// The states of one list, as text and as the value that stands for them in JSON.
  json::Value addStates(func::FuncOp op, StateUsage which, StringRef word) {
    llvm::raw_string_ostream os(text);
    os << "States " << word << " by @" << op.getSymName() << ":\n";
    json::Object map;
    json::Array list;
    for (const FoundState &found :
         findStates(op, filter, which, keys == "name" ? keyByName : keyByPosition)) {
      const StateUse &use = found.use;
      os << "   " << (container == "map" ? found.key + ": " : "") << use.symbol << "  "
         << stringifyStateKind(getStateKind(use.declaration)) << "  " << use.declaration.type
         << "  "
         << (use.read && use.written ? "read and written" : use.written ? "written" : "read")
         << "\n";
      if (container == "map")
        map[found.key] = describe(use);
      else
        list.push_back(describe(use));
    }
    return container == "map" ? json::Value(std::move(map)) : json::Value(std::move(list));
  }

  SmallVector<StateKind> filter;
  std::string text;
  json::Object report;
};
} // namespace
