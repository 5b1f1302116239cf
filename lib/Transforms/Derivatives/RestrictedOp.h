//===- RestrictedOp.h - One edge of a linear program --------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_LIB_TRANSFORMS_DERIVATIVES_RESTRICTEDOP_H
#define ETRACE_LIB_TRANSFORMS_DERIVATIVES_RESTRICTEDOP_H

#include "etrace/Analysis/PositionLink.h"

#include <functional>

namespace etrace {

class PointBuilder;
class PointSystem;
struct Access;

/// How the tangents of a value at the points (p, i) of a link are kept in a tensor.
struct Placement {
  /// At i, in the shape of the value; else at p, in the shape of the positions.
  bool atIndex;
  PositionLink link;
};

/// A linear operation as seen from one operand t to one result:
/// result[resultMap(it)] += body(t[operandMap(it)], inputs[inputMaps(it)]...).
class RestrictedOp {
public:
  /// Nothing if the operation is not known to be of this form. Values for which `isLinear` holds
  /// are zero but for the operand.
  static std::optional<RestrictedOp> get(mlir::OpOperand &operand, mlir::OpResult result,
                                         llvm::function_ref<bool(mlir::Value)> isLinear);
  /// Copies a value.
  static RestrictedOp getCopy(mlir::Value value);

  /// Adds to `sum` (null: zero; a tensor as `to` says) the part of the result at the points `to`
  /// that comes from the tangents `from` at the same positions. Failure: the points cannot be
  /// enumerated.
  llvm::FailureOr<mlir::Value> build(mlir::OpBuilder &builder, mlir::Value tangent,
                                     const Placement &from, mlir::Value sum, const Placement &to,
                                     llvm::ArrayRef<int64_t> positions) const;

private:
  /// Scalars in a body: the tangent, the inputs, the accumulator, the indices `it`.
  using Body = std::function<mlir::Value(mlir::OpBuilder &, mlir::Value tangent,
                                         mlir::ValueRange inputs, mlir::Value accumulator,
                                         llvm::function_ref<mlir::Value(unsigned)> index)>;
  static std::optional<RestrictedOp> getStructured(mlir::OpOperand &operand,
                                                   mlir::OpResult result,
                                                   llvm::function_ref<bool(mlir::Value)> linear);
  static std::optional<RestrictedOp> getPointwise(mlir::OpOperand &operand, mlir::OpResult result,
                                                  llvm::function_ref<bool(mlir::Value)> linear);
  static std::optional<RestrictedOp> getMove(mlir::OpOperand &operand, mlir::OpResult result);

  mlir::RankedTensorType getType(bool atIndex, llvm::ArrayRef<int64_t> positions) const;
  mlir::Value buildPart(mlir::OpBuilder &builder, const PointSystem &system,
                        const PointBuilder &points, llvm::ArrayRef<mlir::Value> operands,
                        llvm::ArrayRef<Access> reads, const Access &result) const;

  mlir::Location loc;
  mlir::Type type;
  PositionRelation relation;
  llvm::SmallVector<mlir::Value> inputs;
  llvm::SmallVector<mlir::AffineMap> inputMaps;
  Body body;

  RestrictedOp(mlir::Value result, PositionRelation relation)
      : loc(result.getLoc()), type(result.getType()), relation(std::move(relation)) {}
};

} // namespace etrace

#endif // ETRACE_LIB_TRANSFORMS_DERIVATIVES_RESTRICTEDOP_H
