//===- Contraction.h - Sums of products by indexing maps --------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_INTERFACES_CONTRACTION_H
#define ETRACE_INTERFACES_CONTRACTION_H

#include "etrace/IR/Etrace.h"

namespace etrace {

/// Builds `result[maps.back()(it)] = sum_it prod_k operands[k][maps[k](it)]`.
///
/// `maps` holds one map for each operand, then the map of the result. Dimensions that
/// no map uses are dropped (the sum does not run over them). Without dimensions to sum
/// over nothing accumulates, and one operand that is already the result is returned.
/// Dynamic extents of the result are those of operands along the same dimension, or, if an axis
/// is no single dimension, those of `like`.
/// Dimensions that `indices` give are no dimensions to sum over.
mlir::Value buildContraction(mlir::OpBuilder &builder, mlir::Location loc,
                             llvm::ArrayRef<mlir::Value> operands,
                             llvm::ArrayRef<mlir::AffineMap> maps,
                             mlir::RankedTensorType resultType, llvm::ArrayRef<DimIndex> indices = {},
                             mlir::Value like = {});

/// Builds `init + contraction` where `indices` give dimensions.
mlir::Value buildIndexedContraction(mlir::OpBuilder &builder, mlir::Location loc,
                                    llvm::ArrayRef<mlir::Value> operands,
                                    llvm::ArrayRef<mlir::AffineMap> maps,
                                    llvm::ArrayRef<DimIndex> indices, mlir::Value init);

/// Builds the sum of all elements of a float tensor, as a float.
mlir::Value buildSum(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value tensor);

/// Builds zeros of the type of `like`, a float or a ranked tensor of floats; dynamic
/// extents are those of `like`.
mlir::Value buildZerosLike(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value like);

/// A value of the type and extents of `like` (see `buildZerosLike`), constant everywhere.
mlir::Value buildConstantLike(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value like,
                              double value);

/// A float, or each of a tensor, as a value of another float type. What has the type is returned.
mlir::Value convertFloat(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value,
                         mlir::Type type);

/// True if `holds` is true for a constant that every element of `value` is known to be.
bool isKnownEverywhere(mlir::Value value, llvm::function_ref<bool(mlir::Value)> holds);

/// True if every element of `value` is known to be zero.
bool isKnownZero(mlir::Value value);

} // namespace etrace

#endif // ETRACE_INTERFACES_CONTRACTION_H
