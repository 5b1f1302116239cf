//===- LinearModels.h - Sums, products, quotients ---------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Models that real and complex arithmetic share.
//===----------------------------------------------------------------------===//
#ifndef ETRACE_LIB_INTERFACES_MODELS_LINEARMODELS_H
#define ETRACE_LIB_INTERFACES_MODELS_LINEARMODELS_H

#include "Models.h"

namespace etrace::detail {

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

/// r = a + b, or a - b if the operation `NegOp` that negates is given.
template <typename OpTy, typename NegOp = void>
struct SumModel
    : LinearizableOpInterface::ExternalModel<SumModel<OpTy, NegOp>, OpTy> {
  llvm::LogicalResult linearize(mlir::Operation *op, mlir::OpBuilder &builder,
                                const TangentMap &tangents,
                                llvm::SmallVectorImpl<mlir::Value> &out) const {
    mlir::Value a = tangents.lookup(op->getOperand(0)), b = tangents.lookup(op->getOperand(1));
    if (a && b) {
      out.push_back(OpTy::create(builder, op->getLoc(), a, b));
      return llvm::success();
    }
    if constexpr (!std::is_void_v<NegOp>)
      if (b)
        b = NegOp::create(builder, op->getLoc(), b);
    out.push_back(a ? a : b);
    return llvm::success();
  }
};

template <typename OpTy, typename NegOp = void>
struct SumTranspose
    : LinearTransposeOpInterface::ExternalModel<SumTranspose<OpTy, NegOp>, OpTy> {
  bool isLinearIn(mlir::Operation *op, Linear linear) const {
    return isTerm(op->getOperand(0), linear) && isTerm(op->getOperand(1), linear);
  }
  llvm::LogicalResult transpose(mlir::Operation *op, mlir::OpBuilder &builder,
                                mlir::ValueRange results, CotangentMap &cotangents) const {
    mlir::Value a = op->getOperand(0), b = op->getOperand(1), second = results[0];
    cotangents.accumulate(builder, a, results[0]);
    if constexpr (!std::is_void_v<NegOp>)
      if (cotangents.isLinear(b))
        second = NegOp::create(builder, op->getLoc(), second);
    cotangents.accumulate(builder, b, second);
    return llvm::success();
  }
};

//===----------------------------------------------------------------------===//
// Operations with one operand that are linear
//===----------------------------------------------------------------------===//

/// The tangent of `op(x)` is `op(dx)`; the cotangent goes back through `Back`.
template <typename OpTy>
struct UnaryLinearModel
    : LinearizableOpInterface::ExternalModel<UnaryLinearModel<OpTy>, OpTy> {
  llvm::LogicalResult linearize(mlir::Operation *op, mlir::OpBuilder &builder,
                                const TangentMap &tangents,
                                llvm::SmallVectorImpl<mlir::Value> &out) const {
    mlir::Value tangent = tangents.lookup(op->getOperand(0));
    out.push_back(OpTy::create(builder, op->getLoc(), op->getResult(0).getType(), tangent));
    return llvm::success();
  }
};
template <typename OpTy, typename Back>
struct UnaryLinearTranspose
    : LinearTransposeOpInterface::ExternalModel<UnaryLinearTranspose<OpTy, Back>, OpTy> {
  bool isLinearIn(mlir::Operation *, Linear) const { return true; }
  llvm::LogicalResult transpose(mlir::Operation *op, mlir::OpBuilder &builder,
                                mlir::ValueRange results, CotangentMap &cotangents) const {
    mlir::Value x = op->getOperand(0);
    cotangents.accumulate(builder, x,
                          Back::create(builder, op->getLoc(), x.getType(), results[0]));
    return llvm::success();
  }
};

//===----------------------------------------------------------------------===//
// Products and quotients
//===----------------------------------------------------------------------===//

template <typename OpTy>
struct ProductModel : LinearizableOpInterface::ExternalModel<ProductModel<OpTy>, OpTy> {
  mlir::Value buildPartial(mlir::Operation *op, mlir::OpBuilder &, unsigned,
                           unsigned operand) const {
    return op->getOperand(1 - operand);
  }
};
template <typename OpTy>
struct ProductTranspose
    : LinearTransposeOpInterface::ExternalModel<ProductTranspose<OpTy>, OpTy> {
  bool isLinearIn(mlir::Operation *op, Linear linear) const {
    return linear(op->getOperand(0)) != linear(op->getOperand(1));
  }
  llvm::LogicalResult transpose(mlir::Operation *op, mlir::OpBuilder &builder,
                                mlir::ValueRange results, CotangentMap &cotangents) const {
    bool second = cotangents.isLinear(op->getOperand(1));
    mlir::Value term = buildMul(builder, op->getLoc(), op->getOperand(!second), results[0]);
    cotangents.accumulate(builder, op->getOperand(second), term);
    return llvm::success();
  }
};

/// a / b, linear in a.
template <typename OpTy>
struct QuotientTranspose
    : LinearTransposeOpInterface::ExternalModel<QuotientTranspose<OpTy>, OpTy> {
  bool isLinearIn(mlir::Operation *op, Linear linear) const {
    return !linear(op->getOperand(1));
  }
  llvm::LogicalResult transpose(mlir::Operation *op, mlir::OpBuilder &builder,
                                mlir::ValueRange results, CotangentMap &cotangents) const {
    mlir::Value term = OpTy::create(builder, op->getLoc(), results[0], op->getOperand(1));
    cotangents.accumulate(builder, op->getOperand(0), term);
    return llvm::success();
  }
};

} // namespace etrace::detail

#endif // ETRACE_LIB_INTERFACES_MODELS_LINEARMODELS_H
