//===- Entries.cpp - Buffers and entry functions of a learner -------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// See docs/LearnerIR.md for the roles of arguments and results.
//===----------------------------------------------------------------------===//

#include "LearnerBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace etrace;

//===----------------------------------------------------------------------===//
// Values by role
//===----------------------------------------------------------------------===//

SmallVector<EntryValue> LearnerBuilder::inputValues() const {
  SmallVector<EntryValue> values;
  for (const StepInput &input : graph.step.inputs)
    values.push_back({input.value.getType(), input.name, "", input.isSingleStep});
  return values;
}

SmallVector<EntryValue> etrace::getTargetValues(LossOp function, unsigned outputs) {
  SmallVector<EntryValue> values;
  if (!function)
    return values;
  unsigned count = function.getNumArguments() - outputs;
  for (unsigned index = outputs; index < function.getNumArguments(); ++index) {
    std::string name = count == 1 ? "target" : "target" + std::to_string(index - outputs);
    if (auto given = function.getArgAttrOfType<StringAttr>(index, kNameAttr))
      name = given.str();
    values.push_back({function.getArgumentTypes()[index], name, "",
                      bool(function.getArgAttr(index, kSingleStepAttr))});
  }
  return values;
}

SmallVector<EntryValue> LearnerBuilder::targetValues() const {
  return getTargetValues(loss, graph.step.outputs.size());
}

SmallVector<EntryValue> LearnerBuilder::outputValues() const {
  SmallVector<EntryValue> values;
  for (const StepOutput &output : graph.step.outputs)
    values.push_back({output.value.getType(), output.name, ""});
  return values;
}

static std::string stateSymbol(const CarriedState &state) {
  return (state.isHidden ? "hidden." : "state.") + state.path;
}

SmallVector<EntryValue> LearnerBuilder::stateValues() const {
  SmallVector<EntryValue> values;
  for (const CarriedState &state : graph.step.states)
    values.push_back({state.before.getType(), "", stateSymbol(state)});
  return values;
}

SmallVector<EntryValue> LearnerBuilder::paramValues() const {
  SmallVector<EntryValue> values;
  for (const StepParameter &param : graph.step.params)
    values.push_back({param.value.getType(), "", "param." + param.path});
  return values;
}

SmallVector<EntryValue> LearnerBuilder::traceValues() const {
  SmallVector<EntryValue> values;
  for (const BufferDeclaration &trace : traces.declarations)
    values.push_back({trace.type, "", trace.symbol});
  return values;
}

SmallVector<EntryValue> LearnerBuilder::gradientValues() const {
  SmallVector<EntryValue> values;
  for (const StepParameter &param : graph.step.params)
    values.push_back({param.value.getType(), "", "gradient." + param.path});
  return values;
}

