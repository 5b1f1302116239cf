//===- Models.h - Shared by the models of operations ------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_LIB_INTERFACES_MODELS_MODELS_H
#define ETRACE_LIB_INTERFACES_MODELS_MODELS_H

#include "etrace/Interfaces/Contraction.h"
#include "etrace/Interfaces/DifferentiationInterfaces.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

namespace etrace::detail {
void registerArithModels(mlir::DialectRegistry &registry);
void registerMathModels(mlir::DialectRegistry &registry);
void registerComplexModels(mlir::DialectRegistry &registry);
void registerLinalgModels(mlir::DialectRegistry &registry);
void registerTensorModels(mlir::DialectRegistry &registry);
void registerTensorSliceModels(mlir::MLIRContext *context);
void attachLinalgTransposes(mlir::MLIRContext *context);
void registerSCFModels(mlir::DialectRegistry &registry);
void attachBranchModels(mlir::MLIRContext *context);
void attachLoopModels(mlir::MLIRContext *context);
void attachWhileModels(mlir::MLIRContext *context);
void registerCallModels(mlir::DialectRegistry &registry);
void registerEtraceModels(mlir::DialectRegistry &registry);
void attachIndexedModels(mlir::MLIRContext *context);
void attachLowRankModels(mlir::MLIRContext *context);
void registerGradientTransformModels(mlir::DialectRegistry &registry);

/// Says which values depend on the inputs of a linear program.
using Linear = llvm::function_ref<bool(mlir::Value)>;
/// True for a linear value, or a constant zero that stands for an absent term.
inline bool isTerm(mlir::Value value, Linear linear) {
  return linear(value) || isKnownZero(value);
}

/// The tangent, or zeros like the primal value.
inline mlir::Value tangentOrZeros(mlir::OpBuilder &builder, const TangentMap &tangents,
                                  mlir::Value primal) {
  if (mlir::Value tangent = tangents.lookup(primal))
    return tangent;
  return buildZerosLike(builder, primal.getLoc(), primal);
}

/// Pointwise arithmetic on values of one float-like type, that of `like`.
struct Pointwise {
  mlir::OpBuilder &builder;
  mlir::Location loc;
  mlir::Value like;

  mlir::Value constant(double value) const {
    return buildConstantLike(builder, loc, like, value);
  }
  mlir::Value add(mlir::Value a, mlir::Value b) const {
    return mlir::arith::AddFOp::create(builder, loc, a, b);
  }
  mlir::Value sub(mlir::Value a, mlir::Value b) const {
    return mlir::arith::SubFOp::create(builder, loc, a, b);
  }
  mlir::Value mul(mlir::Value a, mlir::Value b) const {
    return mlir::arith::MulFOp::create(builder, loc, a, b);
  }
  mlir::Value div(mlir::Value a, mlir::Value b) const {
    return mlir::arith::DivFOp::create(builder, loc, a, b);
  }
  mlir::Value neg(mlir::Value a) const { return mlir::arith::NegFOp::create(builder, loc, a); }
  mlir::Value scale(double factor, mlir::Value a) const { return mul(constant(factor), a); }
  mlir::Value inverse(mlir::Value a) const { return div(constant(1.0), a); }
  /// a <predicate> b ? yes : no.
  mlir::Value choose(mlir::arith::CmpFPredicate predicate, mlir::Value a, mlir::Value b,
                     mlir::Value yes, mlir::Value no) const {
    mlir::Value condition = mlir::arith::CmpFOp::create(builder, loc, predicate, a, b);
    return mlir::arith::SelectOp::create(builder, loc, condition, yes, no);
  }
};

/// A result that is a function of one operand x (and of its own value y):
/// `partial` builds dy/dx.
using UnaryPartial = mlir::Value (*)(const Pointwise &, mlir::Value x, mlir::Value y);
template <typename OpTy, UnaryPartial partial>
struct UnaryModel
    : LinearizableOpInterface::ExternalModel<UnaryModel<OpTy, partial>, OpTy> {
  mlir::Value buildPartial(mlir::Operation *op, mlir::OpBuilder &builder, unsigned,
                           unsigned) const {
    return partial(Pointwise{builder, op->getLoc(), op->getResult(0)}, op->getOperand(0),
                   op->getResult(0));
  }
};

/// A result with the derivative zero everywhere, on purpose.
template <typename OpTy>
struct ZeroModel : LinearizableOpInterface::ExternalModel<ZeroModel<OpTy>, OpTy> {};

/// result[p] reads operand[p]; a scalar operand is read by all positions.
mlir::FailureOr<PositionRelation> pointwiseRelation(mlir::Value operand, mlir::Value result);
template <typename OpTy>
struct PointwiseRelation
    : PositionRelationOpInterface::ExternalModel<PointwiseRelation<OpTy>, OpTy> {
  mlir::FailureOr<PositionRelation> getPositionRelation(mlir::Operation *op, unsigned operand,
                                                        unsigned result) const {
    return pointwiseRelation(op->getOperand(operand), op->getResult(result));
  }
};

/// Attaches `PointwiseRelation` to those of the operations that work element by element.
template <typename... OpTys>
void attachPointwiseRelations(mlir::MLIRContext *context) {
  auto attach = [&](auto *tag) {
    using OpTy = std::remove_pointer_t<decltype(tag)>;
    if constexpr (OpTy::template hasTrait<mlir::OpTrait::Elementwise>())
      OpTy::template attachInterface<PointwiseRelation<OpTy>>(*context);
  };
  (attach(static_cast<OpTys *>(nullptr)), ...);
}

} // namespace etrace::detail

#endif // ETRACE_LIB_INTERFACES_MODELS_MODELS_H
