//===- RaiseFunctions.cpp - Annotated functions become models -------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The entry for other compilers: they keep their functions and say by attributes which
// arguments are states and parameters and which operations are ETP primitives.
//===----------------------------------------------------------------------===//

#include "RaisePrimitives.h"

#include "etrace/Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace etrace;

namespace etrace {
#define GEN_PASS_DEF_RAISEFUNCTIONSPASS
#include "etrace/Transforms/Passes.h.inc"
} // namespace etrace

namespace {
constexpr llvm::StringLiteral kLossAttr = "etrace.loss";
constexpr llvm::StringLiteral kBatchDimAttr = "etrace.batch_dim";
constexpr llvm::StringLiteral kCompatAttr = "etrace.compat";
const StringRef kRoles[] = {kHiddenAttr, kStateAttr, kParamAttr};

/// An argument of the function: what it is and where it goes.
struct Slot {
  unsigned index;
  /// Empty for an input.
  StringRef role;
  StringRef path;
  RankedTensorType type;
  Location loc;
  /// The result that holds the new value of a state.
  std::optional<unsigned> result;
};

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

bool isStep(func::FuncOp func) {
  auto hasRole = [](DictionaryAttr attributes) {
    return attributes && llvm::any_of(kRoles, [&](StringRef r) { return attributes.contains(r); });
  };
  for (unsigned a = 0; a < func.getNumArguments(); ++a)
    if (hasRole(func.getArgAttrDict(a)))
      return true;
  for (unsigned r = 0; r < func.getNumResults(); ++r)
    if (hasRole(func.getResultAttrDict(r)))
      return true;
  return false;
}

/// Turns one function, and its loss if there is one, into a model.
class FunctionRaiser {
public:
  FunctionRaiser(func::FuncOp func, func::FuncOp loss) : func(func), loss(loss) {}
  LogicalResult run();

private:
  LogicalResult checkBody(func::FuncOp function);
  FailureOr<std::pair<StringRef, StringRef>> getRole(DictionaryAttr attributes, const Twine &what);
  LogicalResult readArguments();
  LogicalResult readResults();
  LogicalResult buildModel();
  LogicalResult declare(OpBuilder &builder);
  void declareComponent(OpBuilder &builder, const Slot &slot, StringRef container, StringRef name);
  StateContainerOpInterface createContainer(OpBuilder &builder, Location loc, StringRef name);
  StepOp buildStep(OpBuilder &builder);
  LogicalResult buildLoss(OpBuilder &builder);
  Slot *findState(StringRef path);

  func::FuncOp func, loss;
  ModelOp model;
  /// In the order of the function.
  SmallVector<Slot> slots;
  /// Results of the function without a role.
  SmallVector<unsigned> outputs;
  llvm::StringMap<StateContainerOpInterface> containers;
};

LogicalResult FunctionRaiser::checkBody(func::FuncOp function) {
  if (!llvm::hasSingleElement(function.getBody()))
    return function.emitError() << "'" << function.getSymName() << "' "
                                << (function.isExternal() ? "has no body"
                                                          : "has several blocks; only structured "
                                                            "control flow (scf) can be raised");
  auto uses = function.getSymbolUses(function->getParentOfType<ModuleOp>());
  if (uses)
    for (SymbolTable::SymbolUse use : *uses)
      if (use.getUser() != func)
        return use.getUser()->emitError() << "uses '" << function.getSymName()
                                          << "', which becomes part of a model; remove the use";
  return success();
}

/// The role and path of an argument or result; both empty if it has none.
FailureOr<std::pair<StringRef, StringRef>> FunctionRaiser::getRole(DictionaryAttr attributes,
                                                                   const Twine &what) {
  std::pair<StringRef, StringRef> found;
  for (StringRef role : kRoles) {
    auto path = attributes ? attributes.getAs<StringAttr>(role) : StringAttr();
    if (!path)
      continue;
    if (!found.first.empty())
      return func.emitError() << what << " is both '" << found.first << "' and '" << role << "'";
    SmallVector<StringRef> parts;
    path.getValue().split(parts, '.');
    if (llvm::any_of(parts, [](StringRef part) { return part.empty(); }))
      return func.emitError() << what << " has the path '" << path.getValue()
                              << "'; expected names separated by single dots";
    found = {role, path.getValue()};
  }
  return found;
}

Slot *FunctionRaiser::findState(StringRef path) {
  Slot *slot = llvm::find_if(slots, [&](const Slot &s) { return s.path == path; });
  return slot == slots.end() ? nullptr : slot;
}

LogicalResult FunctionRaiser::readArguments() {
  for (BlockArgument argument : func.getArguments()) {
    unsigned index = argument.getArgNumber();
    std::string what = "argument #" + std::to_string(index);
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!type)
      return func.emitError() << what << " must be a ranked tensor, found " << argument.getType();
    auto role = getRole(func.getArgAttrDict(index), what);
    if (failed(role))
      return failure();
    if (!role->first.empty() && findState(role->second))
      return func.emitError() << what << " names '" << role->second << "' a second time";
    slots.push_back({index, role->first, role->second, type, argument.getLoc(), std::nullopt});
  }
  return success();
}

