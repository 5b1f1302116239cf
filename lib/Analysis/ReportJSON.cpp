//===- ReportJSON.cpp - The graph of a model for programs -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "ReportContents.h"
#include "etrace/Differentiation/Regions.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/ScopedPrinter.h"

using namespace mlir;
using namespace etrace;

static llvm::json::Array toJSON(ArrayAttr strings) {
  llvm::json::Array array;
  for (auto string : strings.getAsValueRange<StringAttr>())
    array.push_back(string);
  return array;
}

static llvm::json::Array toJSON(ArrayRef<Operation *> ops) {
  llvm::json::Array array;
  for (Operation *op : ops)
    array.push_back(llvm::json::Object{{"op", op->getName().getStringRef()},
                                       {"location", printLocation(op->getLoc())}});
  return array;
}

/// An extent that is not known is null.
static llvm::json::Array extentsToJSON(ArrayRef<int64_t> extents) {
  llvm::json::Array array;
  for (int64_t extent : extents)
    array.push_back(ShapedType::isDynamic(extent) ? llvm::json::Value(nullptr) : extent);
  return array;
}

/// Null if extents are not known.
static llvm::json::Value toJSON(const std::optional<TraceCost> &cost) {
  if (!cost)
    return nullptr;
  llvm::json::Array leaves;
  for (const TraceCost::Leaf &leaf : cost->leaves)
    leaves.push_back(llvm::json::Object{{"key", leaf.name},
                                        {"group", leaf.group},
                                        {"extents", extentsToJSON(leaf.extents)},
                                        {"states", leaf.states}});
  return llvm::json::Object{{"leaves", std::move(leaves)},
                            {"bytes", llvm::json::Object{{"d-rtrl", cost->bytesDRTRL},
                                                         {"pp-prop", cost->bytesPPProp}}},
                            {"multiply_adds", cost->multiplyAddsDRTRL}};
}

/// Arguments and results of the step by number: inputs, states, parameters, outputs.
static llvm::json::Object moduleToJSON(ModelOp model, const StepView &step) {
  llvm::json::Array inputs, states, params, outputs;
  auto type = [](Value value) { return llvm::to_string(value.getType()); };
  for (const StepInput &input : step.inputs)
    inputs.push_back(llvm::json::Object{{"name", input.name},
                                        {"argument", input.argument},
                                        {"single_step", input.isSingleStep},
                                        {"type", type(input.value)}});
  for (const CarriedState &state : step.states)
    states.push_back(llvm::json::Object{{"path", state.path},
                                        {"argument", state.argument},
                                        {"result", state.result},
                                        {"type", type(state.before)}});
  for (const StepParameter &param : step.params)
    params.push_back(llvm::json::Object{
        {"path", param.path}, {"argument", param.argument}, {"type", type(param.value)}});
  for (const StepOutput &output : step.outputs)
    outputs.push_back(llvm::json::Object{
        {"name", output.name}, {"result", output.result}, {"type", type(output.value)}});
  return llvm::json::Object{{"step", model.getStep().getSymName()},
                            {"inputs", std::move(inputs)},
                            {"states", std::move(states)},
                            {"params", std::move(params)},
                            {"outputs", std::move(outputs)}};
}

/// What the transition of a group reads beside the members, by name.
static llvm::json::Array constantsToJSON(const StepView &step, const HiddenGroup &group) {
  DenseSet<Value> needed, members;
  for (unsigned member : group.members) {
    needed.insert(step.states[member].after);
    members.insert(step.states[member].before);
  }
  getSlice(step.getBody(), needed);
  SmallVector<std::string> names(step.getBody().getNumArguments());
  for (const StepInput &input : step.inputs)
    names[input.argument] = input.name;
  for (const CarriedState &state : step.states)
    names[state.argument] = state.path;
  for (const StepParameter &param : step.params)
    names[param.argument] = param.path;
  llvm::json::Array constants;
  for (BlockArgument argument : step.getBody().getArguments())
    if (needed.contains(argument) && !members.contains(argument))
      constants.push_back(names[argument.getArgNumber()]);
  return constants;
}

static llvm::json::Object groupToJSON(ModelOp model, const StepView &step, unsigned index,
                                      GroupOp op, const HiddenGroup &group) {
  llvm::json::Array arguments, results;
  for (unsigned member : group.members) {
    arguments.push_back(step.states[member].argument);
    results.push_back(step.states[member].result);
  }
  llvm::json::Object functions;
  for (StringRef part : {"transition", "jacobian", "perturbed"})
    functions[part] = getPartSymbol(model, group.name, part);
  return llvm::json::Object{{"name", op.getSymName()},
                            {"index", index},
                            {"members", toJSON(op.getMembers())},
                            {"positions", extentsToJSON(op.getPositions())},
                            {"states", int64_t(op.getMembers().size())},
                            {"edges", llvm::json::Array(op.getEdges())},
                            {"arguments", std::move(arguments)},
                            {"results", std::move(results)},
                            {"constants", constantsToJSON(step, group)},
                            {"functions", std::move(functions)}};
}

/// The shape of an operand or result; null if there is none.
static llvm::json::Value shapeToJSON(Value value) {
  auto type = value ? dyn_cast<ShapedType>(value.getType()) : ShapedType();
  if (!type)
    return nullptr;
  return extentsToJSON(type.getShape());
}

