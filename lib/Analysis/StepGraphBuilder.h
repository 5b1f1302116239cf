//===- StepGraphBuilder.h - The analysis behind StepGraph -------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_LIB_ANALYSIS_STEPGRAPHBUILDER_H
#define ETRACE_LIB_ANALYSIS_STEPGRAPHBUILDER_H

#include "etrace/Analysis/StepGraph.h"

#include <map>

namespace etrace {

/// Values that depend on `from` along uses; `stop` ends the walk behind a value or at
/// an operation.
llvm::DenseSet<mlir::Value> forwardSlice(mlir::Block &body, llvm::ArrayRef<mlir::Value> from,
                                         llvm::function_ref<bool(mlir::Operation *)> stopAt,
                                         llvm::function_ref<bool(mlir::Value)> stopBehind);

/// The operations between the result of a primitive and the members that it reaches, in
/// program order. The way crosses no other primitive and no group but `groups`.
llvm::SmallVector<mlir::Operation *> traceTail(const StepGraph &graph, ETPOpInterface primitive,
                                               const RelationTarget &target,
                                               llvm::ArrayRef<unsigned> groups);

/// What a reason why a parameter has no trace means for learning, and the way out if there is one:
/// the end of a sentence whose subject is the weight.
llvm::StringRef explainExclusion(llvm::StringRef reason);

/// Fills a StepGraph: recurrence and groups first, then relations, then what is left over.
class StepGraphBuilder {
public:
  StepGraphBuilder(ModelOp model, StepGraph &graph) : model(model), graph(graph) {}

  void findRecurrence();
  llvm::LogicalResult findGroups();
  llvm::LogicalResult findRelations();
  void findExcluded();

private:
  llvm::LogicalResult findRelation(ETPOpInterface primitive);
  /// The groups and members that y reaches; `obstacle` names a state that it reaches
  /// by a path along which positions mix.
  llvm::LogicalResult findTargets(WeightRelation &relation, std::string &obstacle);
  llvm::SetVector<unsigned> findDirectGroups(mlir::Value y) const;
  bool failsShapeFilter(const WeightRelation &relation, const RelationTarget &target);
  void judge(WeightRelation &relation);
  void exclude(const WeightRelation &relation, llvm::StringRef obstacle);
  void reportCuts(const CarriedState &source, const TransitionCut &cut);
  std::string nameMembers(const HiddenGroup &group) const;
  void decide(Decision::Level level, std::string id, std::string text, mlir::Location loc);

  ModelOp model;
  StepGraph &graph;
  std::map<unsigned, TransitionCut> cuts;
  std::vector<ExcludedParameter> candidates;
};

} // namespace etrace

#endif // ETRACE_LIB_ANALYSIS_STEPGRAPHBUILDER_H
