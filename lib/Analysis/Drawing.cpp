//===- Drawing.cpp - A picture of a model ---------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/Analysis/Drawing.h"

#include "DrawingLayout.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace etrace;

namespace {
/// How a kind of node looks.
struct Style {
  const char *fill, *stroke, *text;
  bool isDashed, isRound;
};

/// How a kind of line looks.
struct Pen {
  const char *color;
  double width;
  bool isDashed;
};

constexpr Pen kFlow{"#8a8f98", 1.2, false}, kTrained{"#c07a1a", 3.2, false},
    kRecurrent{"#3b6ea5", 1.8, false}, kCarried{"#8a8f98", 1.2, true};
constexpr int kLegendHeight = 40, kLegendStep = 205;

class Drawing {
public:
  Drawing(raw_ostream &os, const StepGraph &graph) : os(os), layout(graph) {}
  void run(StringRef title);

private:
  void drawText(int x, int y, StringRef text, StringRef anchor, StringRef color, bool isBold = false);
  void drawBox(const Box &box, const Style &style);
  void drawNode(const DrawnNode &node);
  /// From the right of one box to the left of another, or under both if that lies behind.
  void drawLine(const Box &from, const Box &to, const Pen &pen);
  /// From one state of a group to another, or to itself, along the right side of the group.
  void drawArc(const Box &from, const Box &to);
  void drawPath(const Twine &path, const Pen &pen);
  void drawEdges();
  void drawRecurrence(const HiddenGroup &group);
  void drawLegend();

  raw_ostream &os;
  DrawingLayout layout;
};
} // namespace

static Style getStyle(DrawnNode::Kind kind) {
  switch (kind) {
  case DrawnNode::Kind::relation:
    return {"#fdf3e1", "#c07a1a", "#5b3a08", false, false};
  case DrawnNode::Kind::excluded:
    return {"#ffffff", "#888888", "#666666", true, false};
  case DrawnNode::Kind::group:
    return {"#e8f0f8", "#3b6ea5", "#1f3d5c", false, false};
  case DrawnNode::Kind::plain:
    return {"#ffffff", "#3b6ea5", "#1f3d5c", true, true};
  case DrawnNode::Kind::input:
  case DrawnNode::Kind::output:
    return {"#f2f2f2", "#777777", "#333333", false, true};
  }
  llvm_unreachable("unknown kind of node");
}

static std::string escape(StringRef text) {
  std::string escaped;
  llvm::raw_string_ostream stream(escaped);
  llvm::printHTMLEscaped(text, stream);
  return escaped;
}

void Drawing::drawText(int x, int y, StringRef text, StringRef anchor, StringRef color,
                       bool isBold) {
  os << "<text x=\"" << x << "\" y=\"" << y << "\" text-anchor=\"" << anchor << "\" fill=\""
     << color << "\"" << (isBold ? " font-weight=\"bold\"" : "") << ">" << escape(text)
     << "</text>\n";
}

void Drawing::drawBox(const Box &box, const Style &style) {
  os << "<rect x=\"" << box.x << "\" y=\"" << box.y << "\" width=\"" << box.width << "\" height=\""
     << box.height << "\" rx=\"" << (style.isRound ? box.height / 2 : 8) << "\" fill=\""
     << style.fill << "\" stroke=\"" << style.stroke << "\" stroke-width=\"1.4\""
     << (style.isDashed ? " stroke-dasharray=\"5 4\"" : "") << "/>\n";
}

void Drawing::drawNode(const DrawnNode &node) {
  Style style = getStyle(node.kind);
  drawBox(node.box, style);
  int y = node.box.y + 18;
  for (auto [number, line] : llvm::enumerate(node.lines)) {
    drawText(node.box.middleX(), y, line, "middle", style.text, number == 0);
    y += 16;
  }
  for (auto &[state, box] : node.states) {
    drawBox(box, {"#ffffff", style.stroke, style.text, false, true});
    drawText(box.middleX(), box.middleY() + 4, layout.graph.step.states[state].path, "middle",
             style.text);
  }
}

void Drawing::drawPath(const Twine &path, const Pen &pen) {
  os << "<path d=\"" << path << "\" fill=\"none\" stroke=\"" << pen.color << "\" stroke-width=\""
     << llvm::formatv("{0:F1}", pen.width) << "\""
     << (pen.isDashed ? " stroke-dasharray=\"5 4\"" : "") << " marker-end=\"url(#arrow-"
     << (pen.color + 1) << ")\"/>\n";
}

