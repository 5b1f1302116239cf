//===- DrawingLayout.cpp - Where the parts of a picture stand -------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "DrawingLayout.h"

#include "etrace/Analysis/Report.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace etrace;

namespace {
constexpr int kLine = 16, kLetter = 7, kPadding = 12, kGapX = 80, kGapY = 22, kMargin = 30;
constexpr int kTitle = 50, kStateHeight = 30, kStateGap = 10, kLoop = 30;
using Kind = ModelPart::Kind;
} // namespace

static int measure(ArrayRef<std::string> lines) {
  size_t longest = 0;
  for (const std::string &line : lines)
    longest = std::max(longest, line.size());
  return longest * kLetter + 2 * kPadding;
}

DrawingLayout::DrawingLayout(const StepGraph &graph)
    : graph(graph), flow(ModelFlow::compute(graph)) {
  addNodes();
  findColumns();
  moveRight();
  place();
}

const Box &DrawingLayout::getBox(ModelPart part) const {
  const DrawnNode &node = nodes[getNode(part)];
  for (auto &[state, box] : node.states)
    if (part.kind == Kind::state && part.number == state)
      return box;
  return node.box;
}

void DrawingLayout::addNode(DrawnNode::Kind kind, ModelPart part, std::vector<std::string> lines) {
  nodeOf[part] = nodes.size();
  Box box{0, 0, measure(lines), int(lines.size()) * kLine + kPadding};
  nodes.push_back({kind, std::move(lines), box, 0, {}});
}

void DrawingLayout::addGroup(unsigned number) {
  const HiddenGroup &group = graph.groups[number];
  std::vector<std::string> lines{group.name, "positions " + joinExtents(group.positions)};
  DrawnNode node{DrawnNode::Kind::group, lines, {0, 0, measure(lines), 0}, 0, {}};
  for (unsigned state : group.members) {
    nodeOf[{Kind::state, state}] = nodes.size();
    int width = graph.step.states[state].path.size() * kLetter + 2 * kPadding;
    node.states.push_back({state, {0, 0, width, kStateHeight}});
    node.box.width = std::max(node.box.width, width + 2 * kPadding + kLoop);
  }
  node.box.height = 2 * kLine + kPadding + group.members.size() * (kStateHeight + kStateGap) +
                    kStateGap;
  nodes.push_back(std::move(node));
}

/// Excluded parameters of one primitive in one node, with the reasons.
void DrawingLayout::addExcluded() {
  std::map<unsigned, std::vector<std::string>> lines;
  std::map<unsigned, llvm::SetVector<StringRef>> reasons;
  for (auto [number, excluded] : llvm::enumerate(graph.excluded)) {
    unsigned part = flow.excludedParts[number];
    lines[part].push_back(excluded.path);
    StringRef reason = excluded.reason;
    reason.consume_front("relation-excluded-");
    reasons[part].insert(reason);
  }
  for (auto &[part, names] : lines) {
    for (StringRef reason : reasons[part])
      names.push_back(reason.str());
    addNode(DrawnNode::Kind::excluded, {Kind::excluded, part}, std::move(names));
  }
}

void DrawingLayout::addNodes() {
  for (auto [number, input] : llvm::enumerate(graph.step.inputs))
    addNode(DrawnNode::Kind::input, {Kind::input, unsigned(number)}, {input.name});
  for (auto [number, relation] : llvm::enumerate(graph.relations)) {
    std::vector<std::string> lines;
    for (const WeightLeaf &leaf : relation.leaves)
      lines.push_back(llvm::join(leaf.params, " and "));
    ETPOpInterface primitive = relation.primitive;
    lines.push_back(primitive.getPrimitiveId().str());
    lines.push_back(relation.exact ? "exact" : "approximate");
    addNode(DrawnNode::Kind::relation, {Kind::relation, unsigned(number)}, std::move(lines));
  }
  addExcluded();
  for (unsigned number = 0; number < graph.groups.size(); ++number)
    addGroup(number);
  for (auto [number, state] : llvm::enumerate(graph.step.states))
    if (!nodeOf.count({Kind::state, unsigned(number)}))
      addNode(DrawnNode::Kind::plain, {Kind::state, unsigned(number)}, {state.path});
  for (auto [number, output] : llvm::enumerate(graph.step.outputs))
    addNode(DrawnNode::Kind::output, {Kind::output, unsigned(number)}, {output.name});
}

