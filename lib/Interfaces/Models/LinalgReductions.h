//===- LinalgReductions.h - Maxima and products -----------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// For y = c_1 * c_2 * ... with an operation * that is not addition, the tangent is a sum
// over the iterations: dy = sum_i w_i dc_i. The weights w_i follow from c_i, y and a few
// statistics of all c_i, which take a pass of their own:
//
//   maximum, minimum    w_i = [c_i = y] / #{j : c_j = y}              ties share equally
//   the same, windows   w_i = [i is the first iteration with c_i = y]
//   product             w_i = prod_{j != i} c_j, exact if factors are zero
//===----------------------------------------------------------------------===//
#ifndef ETRACE_LIB_INTERFACES_MODELS_LINALGREDUCTIONS_H
#define ETRACE_LIB_INTERFACES_MODELS_LINALGREDUCTIONS_H

#include "BodyFirstGeneric.h"
#include "Models.h"

namespace etrace::detail {

/// How a result of a structured operation is accumulated, if it is one of the above.
class Reduction {
public:
  /// Recognises the reduction in the body; other results have none (`operator bool`).
  static Reduction match(mlir::linalg::LinalgOp op, unsigned result);
  explicit operator bool() const { return kind != Kind::None; }

  /// What each iteration contributes, a scalar of the body.
  mlir::Value getContribution() const { return contribution; }

  /// Emits the statistics.
  void buildStatistics(mlir::OpBuilder &builder);
  /// The part of the initial value in the tangent; null if it has no tangent.
  mlir::Value buildInitTerm(mlir::OpBuilder &builder, mlir::Value initTangent);
  /// The term of one iteration in a body, given its contribution and the tangent of that.
  mlir::Value buildTerm(BodyFirstGeneric &generic, mlir::Value c, mlir::Value dc);
  /// Makes the tangent of the sum of all terms.
  mlir::Value finish(mlir::OpBuilder &builder, mlir::Value sum);

private:
  enum class Kind { None, Extremum, FirstExtremum, Product };
  /// A number that is accumulated beside the result.
  struct Statistic {
    mlir::Type element;
    /// Where it starts; null: zeros.
    mlir::Value init;
    /// What it is after an iteration with the contribution `c`.
    std::function<mlir::Value(mlir::OpBuilder &, mlir::Value c, mlir::Value y,
                              mlir::Value total)>
        add;
  };

  mlir::SmallVector<Statistic> getStatistics(mlir::OpBuilder &builder);
  mlir::Value buildOrder(mlir::OpBuilder &body);
  mlir::Value weigh(const Pointwise &p, mlir::Value c, mlir::Value dc, mlir::Value y,
                    mlir::ValueRange statistics, mlir::Value order);

  mlir::linalg::LinalgOp op;
  unsigned result = 0;
  Kind kind = Kind::None;
  /// The operation of the body that combines contribution and accumulator.
  mlir::Operation *combiner = nullptr;
  mlir::Value contribution;
  /// By kind: [count], [order of the first], [product of factors that are not zero,
  /// number of zeros]; tensors like the result.
  mlir::SmallVector<mlir::Value> statistics;
  /// The extents of the reduction loops, outermost first.
  mlir::SmallVector<std::pair<unsigned, mlir::Value>> extents;
};

} // namespace etrace::detail

#endif // ETRACE_LIB_INTERFACES_MODELS_LINALGREDUCTIONS_H
