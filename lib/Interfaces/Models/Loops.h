//===- Loops.h - Shared by the models of loops ------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_LIB_INTERFACES_MODELS_LOOPS_H
#define ETRACE_LIB_INTERFACES_MODELS_LOOPS_H

#include "Models.h"
#include "etrace/Differentiation/Regions.h"
#include "etrace/Differentiation/Stack.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace etrace::detail {

/// Adds to `live` the carried values on which what the live ones become in the body depends:
/// `arguments` become `yields` from one iteration to the next.
void closeOverCarries(mlir::Block &body, mlir::ValueRange arguments, mlir::ValueRange yields,
                      llvm::BitVector &live);

/// The elements of `values` whose bit is set.
llvm::SmallVector<mlir::Value> select(mlir::ValueRange values, const llvm::BitVector &bits);

/// True if it is known that the extents of the carried value stay what they are initially.
bool keepsExtents(mlir::Value argument, mlir::Value yield);

/// The tangents of the active ones of `values`, or zeros.
llvm::SmallVector<mlir::Value> getTangents(mlir::OpBuilder &builder, mlir::ValueRange values,
                                           const TangentMap &tangents,
                                           const llvm::BitVector &active);

/// Adds to `active` what has a tangent. True if anything was added.
bool addActive(llvm::BitVector &active, mlir::ValueRange tangents);

/// Adds arguments like `arguments` to a block, and tangents of the active ones behind them.
void addArguments(mlir::Block &block, mlir::ValueRange arguments, const llvm::BitVector &active,
                  mlir::IRMapping &mapping, TangentMap &inside);

/// Reverse mode of a loop that carries values t, linear in the inputs of a program, beside
/// others n:
///     n_{k+1} = g(k, n_k),    t_{k+1} = A(k, n_k) t_k + B(k, n_k) c    (c captured).
/// With l_k the cotangent of t_k and m that of c,
///     l_k = A(k, n_k)' l_{k+1},    m = sum_k B(k, n_k)' l_{k+1}:
/// a loop that runs backwards and reads the n_k, the residuals.
class LoopReversal {
public:
  LoopReversal(mlir::scf::ForOp loop, mlir::OpBuilder &builder, CotangentMap &cotangents);
  llvm::LogicalResult run(mlir::ValueRange resultCotangents);

private:
  using Values = llvm::SmallVector<mlir::Value>;
  using Load = llvm::function_ref<Values(mlir::OpBuilder &, mlir::Value position)>;

  llvm::LogicalResult verifyExtents();
  void findResiduals(const llvm::BitVector &roots);
  void findKept(const llvm::BitVector &roots);
  mlir::Value buildTripCount();
  /// Remarks what is kept for the reverse pass.
  void reportKept(CheckpointPolicy policy);
  static int64_t getChunkLength(int64_t trips);
  struct Chunks;
  Chunks buildChunks(mlir::Value trips);
  Values sweepChunks(const Chunks &chunks);
  std::function<Values(mlir::OpBuilder &, mlir::Value)> loadFrom(Values kept);
  /// Carried values and others of an iteration that its reverse pass is given.
  Values getKept();
  /// The numbers of the linear carries that have a cotangent.
  llvm::SmallVector<unsigned> liveNumbers() const;
  mlir::Value index(mlir::OpBuilder &builder, int64_t value) const;
  /// The induction variable of iteration `k`.
  mlir::Value buildInduction(mlir::OpBuilder &builder, mlir::Value k);
  /// Runs the swept values from `starts`, those of iteration `base`, over `count` iterations.
  /// With `capacity`, appends stacks of what is kept to what they become.
  Values sweep(mlir::OpBuilder &builder, mlir::Value base, mlir::Value count,
               mlir::ValueRange starts, mlir::Value capacity);
  /// A loop that takes the live cotangents back over `count` iterations that begin at `base`.
  llvm::FailureOr<Values> reverse(mlir::OpBuilder &builder, mlir::Value base, mlir::Value count,
                                  mlir::ValueRange incoming, Load load);
  /// One iteration, given what is kept of it: cotangents of the carried linear values, then of
  /// captured ones, which are added to `totals` (null: zero).
  llvm::FailureOr<Values> reverseBody(mlir::OpBuilder &builder, mlir::Value k,
                                      mlir::ValueRange kept,
                                      llvm::ArrayRef<mlir::Value> incoming,
                                      llvm::ArrayRef<mlir::Value> totals);
  /// Finds the cotangents that are not zero.
  void findLiveCotangents(mlir::ValueRange resultCotangents);
  llvm::FailureOr<Values> reverseAll(mlir::Value trips, mlir::ValueRange incoming);
  llvm::FailureOr<Values> reverseInChunks(mlir::Value trips, mlir::ValueRange incoming);
  llvm::FailureOr<Values> reverseFromStart(mlir::Value trips, mlir::ValueRange incoming);

  mlir::scf::ForOp loop;
  mlir::Location loc;
  mlir::OpBuilder &builder;
  CotangentMap &cotangents;
  /// Carried values by role: linear ones, those that a sweep carries, and residuals, which are
  /// swept ones that the linear part reads.
  llvm::BitVector linear, swept, residual;
  Values captured;
  /// What the body computes and its reverse pass is given beside residuals.
  Values products;
  /// Which of the linear carries and of the captured values have a cotangent.
  llvm::BitVector liveCarries, liveCaptured;
  std::optional<int64_t> staticTrips, maxTrips;
};

} // namespace etrace::detail

#endif // ETRACE_LIB_INTERFACES_MODELS_LOOPS_H