/// Sums; warnings by kind.
static llvm::json::Object countsToJSON(const ReportContents &contents) {
  llvm::MapVector<StringRef, int64_t> kinds;
  for (const Decision &decision : contents.decisions)
    if (decision.isWarning())
      ++kinds[decision.id];
  llvm::json::Object warnings;
  for (auto [kind, number] : kinds)
    warnings[kind] = number;
  return llvm::json::Object{{"hidden_groups", int64_t(contents.groups.size())},
                            {"etp_weights", contents.countWeights()},
                            {"excluded_weights", int64_t(contents.excluded.size())},
                            {"warnings", std::move(warnings)}};
}

static llvm::json::Array decisionsToJSON(ArrayRef<Decision> decisions) {
  llvm::json::Array array;
  for (const Decision &decision : decisions)
    array.push_back(llvm::json::Object{{"level", stringifyLevel(decision.level)},
                                       {"kind", decision.id},
                                       {"text", decision.text},
                                       {"location", printLocation(decision.loc)}});
  return array;
}

static llvm::json::Object relationToJSON(ModelOp model, const ReportContents &contents,
                                         RelationOp relation,
                                         const WeightRelation &read,
                                         const std::optional<TraceCost> &cost) {
  llvm::json::Array leaves, targets;
  OpOperand *multiplicand = nullptr;
  for (const WeightLeaf &leaf : read.leaves)
    if (!multiplicand)
      multiplicand = getMultiplicand(read.primitive, *leaf.operand);
  for (const WeightLeaf &leaf : read.leaves)
    leaves.push_back(llvm::json::Object{{"key", leaf.name},
                                        {"params", llvm::json::Array(leaf.params)},
                                        {"chain", toJSON(leaf.chain)}});
  for (const RelationTarget &target : read.targets) {
    llvm::json::Array connected;
    for (unsigned number : target.reach)
      connected.push_back(
          contents.graph.step.states[contents.graph.groups[target.group].members[number]].path);
    targets.push_back(llvm::json::Object{{"group", target.group},
                                         {"reach", llvm::json::Array(target.reach)},
                                         {"connected", std::move(connected)},
                                         {"tail", toJSON(target.tail)}});
  }
  ETPOpInterface primitive = read.primitive;
  return llvm::json::Object{{"name", relation.getSymName()},
                            {"primitive", relation.getPrimitive()},
                            {"location", printLocation(relation->getLoc())},
                            {"kind", stringifyRelationKind(relation.getKind())},
                            {"exact", relation.getExact()},
                            {"reason", relation.getReason().value_or("")},
                            {"operation", primitive->getName().getStringRef()},
                            {"x", shapeToJSON(multiplicand ? multiplicand->get() : Value())},
                            {"y", shapeToJSON(primitive->getResult(0))},
                            {"leaves", std::move(leaves)},
                            {"targets", std::move(targets)},
                            {"functions",
                             llvm::json::Object{
                                 {"factors", getPartSymbol(model, read.name, "factors")}}},
                            {"trace", toJSON(cost)}};
}

static llvm::json::Object toJSON(StateContainerOpInterface container) {
  llvm::json::Array components;
  SmallVector<Declaration> declarations = getDeclarations(container);
  for (const Declaration &component : declarations)
    components.push_back(
        llvm::json::Object{{"name", component.path},
                           {"positions", extentsToJSON(component.type.getShape())}});
  return llvm::json::Object{{"name", SymbolTable::getSymbolName(container).getValue()},
                            {"kind", container.getContainerKind()},
                            {"states", int64_t(declarations.size())},
                            {"components", std::move(components)}};
}

void etrace::printJSON(raw_ostream &os, ModelOp model, const ReportContents &contents) {
  llvm::json::Array containers, states, groups, relations, excluded, dynamic;
  for (RecurrenceOp state : contents.states)
    states.push_back(llvm::json::Object{{"path", getPath(state.getState())},
                                        {"kind", contents.getKind(state)},
                                        {"read", state.getRead()},
                                        {"written", stringifyStateWrite(state.getWritten())},
                                        {"recurrent", state.isRecurrent()}});
  for (StateContainerOpInterface container : contents.containers)
    containers.push_back(toJSON(container));
  llvm::json::Object stateGroups;
  for (auto [index, op, group] : llvm::enumerate(contents.groups, contents.graph.groups)) {
    for (unsigned member : group.members)
      stateGroups[contents.graph.step.states[member].path] = int64_t(index);
    groups.push_back(groupToJSON(model, contents.graph.step, index, op, group));
  }
  for (auto [relation, read, cost] :
       llvm::zip_equal(contents.relations, contents.graph.relations, contents.costs))
    relations.push_back(relationToJSON(model, contents, relation, read, cost));
  for (ExcludedOp op : contents.excluded)
    excluded.push_back(
        llvm::json::Object{{"param", getPath(op.getParam())}, {"reason", op.getReason()}});
  for (const std::string &path : contents.dynamic)
    dynamic.push_back(path);
  llvm::json::Object report{{"model", model.getSymName()},
                            {"module", moduleToJSON(model, contents.graph.step)},
                            {"states", std::move(states)},
                            {"groups", std::move(groups)},
                            {"state_groups", std::move(stateGroups)},
                            {"containers", std::move(containers)},
                            {"relations", std::move(relations)},
                            {"excluded", std::move(excluded)},
                            {"dynamic_states", std::move(dynamic)},
                            {"counts", countsToJSON(contents)},
                            {"decisions", decisionsToJSON(contents.decisions)}};
  os << llvm::formatv("{0:2}", llvm::json::Value(std::move(report))) << "\n";
}
