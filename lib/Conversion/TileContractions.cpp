//===- TileContractions.cpp - Register-blocked contractions ---------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// c[.., m, n] += sum_k a[.., m, k] b[.., k, n] in two forms. *Outer*: n is contiguous in b
// and c; a tile of rows x vectors of c stays in registers over k. *Dot*: k is contiguous in
// a and b; a tile of vectors of partial sums stays in registers and is summed at the end.
// Long sums run in chunks, so that what a chunk reads of a and of a tile's columns of b stays in
// the second-level cache while the tiles of c go by.
// A fill of c with zeros right before is left out: the sums start at zero.
// The order of all sums is fixed by the extents and the width of a vector.
//
//===----------------------------------------------------------------------===//

#include "Contraction.h"
#include "ParallelLoop.h"
#include "Tiling.h"
#include "etrace/Conversion/Passes.h"
#include "etrace/Interfaces/Contraction.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace etrace {
#define GEN_PASS_DEF_TILECONTRACTIONSPASS
#include "etrace/Conversion/Passes.h.inc"
} // namespace etrace

using namespace mlir;
using namespace etrace;

namespace {

/// A run of columns of a tile: one vector.
struct Column {
  int64_t offset;
  int64_t width;
};

/// Cuts `extent` in widths of at most `width`, a power of two, all powers of two.
SmallVector<Column> cutColumns(int64_t extent, int64_t width) {
  SmallVector<Column> columns;
  for (int64_t offset = 0; offset < extent; offset += columns.back().width) {
    while (width > extent - offset)
      width /= 2;
    columns.push_back({offset, width});
  }
  return columns;
}

class TileEmitter {
public:
  TileEmitter(IRRewriter &builder, const Contraction &work, int64_t vectorBits)
      : builder(builder), work(work), loc(work.loc),
        lanes(vectorBits / work.element.getIntOrFloatBitWidth()), isWide(vectorBits >= 512),
        indices(work.extents.size()) {}

  /// `fill` makes c zero, or is null.
  void emit(linalg::FillOp fill);

private:
  using Body = llvm::function_ref<void()>;
  using Sums = SmallVector<Value>;
  using Accumulate = llvm::function_ref<Sums(ValueRange)>;

  Value constant(int64_t value) { return arith::ConstantIndexOp::create(builder, loc, value); }
  Value advance(Value index, int64_t offset);
  SmallVector<Value> getIndices(AffineMap map);
  void forEach(unsigned dim, int64_t end, int64_t step, Body body);
  /// Tiles a dimension: a loop over whole tiles and what is left.
  void forTiles(std::optional<unsigned> dim, int64_t size, llvm::function_ref<void(int64_t)> body);
  Sums sumOver(ArrayRef<unsigned> dims, ArrayRef<int64_t> ends, int64_t lastStep, Sums sums,
               Accumulate body);
  int64_t getChunk(int64_t columns);
  void forChunks(int64_t columns, Body body);
  Value load(Value memory, AffineMap map, int64_t width);
  Value loadSum(int64_t width);
  void store(Value value, int64_t width);
  Value multiplyAdd(Value a, Value b, Value sum);
  Value addAll(Value a, Value b);
  template <typename Function>
  auto at(std::optional<unsigned> dim, int64_t offset, Function function);

  void emitTile(int64_t rows, int64_t columns);
  void emitOuterTile(int64_t rows, int64_t extent);
  void emitDotTile(int64_t rows, int64_t columns);
  SmallVector<Value> sumDots(int64_t rows, int64_t columns, int64_t width, int64_t begin,
                             int64_t end);
  Value sumLanes(SmallVector<Value> vectors);

  IRRewriter &builder;
  const Contraction &work;
  Location loc;
  int64_t lanes;
  bool isWide;
  /// The contents of c are zero and need not be read.
  bool startsAtZero = false;
  SmallVector<Value> indices;
  /// Loops over tiles around the insertion point.
  unsigned depth = 0;
  /// The part of the first summed dimension that a chunk is; null where all of it is.
  Value chunkBegin, chunkEnd;
};

} // namespace

//===----------------------------------------------------------------------===//
// Loops, loads, arithmetic
//===----------------------------------------------------------------------===//

Value TileEmitter::advance(Value index, int64_t offset) {
  if (offset == 0)
    return index;
  return builder.createOrFold<arith::AddIOp>(loc, index, constant(offset));
}

