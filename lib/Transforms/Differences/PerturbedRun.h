//===- PerturbedRun.h - A program run again from other values ---*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_LIB_TRANSFORMS_DIFFERENCES_PERTURBEDRUN_H
#define ETRACE_LIB_TRANSFORMS_DIFFERENCES_PERTURBEDRUN_H

#include "etrace/Differentiation/Linearize.h"
#include "mlir/IR/IRMapping.h"

namespace etrace {

/// Runs operations again, beside a nominal run of them, from values that differ from the nominal
/// ones by finite amounts. It asks no derivative rule; what an option of a linearisation does to
/// tangents it does to differences, so that both speak of the same program. In the second run
///
///  * `etrace.stop_gradient` keeps its nominal value;
///  * `etrace.spike` is linear about its nominal input: s = H(u0) + g(u0) (u - u0);
///  * with `trustCustom`, so is `etrace.custom_derivative`, by its `jvp`.
class PerturbedRun {
public:
  /// Emits at the insertion point of `builder`. `nominal` says what the values of the program are
  /// in the nominal run.
  PerturbedRun(mlir::OpBuilder &builder, const mlir::IRMapping &nominal, bool trustCustom)
      : builder(builder), nominal(nominal), trustCustom(trustCustom) {}

  /// Makes `value` differ; null: it does not. The result of an operation then stays as it is.
  void perturb(mlir::Value value, mlir::Value difference);
  /// Runs the operations of `block`, without its terminator, that read what differs. Fails with a
  /// located error at an operation that cannot be run again in this way.
  llvm::LogicalResult run(mlir::Block &block, const LinearizeOptions &options = {});

  /// What `value` is in the second run.
  mlir::Value lookup(mlir::Value value) const;
  /// The second run minus the nominal one; null: zero.
  mlir::Value getDifference(mlir::Value value) const { return differences.lookup(value); }

private:
  llvm::LogicalResult runOperation(mlir::Operation *op, llvm::SmallVectorImpl<mlir::Value> &out);
  mlir::Value runSpike(mlir::Operation *op);
  llvm::LogicalResult runDeclared(mlir::Operation *op, llvm::SmallVectorImpl<mlir::Value> &out);

  mlir::OpBuilder &builder;
  const mlir::IRMapping &nominal;
  bool trustCustom;
  llvm::DenseMap<mlir::Value, mlir::Value> values, differences;
};

} // namespace etrace

#endif // ETRACE_LIB_TRANSFORMS_DIFFERENCES_PERTURBEDRUN_H
