//===- DifferenceBuilder.h - Functions to take differences of ---*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_LIB_TRANSFORMS_DIFFERENCES_DIFFERENCEBUILDER_H
#define ETRACE_LIB_TRANSFORMS_DIFFERENCES_DIFFERENCEBUILDER_H

#include "../Derive/LearnerBuilder.h"
#include "PerturbedRun.h"

namespace etrace {

struct DifferenceOptions {
  Window window;
  bool compat;
  bool trustCustom;
};

/// An entry under construction: the step and the loss once more, and externals beside theirs.
class DifferenceEntry {
public:
  DifferenceEntry(mlir::func::FuncOp function, LossOp loss) : function(function), loss(loss) {}

  mlir::OpBuilder getBuilder() {
    return mlir::OpBuilder::atBlockEnd(&function.getBody().front());
  }
  /// Adds an external argument.
  mlir::Value addArgument(const llvm::Twine &name, mlir::Type type);
  /// Adds an external result; a scalar becomes a tensor of rank 0.
  void addResult(const llvm::Twine &name, mlir::Value value);
  /// Adds the return.
  void close();

  mlir::func::FuncOp function;
  LossOp loss;
  /// Values of step and loss in the nominal run.
  mlir::IRMapping nominal;

private:
  llvm::SmallVector<std::pair<std::string, mlir::Value>> results;
};

/// Replaces a model with its graph by entries (`etrace-build-differences`: the attribute
/// `etrace.difference` says what each is for).
class DifferenceBuilder {
public:
  DifferenceBuilder(ModelOp model, StepGraph graph, DifferenceOptions options)
      : model(model), graph(std::move(graph)), options(options), top(model),
        loss(model.getLoss()) {}
  llvm::LogicalResult build();

private:
  DifferenceEntry open(llvm::StringRef kind, mlir::Location loc,
                       llvm::ArrayRef<mlir::NamedAttribute> details);
  PerturbedRun startRun(mlir::OpBuilder &builder, DifferenceEntry &entry) const {
    return PerturbedRun(builder, entry.nominal, options.trustCustom);
  }
  mlir::ArrayAttr getMembers(const HiddenGroup &group);
  mlir::NamedAttribute name(llvm::StringRef key, mlir::Attribute value);
  mlir::Attribute text(const llvm::Twine &value) { return top.getStringAttr(value); }
  mlir::Location getDeclarationLoc(llvm::StringRef path);

  llvm::LogicalResult buildTransition(const HiddenGroup &group, unsigned member);
  llvm::LogicalResult buildTail(const WeightRelation &relation, const RelationTarget &target,
                                const PositionPiece *piece);
  llvm::LogicalResult buildInjection(const WeightRelation &relation, const RelationTarget &target);
  llvm::LogicalResult buildLoss();
  llvm::LogicalResult buildFresh(const HiddenGroup &group);
  llvm::LogicalResult addLoss(DifferenceEntry &entry,
                              llvm::ArrayRef<std::pair<mlir::Value, mlir::Value>> seeds);

  // OperationDifferences.cpp
  llvm::LogicalResult buildOperations();

  ModelOp model;
  StepGraph graph;
  DifferenceOptions options;
  mlir::OpBuilder top;
  LossOp loss;
  unsigned entries = 0;
};

} // namespace etrace

#endif // ETRACE_LIB_TRANSFORMS_DIFFERENCES_DIFFERENCEBUILDER_H