LogicalResult FunctionRaiser::readResults() {
  for (auto [index, type] : llvm::enumerate(func.getResultTypes())) {
    std::string what = "result #" + std::to_string(index);
    auto role = getRole(func.getResultAttrDict(index), what);
    if (failed(role))
      return failure();
    if (role->first.empty()) {
      outputs.push_back(index);
      continue;
    }
    Slot *slot = findState(role->second);
    if (role->first == kParamAttr)
      return func.emitError() << what << " is the parameter '" << role->second
                              << "'; parameters are read only in a step";
    if (!slot || slot->role != role->first)
      return func.emitError() << what << " is '" << role->first << "' of '" << role->second
                              << "', but no argument is";
    if (slot->type != type)
      return func.emitError() << what << " has type " << type << ", but '" << role->second
                              << "' has " << slot->type;
    if (slot->result)
      return func.emitError() << what << " returns '" << role->second << "' a second time";
    slot->result = index;
  }
  for (const Slot &slot : slots)
    if (!slot.role.empty() && slot.role != kParamAttr && !slot.result)
      func.emitWarning() << "'" << slot.path << "' is not returned; it keeps its value";
  return success();
}

/// A group state, if the components have one type with positions; else a tree state.
StateContainerOpInterface FunctionRaiser::createContainer(OpBuilder &builder, Location loc,
                                                          StringRef name) {
  RankedTensorType type;
  bool isGroup = true;
  for (const Slot &slot : slots) {
    if (slot.role != kHiddenAttr || slot.path.rsplit('.').second.empty() ||
        slot.path.rsplit('.').first != name)
      continue;
    isGroup &= slot.type.getRank() > 0 && (!type || type == slot.type);
    type = slot.type;
  }
  StateContainerOpInterface container;
  if (isGroup)
    container = GroupStateOp::create(builder, loc, name);
  else
    container = TreeStateOp::create(builder, loc, name);
  container.getBody().emplaceBlock();
  return container;
}

void FunctionRaiser::declareComponent(OpBuilder &builder, const Slot &slot, StringRef container,
                                      StringRef name) {
  StateContainerOpInterface &op = containers[container];
  if (!op)
    op = createContainer(builder, slot.loc, container);
  OpBuilder inner = OpBuilder::atBlockEnd(&op.getBody().front());
  auto init = func.getArgAttrOfType<InitializerAttrInterface>(slot.index, kInitAttr);
  if (!init)
    init = ZerosAttr::get(func.getContext());
  ComponentOp::create(inner, slot.loc, name, slot.type, init);
}

