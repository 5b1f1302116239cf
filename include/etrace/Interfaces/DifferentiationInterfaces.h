//===- DifferentiationInterfaces.h - Three questions ------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_INTERFACES_DIFFERENTIATIONINTERFACES_H
#define ETRACE_INTERFACES_DIFFERENTIATIONINTERFACES_H

#include "etrace/IR/Etrace.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"

namespace etrace {

/// What the drivers tell rules that derive regions and callees.
struct DifferentiationContext {
  /// Where symbols are looked up: an operation of the program that is differentiated, also
  /// while its clones are not in a module yet. The drivers set it if it is null.
  mlir::Operation *scope = nullptr;
  /// What the reverse pass keeps of a loop that does not say so itself.
  CheckpointPolicy checkpoint = CheckpointPolicy::all;
};

/// Tangents by primal value. An absent entry is a symbolic zero.
class TangentMap {
public:
  TangentMap() = default;
  explicit TangentMap(const DifferentiationContext &context) : context(context) {}
  const DifferentiationContext &getContext() const { return context; }
  void setScope(mlir::Operation *scope) { context.scope = scope; }
  mlir::Value lookup(mlir::Value primal) const { return tangents.lookup(primal); }
  bool isActive(mlir::Value primal) const { return bool(lookup(primal)); }
  /// Sets the tangent; null erases it (a symbolic zero again).
  void set(mlir::Value primal, mlir::Value tangent);

private:
  DifferentiationContext context;
  llvm::DenseMap<mlir::Value, mlir::Value> tangents;
};

/// Cotangents by value of a linear program. Only linear values receive one.
class CotangentMap {
public:
  explicit CotangentMap(const DifferentiationContext &context) : context(context) {}
  const DifferentiationContext &getContext() const { return context; }
  /// Declares that `value` depends linearly on the inputs of the program.
  void markLinear(mlir::Value value) { linear.insert(value); }
  bool isLinear(mlir::Value value) const { return linear.contains(value); }
  mlir::Value lookup(mlir::Value value) const { return cotangents.lookup(value); }
  /// Adds to the cotangent of a linear value; ignores values that are not linear.
  void accumulate(mlir::OpBuilder &builder, mlir::Value value, mlir::Value cotangent);
  void set(mlir::Value value, mlir::Value cotangent) { cotangents[value] = cotangent; }

private:
  DifferentiationContext context;
  llvm::DenseSet<mlir::Value> linear;
  llvm::DenseMap<mlir::Value, mlir::Value> cotangents;
};

/// `result[resultMap(it)]` may read `operand[operandMap(it)]` for `it` in the box
/// [0, box[0]) x [0, box[1]) x ...
struct PositionRelation {
  llvm::SmallVector<int64_t> box;
  mlir::AffineMap operandMap;
  mlir::AffineMap resultMap;
};

/// True for floats, complex numbers of floats, and shaped types of these: the values
/// that have tangents.
bool isDifferentiable(mlir::Type type);

/// True for a float or a tensor of floats (not of complex numbers).
bool isFloatLike(mlir::Value value);
/// True for a constant whose elements are all zero.
bool isZeroConstant(mlir::Value value);

/// Builds `a + b` for floats, complex numbers and tensors of these.
mlir::Value buildAdd(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value a, mlir::Value b);
/// Builds `a * b`.
mlir::Value buildMul(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value a, mlir::Value b);
/// Builds a constant: a real number as a value of a float, complex or integer type, or of
/// a shaped type of these.
mlir::Value buildConstant(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type type,
                          double value);

/// The default of `LinearizableOpInterface::linearize`: the sum over active operands
/// of partial times tangent.
llvm::LogicalResult linearizeByPartials(mlir::Operation *op, mlir::OpBuilder &builder,
                                        const TangentMap &tangents,
                                        llvm::SmallVectorImpl<mlir::Value> &resultTangents);
} // namespace etrace

#include "etrace/Interfaces/DifferentiationInterfaces.h.inc"

namespace etrace {
/// Attaches the models of all supported upstream operations (arith, math, complex,
/// linalg, tensor, scf) and of the etrace dialect.
void registerDifferentiationModels(mlir::DialectRegistry &registry);
} // namespace etrace

#endif // ETRACE_INTERFACES_DIFFERENTIATIONINTERFACES_H
