//===- Arith.cpp - Models of arith operations -----------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations without a float result (comparisons, integer arithmetic, conversions to
// integers) need no model: their derivative is zero. Results of `sitofp` and `uitofp`
// depend on integers only and never have a tangent.
//===----------------------------------------------------------------------===//

#include "Models.h"

using namespace mlir;
using namespace mlir::arith;
using namespace etrace;
using namespace etrace::detail;

namespace {
//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

/// r = a + sign b.
template <typename OpTy, bool minus>
struct SumModel : LinearizableOpInterface::ExternalModel<SumModel<OpTy, minus>, OpTy> {
  Value buildPartial(Operation *op, OpBuilder &builder, unsigned, unsigned operand) const {
    return buildConstantLike(builder, op->getLoc(), op->getResult(0),
                             minus && operand == 1 ? -1.0 : 1.0);
  }
  LogicalResult linearize(Operation *op, OpBuilder &builder, const TangentMap &tangents,
                          SmallVectorImpl<Value> &out) const {
    Value a = tangents.lookup(op->getOperand(0)), b = tangents.lookup(op->getOperand(1));
    if (a && b)
      out.push_back(OpTy::create(builder, op->getLoc(), a, b));
    else if (b && minus)
      out.push_back(NegFOp::create(builder, op->getLoc(), b));
    else
      out.push_back(a ? a : b);
    return success();
  }
};

template <typename OpTy, bool minus>
struct SumTranspose
    : LinearTransposeOpInterface::ExternalModel<SumTranspose<OpTy, minus>, OpTy> {
  bool isLinearIn(Operation *op, Linear linear) const {
    return isTerm(op->getOperand(0), linear) && isTerm(op->getOperand(1), linear);
  }
  LogicalResult transpose(Operation *op, OpBuilder &builder, ValueRange results,
                          CotangentMap &cotangents) const {
    Value a = op->getOperand(0), b = op->getOperand(1);
    cotangents.accumulate(builder, a, results[0]);
    if (!minus)
      cotangents.accumulate(builder, b, results[0]);
    else if (cotangents.isLinear(b))
      cotangents.accumulate(builder, b, NegFOp::create(builder, op->getLoc(), results[0]));
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Operations with one operand that are linear
//===----------------------------------------------------------------------===//

/// The tangent of `op(x)` is `op(dx)`; the cotangent goes back through `Back`.
template <typename OpTy>
struct UnaryLinearModel
    : LinearizableOpInterface::ExternalModel<UnaryLinearModel<OpTy>, OpTy> {
  LogicalResult linearize(Operation *op, OpBuilder &builder, const TangentMap &tangents,
                          SmallVectorImpl<Value> &out) const {
    Value tangent = tangents.lookup(op->getOperand(0));
    out.push_back(OpTy::create(builder, op->getLoc(), op->getResult(0).getType(), tangent));
    return success();
  }
};
template <typename OpTy, typename Back>
struct UnaryLinearTranspose
    : LinearTransposeOpInterface::ExternalModel<UnaryLinearTranspose<OpTy, Back>, OpTy> {
  bool isLinearIn(Operation *, Linear) const { return true; }
  LogicalResult transpose(Operation *op, OpBuilder &builder, ValueRange results,
                          CotangentMap &cotangents) const {
    Value x = op->getOperand(0);
    cotangents.accumulate(builder, x,
                          Back::create(builder, op->getLoc(), x.getType(), results[0]));
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Products and quotients
//===----------------------------------------------------------------------===//

struct MulModel : LinearizableOpInterface::ExternalModel<MulModel, MulFOp> {
  Value buildPartial(Operation *op, OpBuilder &, unsigned, unsigned operand) const {
    return op->getOperand(1 - operand);
  }
};
struct MulTranspose : LinearTransposeOpInterface::ExternalModel<MulTranspose, MulFOp> {
  bool isLinearIn(Operation *op, Linear linear) const {
    return linear(op->getOperand(0)) != linear(op->getOperand(1));
  }
  LogicalResult transpose(Operation *op, OpBuilder &builder, ValueRange results,
                          CotangentMap &cotangents) const {
    bool second = cotangents.isLinear(op->getOperand(1));
    Value term = buildMul(builder, op->getLoc(), op->getOperand(!second), results[0]);
    cotangents.accumulate(builder, op->getOperand(second), term);
    return success();
  }
};

/// y = a / b: dy/da = 1/b, dy/db = -y/b.
struct DivModel : LinearizableOpInterface::ExternalModel<DivModel, DivFOp> {
  Value buildPartial(Operation *op, OpBuilder &builder, unsigned, unsigned operand) const {
    Pointwise p{builder, op->getLoc(), op->getResult(0)};
    Value b = op->getOperand(1);
    return operand == 0 ? p.inverse(b) : p.neg(p.div(op->getResult(0), b));
  }
};
struct DivTranspose : LinearTransposeOpInterface::ExternalModel<DivTranspose, DivFOp> {
  bool isLinearIn(Operation *op, Linear linear) const { return !linear(op->getOperand(1)); }
  LogicalResult transpose(Operation *op, OpBuilder &builder, ValueRange results,
                          CotangentMap &cotangents) const {
    cotangents.accumulate(builder, op->getOperand(0),
                          DivFOp::create(builder, op->getLoc(), results[0], op->getOperand(1)));
    return success();
  }
};

/// y = a - trunc(a/b) b: dy/da = 1, dy/db = -trunc(a/b) = (y - a) / b.
struct RemModel : LinearizableOpInterface::ExternalModel<RemModel, RemFOp> {
  Value buildPartial(Operation *op, OpBuilder &builder, unsigned, unsigned operand) const {
    Pointwise p{builder, op->getLoc(), op->getResult(0)};
    if (operand == 0)
      return p.constant(1.0);
    return p.div(p.sub(op->getResult(0), op->getOperand(0)), op->getOperand(1));
  }
};

//===----------------------------------------------------------------------===//
// Maximum, minimum, select
//===----------------------------------------------------------------------===//

/// The derivative goes to the larger (smaller) operand. At a tie each gets one half,
/// except that a constant zero takes all of it: max(x, 0) is the usual way to write
/// relu, whose derivative at 0 is defined as 0.
template <typename OpTy, CmpFPredicate wins>
struct ExtremumModel : LinearizableOpInterface::ExternalModel<ExtremumModel<OpTy, wins>, OpTy> {
  Value buildPartial(Operation *op, OpBuilder &builder, unsigned, unsigned operand) const {
    Pointwise p{builder, op->getLoc(), op->getResult(0)};
    Value mine = op->getOperand(operand), other = op->getOperand(1 - operand);
    Value one = p.constant(1.0), lost = p.constant(0.0);
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
    AddFOp::attachInterface<SumModel<AddFOp, false>, SumTranspose<AddFOp, false>>(*context);
    SubFOp::attachInterface<SumModel<SubFOp, true>, SumTranspose<SubFOp, true>>(*context);
    NegFOp::attachInterface<UnaryLinearModel<NegFOp>, UnaryLinearTranspose<NegFOp, NegFOp>>(
        *context);
    ExtFOp::attachInterface<UnaryLinearModel<ExtFOp>, UnaryLinearTranspose<ExtFOp, TruncFOp>>(
        *context);
    TruncFOp::attachInterface<UnaryLinearModel<TruncFOp>,
                              UnaryLinearTranspose<TruncFOp, ExtFOp>>(*context);
    MulFOp::attachInterface<MulModel, MulTranspose>(*context);
    DivFOp::attachInterface<DivModel, DivTranspose>(*context);
    RemFOp::attachInterface<RemModel>(*context);
    MaximumFOp::attachInterface<ExtremumModel<MaximumFOp, CmpFPredicate::OGT>>(*context);
    MaxNumFOp::attachInterface<ExtremumModel<MaxNumFOp, CmpFPredicate::OGT>>(*context);
    MinimumFOp::attachInterface<ExtremumModel<MinimumFOp, CmpFPredicate::OLT>>(*context);
    MinNumFOp::attachInterface<ExtremumModel<MinNumFOp, CmpFPredicate::OLT>>(*context);
    SelectOp::attachInterface<SelectModel, SelectTranspose>(*context);
    attachPointwiseRelations<
#define GET_OP_LIST
#include "mlir/Dialect/Arith/IR/ArithOps.cpp.inc"
        >(context);
  });
}
