//===- LearnerBuilder.h - From a model to the functions of a learner ------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_LIB_TRANSFORMS_DERIVE_LEARNERBUILDER_H
#define ETRACE_LIB_TRANSFORMS_DERIVE_LEARNERBUILDER_H

#include "BufferEntries.h"
#include "Learner.h"
#include "etrace/Analysis/TraceSlots.h"

namespace etrace {

/// A function whose body uses values of another function; `close` turns them into
/// arguments.
class OpenFunction {
public:
  OpenFunction(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef name);
  mlir::Value addArgument(mlir::Type type);
  void addResult(mlir::Value value) { results.push_back(value); }
  mlir::OpBuilder getBuilder() { return mlir::OpBuilder::atBlockEnd(block); }
  /// Makes arguments of all values defined outside (constants are copied), adds the
  /// return. The captured values come first, in the order of `captured`.
  void close();

  mlir::func::FuncOp function;
  llvm::SmallVector<mlir::Value> captured;

private:
  mlir::Block *block;
  llvm::SmallVector<mlir::Value> results;
};

/// The arguments of a loss that are targets: those behind the outputs of the step. None without a
/// loss.
llvm::SmallVector<EntryValue> getTargetValues(LossOp loss, unsigned outputs);

/// The arguments of a step in functional form: "input:x", "state:h", "param:w".
llvm::SmallVector<EntryValue> getStepValues(const StepView &step);

/// Derives forward, backward, the loss gradient, and the entries of a model.
class LearnerBuilder {
public:
  LearnerBuilder(ModelOp model, StepGraph graph, DeriveOptions options,
                 std::unique_ptr<TraceRule> rule);
  llvm::LogicalResult build();
  /// Adds the parts of the graph as functions in front of the model, which loses its step
  /// (OutlineGraph.cpp).
  llvm::LogicalResult outline();
  mlir::func::FuncOp createEntry(llvm::StringRef entry, llvm::ArrayRef<EntryValue> arguments,
                                 llvm::ArrayRef<EntryValue> results);

private:
  llvm::LogicalResult verifyShapes();
  llvm::LogicalResult verifyStates();

  // Forward.cpp
  llvm::LogicalResult buildQuantities(llvm::StringRef name,
                                      llvm::function_ref<llvm::LogicalResult(mlir::OpBuilder &)>
                                          build);
  llvm::LogicalResult buildForward();
  llvm::LogicalResult findAccumulators();
  void reattachWeights();
  llvm::FailureOr<llvm::SmallVector<mlir::Value>> buildColumn(mlir::OpBuilder &side,
                                                              const HiddenGroup &group,
                                                              const CarriedState &source,
                                                              const TransitionCut &cut);
  llvm::LogicalResult buildJacobians(mlir::OpBuilder &side);
  llvm::LogicalResult buildSites(mlir::OpBuilder &side);
  llvm::FailureOr<llvm::SmallVector<mlir::Value>>
  buildTail(mlir::OpBuilder &side, const WeightRelation &relation, const RelationTarget &target);
  mlir::Value findMultiplicand(mlir::OpBuilder &side, const LeafSite &site);
  void collectQueries();
  llvm::LogicalResult declareTraces(mlir::OpBuilder &side);

  // Slots.cpp
  void findSlots(LeafSite &site);
  llvm::LogicalResult planSlots(mlir::OpBuilder &side);
  llvm::LogicalResult addMultiple(mlir::OpBuilder &side, const LeafSite &site, unsigned state,
                                  const SameStepMultiple &found);
  llvm::FailureOr<mlir::Value> buildMultiple(mlir::OpBuilder &side, const HiddenGroup &group,
                                             unsigned state, const SameStepMultiple &multiple);
  void declareMultiples(TraceStore &store) const;
  void reduceSlots(mlir::OpBuilder &builder, StepQuantities &step, TraceStore &store);
  void reportSlots(const StepQuantities &all) const;

  // FusedTail.cpp
  llvm::LogicalResult buildFusedTail(mlir::OpBuilder &side, const WeightRelation &relation,
                                     const RelationTarget &target,
                                     const LinearizeOptions &linearize,
                                     llvm::SmallVectorImpl<mlir::Value> &f);
  void liftJacobians(mlir::OpBuilder &side, const WeightRelation &relation,
                     const RelationTarget &target);
  void liftSignals(mlir::OpBuilder &builder);
  mlir::Value liftToSite(mlir::OpBuilder &builder, const LeafSite &site, mlir::Value value);

  // Backward.cpp
  llvm::LogicalResult buildBackward();
  void reportOldReads() const;
  void collectSignals();
  llvm::LogicalResult buildSignals(mlir::OpBuilder &builder, mlir::ValueRange outputCotangents);
  llvm::LogicalResult buildDirect(mlir::OpBuilder &builder, mlir::ValueRange outputCotangents);
  void assignDirect(mlir::OpBuilder &builder);
  llvm::LogicalResult pullBackChains(mlir::OpBuilder &builder);
  void addPlainGradient(mlir::OpBuilder &builder, unsigned param, mlir::Value cotangent);
  void buildUpdateTraces();
  bool hasUncarriedPath(const WeightRelation &relation) const;
  mlir::Value buildUncarried(mlir::OpBuilder &builder, const WeightRelation &relation,
                             mlir::Value delta);

