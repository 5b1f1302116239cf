//===- Report.cpp - The graph of a model for people -----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/Analysis/Report.h"

#include "etrace/Analysis/Drawing.h"
#include "etrace/Analysis/TraceCost.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/JSON.h"

using namespace mlir;
using namespace etrace;

namespace {
/// The parts of a model that a report shows.
struct Contents {
  Contents(ModelOp model, StepGraph read)
      : graph(std::move(read)), costs(computeTraceCosts(graph)),
        states(llvm::to_vector(model.getBody().getOps<RecurrenceOp>())),
        groups(llvm::to_vector(model.getBody().getOps<GroupOp>())),
        relations(llvm::to_vector(model.getBody().getOps<RelationOp>())),
        excluded(llvm::to_vector(model.getBody().getOps<ExcludedOp>())),
        containers(llvm::to_vector(model.getBody().getOps<StateContainerOpInterface>())) {
    for (const Declaration &declaration : getDeclarations(model))
      if (declaration.role == kStateAttr)
        dynamic.push_back(declaration.path);
  }
  unsigned groupNumber(Attribute symbol) const {
    StringRef name = cast<SymbolRefAttr>(symbol).getLeafReference();
    auto it = llvm::find_if(groups, [&](GroupOp group) { return group.getSymName() == name; });
    return it - groups.begin();
  }

  /// The role of the state that an operation names.
  StringRef getKind(RecurrenceOp state) const {
    return llvm::is_contained(dynamic, getPath(state.getState())) ? "plain" : "hidden";
  }
  /// What is unusual about the use of a state, or nothing.
  StringRef getRemark(StringRef path) const {
    for (RecurrenceOp state : states)
      if (getPath(state.getState()) == path &&
          !(state.getRead() && state.getWritten() == StateWrite::always))
        return describeAccess(state.getRead(), state.getWritten());
    return "";
  }

  /// The same relations, in order, with their operations.
  StepGraph graph;
  std::vector<std::optional<TraceCost>> costs;
  // Accessors of operations are not const.
  mutable SmallVector<RecurrenceOp> states;
  mutable SmallVector<GroupOp> groups;
  mutable SmallVector<RelationOp> relations;
  mutable SmallVector<ExcludedOp> excluded;
  mutable SmallVector<StateContainerOpInterface> containers;
  SmallVector<std::string> dynamic;
};
} // namespace

static std::string joinStrings(ArrayAttr strings, StringRef separator = ", ") {
  std::string text;
  for (auto string : strings.getAsValueRange<StringAttr>())
    text += (text.empty() ? "" : separator.str()) + string.str();
  return text;
}

std::string etrace::joinExtents(ArrayRef<int64_t> extents) {
  std::string text;
  for (int64_t extent : extents)
    text += (text.empty() ? "" : "x") +
            (ShapedType::isDynamic(extent) ? "?" : std::to_string(extent));
  return text.empty() ? "scalar" : text;
}

/// All parameters of a relation, leaf by leaf.
static std::string nameWeights(RelationOp relation) {
  std::string text;
  for (auto leaf : relation.getParams().getAsRange<ArrayAttr>())
    text += (text.empty() ? "" : ", ") + joinStrings(leaf, " and ");
  return text;
}

