//===- DrawingLayout.h - Where the parts of a picture stand -----*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_LIB_ANALYSIS_DRAWINGLAYOUT_H
#define ETRACE_LIB_ANALYSIS_DRAWINGLAYOUT_H

#include "etrace/Analysis/ModelFlow.h"

#include <map>

namespace etrace {

/// A rectangle of a picture, in pixels.
struct Box {
  int x = 0, y = 0, width = 0, height = 0;
  int right() const { return x + width; }
  int bottom() const { return y + height; }
  int middleX() const { return x + width / 2; }
  int middleY() const { return y + height / 2; }
};

/// A box with lines of text: a part of the model, or a group around its states.
struct DrawnNode {
  enum class Kind { input, relation, excluded, group, plain, output } kind;
  std::vector<std::string> lines;
  Box box;
  /// 0 is leftmost.
  int column = 0;
  /// The states of a group, and their boxes.
  std::vector<std::pair<unsigned, Box>> states;
};

/// The nodes of a picture and the flow between them, in columns: who reads another one's value of
/// this step stands to its right.
class DrawingLayout {
public:
  DrawingLayout(const StepGraph &graph);

  const StepGraph &graph;
  ModelFlow flow;
  std::vector<DrawnNode> nodes;
  int width = 0, height = 0;

  unsigned getNode(ModelPart part) const { return nodeOf.at(part); }
  /// The box at which lines to a part end.
  const Box &getBox(ModelPart part) const;

private:
  void addNodes();
  void addNode(DrawnNode::Kind kind, ModelPart part, std::vector<std::string> lines);
  void addExcluded();
  void addGroup(unsigned number);
  void findColumns();
  void moveRight();
  int getHeight(llvm::ArrayRef<unsigned> column) const;
  int getRank(unsigned node) const;
  static void placeStates(DrawnNode &group);
  int placeColumn(llvm::MutableArrayRef<unsigned> column, int x, int tallest);
  void place();

  std::map<ModelPart, unsigned> nodeOf;
};

} // namespace etrace

#endif // ETRACE_LIB_ANALYSIS_DRAWINGLAYOUT_H
