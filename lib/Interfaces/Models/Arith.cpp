//===- Arith.cpp - Models of arith operations -----------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations without a float result (comparisons, integer arithmetic, conversions to
// integers) need no model: their derivative is zero. Results of `sitofp` and `uitofp`
// depend on integers only and never have a tangent.
//===----------------------------------------------------------------------===//

#include "LinearModels.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace mlir::arith;
using namespace etrace;
using namespace etrace::detail;

namespace {
//===----------------------------------------------------------------------===//
// Products and quotients
//===----------------------------------------------------------------------===//

/// y = a / b: dy/da = 1/b, dy/db = -y/b.
struct DivModel : LinearizableOpInterface::ExternalModel<DivModel, DivFOp> {
  Value buildPartial(Operation *op, OpBuilder &builder, unsigned, unsigned operand) const {
    Pointwise p{builder, op->getLoc(), op->getResult(0)};
    Value b = op->getOperand(1);
    return operand == 0 ? p.inverse(b) : p.neg(p.div(op->getResult(0), b));
  }
};
/// y = a - trunc(a/b) b: dy/da = 1, dy/db = -trunc(a/b).
struct RemModel : LinearizableOpInterface::ExternalModel<RemModel, RemFOp> {
  Value buildPartial(Operation *op, OpBuilder &builder, unsigned, unsigned operand) const {
    Pointwise p{builder, op->getLoc(), op->getResult(0)};
    if (operand == 0)
      return p.constant(1.0);
    Value quotient = p.div(op->getOperand(0), op->getOperand(1));
    return p.neg(math::TruncOp::create(builder, op->getLoc(), quotient));
  }
};

//===----------------------------------------------------------------------===//
// Maximum, minimum, select
//===----------------------------------------------------------------------===//

/// The derivative goes to the larger (smaller) operand. At a tie each gets one half,
/// except that a constant zero takes all of it: max(x, 0) is the usual way to write
/// relu, whose derivative at 0 is defined as 0. `number`: an operand wins against NaN.
template <typename OpTy, CmpFPredicate wins, bool number>
struct ExtremumModel
    : LinearizableOpInterface::ExternalModel<ExtremumModel<OpTy, wins, number>, OpTy> {
  Value buildPartial(Operation *op, OpBuilder &builder, unsigned, unsigned operand) const {
    Pointwise p{builder, op->getLoc(), op->getResult(0)};
    Value mine = op->getOperand(operand), other = op->getOperand(1 - operand);
    Value one = p.constant(1.0), lost = p.constant(0.0);
    if (number)
      lost = p.choose(CmpFPredicate::UNO, other, other, one, lost);
    if (!isKnownZero(other))
      lost = p.choose(CmpFPredicate::OEQ, mine, other, p.constant(0.5), lost);
    return p.choose(wins, mine, other, one, lost);
  }
};

struct SelectModel : LinearizableOpInterface::ExternalModel<SelectModel, SelectOp> {
  LogicalResult linearize(Operation *op, OpBuilder &builder, const TangentMap &tangents,
                          SmallVectorImpl<Value> &out) const {
    auto select = cast<SelectOp>(op);
    Value yes = tangentOrZeros(builder, tangents, select.getTrueValue());
    Value no = tangentOrZeros(builder, tangents, select.getFalseValue());
    out.push_back(SelectOp::create(builder, op->getLoc(), select.getCondition(), yes, no));
    return success();
  }
};
struct SelectTranspose : LinearTransposeOpInterface::ExternalModel<SelectTranspose, SelectOp> {
  bool isLinearIn(Operation *op, Linear linear) const {
    return !linear(op->getOperand(0)) && isTerm(op->getOperand(1), linear) &&
           isTerm(op->getOperand(2), linear);
  }
  LogicalResult transpose(Operation *op, OpBuilder &builder, ValueRange results,
                          CotangentMap &cotangents) const {
    auto select = cast<SelectOp>(op);
    Value condition = select.getCondition(), yes = select.getTrueValue();
    Value no = select.getFalseValue(), cotangent = results[0];
    Value zero = buildZerosLike(builder, op->getLoc(), cotangent);
    if (cotangents.isLinear(yes))
      cotangents.accumulate(
          builder, yes, SelectOp::create(builder, op->getLoc(), condition, cotangent, zero));
    if (cotangents.isLinear(no))
      cotangents.accumulate(
          builder, no, SelectOp::create(builder, op->getLoc(), condition, zero, cotangent));
    return success();
  }
};

} // namespace

void etrace::detail::registerArithModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, ArithDialect *) {
    context->loadDialect<math::MathDialect>();
    AddFOp::attachInterface<SumModel<AddFOp>, SumTranspose<AddFOp>>(*context);
    SubFOp::attachInterface<SumModel<SubFOp, NegFOp>, SumTranspose<SubFOp, NegFOp>>(*context);
    NegFOp::attachInterface<UnaryLinearModel<NegFOp>, UnaryLinearTranspose<NegFOp, NegFOp>>(
        *context);
    ExtFOp::attachInterface<UnaryLinearModel<ExtFOp>, UnaryLinearTranspose<ExtFOp, TruncFOp>>(
        *context);
    TruncFOp::attachInterface<UnaryLinearModel<TruncFOp>,
                              UnaryLinearTranspose<TruncFOp, ExtFOp>>(*context);
    MulFOp::attachInterface<ProductModel<MulFOp>, ProductTranspose<MulFOp>>(*context);
    DivFOp::attachInterface<DivModel, QuotientTranspose<DivFOp>>(*context);
    RemFOp::attachInterface<RemModel>(*context);
    MaximumFOp::attachInterface<ExtremumModel<MaximumFOp, CmpFPredicate::OGT, false>>(*context);
    MaxNumFOp::attachInterface<ExtremumModel<MaxNumFOp, CmpFPredicate::OGT, true>>(*context);
    MinimumFOp::attachInterface<ExtremumModel<MinimumFOp, CmpFPredicate::OLT, false>>(*context);
    MinNumFOp::attachInterface<ExtremumModel<MinNumFOp, CmpFPredicate::OLT, true>>(*context);
    SelectOp::attachInterface<SelectModel, SelectTranspose>(*context);
    attachPointwiseRelations<
#define GET_OP_LIST
#include "mlir/Dialect/Arith/IR/ArithOps.cpp.inc"
        >(context);
  });
}