/// The extent of the batch axis; nothing if there is none, or if it is not known.
static std::optional<int64_t> getNumSamples(ModelOp model) {
  if (!model.getBatchDim())
    return std::nullopt;
  for (const Declaration &declaration : getDeclarations(model))
    if (declaration.role == kHiddenAttr)
      if (int64_t extent = declaration.type.getDimSize(*model.getBatchDim());
          !ShapedType::isDynamic(extent))
        return extent;
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

/// "math.absf 12:10, linalg.transpose 13:10"
static void printOperations(raw_ostream &os, ArrayRef<Operation *> ops) {
  if (ops.empty())
    os << "directly";
  llvm::interleaveComma(ops, os, [&](Operation *op) {
    os << op->getName();
    if (auto file = op->getLoc()->findInstanceOf<FileLineColLoc>())
      os << " " << file.getLine() << ":" << file.getColumn();
  });
  os << "\n";
}

/// What lies before the primitive, if anything does, and behind it.
static void printChains(raw_ostream &os, const StepGraph &graph, const WeightRelation &relation) {
  for (const WeightLeaf &leaf : relation.leaves) {
    if (leaf.chain.empty())
      continue;
    os << "      from " << llvm::join(leaf.params, " and ") << ": ";
    printOperations(os, leaf.chain);
  }
  for (const RelationTarget &target : relation.targets) {
    os << "      to ";
    llvm::interleaveComma(target.reach, os, [&](unsigned number) {
      os << graph.step.states[graph.groups[target.group].members[number]].path;
    });
    os << ": ";
    printOperations(os, target.tail);
  }
}

/// "trace: weight 3x5 for 2 states, bias 5 for 2 states: 160 bytes (pp-prop: 52)"
static void printTrace(raw_ostream &os, const std::optional<TraceCost> &cost) {
  os << "      trace: ";
  if (!cost) {
    os << "not known before its extents are\n";
    return;
  }
  llvm::interleaveComma(cost->leaves, os, [&](const TraceCost::Leaf &leaf) {
    os << leaf.name << " " << joinExtents(leaf.extents);
    if (leaf.states != 1)
      os << " for " << leaf.states << " states";
  });
  os << ": " << cost->bytesDRTRL << " bytes (pp-prop: " << cost->bytesPPProp << ")\n";
}

static void printRelationText(raw_ostream &os, const Contents &contents, RelationOp relation,
                              unsigned number) {
  os << "   Weight " << number << ": " << nameWeights(relation)
     << "  is associated with hidden group" << (relation.getGroups().size() > 1 ? "s [" : " ");
  llvm::interleaveComma(relation.getGroups(), os,
                        [&](Attribute group) { os << contents.groupNumber(group); });
  os << (relation.getGroups().size() > 1 ? "]" : "") << "  (" << relation.getPrimitive() << ", ";
  if (relation.getExact())
    os << "exact)\n";
  else
    os << "approximate: " << relation.getReason().value_or("by hand") << ")\n";
  printChains(os, contents.graph, contents.graph.relations[number]);
  printTrace(os, contents.costs[number]);
}

/// Sums over all relations; for each sample, too, where there are several.
static void printTotals(raw_ostream &os, ModelOp model, const Contents &contents) {
  TraceCost total;
  for (const std::optional<TraceCost> &cost : contents.costs) {
    if (!cost)
      return;
    total.bytesDRTRL += cost->bytesDRTRL;
    total.bytesPPProp += cost->bytesPPProp;
    total.multiplyAddsDRTRL += cost->multiplyAddsDRTRL;
  }
  os << "\n\nTraces take " << total.bytesDRTRL << " bytes with D-RTRL, " << total.bytesPPProp
     << " with pp-prop; a step of D-RTRL " << total.multiplyAddsDRTRL
     << " multiply-adds on them";
  std::optional<int64_t> samples = getNumSamples(model);
  if (samples && *samples > 1)
    os << " (for each of " << *samples << " samples: " << total.bytesDRTRL / *samples << ", "
       << total.bytesPPProp / *samples << " and " << total.multiplyAddsDRTRL / *samples << ")";
  os << ".\n";
}

/// What a reason means for learning, and the way out if there is one.
static StringRef explain(StringRef reason) {
  return llvm::StringSwitch<StringRef>(reason)
      .Case("relation-excluded-weight-to-weight",
            "reaches hidden states through another primitive only; learns by its gradient within a "
            "step")
      .Case("relation-excluded-non-temporal",
            "reaches outputs only; its gradient within a step is all of it")
      .Case("relation-excluded-ordinary",
            "no primitive reads it; learns by its gradient within a step (a trace: etrace.matmul "
            "and its kin)")
      .Case("relation-excluded-mixing-tail",
            "its product reaches hidden states across positions; learns by its gradient within a "
            "step")
      .Case("relation-excluded-shape-mismatch",
            "its product and the hidden states it reaches have positions that do not correspond; "
            "learns by its gradient within a step")
      .Default("");
}

static void printExcluded(raw_ostream &os, const Contents &contents) {
  os << "\n\nThe non-etrace weight parameters are:\n\n";
  llvm::SetVector<StringRef> reasons;
  for (auto [number, excluded] : llvm::enumerate(contents.excluded)) {
    os << "   Weight " << number << ": " << getPath(excluded.getParam())
       << "  (excluded: " << excluded.getReason() << ")\n";
    if (!explain(excluded.getReason()).empty())
      reasons.insert(excluded.getReason());
  }
  for (StringRef reason : reasons)
    os << (reason == reasons.front() ? "\n" : "") << "   " << reason << ": " << explain(reason)
       << "\n";
}

/// "state: tree state, 4 states: I1 5, I2 5, V 5, syn.g 3", positions behind each name.
static void printContainers(raw_ostream &os, const Contents &contents) {
  if (contents.containers.empty())
    return;
  os << "\n\nThe group and tree states are:\n\n";
  for (auto [number, container] : llvm::enumerate(contents.containers)) {
    SmallVector<Declaration> components = getDeclarations(container);
    os << "   Container " << number << ": " << SymbolTable::getSymbolName(container).getValue()
       << "  (" << container.getContainerKind() << ", " << components.size()
       << (components.size() == 1 ? " state)  " : " states)  ");
    llvm::interleaveComma(components, os, [&](const Declaration &component) {
      os << component.path << " " << joinExtents(component.type.getShape());
    });
    os << "\n";
  }
}

static void printText(raw_ostream &os, ModelOp model, const Contents &contents) {
  os << std::string(100, '=') << "\n";
  os << "Model @" << model.getSymName() << "\n\nThe hidden groups are:\n\n";
  for (auto [number, group] : llvm::enumerate(contents.groups))
    os << "   Group " << number << ": [" << joinStrings(group.getMembers()) << "]  positions "
       << joinExtents(group.getPositions()) << ", " << group.getMembers().size()
       << (group.getMembers().size() == 1 ? " state" : " states")
       << (group.getEdges().empty() ? ", no recurrence left (D = 0)" : "") << "\n";
  printContainers(os, contents);
  if (!contents.dynamic.empty()) {
    os << "\n\nThe dynamic (non-hidden) states are:\n\n";
    for (auto [number, path] : llvm::enumerate(contents.dynamic))
      os << "   Dynamic state " << number << ": " << path << "\n";
  }
  if (!contents.states.empty()) {
    os << "\n\nThe states are used by the step as follows:\n\n";
    for (auto [number, state] : llvm::enumerate(contents.states))
      os << "   State " << number << ": " << getPath(state.getState()) << "  ("
         << contents.getKind(state) << ") "
         << describeAccess(state.getRead(), state.getWritten()) << "\n";
  }
  if (!contents.relations.empty()) {
    os << "\n\nThe weight parameters which are associated with the hidden states are:\n\n";
    for (auto [number, relation] : llvm::enumerate(contents.relations))
      printRelationText(os, contents, relation, number);
    printTotals(os, model, contents);
  }
  if (!contents.excluded.empty())
    printExcluded(os, contents);
  os << "\n";
}

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

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

static llvm::json::Object relationToJSON(const Contents &contents, RelationOp relation,
                                         const WeightRelation &read,
                                         const std::optional<TraceCost> &cost) {
  llvm::json::Array leaves, targets;
  for (const WeightLeaf &leaf : read.leaves)
    leaves.push_back(llvm::json::Object{{"key", leaf.name},
                                        {"params", llvm::json::Array(leaf.params)},
                                        {"chain", toJSON(leaf.chain)}});
  for (const RelationTarget &target : read.targets)
    targets.push_back(llvm::json::Object{{"group", target.group},
                                         {"reach", llvm::json::Array(target.reach)},
                                         {"tail", toJSON(target.tail)}});
  return llvm::json::Object{{"name", relation.getSymName()},
                            {"primitive", relation.getPrimitive()},
                            {"location", printLocation(relation->getLoc())},
                            {"kind", stringifyRelationKind(relation.getKind())},
                            {"exact", relation.getExact()},
                            {"reason", relation.getReason().value_or("")},
                            {"leaves", std::move(leaves)},
                            {"targets", std::move(targets)},
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

static void printJSON(raw_ostream &os, ModelOp model, const Contents &contents) {
  llvm::json::Array containers, states, groups, relations, excluded, dynamic;
  for (RecurrenceOp state : contents.states)
    states.push_back(llvm::json::Object{{"path", getPath(state.getState())},
                                        {"kind", contents.getKind(state)},
                                        {"read", state.getRead()},
                                        {"written", stringifyStateWrite(state.getWritten())},
                                        {"recurrent", state.isRecurrent()}});
  for (StateContainerOpInterface container : contents.containers)
    containers.push_back(toJSON(container));
  for (GroupOp group : contents.groups)
    groups.push_back(llvm::json::Object{{"name", group.getSymName()},
                                        {"members", toJSON(group.getMembers())},
                                        {"positions", extentsToJSON(group.getPositions())},
                                        {"states", int64_t(group.getMembers().size())},
                                        {"edges", llvm::json::Array(group.getEdges())}});
  for (auto [relation, read, cost] :
       llvm::zip_equal(contents.relations, contents.graph.relations, contents.costs))
    relations.push_back(relationToJSON(contents, relation, read, cost));
  for (ExcludedOp op : contents.excluded)
    excluded.push_back(
        llvm::json::Object{{"param", getPath(op.getParam())}, {"reason", op.getReason()}});
  for (const std::string &path : contents.dynamic)
    dynamic.push_back(path);
  llvm::json::Object report{{"model", model.getSymName()},
                            {"states", std::move(states)},
                            {"groups", std::move(groups)},
                            {"containers", std::move(containers)},
                            {"relations", std::move(relations)},
                            {"excluded", std::move(excluded)},
                            {"dynamic_states", std::move(dynamic)}};
  os << llvm::formatv("{0:2}", llvm::json::Value(std::move(report))) << "\n";
}

//===----------------------------------------------------------------------===//
// DOT
//===----------------------------------------------------------------------===//

static std::string quote(StringRef text) {
  std::string quoted = "\"";
  for (char c : text)
    quoted += (c == '"' || c == '\\') ? std::string("\\") + c : std::string(1, c);
  return quoted + "\"";
}

/// The label of a state: its path, and what is unusual about its use.
static std::string labelState(const Contents &contents, StringRef path) {
  StringRef remark = contents.getRemark(path);
  return quote(remark.empty() ? path.str() : (path + "\n" + remark).str());
}

/// Groups are boxes around their states, ETP edges thick, excluded weights dashed.
static void printDot(raw_ostream &os, ModelOp model, const Contents &contents) {
  os << "digraph " << quote(model.getSymName()) << " {\n"
     << "  rankdir=LR;\n  compound=true;\n  fontname=\"Helvetica\";\n"
     << "  label=" << quote("model " + model.getSymName().str()) << ";\n  labelloc=t;\n"
     << "  node [fontname=\"Helvetica\", fontsize=11, shape=box, style=\"rounded,filled\", "
        "fillcolor=\"#ffffff\"];\n"
     << "  edge [fontname=\"Helvetica\", fontsize=9, color=\"#555555\"];\n";
  unsigned cluster = 0;
  for (GroupOp group : contents.groups) {
    os << "  subgraph cluster_" << cluster++ << " {\n    label="
       << quote(group.getSymName().str() + ": " + joinExtents(group.getPositions()))
       << ";\n    style=\"rounded,filled\";\n    color=\"#3b6ea5\";\n    fillcolor=\"#e8f0f8\";\n";
    for (auto member : group.getMembers().getAsValueRange<StringAttr>())
      os << "    " << quote(("state " + member).str()) << " [label="
         << labelState(contents, member) << ", shape=ellipse];\n";
    ArrayRef<int64_t> edges = group.getEdges();
    auto member = [&](int64_t index) {
      return quote("state " + cast<StringAttr>(group.getMembers()[index]).str());
    };
    for (size_t e = 0; e + 1 < edges.size(); e += 2)
      os << "    " << member(edges[e + 1]) << " -> " << member(edges[e])
         << " [color=\"#3b6ea5\", constraint=false];\n";
    os << "  }\n";
  }
  for (RelationOp relation : contents.relations) {
    std::string node = quote("relation " + relation.getSymName().str());
    std::string label = nameWeights(relation) + "\n" + relation.getPrimitive().str();
    os << "  " << node << " [label=" << quote(label)
       << ", fillcolor=\"#fdf3e1\", color=\"#c07a1a\"];\n";
    for (auto [symbol, reach] : llvm::zip(relation.getGroups(), relation.getReach())) {
      GroupOp group = contents.groups[contents.groupNumber(symbol)];
      for (int64_t index : cast<DenseI64ArrayAttr>(reach).asArrayRef())
        os << "  " << node << " -> "
           << quote("state " + cast<StringAttr>(group.getMembers()[index]).str())
           << " [penwidth=2.5, color=\"#c07a1a\", label="
           << quote(relation.getExact() ? "exact" : "approximate") << "];\n";
    }
  }
  for (ExcludedOp op : contents.excluded)
    os << "  " << quote("param " + getPath(op.getParam()))
       << " [label=" << quote(getPath(op.getParam()) + "\n" + op.getReason().str())
       << ", style=\"rounded,dashed\", color=\"#888888\", fontcolor=\"#666666\"];\n";
  for (const std::string &path : contents.dynamic)
    os << "  " << quote("state " + path) << " [label="
       << labelState(contents, path) << ", shape=ellipse, style=dashed];\n";
  os << "}\n";
}

LogicalResult etrace::printReport(raw_ostream &os, ModelOp model, ReportFormat format) {
  FailureOr<StepGraph> graph = StepGraph::read(model);
  if (failed(graph))
    return failure();
  Contents contents(model, std::move(*graph));
  switch (format) {
  case ReportFormat::text:
    printText(os, model, contents);
    break;
  case ReportFormat::json:
    printJSON(os, model, contents);
    break;
  case ReportFormat::dot:
    printDot(os, model, contents);
    break;
  case ReportFormat::svg:
    drawModel(os, ("model " + model.getSymName()).str(), contents.graph);
    break;
  }
  return success();
}