LogicalResult FunctionRaiser::declare(OpBuilder &builder) {
  InitializerAttrInterface zeros = ZerosAttr::get(func.getContext());
  for (const Slot &slot : slots) {
    auto init = func.getArgAttrOfType<InitializerAttrInterface>(slot.index, kInitAttr);
    if (!init)
      init = zeros;
    auto [container, name] = slot.path.rsplit('.');
    if (slot.role == kHiddenAttr && !name.empty()) {
      declareComponent(builder, slot, container, name);
    } else if (slot.role == kHiddenAttr) {
      HiddenOp::create(builder, slot.loc, slot.path, slot.type, init);
    } else if (slot.role == kStateAttr) {
      StateOp::create(builder, slot.loc, slot.path, slot.type, init);
    } else if (slot.role == kParamAttr) {
      ParamOp::create(builder, slot.loc, slot.path, slot.type, init);
    }
  }
  for (const Slot &slot : slots)
    if (auto container = containers.lookup(slot.path))
      return func.emitError() << "argument #" << slot.index << " has the path '" << slot.path
                              << "', which is also a " << container.getContainerKind()
                              << "; give it another name";
  return success();
}

/// The body of the function, its arguments sorted into inputs, states and parameters, its
/// results into outputs and new states.
StepOp FunctionRaiser::buildStep(OpBuilder &builder) {
  SmallVector<Slot> order;
  auto append = [&](auto keep) { llvm::copy_if(slots, std::back_inserter(order), keep); };
  append([](const Slot &s) { return s.role.empty(); });
  append([](const Slot &s) { return s.role == kHiddenAttr || s.role == kStateAttr; });
  append([](const Slot &s) { return s.role == kParamAttr; });

  auto returnOp = cast<func::ReturnOp>(func.getBody().front().getTerminator());
  SmallVector<Type> inputs, results;
  SmallVector<Value> values;
  for (unsigned output : outputs)
    values.push_back(returnOp.getOperand(output));
  SmallVector<const Slot *> states;
  for (const Slot &slot : order) {
    inputs.push_back(slot.type);
    if (slot.role != kHiddenAttr && slot.role != kStateAttr)
      continue;
    states.push_back(&slot);
    values.push_back(slot.result ? returnOp.getOperand(*slot.result)
                                 : Value(func.getArgument(slot.index)));
  }
  llvm::append_range(results, ValueRange(values).getTypes());

  auto step = StepOp::create(builder, func.getLoc(), "step",
                             builder.getFunctionType(inputs, results));
  Block &body = step.getBody().front();
  body.getOperations().splice(body.end(), func.getBody().front().getOperations());
  OpBuilder end(returnOp);
  YieldOp::create(end, returnOp.getLoc(), values);
  returnOp.erase();
  for (auto [position, slot] : llvm::enumerate(order)) {
    func.getArgument(slot.index).replaceAllUsesWith(body.getArgument(position));
    body.getArgument(position).setLoc(slot.loc);
    if (!slot.role.empty())
      step.setArgAttr(position, slot.role, builder.getStringAttr(slot.path));
    for (StringRef name : {StringRef(kNameAttr), StringRef(kSingleStepAttr)})
      if (Attribute value = func.getArgAttr(slot.index, name))
        step.setArgAttr(position, name, value);
  }
  for (auto [position, slot] : llvm::enumerate(states))
    step.setResultAttr(outputs.size() + position, slot->role, builder.getStringAttr(slot->path));
  return step;
}

