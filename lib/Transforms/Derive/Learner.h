//===- Learner.h - Building blocks of a derived learner ---------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_LIB_TRANSFORMS_DERIVE_LEARNER_H
#define ETRACE_LIB_TRANSFORMS_DERIVE_LEARNER_H

#include "etrace/Analysis/TraceDomain.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/MapVector.h"

#include <map>

namespace etrace {

/// What a step's gradient is taken over: `singleStep` contracts the new trace with
/// dL_t/dh_t; `one` is exact reverse mode inside the step, the old trace at its entry.
enum class Window { singleStep, one };
/// Whether each group that a primitive reaches takes its own share of y.
inline bool stopsAtTargets(Window window, bool compat) {
  return window == Window::singleStep && !compat;
}
/// `single-step` or `1`; an error at the model otherwise.
llvm::FailureOr<Window> parseWindow(ModelOp model, llvm::StringRef text);

struct DeriveOptions {
  std::string rule;
  double decay;
  Window window;
  bool compat;
  /// Leave out traces that follow from others.
  bool minimalSlots;
  bool queries;
  std::string optimizer;
};

/// Storage of the learner, by symbol, in order of declaration.
struct BufferDeclaration {
  std::string symbol;
  BufferKind kind;
  std::string path;
  mlir::RankedTensorType type;
  mlir::Attribute init;
};

/// The traces of a rule: their declarations and, while a function is built, their
/// current values.
class TraceStore {
public:
  /// Declares a trace (zero at reset) or a counter (kept with the traces).
  void declare(BufferKind kind, const std::string &path, mlir::RankedTensorType type);
  mlir::Value get(const std::string &path) const { return values.lookup(path); }
  void set(const std::string &path, mlir::Value value) { values[path] = value; }

  std::vector<BufferDeclaration> declarations;

private:
  llvm::StringMap<mlir::Value> values;
};

/// D[a][b] of a group and the signal of the step; null values are zeros.
struct GroupQuantities {
  llvm::SmallVector<llvm::SmallVector<mlir::Value>> jacobian;
  llvm::SmallVector<mlir::Value> signal;
};

/// One leaf of a relation in one group.
struct LeafSite {
  const WeightRelation *relation;
  const WeightLeaf *leaf;
  unsigned group;
  TraceDomain domain;
  /// x in y = sum x w; null: 1. See `buildMultiplicand`.
  mlir::Value multiplicand;
  /// f[a] = dh_t[p, a] / dy_t, of position shape (or of y's shape, see `lifted`); null: 0.
  llvm::SmallVector<mlir::Value> f;
  /// Which members have a trace: those that y reaches, closed under D, but for those whose trace
  /// follows from another's.
  llvm::SmallVector<bool> slots;
  /// dL/dy through everything the trace does not carry; null: none, or added elsewhere.
  mlir::Value direct;
  /// Number of the accumulator that the contraction is added to.
  unsigned gradient;
  /// "relation0/weight/group0".
  std::string name;
};

/// Everything that a rule needs of one step.
struct StepQuantities {
  /// D and the signal as the trace of a site has them: where it lives (at the positions of its
  /// group, or of y where a position reads several of these), and between its slots.
  const GroupQuantities &at(const LeafSite &site) const {
    auto it = ofSites.find({site.relation, site.group});
    return it == ofSites.end() ? groups[site.group] : it->second;
  }
  /// Those that are not the group's.
  std::map<std::pair<const WeightRelation *, unsigned>, GroupQuantities> ofSites;
  std::vector<GroupQuantities> groups;
  std::vector<LeafSite> sites;
  /// Gradient accumulators in operand space; empty when only traces are updated.
  llvm::SmallVector<mlir::Value> gradients;
  bool hasGradients() const { return !gradients.empty(); }
};

/// A learning rule: a factorisation of the trace.
class TraceRule {
public:
  virtual ~TraceRule() = default;
  /// Declares the storage of the rule.
  virtual void declareTraces(const StepQuantities &step, TraceStore &traces) = 0;
  /// Emits the update of all traces of one step and, if the step has gradients, adds
  /// their contraction with the signals.
  virtual void buildUpdate(mlir::OpBuilder &builder, mlir::Location loc, StepQuantities &step,
                           TraceStore &traces) = 0;
};

std::unique_ptr<TraceRule> createDRTRL(const DeriveOptions &options);
std::unique_ptr<TraceRule> createPPProp(const DeriveOptions &options);
/// Null if there is no such rule.
std::unique_ptr<TraceRule> createTraceRule(const DeriveOptions &options);
/// The names of all rules, for messages.
llvm::ArrayRef<llvm::StringLiteral> getRuleNames();

//===----------------------------------------------------------------------===//
// Building IR
//===----------------------------------------------------------------------===//

/// `value`, given at hidden positions, at the positions of y that these read; 0 elsewhere.
mlir::Value liftToOutput(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value,
                         mlir::RankedTensorType output, llvm::ArrayRef<PositionPiece> pieces);

/// What multiplies a leaf where `domain.multiplicand` reads it; null if that is 1.
mlir::Value selectMultiplicand(mlir::OpBuilder &builder, mlir::Location loc,
                               ETPOpInterface primitive, mlir::OpOperand &leaf,
                               const TraceDomain &domain);

/// `value`, the multiplicand x of a site or its trace, as `domain.multiplicand` indexes it; null
/// if the site has none.
mlir::Value buildMultiplicand(mlir::OpBuilder &builder, mlir::Location loc, const LeafSite &site,
                              mlir::Value value);

/// Emits G[leaf] += sum x * delta[y] for one leaf and returns the new G.
mlir::Value buildDirectGradient(mlir::OpBuilder &builder, mlir::Location loc,
                                ETPOpInterface primitive, mlir::OpOperand &leaf, mlir::Value delta,
                                mlir::Value gradient);

/// Scalar arithmetic inside a linalg body; products and sums may be contracted.
struct BodyArithmetic {
  mlir::OpBuilder &builder;
  mlir::Location loc;
  /// Null operands are zeros in `add` and ones in `mul`.
  mlir::Value add(mlir::Value a, mlir::Value b) const;
  mlir::Value mul(mlir::Value a, mlir::Value b) const;
};

/// Collects operands of a linalg.generic under construction and finds their block
/// arguments again.
class GenericBuilder {
public:
  GenericBuilder(mlir::OpBuilder &builder, mlir::Location loc, unsigned dims)
      : builder(builder), loc(loc), dims(dims) {}
  /// Adds an input (null is ignored); returns its number, or -1.
  int input(mlir::Value value, const Access &access);
  int output(mlir::Value value, mlir::AffineMap map);
  /// Builds the operation. Dimensions absent from `parallelMap` are reductions. `body`
  /// gets a function from numbers to block arguments (null for -1) and returns the
  /// values to yield.
  using Lookup = llvm::function_ref<mlir::Value(int)>;
  llvm::SmallVector<mlir::Value>
  build(mlir::AffineMap parallelMap,
        llvm::function_ref<llvm::SmallVector<mlir::Value>(const BodyArithmetic &, Lookup in,
                                                          Lookup out)>
            body);

private:
  mlir::OpBuilder &builder;
  mlir::Location loc;
  unsigned dims;
  llvm::SmallVector<mlir::Value> inputs, outputs;
  llvm::SmallVector<mlir::AffineMap> inputMaps, outputMaps;
};

} // namespace etrace

#endif // ETRACE_LIB_TRANSFORMS_DERIVE_LEARNER_H