SmallVector<Value> TileEmitter::getIndices(AffineMap map) {
  SmallVector<Value> result;
  for (AffineExpr expr : map.getResults())
    result.push_back(indices[cast<AffineDimExpr>(expr).getPosition()]);
  return result;
}

/// A loop over tiles of the result: its turns are independent, and the outermost says so.
void TileEmitter::forEach(unsigned dim, int64_t end, int64_t step, Body body) {
  if (end <= step) {
    indices[dim] = constant(0);
    if (end > 0)
      body();
    return;
  }
  auto loop = scf::ForOp::create(builder, loc, constant(0), constant(end), constant(step));
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(loop.getBody());
    indices[dim] = loop.getInductionVar();
    ++depth;
    body();
    --depth;
  }
  if (depth == 0)
    makeParallel(builder, loop);
}

void TileEmitter::forTiles(std::optional<unsigned> dim, int64_t size,
                           llvm::function_ref<void(int64_t)> body) {
  if (!dim)
    return body(1);
  int64_t extent = work.extents[*dim];
  int64_t whole = extent / size * size;
  forEach(*dim, whole, size, [&] { body(size); });
  if (whole == extent)
    return;
  indices[*dim] = constant(whole);
  body(extent - whole);
}

/// Carries sums through loops over `dims`; the last loop has the step `lastStep`.
TileEmitter::Sums TileEmitter::sumOver(ArrayRef<unsigned> dims, ArrayRef<int64_t> ends,
                                       int64_t lastStep, Sums sums, Accumulate body) {
  if (dims.empty())
    return body(sums);
  int64_t step = dims.size() == 1 ? lastStep : 1;
  bool isChunk = chunkBegin && dims[0] == work.k.front();
  auto loop = scf::ForOp::create(builder, loc, isChunk ? chunkBegin : constant(0),
                                 isChunk ? chunkEnd : constant(ends[0]), constant(step), sums);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  indices[dims[0]] = loop.getInductionVar();
  Sums next = sumOver(dims.drop_front(), ends.drop_front(), lastStep,
                      Sums(loop.getRegionIterArgs()), body);
  scf::YieldOp::create(builder, loc, next);
  return Sums(loop.getResults());
}

Value TileEmitter::load(Value memory, AffineMap map, int64_t width) {
  SmallVector<Value> where = getIndices(map);
  if (width == 0)
    return memref::LoadOp::create(builder, loc, memory, where);
  auto type = VectorType::get({width}, work.element);
  return vector::LoadOp::create(builder, loc, type, memory, where);
}

/// What sums are added to.
Value TileEmitter::loadSum(int64_t width) {
  if (!startsAtZero)
    return load(work.c, work.mapC, width);
  auto type = VectorType::get({width}, work.element);
  return arith::ConstantOp::create(builder, loc, builder.getZeroAttr(type));
}

void TileEmitter::store(Value value, int64_t width) {
  vector::StoreOp::create(builder, loc, value, work.c, getIndices(work.mapC));
}

Value TileEmitter::addAll(Value a, Value b) {
  return arith::AddFOp::create(builder, loc, a, b, arith::FastMathFlags::contract);
}

Value TileEmitter::multiplyAdd(Value a, Value b, Value sum) {
  Value product = arith::MulFOp::create(builder, loc, a, b, arith::FastMathFlags::contract);
  return addAll(sum, product);
}