SmallVector<EntryValue> LearnerBuilder::queryValues() const {
  SmallVector<EntryValue> values;
  for (auto &[path, value] : llvm::concat<const Query>(queries, signalQueries))
    values.push_back({value.getType(), "", "query." + path});
  return values;
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

void LearnerBuilder::declareBuffers() {
  auto declare = [&](const Twine &symbolName, BufferKind kind, StringRef path, Type type,
                     Attribute init) {
    BufferOp::create(top, loc, top.getStringAttr(symbolName), BufferKindAttr::get(context, kind),
                     top.getStringAttr(path), TypeAttr::get(type),
                     cast<InitializerAttrInterface>(init));
  };
  Attribute zeros = ZerosAttr::get(context);
  for (const StepParameter &param : graph.step.params)
    declareBuffer(top, loc, lookupDeclaration(model, param.path));
  for (const CarriedState &state : graph.step.states)
    declareBuffer(top, loc, lookupDeclaration(model, state.path));
  for (const BufferDeclaration &trace : traces.declarations)
    declare(trace.symbol, trace.kind, trace.path, trace.type, trace.init);
  if (loss)
    for (const StepParameter &param : graph.step.params)
      declare("gradient." + param.path, BufferKind::gradient, param.path, param.value.getType(),
              zeros);
  for (auto &[path, value] : llvm::concat<const Query>(queries, signalQueries))
    declare("query." + path, BufferKind::query, path, value.getType(), zeros);
}

func::FuncOp LearnerBuilder::createEntry(StringRef entry, ArrayRef<EntryValue> arguments,
                                         ArrayRef<EntryValue> results) {
  return etrace::createEntry(top, loc, model.getSymName(), entry, arguments, results);
}

template <typename... Lists> static SmallVector<EntryValue> concat(const Lists &...lists) {
  SmallVector<EntryValue> all;
  (llvm::append_range(all, lists), ...);
  return all;
}

/// The value of `entry` that stands for a step argument.
static Value findArgument(func::FuncOp entry, const EntryValue &wanted) {
  StringRef attr = wanted.name.empty() ? StringRef(kBufferAttr) : StringRef(kNameAttr);
  StringRef key = wanted.name.empty() ? wanted.buffer : wanted.name;
  for (unsigned a = 0; a < entry.getNumArguments(); ++a)
    if (auto found = entry.getArgAttrOfType<StringAttr>(a, attr); found && found == key)
      return entry.getArgument(a);
  return {};
}

func::CallOp LearnerBuilder::callForward(OpBuilder &builder, func::FuncOp entry) {
  SmallVector<Value> operands(forward.getNumArguments());
  for (auto [input, value] : llvm::zip(graph.step.inputs, inputValues()))
    operands[input.argument] = findArgument(entry, value);
  for (auto [state, value] : llvm::zip(graph.step.states, stateValues()))
    operands[state.argument] = findArgument(entry, value);
  for (auto [param, value] : llvm::zip(graph.step.params, paramValues()))
    operands[param.argument] = findArgument(entry, value);
  return func::CallOp::create(builder, loc, forward, operands);
}

Value LearnerBuilder::resolve(Value captured, func::CallOp call) {
  if (auto argument = dyn_cast<BlockArgument>(captured))
    if (argument.getOwner() == &forward.getBody().front())
      return call.getOperand(argument.getArgNumber());
  Operation *end = forward.getBody().front().getTerminator();
  for (auto [index, value] : llvm::enumerate(end->getOperands()))
    if (value == captured)
      return call.getResult(index);
  llvm_unreachable("captured values are results of the forward function");
}

/// Outputs and new states of a forward call, in entry order.
void LearnerBuilder::appendStepResults(func::CallOp call, SmallVectorImpl<Value> &results) {
  for (const StepOutput &output : graph.step.outputs)
    results.push_back(resolve(output.value, call));
  for (const CarriedState &state : graph.step.states)
    results.push_back(resolve(state.after, call));
}

void LearnerBuilder::buildStep() {
  func::FuncOp entry =
      createEntry("step", concat(inputValues(), stateValues(), paramValues()),
                  concat(outputValues(), stateValues()));
  OpBuilder builder = OpBuilder::atBlockEnd(&entry.front());
  SmallVector<Value> results;
  appendStepResults(callForward(builder, entry), results);
  func::ReturnOp::create(builder, loc, results);
  buildSequence("step_sequence", entry);
}

void LearnerBuilder::buildAdvance() {
  func::FuncOp entry = createEntry(
      "advance", concat(inputValues(), stateValues(), paramValues(), traceValues()),
      concat(outputValues(), stateValues(), traceValues()));
  OpBuilder builder = OpBuilder::atBlockEnd(&entry.front());
  func::CallOp call = callForward(builder, entry);
  SmallVector<Value> operands, results;
  for (Value captured : updateTraces->captured)
    operands.push_back(resolve(captured, call));
  for (const EntryValue &trace : traceValues())
    operands.push_back(findArgument(entry, trace));
  auto update = func::CallOp::create(builder, loc, updateTraces->function, operands);
  appendStepResults(call, results);
  llvm::append_range(results, update.getResults());
  func::ReturnOp::create(builder, loc, results);
}

void LearnerBuilder::buildLearn() {
  EntryValue lossValue{RankedTensorType::get({}, loss.getResultTypes().front()), "loss", ""};
  func::FuncOp entry = createEntry(
      "learn",
      concat(inputValues(), targetValues(), stateValues(), paramValues(), traceValues(),
             gradientValues()),
      concat(ArrayRef(lossValue), outputValues(), stateValues(), traceValues(), gradientValues(),
             queryValues()));
  OpBuilder builder = OpBuilder::atBlockEnd(&entry.front());
  func::CallOp call = callForward(builder, entry);
  SmallVector<Value> lossOperands;
  for (const StepOutput &output : graph.step.outputs)
    lossOperands.push_back(resolve(output.value, call));
  for (const EntryValue &target : targetValues())
    lossOperands.push_back(findArgument(entry, target));
  auto lossCall = func::CallOp::create(builder, loc, lossGradient, lossOperands);

  SmallVector<Value> operands;
  for (Value captured : backward->captured)
    operands.push_back(resolve(captured, call));
  llvm::append_range(operands, lossCall.getResults().drop_front());
  for (const EntryValue &value : concat(traceValues(), gradientValues()))
    operands.push_back(findArgument(entry, value));
  auto backwardCall = func::CallOp::create(builder, loc, backward->function, operands);

  Value lossTensor = tensor::FromElementsOp::create(builder, loc, lossValue.type,
                                                    lossCall.getResult(0));
  SmallVector<Value> results = {lossTensor};
  appendStepResults(call, results);
  unsigned kept = traceValues().size() + gradientValues().size();
  ValueRange atEnd = backwardCall.getResults();
  llvm::append_range(results, atEnd.take_back(kept));
  for (auto &[path, value] : queries)
    results.push_back(resolve(value, call));
  llvm::append_range(results, atEnd.drop_back(kept).take_back(signalQueries.size()));
  func::ReturnOp::create(builder, loc, results);
  buildSequence("learn_sequence", entry);
}

//===----------------------------------------------------------------------===//
// Sequences
//===----------------------------------------------------------------------===//

static RankedTensorType addTime(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  SmallVector<int64_t> shape = {ShapedType::kDynamic};
  llvm::append_range(shape, tensor.getShape());
  return RankedTensorType::get(shape, tensor.getElementType());
}

/// Offsets, sizes and strides of step t of an array over time.
static std::array<SmallVector<OpFoldResult>, 3> sliceOfStep(OpBuilder &builder, Value t,
                                                            RankedTensorType step) {
  std::array<SmallVector<OpFoldResult>, 3> slice;
  slice[0].push_back(t);
  slice[1].push_back(builder.getIndexAttr(1));
  for (int64_t extent : step.getShape()) {
    slice[0].push_back(builder.getIndexAttr(0));
    slice[1].push_back(builder.getIndexAttr(extent));
  }
  slice[2].assign(slice[0].size(), builder.getIndexAttr(1));
  return slice;
}

namespace {
/// How the arguments and results of a one-step entry are used in its loop.
struct LoopRoles {
  SmallVector<EntryValue> arguments, results;
  /// For each carried buffer: its argument and result numbers.
  SmallVector<std::pair<unsigned, unsigned>> carried;
  /// Results over time.
  SmallVector<unsigned> stacked;
};
} // namespace

static EntryValue readEntryValue(Type type, DictionaryAttr attributes) {
  EntryValue value{type, "", ""};
  if (auto name = attributes.getAs<StringAttr>(kNameAttr))
    value.name = name.str();
  if (auto buffer = attributes.getAs<StringAttr>(kBufferAttr))
    value.buffer = buffer.str();
  value.isSingleStep = attributes.contains(kSingleStepAttr);
  return value;
}

static LoopRoles classify(func::FuncOp step) {
  LoopRoles roles;
  for (unsigned a = 0; a < step.getNumArguments(); ++a)
    roles.arguments.push_back(
        readEntryValue(step.getArgumentTypes()[a], step.getArgAttrDict(a)));
  for (unsigned r = 0; r < step.getNumResults(); ++r) {
    EntryValue value = readEntryValue(step.getResultTypes()[r], step.getResultAttrDict(r));
    roles.results.push_back(value);
    if (!value.name.empty()) {
      roles.stacked.push_back(r);
      continue;
    }
    for (auto [a, argument] : llvm::enumerate(roles.arguments))
      if (argument.buffer == value.buffer)
        roles.carried.push_back({unsigned(a), r});
  }
  return roles;
}

/// The loop over time around a one-step entry. Queries are left to single steps.
void LearnerBuilder::buildSequence(StringRef name, func::FuncOp step) {
  LoopRoles roles = classify(step);
  SmallVector<EntryValue> arguments = {{top.getIndexType(), "steps", ""}}, results;
  for (EntryValue value : roles.arguments) {
    if (!value.name.empty() && !value.isSingleStep)
      value.type = addTime(value.type);
    arguments.push_back(value);
  }
  for (unsigned r : roles.stacked) {
    results.push_back(roles.results[r]);
    results.back().type = addTime(results.back().type);
  }
  for (auto [a, r] : roles.carried)
    results.push_back(roles.results[r]);

  func::FuncOp entry = createEntry(name, arguments, results);
  OpBuilder builder = OpBuilder::atBlockEnd(&entry.front());
  Value steps = entry.getArgument(0);
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  Value one = arith::ConstantIndexOp::create(builder, loc, 1);
  SmallVector<Value> inits;
  for (unsigned r : roles.stacked) {
    auto type = addTime(roles.results[r].type);
    inits.push_back(tensor::EmptyOp::create(builder, loc, type, steps));
  }
  for (auto [a, r] : roles.carried)
    inits.push_back(entry.getArgument(a + 1));
  auto loop = scf::ForOp::create(
      builder, loc, zero, steps, one, inits,
      [&](OpBuilder &nested, Location, Value t, ValueRange carried) {
        SmallVector<Value> operands(entry.getArguments().drop_front());
        for (auto [a, value] : llvm::enumerate(roles.arguments))
          if (!value.name.empty() && !value.isSingleStep) {
            auto type = cast<RankedTensorType>(value.type);
            auto slice = sliceOfStep(nested, t, type);
            operands[a] = tensor::ExtractSliceOp::create(nested, loc, type, operands[a], slice[0],
                                                         slice[1], slice[2]);
          }
        for (auto [index, pair] : llvm::enumerate(roles.carried))
          operands[pair.first] = carried[roles.stacked.size() + index];
        auto call = func::CallOp::create(nested, loc, step, operands);
        SmallVector<Value> next;
        for (auto [index, r] : llvm::enumerate(roles.stacked)) {
          auto type = cast<RankedTensorType>(roles.results[r].type);
          auto slice = sliceOfStep(nested, t, type);
          next.push_back(tensor::InsertSliceOp::create(nested, loc, call.getResult(r),
                                                       carried[index], slice[0], slice[1],
                                                       slice[2]));
        }
        for (auto [a, r] : roles.carried)
          next.push_back(call.getResult(r));
        scf::YieldOp::create(nested, loc, next);
      });
  func::ReturnOp::create(builder, loc, loop.getResults());
}

void LearnerBuilder::buildEntries() {
  buildStep();
  buildAdvance();
  if (loss)
    buildLearn();
}
