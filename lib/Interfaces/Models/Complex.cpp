//===- Complex.cpp - Models of complex operations -------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The tangent of a complex number is a complex number. A holomorphic function has
// dy = f'(z) dz; its transpose multiplies by f'(z), not by the conjugate. The pairing of
// cotangents and tangents is Re(sum_k u_k v_k), so that
//     re: w -> w,  im: w -> -i w,  create: w -> (Re w, -Im w),  conj: w -> conj(w).
// The gradient of a real loss with respect to z = x + i y is then dL/dx - i dL/dy.
//===----------------------------------------------------------------------===//

#include "LinearModels.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace mlir::complex;
using namespace etrace;
using namespace etrace::detail;

namespace {
/// Arithmetic on complex scalars of one type.
struct Numbers {
  OpBuilder &builder;
  Location loc;
  Type type;

  Value constant(double value) const { return buildConstant(builder, loc, type, value); }
  Value add(Value a, Value b) const { return complex::AddOp::create(builder, loc, a, b); }
  Value sub(Value a, Value b) const { return complex::SubOp::create(builder, loc, a, b); }
  Value mul(Value a, Value b) const { return complex::MulOp::create(builder, loc, a, b); }
  Value div(Value a, Value b) const { return complex::DivOp::create(builder, loc, a, b); }
  Value neg(Value a) const { return complex::NegOp::create(builder, loc, a); }
  Value scale(double factor, Value a) const { return mul(constant(factor), a); }
  Value inverse(Value a) const { return div(constant(1.0), a); }
  /// z = w ? yes : no.
  Value whereEqual(Value z, Value w, Value yes, Value no) const {
    Value equal = complex::EqualOp::create(builder, loc, z, w);
    return arith::SelectOp::create(builder, loc, equal, yes, no);
  }
};
using N = const Numbers &;

//===----------------------------------------------------------------------===//
// Holomorphic functions of one number: dy/dz from z and y
//===----------------------------------------------------------------------===//

using ComplexPartial = Value (*)(N, Value z, Value y);
template <typename OpTy, ComplexPartial partial>
struct HolomorphicModel
    : LinearizableOpInterface::ExternalModel<HolomorphicModel<OpTy, partial>, OpTy> {
  Value buildPartial(Operation *op, OpBuilder &builder, unsigned, unsigned) const {
    Value z = op->getOperand(0);
    return partial(Numbers{builder, op->getLoc(), z.getType()}, z, op->getResult(0));
  }
};

Value dExp(N, Value, Value y) { return y; }
Value dExpM1(N n, Value, Value y) { return n.add(y, n.constant(1.0)); }
Value dLog(N n, Value z, Value) { return n.inverse(z); }
Value dLog1p(N n, Value z, Value) { return n.inverse(n.add(z, n.constant(1.0))); }
Value dSqrt(N n, Value, Value y) { return n.div(n.constant(0.5), y); }
Value dRsqrt(N n, Value z, Value y) { return n.div(n.scale(-0.5, y), z); }
Value dSin(N n, Value z, Value) { return complex::CosOp::create(n.builder, n.loc, z); }
Value dCos(N n, Value z, Value) { return n.neg(complex::SinOp::create(n.builder, n.loc, z)); }
Value dTan(N n, Value, Value y) { return n.add(n.constant(1.0), n.mul(y, y)); }
Value dTanh(N n, Value, Value y) { return n.sub(n.constant(1.0), n.mul(y, y)); }

//===----------------------------------------------------------------------===//
// Holomorphic functions of two numbers
//===----------------------------------------------------------------------===//

/// y = a / b: dy/da = 1/b, dy/db = -y/b.
struct DivModel : LinearizableOpInterface::ExternalModel<DivModel, complex::DivOp> {
  Value buildPartial(Operation *op, OpBuilder &builder, unsigned, unsigned operand) const {
    Value y = op->getResult(0), b = op->getOperand(1);
    Numbers n{builder, op->getLoc(), y.getType()};
    return operand == 0 ? n.inverse(b) : n.neg(n.div(y, b));
  }
};

/// y = a^b: dy/da = b a^(b-1), 0 for b = 0; dy/db = y log a, 0 for a = 0.
struct PowModel : LinearizableOpInterface::ExternalModel<PowModel, complex::PowOp> {
  Value buildPartial(Operation *op, OpBuilder &builder, unsigned, unsigned operand) const {
    Location loc = op->getLoc();
    Value y = op->getResult(0), a = op->getOperand(0), b = op->getOperand(1);
    Numbers n{builder, loc, y.getType()};
    Value zero = n.constant(0.0), one = n.constant(1.0);
    if (operand == 1)
      return n.mul(y, complex::LogOp::create(builder, loc, n.whereEqual(a, zero, one, a)));
    Value power = complex::PowOp::create(builder, loc, a, n.sub(b, one));
    return n.whereEqual(b, zero, zero, n.mul(b, power));
  }
};

/// y = a^k: dy/da = k a^(k-1), 0 for k = 0.
struct PowiModel : LinearizableOpInterface::ExternalModel<PowiModel, complex::PowiOp> {
  Value buildPartial(Operation *op, OpBuilder &builder, unsigned, unsigned) const {
    Location loc = op->getLoc();
    Value a = op->getOperand(0), k = op->getOperand(1);
    Numbers n{builder, loc, a.getType()};
    Type real = cast<ComplexType>(a.getType()).getElementType();
    Value zero = buildConstant(builder, loc, real, 0.0);
    Value one = buildConstant(builder, loc, k.getType(), 1.0);
    Value factor = CreateOp::create(builder, loc, a.getType(),
                                    arith::SIToFPOp::create(builder, loc, real, k), zero);
    Value less = arith::SubIOp::create(builder, loc, k, one);
    Value power = complex::PowiOp::create(builder, loc, a, less, arith::FastMathFlagsAttr());
    return n.whereEqual(factor, n.constant(0.0), n.constant(0.0), n.mul(factor, power));
  }
};

/// atan2(y, x): x / (x^2 + y^2) and -y / (x^2 + y^2).
struct Atan2Model : LinearizableOpInterface::ExternalModel<Atan2Model, complex::Atan2Op> {
  Value buildPartial(Operation *op, OpBuilder &builder, unsigned, unsigned operand) const {
    Value y = op->getOperand(0), x = op->getOperand(1);
    Numbers n{builder, op->getLoc(), y.getType()};
    Value square = n.add(n.mul(x, x), n.mul(y, y));
    return n.div(operand == 0 ? x : n.neg(y), square);
  }
};

//===----------------------------------------------------------------------===//
// Parts of numbers: linear over the real numbers
//===----------------------------------------------------------------------===//

/// The real and the imaginary part of a number.
struct Parts {
  Value real, imaginary;
  Parts(OpBuilder &builder, Location loc, Value z)
      : real(ReOp::create(builder, loc, z)), imaginary(ImOp::create(builder, loc, z)) {}
};

struct CreateModel : LinearizableOpInterface::ExternalModel<CreateModel, CreateOp> {
  LogicalResult linearize(Operation *op, OpBuilder &builder, const TangentMap &tangents,
                          SmallVectorImpl<Value> &out) const {
    Value real = tangentOrZeros(builder, tangents, op->getOperand(0));
    Value imaginary = tangentOrZeros(builder, tangents, op->getOperand(1));
    out.push_back(
        CreateOp::create(builder, op->getLoc(), op->getResult(0).getType(), real, imaginary));
    return success();
  }
};
struct CreateTranspose : LinearTransposeOpInterface::ExternalModel<CreateTranspose, CreateOp> {
  bool isLinearIn(Operation *op, Linear linear) const {
    return isTerm(op->getOperand(0), linear) && isTerm(op->getOperand(1), linear);
  }
  LogicalResult transpose(Operation *op, OpBuilder &builder, ValueRange results,
                          CotangentMap &cotangents) const {
    Parts w(builder, op->getLoc(), results[0]);
    cotangents.accumulate(builder, op->getOperand(0), w.real);
    cotangents.accumulate(builder, op->getOperand(1),
                          arith::NegFOp::create(builder, op->getLoc(), w.imaginary));
    return success();
  }
};

/// re: w -> w; im: w -> -i w.
template <typename OpTy>
struct PartTranspose : LinearTransposeOpInterface::ExternalModel<PartTranspose<OpTy>, OpTy> {
  bool isLinearIn(Operation *, Linear) const { return true; }
  LogicalResult transpose(Operation *op, OpBuilder &builder, ValueRange results,
                          CotangentMap &cotangents) const {
    Location loc = op->getLoc();
    Value z = op->getOperand(0), w = results[0];
    Value zero = buildConstant(builder, loc, w.getType(), 0.0);
    bool real = std::is_same_v<OpTy, ReOp>;
    Value other = real ? zero : Value(arith::NegFOp::create(builder, loc, w));
    cotangents.accumulate(builder, z,
                          CreateOp::create(builder, loc, z.getType(), real ? w : zero, other));
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Functions of the absolute value and the angle
//===----------------------------------------------------------------------===//

/// numerator / r, and 0 where r = 0.
Value divideOrZero(const Pointwise &p, Value numerator, Value r) {
  Value zero = p.constant(0.0);
  Value safe = p.choose(arith::CmpFPredicate::OEQ, r, zero, p.constant(1.0), r);
  return p.choose(arith::CmpFPredicate::OEQ, r, zero, zero, p.div(numerator, safe));
}

/// d|z| = (x dx + y dy) / |z|, and 0 at 0.
struct AbsModel : LinearizableOpInterface::ExternalModel<AbsModel, complex::AbsOp> {
  LogicalResult linearize(Operation *op, OpBuilder &builder, const TangentMap &tangents,
                          SmallVectorImpl<Value> &out) const {
    Value r = op->getResult(0);
    Pointwise p{builder, op->getLoc(), r};
    Parts z(builder, op->getLoc(), op->getOperand(0));
    Parts dz(builder, op->getLoc(), tangents.lookup(op->getOperand(0)));
    // The quotients first: the squares of large numbers are infinite.
    out.push_back(p.add(p.mul(divideOrZero(p, z.real, r), dz.real),
                        p.mul(divideOrZero(p, z.imaginary, r), dz.imaginary)));
    return success();
  }
};

/// d arg z = (x dy - y dx) / |z|^2.
struct AngleModel : LinearizableOpInterface::ExternalModel<AngleModel, complex::AngleOp> {
  LogicalResult linearize(Operation *op, OpBuilder &builder, const TangentMap &tangents,
                          SmallVectorImpl<Value> &out) const {
    Pointwise p{builder, op->getLoc(), op->getResult(0)};
    Parts z(builder, op->getLoc(), op->getOperand(0));
    Parts dz(builder, op->getLoc(), tangents.lookup(op->getOperand(0)));
    Value square = p.add(p.mul(z.real, z.real), p.mul(z.imaginary, z.imaginary));
    out.push_back(p.sub(p.mul(p.div(z.real, square), dz.imaginary),
                        p.mul(p.div(z.imaginary, square), dz.real)));
    return success();
  }
};

/// s = z / |z|: ds = i s (d arg z), where d arg z = Im(conj(s) dz) / |z|; 0 at 0.
struct SignModel : LinearizableOpInterface::ExternalModel<SignModel, complex::SignOp> {
  LogicalResult linearize(Operation *op, OpBuilder &builder, const TangentMap &tangents,
                          SmallVectorImpl<Value> &out) const {
    Location loc = op->getLoc();
    Value z = op->getOperand(0);
    Value r = complex::AbsOp::create(builder, loc, z);
    Pointwise p{builder, loc, r};
    Parts s(builder, loc, op->getResult(0)), dz(builder, loc, tangents.lookup(z));
    Value turn = p.sub(p.mul(divideOrZero(p, s.real, r), dz.imaginary),
                       p.mul(divideOrZero(p, s.imaginary, r), dz.real));
    out.push_back(CreateOp::create(builder, loc, z.getType(), p.neg(p.mul(s.imaginary, turn)),
                                   p.mul(s.real, turn)));
    return success();
  }
};

template <typename OpTy, ComplexPartial partial>
void attach(MLIRContext *context) {
  OpTy::template attachInterface<HolomorphicModel<OpTy, partial>>(*context);
}

void attachHolomorphic(MLIRContext *context) {
  attach<complex::ExpOp, dExp>(context);
  attach<complex::Expm1Op, dExpM1>(context);
  attach<complex::LogOp, dLog>(context);
  attach<complex::Log1pOp, dLog1p>(context);
  attach<complex::SqrtOp, dSqrt>(context);
  attach<complex::RsqrtOp, dRsqrt>(context);
  attach<complex::SinOp, dSin>(context);
  attach<complex::CosOp, dCos>(context);
  attach<complex::TanOp, dTan>(context);
  attach<complex::TanhOp, dTanh>(context);
  complex::DivOp::attachInterface<DivModel, QuotientTranspose<complex::DivOp>>(*context);
  complex::PowOp::attachInterface<PowModel>(*context);
  complex::PowiOp::attachInterface<PowiModel>(*context);
  complex::Atan2Op::attachInterface<Atan2Model>(*context);
}

void attachLinear(MLIRContext *context) {
  using complex::NegOp;
  complex::AddOp::attachInterface<SumModel<complex::AddOp>, SumTranspose<complex::AddOp>>(
      *context);
  complex::SubOp::attachInterface<SumModel<complex::SubOp, NegOp>,
                                  SumTranspose<complex::SubOp, NegOp>>(*context);
  complex::MulOp::attachInterface<ProductModel<complex::MulOp>,
                                  ProductTranspose<complex::MulOp>>(*context);
  NegOp::attachInterface<UnaryLinearModel<NegOp>, UnaryLinearTranspose<NegOp, NegOp>>(*context);
  ConjOp::attachInterface<UnaryLinearModel<ConjOp>, UnaryLinearTranspose<ConjOp, ConjOp>>(
      *context);
  CreateOp::attachInterface<CreateModel, CreateTranspose, PointwiseRelation<CreateOp>>(*context);
  ReOp::attachInterface<UnaryLinearModel<ReOp>, PartTranspose<ReOp>>(*context);
  ImOp::attachInterface<UnaryLinearModel<ImOp>, PartTranspose<ImOp>>(*context);
}
} // namespace

void etrace::detail::registerComplexModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, ComplexDialect *) {
    context->loadDialect<arith::ArithDialect, math::MathDialect>();
    attachHolomorphic(context);
    attachLinear(context);
    complex::AbsOp::attachInterface<AbsModel>(*context);
    AngleOp::attachInterface<AngleModel>(*context);
    SignOp::attachInterface<SignModel>(*context);
    attachPointwiseRelations<
#define GET_OP_LIST
#include "mlir/Dialect/Complex/IR/ComplexOps.cpp.inc"
        >(context);
  });
}