  // Loss.cpp
  llvm::LogicalResult buildLossGradient();

  // Entries.cpp
  void declareBuffers();
  void buildEntries();
  void buildStep();
  void buildLearn();
  void buildAdvance();
  void buildSequence(llvm::StringRef entry, mlir::func::FuncOp step);
  void appendStepResults(mlir::func::CallOp call, llvm::SmallVectorImpl<mlir::Value> &results);

  // Optimizer.cpp
  void declareOptimizer();
  void buildApply();
  llvm::SmallVector<EntryValue> inputValues() const;
  llvm::SmallVector<EntryValue> targetValues() const;
  llvm::SmallVector<EntryValue> outputValues() const;
  llvm::SmallVector<EntryValue> stateValues() const;
  llvm::SmallVector<EntryValue> paramValues() const;
  llvm::SmallVector<EntryValue> traceValues() const;
  llvm::SmallVector<EntryValue> gradientValues() const;
  llvm::SmallVector<EntryValue> queryValues() const;
  /// Calls forward with the leading arguments of an entry, in the order of the step.
  mlir::func::CallOp callForward(mlir::OpBuilder &builder, mlir::func::FuncOp entry);
  /// What a captured value of the forward function is after a call of it.
  mlir::Value resolve(mlir::Value captured, mlir::func::CallOp forwardCall);

  // OutlineGraph.cpp
  mlir::func::FuncOp outlinePart(llvm::StringRef name, llvm::StringRef part,
                                 llvm::ArrayRef<EntryValue> more = {});
  void closePart(mlir::func::FuncOp function, llvm::ArrayRef<std::string> names,
                 mlir::ValueRange values);
  void outlineValues(llvm::StringRef name, llvm::StringRef part,
                     llvm::ArrayRef<std::string> names, llvm::ArrayRef<mlir::Value> values);
  void outlineTransition(const HiddenGroup &group);
  void outlineQueries(llvm::StringRef name, llvm::StringRef part,
                      llvm::ArrayRef<std::string> prefixes);
  void outlinePerturbed(const HiddenGroup &group);

  std::string symbol(llvm::StringRef name) const;

  ModelOp model;
  mlir::Location loc;
  mlir::MLIRContext *context;
  StepGraph graph;
  DeriveOptions options;
  std::unique_ptr<TraceRule> rule;
  mlir::OpBuilder top;
  LossOp loss;

  mlir::func::FuncOp forward;
  /// The linear programs whose residuals belong to the forward function.
  llvm::SmallVector<std::unique_ptr<TangentProgram>> programs;
  StepQuantities quantities;
  TraceStore traces;
  /// m with e[state] = m e[source], by group, state and source.
  struct TraceMultiple {
    /// Of this step, a value of the forward function.
    mlir::Value value;
    /// The name under which the traces keep it for the next step, if anything reads it there.
    std::string path;
    bool isKept = false;
  };
  using MultipleKey = std::tuple<unsigned, unsigned, unsigned>;
  std::map<MultipleKey, TraceMultiple> multiples;
  /// What the traces of a relation in a group leave out.
  std::map<std::pair<const WeightRelation *, unsigned>, llvm::SmallVector<MultipleKey>>
      siteMultiples;
  /// Values to be looked at, by path: of the forward function, and of the backward function.
  using Query = std::pair<std::string, mlir::Value>;
  llvm::SmallVector<Query> queries, signalQueries;

  /// Trainable operands of primitives that learn through an accumulator, with the
  /// value before it was detached.
  struct Accumulator {
    ETPOpInterface primitive;
    mlir::OpOperand *operand;
    mlir::Value weight;
    /// The parameter if the operand is the parameter itself, else null.
    const StepParameter *param = nullptr;
    WeightLeaf leaf;
    /// dL/dy, once the reverse pass is built.
    mlir::Value delta;
    /// The slot that takes dL/dy, and the one that takes contractions of traces: the
    /// same, but for compat, which ignores operations between parameter and operand.
    unsigned gradient = 0;
    unsigned traceGradient = 0;
  };
  std::vector<Accumulator> accumulators;
  /// Slots of gradients in operand space: one for each parameter, then one for each
  /// operand that is not a parameter itself.
  llvm::SmallVector<mlir::RankedTensorType> accumulatorTypes;
  /// dL/dparam by ordinary operations; null: none.
  llvm::SmallVector<mlir::Value> plainGradients;
  llvm::SmallVector<mlir::Value> inputCotangents;

  std::unique_ptr<OpenFunction> backward, updateTraces;
  mlir::func::FuncOp lossGradient;
};

} // namespace etrace

#endif // ETRACE_LIB_TRANSFORMS_DERIVE_LEARNERBUILDER_H
