//===- StepGraph.h - Groups, relations, excluded parameters -----*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_ANALYSIS_STEPGRAPH_H
#define ETRACE_ANALYSIS_STEPGRAPH_H

#include "etrace/Analysis/PositionAnalysis.h"
#include "etrace/Analysis/Recurrence.h"
#include "etrace/Analysis/StepView.h"
#include "etrace/Analysis/TangentProgram.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

#include <vector>

namespace etrace {

/// An operation that stops credit on its way through the transition, and why.
enum class CutReason { primitive, product, mixing };

/// The transition h_{t-1} -> h_t of the learning rules D-RTRL and pp-prop: cut first
/// at every ETP primitive and every matrix product or convolution that reads a
/// hidden-derived value; where positions still mix, the mixing operations are cut too.
/// What remains is position-diagonal, so D is exact for it.
class TransitionCut {
public:
  /// Looks at the edges from the state `source` of a step. `targets` are the states
  /// whose new values are asked for.
  static llvm::FailureOr<TransitionCut> compute(const StepView &step, const CarriedState &source);

  /// The edges that remain, by index into `step.states`.
  llvm::SmallVector<bool> reaches;
  /// What was cut, in program order.
  llvm::MapVector<mlir::Operation *, CutReason> cuts;

  /// Options for a linearisation of the same block.
  LinearizeOptions getOptions() const;
};

/// True for an ETP primitive that stops credit (all but transparent ones).
bool isOpaquePrimitive(mlir::Operation *op);

struct HiddenGroup {
  /// Indices into `StepView::states`, in order of first access.
  llvm::SmallVector<unsigned> members;
  llvm::SmallVector<int64_t> positions;
  /// (a, b): h_{t-1}[b] reaches h_t[a] position by position.
  llvm::SmallVector<std::pair<unsigned, unsigned>> edges;
  std::string name;
};

/// A trainable operand of a primitive and the parameters behind it.
struct WeightLeaf {
  mlir::OpOperand *operand;
  std::string name;
  llvm::SmallVector<std::string> params;
  /// Operations between the parameters and the operand, in program order.
  llvm::SmallVector<mlir::Operation *> chain;
};

struct RelationTarget {
  unsigned group;
  /// Member numbers that y reaches.
  llvm::SmallVector<unsigned> reach;
  /// Position of a hidden state -> position of y that it reads (a projection). Null if
  /// a position reads several positions of y, but each of these is read by one position
  /// only (the gates of a fused product): then `pieces` says where.
  mlir::AffineMap positionToOutput;
  /// One piece for each shift, their boxes in y disjoint.
  llvm::SmallVector<PositionPiece> pieces;
  /// Operations between the result of the primitive and these members, in program order.
  llvm::SmallVector<mlir::Operation *> tail;
};

struct WeightRelation {
  ETPOpInterface primitive;
  std::vector<WeightLeaf> leaves;
  std::vector<RelationTarget> targets;
  RelationKind kind = RelationKind::direct;
  bool exact = true;
  std::string reason;
  std::string name;
};

struct ExcludedParameter {
  std::string path;
  /// A diagnostic id, such as "relation-excluded-non-temporal".
  std::string reason;
  mlir::Operation *use;
};

/// A remark-worthy decision.
struct Decision {
  /// Credit is carried; credit is lost; a slip, perhaps, that loses none; a fact.
  enum class Level { passed, missed, doubtful, analysis } level;
  std::string id;
  std::string text;
  mlir::Location loc;
  /// Worth a look: credit is lost, or something is declared in vain.
  bool isWarning() const { return level == Level::missed || level == Level::doubtful; }
};

/// "passed", "missed", ...
llvm::StringRef stringifyLevel(Decision::Level level);

/// The ids that decisions have.
llvm::ArrayRef<llvm::StringLiteral> getDecisionKinds();

/// Everything the analysis finds about a step.
class StepGraph {
public:
  /// Runs the analysis. Fails with a located error.
  static llvm::FailureOr<StepGraph> compute(ModelOp model);
  /// Reads groups, relations and exclusions from the IR; finds the primitives by id.
  static llvm::FailureOr<StepGraph> read(ModelOp model);

  StepView step;
  std::vector<StateAccess> accesses;
  std::vector<HiddenGroup> groups;
  std::vector<WeightRelation> relations;
  std::vector<ExcludedParameter> excluded;
  std::vector<Decision> decisions;

  /// The group that holds a state, or -1.
  int findGroup(unsigned state) const;
};

/// The symbol of a function that `etrace-outline-graph` makes of a group or relation:
/// "model.group0.transition".
std::string getPartSymbol(ModelOp model, llvm::StringRef name, llvm::StringRef part);

/// Which members of the given groups the result of a primitive reaches without crossing
/// another primitive or another group. A group to which the path mixes positions is left
/// out; `obstacle` then names the state.
llvm::FailureOr<std::vector<RelationTarget>>
computeTargets(const StepGraph &graph, ETPOpInterface primitive, llvm::ArrayRef<unsigned> groups,
               std::string &obstacle);

/// The parameters and operations behind a trainable operand. Fails with a located
/// error if the operand also depends on inputs or states.
llvm::FailureOr<WeightLeaf> traceLeaf(const StepView &step, ETPOpInterface primitive,
                                      mlir::OpOperand &operand);

} // namespace etrace

#endif // ETRACE_ANALYSIS_STEPGRAPH_H
