//===- ReportContents.h - What a report shows -------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_LIB_ANALYSIS_REPORTCONTENTS_H
#define ETRACE_LIB_ANALYSIS_REPORTCONTENTS_H

#include "etrace/Analysis/Report.h"
#include "etrace/Analysis/TraceCost.h"
#include "llvm/ADT/StringSet.h"

namespace etrace {

/// The parts of a model that a report shows.
struct ReportContents {
  ReportContents(ModelOp model, StepGraph read, std::vector<Decision> decisions)
      : graph(std::move(read)), decisions(std::move(decisions)), costs(computeTraceCosts(graph)),
        states(llvm::to_vector(model.getBody().getOps<RecurrenceOp>())),
        groups(llvm::to_vector(model.getBody().getOps<GroupOp>())),
        relations(llvm::to_vector(model.getBody().getOps<RelationOp>())),
        excluded(llvm::to_vector(model.getBody().getOps<ExcludedOp>())),
        containers(llvm::to_vector(model.getBody().getOps<StateContainerOpInterface>())) {
    for (const Declaration &declaration : getDeclarations(model))
      if (declaration.role == kStateAttr)
        dynamic.push_back(declaration.path);
  }
  unsigned groupNumber(mlir::Attribute symbol) const {
    llvm::StringRef name = mlir::cast<mlir::SymbolRefAttr>(symbol).getLeafReference();
    auto it = llvm::find_if(groups, [&](GroupOp group) { return group.getSymName() == name; });
    return it - groups.begin();
  }

  /// Parameters that some relation has.
  unsigned countWeights() const {
    llvm::StringSet<> paths;
    for (const WeightRelation &relation : graph.relations)
      for (const WeightLeaf &leaf : relation.leaves)
        paths.insert_range(leaf.params);
    return paths.size();
  }

  /// The role of the state that an operation names.
  llvm::StringRef getKind(RecurrenceOp state) const {
    return llvm::is_contained(dynamic, getPath(state.getState())) ? "plain" : "hidden";
  }
  /// What is unusual about the use of a state, or nothing.
  llvm::StringRef getRemark(llvm::StringRef path) const {
    for (RecurrenceOp state : states)
      if (getPath(state.getState()) == path &&
          !(state.getRead() && state.getWritten() == StateWrite::always))
        return describeAccess(state.getRead(), state.getWritten());
    return "";
  }

  /// The same relations, in order, with their operations.
  StepGraph graph;
  /// What the analysis says of the step.
  std::vector<Decision> decisions;
  std::vector<std::optional<TraceCost>> costs;
  // Accessors of operations are not const.
  mutable llvm::SmallVector<RecurrenceOp> states;
  mutable llvm::SmallVector<GroupOp> groups;
  mutable llvm::SmallVector<RelationOp> relations;
  mutable llvm::SmallVector<ExcludedOp> excluded;
  mutable llvm::SmallVector<StateContainerOpInterface> containers;
  llvm::SmallVector<std::string> dynamic;
};

void printJSON(llvm::raw_ostream &os, ModelOp model, const ReportContents &contents);

} // namespace etrace

#endif // ETRACE_LIB_ANALYSIS_REPORTCONTENTS_H