/// The longest path along values of this step. Groups that exchange values within a step make
/// cycles: so at most as many rounds as there are nodes.
void DrawingLayout::findColumns() {
  for (size_t round = 0; round < nodes.size(); ++round) {
    bool changed = false;
    for (const FlowEdge &edge : flow.edges) {
      unsigned from = getNode(edge.from), to = getNode(edge.to);
      if (edge.isCarried || from == to || nodes[to].column > nodes[from].column)
        continue;
      if (nodes[from].column + 1 >= int(nodes.size()))
        continue;
      nodes[to].column = nodes[from].column + 1;
      changed = true;
    }
    if (!changed)
      break;
  }
}

/// Outputs stand to the right; what is neither an input nor a group, in front of its first reader.
void DrawingLayout::moveRight() {
  int last = 0;
  for (const DrawnNode &node : nodes)
    last = std::max(last, node.column + (node.kind != DrawnNode::Kind::output));
  std::vector<unsigned> order;
  for (auto [number, node] : llvm::enumerate(nodes)) {
    if (node.kind == DrawnNode::Kind::output)
      node.column = last;
    else if (node.kind != DrawnNode::Kind::input && node.kind != DrawnNode::Kind::group)
      order.push_back(number);
  }
  llvm::sort(order, [&](unsigned a, unsigned b) {
    return std::pair(-nodes[a].column, a) < std::pair(-nodes[b].column, b);
  });
  for (unsigned number : order) {
    int first = last + 1;
    for (const FlowEdge &edge : flow.edges)
      if (getNode(edge.from) == number && getNode(edge.to) != number && !edge.isCarried)
        first = std::min(first, nodes[getNode(edge.to)].column);
    if (first <= last)
      nodes[number].column = std::max(nodes[number].column, first - 1);
  }
}

int DrawingLayout::getHeight(ArrayRef<unsigned> column) const {
  int total = -kGapY;
  for (unsigned number : column)
    total += nodes[number].box.height + kGapY;
  return total;
}

/// The mean height of what a node reads from columns to its left.
int DrawingLayout::getRank(unsigned number) const {
  int sum = 0, count = 0;
  for (const FlowEdge &edge : flow.edges) {
    const DrawnNode &from = nodes[getNode(edge.from)];
    if (getNode(edge.to) != number || from.column >= nodes[number].column)
      continue;
    sum += from.box.middleY();
    ++count;
  }
  return count ? sum / count : 0;
}

void DrawingLayout::placeStates(DrawnNode &group) {
  int top = group.box.y + 2 * kLine + kPadding;
  for (auto &[state, box] : group.states) {
    box.x = group.box.x + kPadding;
    box.y = top;
    top += kStateHeight + kStateGap;
  }
}

/// Stacks the nodes of a column about the middle; returns its width.
int DrawingLayout::placeColumn(MutableArrayRef<unsigned> column, int x, int tallest) {
  llvm::sort(column, [&](unsigned a, unsigned b) {
    return std::pair(getRank(a), a) < std::pair(getRank(b), b);
  });
  int y = kTitle + (tallest - getHeight(column)) / 2, widest = 0;
  for (unsigned number : column)
    widest = std::max(widest, nodes[number].box.width);
  for (unsigned number : column) {
    Box &box = nodes[number].box;
    box.x = x + (widest - box.width) / 2;
    box.y = y;
    y += box.height + kGapY;
    placeStates(nodes[number]);
  }
  return widest;
}

void DrawingLayout::place() {
  std::map<int, std::vector<unsigned>> columns;
  for (auto [number, node] : llvm::enumerate(nodes))
    columns[node.column].push_back(number);
  int tallest = 0;
  for (auto &[column, members] : columns)
    tallest = std::max(tallest, getHeight(members));
  int x = kMargin;
  for (auto &[column, members] : columns)
    x += placeColumn(members, x, tallest) + kGapX;
  width = x - kGapX + kMargin;
  height = kTitle + tallest + kMargin;
}
