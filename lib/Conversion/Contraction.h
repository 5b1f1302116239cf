//===- Contraction.h - Operations that sum ----------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_CONVERSION_CONTRACTION_H
#define ETRACE_CONVERSION_CONTRACTION_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

#include <optional>

namespace etrace {

/// c[map_c] += a[map_a] b[map_b], ready to be tiled: `m` and `n` are the dimensions of a
/// tile, `k` the summed ones (the innermost last), `outer` all others.
struct Contraction {
  explicit Contraction(mlir::Location loc) : loc(loc) {}

  mlir::Location loc;
  mlir::Value a, b, c;
  mlir::AffineMap mapA, mapB, mapC;
  mlir::Type element;
  llvm::SmallVector<int64_t> extents;
  /// In a and c only.
  std::optional<unsigned> m;
  /// In b and c only; contiguous in c, and in b unless `isDot`.
  std::optional<unsigned> n;
  llvm::SmallVector<unsigned> k, outer;
  /// The last of `k` is contiguous in a and b.
  bool isDot = false;
};

/// True if the operation adds to its one destination: yields out + f(inputs).
bool addsToDestination(mlir::linalg::LinalgOp op);

/// Fails if the operation is no contraction that fits one of the two forms.
mlir::FailureOr<Contraction> matchContraction(mlir::linalg::GenericOp op);

} // namespace etrace

#endif // ETRACE_CONVERSION_CONTRACTION_H