void Drawing::drawLine(const Box &from, const Box &to, const Pen &pen) {
  if (to.x > from.right()) {
    int bend = std::max(20, (to.x - from.right()) / 2);
    drawPath("M" + Twine(from.right()) + " " + Twine(from.middleY()) + " C" +
                 Twine(from.right() + bend) + " " + Twine(from.middleY()) + " " +
                 Twine(to.x - bend) + " " + Twine(to.middleY()) + " " + Twine(to.x - 2) + " " +
                 Twine(to.middleY()),
             pen);
    return;
  }
  int depth = std::max(from.bottom(), to.bottom()) + 28;
  drawPath("M" + Twine(from.middleX()) + " " + Twine(from.bottom()) + " C" +
               Twine(from.middleX()) + " " + Twine(depth) + " " + Twine(to.middleX()) + " " +
               Twine(depth) + " " + Twine(to.middleX()) + " " + Twine(to.bottom() + 2),
           pen);
}

void Drawing::drawArc(const Box &from, const Box &to) {
  int start = from.middleY() - 6, end = to.middleY() + 6;
  int x = std::max(from.right(), to.right()) + 26;
  drawPath("M" + Twine(from.right()) + " " + Twine(start) + " C" + Twine(x) + " " + Twine(start) +
               " " + Twine(x) + " " + Twine(end) + " " + Twine(to.right() + 2) + " " + Twine(end),
           kRecurrent);
}

void Drawing::drawRecurrence(const HiddenGroup &group) {
  for (auto [to, from] : group.edges)
    drawArc(layout.getBox({ModelPart::Kind::state, group.members[from]}),
            layout.getBox({ModelPart::Kind::state, group.members[to]}));
}

void Drawing::drawEdges() {
  for (const FlowEdge &edge : layout.flow.edges) {
    // What states of one group exchange is the group's recurrence, what a relation reaches below.
    bool isReach = edge.from.kind == ModelPart::Kind::relation &&
                   edge.to.kind == ModelPart::Kind::state;
    if (!isReach && layout.getNode(edge.from) != layout.getNode(edge.to))
      drawLine(layout.getBox(edge.from), layout.getBox(edge.to),
               edge.isCarried ? kCarried : kFlow);
  }
  for (auto [number, relation] : llvm::enumerate(layout.graph.relations))
    for (const RelationTarget &target : relation.targets)
      for (unsigned member : target.reach)
        drawLine(layout.getBox({ModelPart::Kind::relation, unsigned(number)}),
                 layout.getBox({ModelPart::Kind::state,
                                layout.graph.groups[target.group].members[member]}),
                 kTrained);
}

void Drawing::drawLegend() {
  std::pair<Pen, StringRef> entries[] = {{kTrained, "learns by its trace"},
                                         {kRecurrent, "recurs by position (D)"},
                                         {kFlow, "flows within a step"},
                                         {kCarried, "flows from the last step"}};
  int x = 30, y = layout.height + kLegendHeight / 2;
  for (auto &[pen, text] : entries) {
    drawPath("M" + Twine(x) + " " + Twine(y) + " L" + Twine(x + 34) + " " + Twine(y), pen);
    drawText(x + 44, y + 4, text, "start", "#333333");
    x += kLegendStep;
  }
  Box box{x, y - 9, 34, 18};
  drawBox(box, getStyle(DrawnNode::Kind::excluded));
  drawText(x + 44, y + 4, "no trace: instantaneous gradient", "start", "#333333");
}

void Drawing::run(StringRef title) {
  int width = std::max(layout.width, 4 * kLegendStep + 310), height = layout.height + kLegendHeight;
  os << "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" << width << "\" height=\"" << height
     << "\" viewBox=\"0 0 " << width << " " << height
     << "\" font-family=\"Helvetica, Arial, sans-serif\" font-size=\"12\">\n<defs>\n";
  for (const char *color : {kFlow.color, kTrained.color, kRecurrent.color})
    os << "<marker id=\"arrow-" << (color + 1)
       << "\" viewBox=\"0 0 10 10\" refX=\"8\" refY=\"5\" markerWidth=\"9\" markerHeight=\"9\" "
          "markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path d=\"M0 0 L10 5 L0 10 z\" fill=\""
       << color << "\"/></marker>\n";
  os << "</defs>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n";
  drawText(30, 28, title, "start", "#222222", true);
  // Lines end at states, in front of the boxes of groups and behind all others.
  for (const DrawnNode &node : layout.nodes)
    if (node.kind == DrawnNode::Kind::group)
      drawNode(node);
  drawEdges();
  for (const DrawnNode &node : layout.nodes)
    if (node.kind != DrawnNode::Kind::group)
      drawNode(node);
  for (const HiddenGroup &group : layout.graph.groups)
    drawRecurrence(group);
  drawLegend();
  os << "</svg>\n";
}

void etrace::drawModel(raw_ostream &os, StringRef title, const StepGraph &graph) {
  Drawing(os, graph).run(title);
}
