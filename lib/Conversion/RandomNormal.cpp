//===- RandomNormal.cpp - Counter-based random numbers in code ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The code that this builds computes what `RandomStream` (etrace/Data/Random.h) does from the
// counts counter 2^32 + 2 e and the next one.
//===----------------------------------------------------------------------===//

#include "RandomNormal.h"
#include "etrace/Interfaces/Contraction.h"
#include "etrace/Support/Threefry.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <cmath>

using namespace mlir;
using namespace etrace;

namespace {
/// Builds arithmetic on 32-bit words and on f64.
class RandomBuilder {
public:
  RandomBuilder(OpBuilder &builder, Location loc, RandomWords key)
      : builder(builder), loc(loc), schedule(threefry::getSchedule(key)) {}

  /// The number of an element (i64); `counter` (i32) is the upper word of the counts.
  Value buildNormal(Value element, Value counter) {
    Value first = arith::MulIOp::create(builder, loc, element, integer(2, 64));
    Value second = arith::AddIOp::create(builder, loc, first, integer(1, 64));
    // 1 - u lies in (0, 1], so that the logarithm is finite.
    Value rest = arith::SubFOp::create(builder, loc, real(1.0), buildUniform(first, counter));
    Value square = arith::MulFOp::create(builder, loc, real(-2.0),
                                         math::LogOp::create(builder, loc, rest));
    Value radius = math::SqrtOp::create(builder, loc, square);
    Value angle = arith::MulFOp::create(builder, loc, real(2.0 * M_PI),
                                        buildUniform(second, counter));
    return arith::MulFOp::create(builder, loc, radius, math::CosOp::create(builder, loc, angle));
  }

private:
  Value integer(int64_t value, unsigned width) {
    IntegerType type = builder.getIntegerType(width);
    return arith::ConstantOp::create(
        builder, loc, builder.getIntegerAttr(type, APInt(width, value, false, true)));
  }
  Value real(double value) {
    return arith::ConstantOp::create(builder, loc, builder.getF64FloatAttr(value));
  }
  Value add(Value word, uint32_t by) {
    return arith::AddIOp::create(builder, loc, word, integer(by, 32));
  }
  Value rotateLeft(Value word, unsigned bits) {
    Value left = arith::ShLIOp::create(builder, loc, word, integer(bits, 32));
    Value right = arith::ShRUIOp::create(builder, loc, word, integer(32 - bits, 32));
    return arith::OrIOp::create(builder, loc, left, right);
  }
  std::pair<Value, Value> buildThreefry(Value x0, Value x1);
  Value buildUniform(Value count, Value counter);

  OpBuilder &builder;
  Location loc;
  std::array<uint32_t, 3> schedule;
};
} // namespace

/// `threefry2x32`.
std::pair<Value, Value> RandomBuilder::buildThreefry(Value x0, Value x1) {
  x0 = add(x0, schedule[0]);
  x1 = add(x1, schedule[1]);
  for (unsigned round = 0; round < threefry::kRounds; ++round) {
    x0 = arith::AddIOp::create(builder, loc, x0, x1);
    x1 = arith::XOrIOp::create(builder, loc, rotateLeft(x1, threefry::kRotations[round % 8]),
                                   x0);
    if (round % 4 == 3) {
      unsigned injection = round / 4 + 1;
      x0 = add(x0, schedule[injection % 3]);
      x1 = add(x1, schedule[(injection + 1) % 3] + injection);
    }
  }
  return {x0, x1};
}

/// Uniform on [0, 1) with 53 bits.
Value RandomBuilder::buildUniform(Value count, Value counter) {
  auto [low, high] = buildThreefry(
      arith::TruncIOp::create(builder, loc, builder.getI32Type(), count), counter);
  auto widen = [&](Value word) -> Value {
    return arith::ExtUIOp::create(builder, loc, builder.getI64Type(), word);
  };
  Value upper = arith::ShLIOp::create(builder, loc, widen(high), integer(32, 64));
  Value bits = arith::OrIOp::create(builder, loc, upper, widen(low));
  Value leading = arith::ShRUIOp::create(builder, loc, bits, integer(11, 64));
  Value number = arith::UIToFPOp::create(builder, loc, builder.getF64Type(), leading);
  return arith::MulFOp::create(builder, loc, number, real(0x1p-53));
}

/// The row-major number of the element that the body of a linalg.generic is at.
static Value buildElementNumber(OpBuilder &builder, Location loc, ArrayRef<Value> extents) {
  Value number = arith::ConstantIndexOp::create(builder, loc, 0);
  for (auto [axis, extent] : llvm::enumerate(extents)) {
    Value scaled = arith::MulIOp::create(builder, loc, number, extent);
    number = arith::AddIOp::create(builder, loc, scaled,
                                   linalg::IndexOp::create(builder, loc, axis));
  }
  return arith::IndexCastOp::create(builder, loc, builder.getI64Type(), number);
}

Value etrace::buildRandomNormal(OpBuilder &builder, RandomNormalOp op, Value like,
                                Value counter) {
  Location loc = op.getLoc();
  Type element = getElementTypeOrSelf(like);
  RandomWords key = getStreamKey(op.getSeed(), op.getStream());
  Type i64 = builder.getI64Type();
  if (!counter)
    counter = arith::ConstantOp::create(builder, loc, builder.getIntegerAttr(i64, 0));
  counter = arith::TruncIOp::create(builder, loc, builder.getI32Type(), counter);
  auto type = dyn_cast<RankedTensorType>(like.getType());
  if (!type) {
    Value zero = arith::ConstantOp::create(builder, loc, builder.getIntegerAttr(i64, 0));
    return convertFloat(builder, loc, RandomBuilder(builder, loc, key).buildNormal(zero, counter),
                     element);
  }
  SmallVector<Value> extents;
  for (int64_t axis = 0; axis < type.getRank(); ++axis)
    extents.push_back(tensor::DimOp::create(builder, loc, like, axis));
  AffineMap identity = builder.getMultiDimIdentityMap(type.getRank());
  SmallVector<utils::IteratorType> iterators(type.getRank(), utils::IteratorType::parallel);
  auto body = [&](OpBuilder &inner, Location, ValueRange) {
    Value number = buildElementNumber(inner, loc, extents);
    Value normal = RandomBuilder(inner, loc, key).buildNormal(number, counter);
    linalg::YieldOp::create(inner, loc, convertFloat(inner, loc, normal, element));
  };
  return linalg::GenericOp::create(builder, loc, type, ValueRange(),
                                   buildZerosLike(builder, loc, like), identity, iterators, body)
      .getResult(0);
}