LogicalResult FunctionRaiser::buildLoss(OpBuilder &builder) {
  Type result = loss.getNumResults() == 1 ? loss.getResultTypes().front() : Type();
  auto scalar = dyn_cast_or_null<RankedTensorType>(result);
  if (scalar && scalar.getRank() == 0)
    result = scalar.getElementType();
  if (!isa_and_nonnull<FloatType>(result))
    return loss.emitError("a loss returns one float, or one tensor of rank 0, found ")
           << loss.getFunctionType();
  auto type = builder.getFunctionType(loss.getArgumentTypes(), {result});
  auto op = LossOp::create(builder, loss.getLoc(), loss.getSymName(), type);
  Block &body = op.getBody().front(), &from = loss.getBody().front();
  for (BlockArgument argument : loss.getArguments()) {
    argument.replaceAllUsesWith(body.getArgument(argument.getArgNumber()));
    for (StringRef name : {StringRef(kNameAttr), StringRef(kSingleStepAttr)})
      if (Attribute value = loss.getArgAttr(argument.getArgNumber(), name))
        op.setArgAttr(argument.getArgNumber(), name, value);
  }
  body.getOperations().splice(body.end(), from.getOperations());
  auto returnOp = cast<func::ReturnOp>(body.getTerminator());
  OpBuilder end(returnOp);
  Value value = returnOp.getOperand(0);
  if (scalar)
    value = tensor::ExtractOp::create(end, returnOp.getLoc(), value, ValueRange());
  YieldOp::create(end, returnOp.getLoc(), value);
  returnOp.erase();
  return success();
}

LogicalResult FunctionRaiser::run() {
  if (failed(checkBody(func)) || (loss && failed(checkBody(loss))) || failed(readArguments()) ||
      failed(readResults()))
    return failure();
  Attribute batch = func->getAttr(kBatchDimAttr), compat = func->getAttr(kCompatAttr);
  if (batch && !isa<IntegerAttr>(batch))
    return func.emitError() << "'" << kBatchDimAttr << "' must be an integer, found " << batch;
  if (compat && !isa<CompatAttr>(compat))
    return func.emitError() << "'" << kCompatAttr << "' must be #etrace.compat<...>, found "
                            << compat;
  OpBuilder builder(func);
  IntegerAttr batchDim;
  if (batch)
    batchDim = builder.getI64IntegerAttr(cast<IntegerAttr>(batch).getInt());
  model = ModelOp::create(builder, func.getLoc(), func.getSymNameAttr(), batchDim,
                          cast_or_null<CompatAttr>(compat));
  builder.setInsertionPointToStart(&model.getBody().emplaceBlock());
  if (failed(declare(builder)))
    return failure();
  StepOp step = buildStep(builder);
  if (loss && failed(buildLoss(builder)))
    return failure();
  func.erase();
  if (loss)
    loss.erase();
  return raisePrimitives(step);
}

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

struct RaiseFunctionsPass : etrace::impl::RaiseFunctionsPassBase<RaiseFunctionsPass> {
  void runOnOperation() override {
    llvm::MapVector<func::FuncOp, func::FuncOp> steps;
    for (auto func : getOperation().getOps<func::FuncOp>())
      if (isStep(func))
        steps.insert({func, func::FuncOp()});
    for (auto func : getOperation().getOps<func::FuncOp>())
      if (Attribute of = func->getAttr(kLossAttr))
        if (failed(assignLoss(func, of, steps)))
          return signalPassFailure();
    for (auto [func, loss] : steps)
      if (failed(FunctionRaiser(func, loss).run()))
        return signalPassFailure();
  }

private:
  static LogicalResult assignLoss(func::FuncOp loss, Attribute of,
                                  llvm::MapVector<func::FuncOp, func::FuncOp> &steps) {
    auto symbol = dyn_cast<FlatSymbolRefAttr>(of);
    if (!symbol && !isa<UnitAttr>(of))
      return loss.emitError() << "'" << kLossAttr << "' names a step by its symbol, found " << of;
    if (!symbol && steps.size() != 1)
      return loss.emitError() << "'" << kLossAttr << "' must name the step it belongs to; the "
                              << "module has " << steps.size();
    for (auto &[func, assigned] : steps) {
      if (symbol && func.getSymName() != symbol.getValue())
        continue;
      if (assigned)
        return loss.emitError() << "is a second loss of '" << func.getSymName() << "'";
      assigned = loss;
      // It names the step, and nothing may when the step becomes a model.
      loss->removeAttr(kLossAttr);
      return success();
    }
    return loss.emitError() << "names " << of << ", which is not a function with states or "
                            << "parameters";
  }
};
} // namespace