/// Calls the function with an index moved by `offset`.
template <typename Function>
auto TileEmitter::at(std::optional<unsigned> dim, int64_t offset, Function function) {
  Value saved = dim ? indices[*dim] : Value();
  if (dim)
    indices[*dim] = advance(saved, offset);
  auto result = function();
  if (dim)
    indices[*dim] = saved;
  return result;
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

void TileEmitter::emitOuterTile(int64_t rows, int64_t extent) {
  SmallVector<Column> columns = cutColumns(extent, lanes);
  Sums sums;
  for (int64_t row = 0; row < rows; ++row)
    for (Column column : columns)
      sums.push_back(at(work.m, row, [&] {
        return at(work.n, column.offset, [&] { return loadSum(column.width); });
      }));
  SmallVector<int64_t> ends;
  for (unsigned dim : work.k)
    ends.push_back(work.extents[dim]);
  sums = sumOver(work.k, ends, 1, sums, [&](ValueRange old) {
    SmallVector<Value> vectors;
    for (Column column : columns)
      vectors.push_back(
          at(work.n, column.offset, [&] { return load(work.b, work.mapB, column.width); }));
    Sums next;
    for (int64_t row = 0; row < rows; ++row) {
      Value scalar = at(work.m, row, [&] { return load(work.a, work.mapA, 0); });
      for (auto [column, vector] : llvm::zip(columns, vectors)) {
        Value factor = vector::BroadcastOp::create(builder, loc, vector.getType(), scalar);
        next.push_back(multiplyAdd(factor, vector, old[next.size()]));
      }
    }
    return next;
  });
  auto sum = sums.begin();
  for (int64_t row = 0; row < rows; ++row)
    for (Column column : columns)
      at(work.m, row, [&] {
        return at(work.n, column.offset, [&] {
          store(*sum++, column.width);
          return 0;
        });
      });
}

/// The sums over [begin, end) of the contiguous dimension, in vectors of `width`.
SmallVector<Value> TileEmitter::sumDots(int64_t rows, int64_t columns, int64_t width,
                                        int64_t begin, int64_t end) {
  auto type = VectorType::get({width}, work.element);
  Value zero = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(type));
  Sums sums(rows * columns, zero);
  SmallVector<int64_t> ends;
  for (unsigned dim : work.k)
    ends.push_back(work.extents[dim]);
  ends.back() = end - begin;
  return sumOver(work.k, ends, width, sums, [&](ValueRange old) {
    return at(work.k.back(), begin, [&] {
      SmallVector<Value> vectors;
      for (int64_t column = 0; column < columns; ++column)
        vectors.push_back(at(work.n, column, [&] { return load(work.b, work.mapB, width); }));
      Sums next;
      for (int64_t row = 0; row < rows; ++row) {
        Value vector = at(work.m, row, [&] { return load(work.a, work.mapA, width); });
        for (Value other : vectors)
          next.push_back(multiplyAdd(vector, other, old[next.size()]));
      }
      return next;
    });
  });
}

/// The sums of the lanes of vectors (a power of two of them), as one vector: adds halves of
/// segments, and puts the segments of two vectors in one.
Value TileEmitter::sumLanes(SmallVector<Value> vectors) {
  int64_t count = vectors.size();
  int64_t width = cast<VectorType>(vectors.front().getType()).getNumElements();
  auto fold = [&](Value a, Value b, int64_t total, int64_t segment) -> Value {
    SmallVector<int64_t> low, high;
    for (int64_t start = 0; start < total; start += segment)
      for (int64_t lane = 0; lane < segment / 2; ++lane) {
        low.push_back(start + lane);
        high.push_back(start + segment / 2 + lane);
      }
    return addAll(vector::ShuffleOp::create(builder, loc, a, b, low),
                  vector::ShuffleOp::create(builder, loc, a, b, high));
  };
  int64_t segment = width;
  while (vectors.size() > 1 && segment > 1) {
    SmallVector<Value> next;
    for (size_t i = 0; i < vectors.size(); i += 2)
      next.push_back(fold(vectors[i], vectors[i + 1], 2 * width, segment));
    vectors = std::move(next);
    segment /= 2;
  }
  if (vectors.size() > 1) {
    // More vectors than lanes: put the finished sums side by side.
    Value all = vectors.front();
    for (Value next : llvm::drop_begin(vectors)) {
      int64_t size = cast<VectorType>(all.getType()).getNumElements();
      all = vector::ShuffleOp::create(builder, loc, all, next,
                                      llvm::to_vector(llvm::seq<int64_t>(0, size + width)));
    }
    return all;
  }
  for (; segment > 1; segment /= 2)
    vectors[0] = fold(vectors[0], vectors[0], count * segment, segment);
  return vectors[0];
}

void TileEmitter::emitDotTile(int64_t rows, int64_t columns) {
  // Columns in powers of two, as sumLanes wants them.
  for (Column run : cutColumns(columns, llvm::bit_floor(static_cast<uint64_t>(columns)))) {
    SmallVector<Value> totals(rows);
    int64_t extent = work.extents[work.k.back()];
    at(work.n, run.offset, [&] {
      for (int64_t begin = 0, width = lanes; begin < extent;) {
        while (width > extent - begin)
          width /= 2;
        int64_t end = begin + (extent - begin) / width * width;
        SmallVector<Value> sums = sumDots(rows, run.width, width, begin, end);
        for (int64_t row = 0; row < rows; ++row) {
          Value part = sumLanes(SmallVector<Value>(
              ArrayRef<Value>(sums).slice(row * run.width, run.width)));
          totals[row] = totals[row] ? addAll(totals[row], part) : part;
        }
        begin = end;
      }
      for (int64_t row = 0; row < rows; ++row)
        at(work.m, row, [&] {
          store(startsAtZero ? totals[row] : addAll(loadSum(run.width), totals[row]), run.width);
          return 0;
        });
      return 0;
    });
  }
}

