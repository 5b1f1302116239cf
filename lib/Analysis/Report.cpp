//===- Report.cpp - The graph of a model for people -----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "ReportContents.h"
#include "StepGraphBuilder.h"
#include "etrace/Analysis/Drawing.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace etrace;

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

/// " 12:10", if there is a place.
static void printPlace(raw_ostream &os, Location loc) {
  if (auto file = loc->findInstanceOf<FileLineColLoc>())
    os << " " << file.getLine() << ":" << file.getColumn();
}

/// "math.absf 12:10, linalg.transpose 13:10"
static void printOperations(raw_ostream &os, ArrayRef<Operation *> ops) {
  if (ops.empty())
    os << "directly";
  llvm::interleaveComma(ops, os, [&](Operation *op) {
    os << op->getName();
    printPlace(os, op->getLoc());
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

static void printRelationText(raw_ostream &os, const ReportContents &contents, RelationOp relation,
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
static void printTotals(raw_ostream &os, ModelOp model, const ReportContents &contents) {
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

static void printExcluded(raw_ostream &os, const ReportContents &contents) {
  os << "\n\nThe non-etrace weight parameters are:\n\n";
  llvm::SetVector<StringRef> reasons;
  for (auto [number, excluded] : llvm::enumerate(contents.excluded)) {
    os << "   Weight " << number << ": " << getPath(excluded.getParam())
       << "  (excluded: " << excluded.getReason() << ")\n";
    if (!explainExclusion(excluded.getReason()).empty())
      reasons.insert(excluded.getReason());
  }
  for (StringRef reason : reasons)
    os << (reason == reasons.front() ? "\n" : "") << "   " << reason << ": "
       << explainExclusion(reason) << "\n";
}

/// "state: tree state, 4 states: I1 5, I2 5, V 5, syn.g 3", positions behind each name.
static void printContainers(raw_ostream &os, const ReportContents &contents) {
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

static void printCounts(raw_ostream &os, const ReportContents &contents) {
  auto count = [&](unsigned number, StringRef what) {
    os << number << " " << what << (number == 1 ? "" : "s");
  };
  os << "\n\nIn all ";
  count(contents.groups.size(), "hidden group");
  os << ", ";
  count(contents.countWeights(), "weight");
  os << " with a trace and " << contents.excluded.size() << " without, ";
  count(llvm::count_if(contents.decisions, [](auto &d) { return d.isWarning(); }), "warning");
  os << ".\n";
}

/// The decisions that lose credit or look like a slip, in the order in which they were made.
static void printWarnings(raw_ostream &os, const ReportContents &contents) {
  bool isFirst = true;
  for (const Decision &decision : contents.decisions) {
    if (!decision.isWarning())
      continue;
    os << (isFirst ? "\n\nCompiler diagnostics (warnings):\n\n" : "") << "   [" << decision.id
       << "]";
    printPlace(os, decision.loc);
    os << ": " << decision.text << "\n";
    isFirst = false;
  }
}

static void printText(raw_ostream &os, ModelOp model, const ReportContents &contents,
                      unsigned level) {
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
  printCounts(os, contents);
  if (level > 1)
    printWarnings(os, contents);
  os << "\n";
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
static std::string labelState(const ReportContents &contents, StringRef path) {
  StringRef remark = contents.getRemark(path);
  return quote(remark.empty() ? path.str() : (path + "\n" + remark).str());
}

/// Groups are boxes around their states, ETP edges thick, excluded weights dashed.
static void printDot(raw_ostream &os, ModelOp model, const ReportContents &contents) {
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

LogicalResult etrace::printReport(raw_ostream &os, ModelOp model, ReportFormat format,
                                  unsigned level) {
  FailureOr<StepGraph> graph = StepGraph::read(model);
  if (failed(graph))
    return failure();
  // What is in the IR may have been written by hand; what the analysis says of it is not.
  FailureOr<StepGraph> computed = StepGraph::compute(model);
  if (failed(computed))
    return failure();
  ReportContents contents(model, std::move(*graph), std::move(computed->decisions));
  switch (format) {
  case ReportFormat::text:
    printText(os, model, contents, level);
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
