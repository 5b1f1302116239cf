//===- Math.cpp - Models of math operations -------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where y = f(x) makes the derivative cheaper than x, the result is read again.
//===----------------------------------------------------------------------===//

#include "Models.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include <cmath>

using namespace mlir;
using namespace mlir::math;
using namespace etrace;
using namespace etrace::detail;

namespace {
using P = const Pointwise &;
using arith::CmpFPredicate;

// Exponentials and logarithms.
Value dExp(P, Value, Value y) { return y; }
Value dExp2(P p, Value, Value y) { return p.scale(M_LN2, y); }
Value dExpM1(P p, Value, Value y) { return p.add(y, p.constant(1.0)); }
Value dLog(P p, Value x, Value) { return p.inverse(x); }
Value dLog1p(P p, Value x, Value) { return p.inverse(p.add(x, p.constant(1.0))); }
Value dLog2(P p, Value x, Value) { return p.div(p.constant(1.0 / M_LN2), x); }
Value dLog10(P p, Value x, Value) { return p.div(p.constant(1.0 / M_LN10), x); }

// Roots: 1 / (2 sqrt x), -1 / (2 x sqrt x), 1 / (3 cbrt(x)^2).
Value dSqrt(P p, Value, Value y) { return p.div(p.constant(0.5), y); }
Value dRsqrt(P p, Value x, Value y) { return p.div(p.scale(-0.5, y), x); }
Value dCbrt(P p, Value, Value y) { return p.div(p.constant(1.0 / 3.0), p.mul(y, y)); }

// Trigonometric functions and their inverses; (1 - x)(1 + x) keeps digits near |x| = 1.
Value oneMinusSquare(P p, Value x) {
  Value one = p.constant(1.0);
  return p.mul(p.sub(one, x), p.add(one, x));
}
Value onePlusSquare(P p, Value x) { return p.add(p.constant(1.0), p.mul(x, x)); }
Value rsqrt(P p, Value x) { return RsqrtOp::create(p.builder, p.loc, x); }
Value dSin(P p, Value x, Value) { return CosOp::create(p.builder, p.loc, x); }
Value dCos(P p, Value x, Value) { return p.neg(SinOp::create(p.builder, p.loc, x)); }
Value dTan(P p, Value, Value y) { return onePlusSquare(p, y); }
Value dAsin(P p, Value x, Value) { return rsqrt(p, oneMinusSquare(p, x)); }
Value dAcos(P p, Value x, Value) { return p.neg(rsqrt(p, oneMinusSquare(p, x))); }
Value dAtan(P p, Value x, Value) { return p.inverse(onePlusSquare(p, x)); }

// Hyperbolic functions and their inverses.
Value dSinh(P p, Value x, Value) { return CoshOp::create(p.builder, p.loc, x); }
Value dCosh(P p, Value x, Value) { return SinhOp::create(p.builder, p.loc, x); }
Value dTanh(P p, Value, Value y) { return p.sub(p.constant(1.0), p.mul(y, y)); }
Value dAsinh(P p, Value x, Value) { return rsqrt(p, onePlusSquare(p, x)); }
Value dAcosh(P p, Value x, Value) { return rsqrt(p, p.neg(oneMinusSquare(p, x))); }
Value dAtanh(P p, Value x, Value) { return p.inverse(oneMinusSquare(p, x)); }

// erf' = 2 / sqrt(pi) exp(-x^2).
Value dErf(P p, Value x, Value) {
  return p.scale(M_2_SQRTPI, ExpOp::create(p.builder, p.loc, p.neg(p.mul(x, x))));
}
Value dErfc(P p, Value x, Value y) { return p.neg(dErf(p, x, y)); }

/// |x|' is +1 at 0 and at -0, as in JAX.
Value dAbs(P p, Value x, Value) {
  return p.choose(CmpFPredicate::OGE, x, p.constant(0.0), p.constant(1.0), p.constant(-1.0));
}

/// y = a^b: dy/da = b a^(b-1), 0 for b = 0; dy/db = y log a, 0 for a = 0.
struct PowFModel : LinearizableOpInterface::ExternalModel<PowFModel, PowFOp> {
  Value buildPartial(Operation *op, OpBuilder &builder, unsigned, unsigned operand) const {
    Pointwise p{builder, op->getLoc(), op->getResult(0)};
    Value a = op->getOperand(0), b = op->getOperand(1);
    Value zero = p.constant(0.0), one = p.constant(1.0);
    if (operand == 0) {
      Value power = PowFOp::create(builder, op->getLoc(), a, p.sub(b, one));
      return p.choose(CmpFPredicate::OEQ, b, zero, zero, p.mul(b, power));
    }
    Value base = p.choose(CmpFPredicate::OEQ, a, zero, one, a);
    return p.mul(op->getResult(0), LogOp::create(builder, op->getLoc(), base));
  }
};

/// y = a^n: dy/da = n a^(n-1), 0 for n = 0.
struct FPowIModel : LinearizableOpInterface::ExternalModel<FPowIModel, FPowIOp> {
  Value buildPartial(Operation *op, OpBuilder &builder, unsigned, unsigned) const {
    Location loc = op->getLoc();
    Pointwise p{builder, loc, op->getResult(0)};
    Value a = op->getOperand(0), n = op->getOperand(1);
    Value factor = arith::SIToFPOp::create(builder, loc, a.getType(), n);
    Value zero = p.constant(0.0);
    // a^(n-1) as a^n / a would lose a = 0. The conversion makes a constant like n.
    Value minusOne = arith::FPToSIOp::create(builder, loc, n.getType(), p.constant(-1.0));
    Value power = FPowIOp::create(builder, loc, a,
                                  arith::AddIOp::create(builder, loc, n, minusOne));
    return p.choose(CmpFPredicate::OEQ, factor, zero, zero, p.mul(factor, power));
  }
};

/// atan2(y, x): x / (x^2 + y^2) and -y / (x^2 + y^2).
struct Atan2Model : LinearizableOpInterface::ExternalModel<Atan2Model, Atan2Op> {
  Value buildPartial(Operation *op, OpBuilder &builder, unsigned, unsigned operand) const {
    Pointwise p{builder, op->getLoc(), op->getResult(0)};
    Value y = op->getOperand(0), x = op->getOperand(1);
    Value square = p.add(p.mul(x, x), p.mul(y, y));
    return p.div(operand == 0 ? x : p.neg(y), square);
  }
};

/// a b + c.
struct FmaModel : LinearizableOpInterface::ExternalModel<FmaModel, FmaOp> {
  Value buildPartial(Operation *op, OpBuilder &builder, unsigned, unsigned operand) const {
    if (operand == 2)
      return buildConstantLike(builder, op->getLoc(), op->getResult(0), 1.0);
    return op->getOperand(1 - operand);
  }
};

/// clamp(x, low, high) = min(max(x, low), high): 1 for the operand that is passed on; at
/// a bound no operand counts.
struct ClampModel : LinearizableOpInterface::ExternalModel<ClampModel, ClampFOp> {
  Value buildPartial(Operation *op, OpBuilder &builder, unsigned, unsigned operand) const {
    Pointwise p{builder, op->getLoc(), op->getResult(0)};
    Value x = op->getOperand(0), low = op->getOperand(1), high = op->getOperand(2);
    Value zero = p.constant(0.0), one = p.constant(1.0);
    if (operand == 2)
      return p.choose(CmpFPredicate::OGT, x, high, one, zero);
    Value below = p.choose(CmpFPredicate::OLT, operand == 0 ? x : low, high, one, zero);
    return p.choose(operand == 0 ? CmpFPredicate::OGT : CmpFPredicate::OLT, x, low, below, zero);
  }
};

/// |a| with the sign of b: dy/da = |a|' sign b; b counts by its sign only.
struct CopySignModel : LinearizableOpInterface::ExternalModel<CopySignModel, CopySignOp> {
  Value buildPartial(Operation *op, OpBuilder &builder, unsigned, unsigned operand) const {
    if (operand == 1)
      return {};
    Pointwise p{builder, op->getLoc(), op->getResult(0)};
    Value sign = CopySignOp::create(builder, op->getLoc(), p.constant(1.0), op->getOperand(1));
    return p.mul(dAbs(p, op->getOperand(0), {}), sign);
  }
};

/// (sin x, cos x): the partial derivatives are (cos x, -sin x).
struct SincosModel : LinearizableOpInterface::ExternalModel<SincosModel, SincosOp> {
  Value buildPartial(Operation *op, OpBuilder &builder, unsigned result, unsigned) const {
    if (result == 0)
      return op->getResult(1);
    return arith::NegFOp::create(builder, op->getLoc(), op->getResult(0));
  }
};

template <typename OpTy, UnaryPartial partial>
void attach(MLIRContext *context) {
  OpTy::template attachInterface<UnaryModel<OpTy, partial>>(*context);
}
template <typename... OpTys>
void attachZeros(MLIRContext *context) {
  (OpTys::template attachInterface<ZeroModel<OpTys>>(*context), ...);
}

void attachUnary(MLIRContext *context) {
  attach<ExpOp, dExp>(context);
  attach<Exp2Op, dExp2>(context);
  attach<ExpM1Op, dExpM1>(context);
  attach<LogOp, dLog>(context);
  attach<Log1pOp, dLog1p>(context);
  attach<Log2Op, dLog2>(context);
  attach<Log10Op, dLog10>(context);
  attach<SqrtOp, dSqrt>(context);
  attach<RsqrtOp, dRsqrt>(context);
  attach<CbrtOp, dCbrt>(context);
  attach<SinOp, dSin>(context);
  attach<CosOp, dCos>(context);
  attach<TanOp, dTan>(context);
  attach<AsinOp, dAsin>(context);
  attach<AcosOp, dAcos>(context);
  attach<AtanOp, dAtan>(context);
  attach<SinhOp, dSinh>(context);
  attach<CoshOp, dCosh>(context);
  attach<TanhOp, dTanh>(context);
  attach<AsinhOp, dAsinh>(context);
  attach<AcoshOp, dAcosh>(context);
  attach<AtanhOp, dAtanh>(context);
  attach<ErfOp, dErf>(context);
  attach<ErfcOp, dErfc>(context);
  attach<AbsFOp, dAbs>(context);
}
} // namespace

void etrace::detail::registerMathModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, MathDialect *) {
    context->loadDialect<arith::ArithDialect>();
    attachUnary(context);
    attachZeros<CeilOp, FloorOp, RoundOp, RoundEvenOp, TruncOp>(context);
    PowFOp::attachInterface<PowFModel>(*context);
    FPowIOp::attachInterface<FPowIModel>(*context);
    Atan2Op::attachInterface<Atan2Model>(*context);
    FmaOp::attachInterface<FmaModel>(*context);
    ClampFOp::attachInterface<ClampModel>(*context);
    CopySignOp::attachInterface<CopySignModel>(*context);
    SincosOp::attachInterface<SincosModel>(*context);
    attachPointwiseRelations<
#define GET_OP_LIST
#include "mlir/Dialect/Math/IR/MathOps.cpp.inc"
        >(context);
  });
}