/// A tile that no loop holds is a region of its own: a part that entries can share.
void TileEmitter::emitTile(int64_t rows, int64_t columns) {
  OpBuilder::InsertionGuard guard(builder);
  if (depth == 0) {
    auto region = scf::ExecuteRegionOp::create(builder, loc, TypeRange(), /*no_inline=*/true);
    builder.createBlock(&region.getRegion());
    builder.setInsertionPoint(scf::YieldOp::create(builder, loc));
  }
  work.isDot ? emitDotTile(rows, columns) : emitOuterTile(rows, columns);
}

/// Turns of the first summed dimension that make a chunk. The contiguous dimension of dots is
/// never cut.
int64_t TileEmitter::getChunk(int64_t columns) {
  constexpr int64_t panelBytes = 256 * 1024;
  int64_t extent = work.extents[work.k.front()];
  if (work.isDot && work.k.size() == 1)
    return extent;
  int64_t rows = work.m ? work.extents[*work.m] : 1;
  int64_t bytes = (rows + columns) * work.element.getIntOrFloatBitWidth() / 8;
  for (unsigned dim : ArrayRef<unsigned>(work.k).drop_front())
    bytes *= work.extents[dim];
  return std::clamp<int64_t>(panelBytes / bytes, 1, extent);
}

void TileEmitter::forChunks(int64_t columns, Body body) {
  int64_t extent = work.extents[work.k.front()], chunk = getChunk(columns);
  if (chunk == extent)
    return body();
  auto loop =
      scf::ForOp::create(builder, loc, constant(0), constant(extent), constant(chunk));
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  chunkBegin = loop.getInductionVar();
  chunkEnd = advance(chunkBegin, chunk);
  if (extent % chunk)
    chunkEnd = arith::MinUIOp::create(builder, loc, chunkEnd, constant(extent));
  body();
}

void TileEmitter::emit(linalg::FillOp fill) {
  // 32 registers of 512 bits, else 16: most hold sums, a few the operands.
  int64_t budget = isWide ? 16 : 8;
  int64_t rows = std::min<int64_t>(work.m ? work.extents[*work.m] : 1, isWide ? 8 : 4);
  if (work.isDot)
    rows = std::min<int64_t>(rows, 4);
  int64_t vectors = llvm::bit_floor(
      static_cast<uint64_t>(std::clamp<int64_t>(budget / rows, 2, 8)));
  SmallVector<unsigned> outer(work.outer);
  std::function<void(size_t)> nest = [&](size_t depth) {
    if (depth < outer.size())
      return forEach(outer[depth], work.extents[outer[depth]], 1, [&] { nest(depth + 1); });
    forTiles(work.n, work.isDot ? vectors : vectors * lanes, [&](int64_t columns) {
      forTiles(work.m, rows, [&](int64_t count) {
        emitTile(count, columns);
      });
    });
  };
  int64_t columns = work.isDot ? vectors : vectors * lanes;
  if (fill && getChunk(columns) == work.extents[work.k.front()]) {
    startsAtZero = true;
    builder.eraseOp(fill);
  }
  forChunks(columns, [&] { nest(0); });
}

/// The operation before `op` that touches memory, if all it does is to make `memory` zero.
static linalg::FillOp findZeroFill(Operation *op, Value memory) {
  do
    op = op->getPrevNode();
  while (op && isMemoryEffectFree(op));
  auto fill = dyn_cast_or_null<linalg::FillOp>(op);
  bool makesZero = fill && fill.getOutputs()[0] == memory && isKnownZero(fill.getInputs()[0]);
  return makesZero ? fill : nullptr;
}

namespace {
struct TileContractions : etrace::impl::TileContractionsPassBase<TileContractions> {
  using TileContractionsPassBase::TileContractionsPassBase;

  void runOnOperation() override {
    auto emit = [&](IRRewriter &rewriter, linalg::GenericOp op) {
      FailureOr<Contraction> work = matchContraction(op);
      if (succeeded(work))
        TileEmitter(rewriter, *work, vectorBits).emit(findZeroFill(op, work->c));
      return succeeded(work);
    };
    if (failed(tileGenerics(getOperation(), vectorBits, emit)))
      signalPassFailure();
  }
};
} // namespace
