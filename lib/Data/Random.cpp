//===- Random.cpp - Counter-based random numbers --------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/Data/Random.h"

#include <cmath>
#include <numeric>
#include <utility>

using namespace etrace;

RandomStream::RandomStream(uint64_t seed, llvm::StringRef path, uint64_t counter)
    : key(getStreamKey(seed, path)), counter(counter) {}

uint64_t RandomStream::next() {
  RandomWords words = threefry2x32(key, splitWords(counter++));
  return uint64_t(words[1]) << 32 | words[0];
}

double RandomStream::uniform() { return double(next() >> 11) * 0x1p-53; }

double RandomStream::normal() {
  // 1 - u lies in (0, 1], so that the logarithm is finite.
  double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  return radius * std::cos(2.0 * 3.14159265358979323846 * uniform());
}

uint64_t RandomStream::below(uint64_t bound) {
  // Values below 2^64 mod bound would make the small results more likely.
  uint64_t rejected = (0 - bound) % bound;
  uint64_t value = next();
  while (value < rejected)
    value = next();
  return value % bound;
}

std::vector<int64_t> etrace::shuffledIndices(int64_t count, RandomStream stream) {
  std::vector<int64_t> indices(count);
  std::iota(indices.begin(), indices.end(), 0);
  for (int64_t i = count - 1; i > 0; --i)
    std::swap(indices[i], indices[stream.below(i + 1)]);
  return indices;
}

//===----------------------------------------------------------------------===//
// Initialisers
//===----------------------------------------------------------------------===//

/// Columns of a `length` x `count` matrix of normals, made orthonormal (count <= length).
/// Gram-Schmidt leaves the diagonal of R positive, which makes Q uniform on the
/// orthogonal group; the second sweep restores the orthogonality that rounding took.
static std::vector<std::vector<double>> orthonormalVectors(int64_t count, int64_t length,
                                                           RandomStream &stream) {
  std::vector<std::vector<double>> vectors(count, std::vector<double>(length));
  for (auto &vector : vectors) {
    for (double &value : vector)
      value = stream.normal();
    for (int sweep = 0; sweep < 2; ++sweep)
      for (auto *other = vectors.data(); other != &vector; ++other) {
        double dot = std::inner_product(vector.begin(), vector.end(), other->begin(), 0.0);
        for (int64_t i = 0; i < length; ++i)
          vector[i] -= dot * (*other)[i];
      }
    double norm = std::sqrt(std::inner_product(vector.begin(), vector.end(), vector.begin(), 0.0));
    for (double &value : vector)
      value /= norm;
  }
  return vectors;
}

static std::vector<double> orthogonal(double gain, llvm::ArrayRef<int64_t> shape, int64_t count,
                                      RandomStream &stream) {
  int64_t columns = shape.empty() ? 1 : shape.back();
  int64_t rows = columns ? count / columns : 0;
  std::vector<double> values(count);
  if (!count)
    return values;
  bool tall = rows >= columns;
  auto vectors = orthonormalVectors(std::min(rows, columns), std::max(rows, columns), stream);
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t column = 0; column < columns; ++column)
      values[row * columns + column] = gain * (tall ? vectors[column][row] : vectors[row][column]);
  return values;
}

/// A standard normal conditioned on |z| <= 2, divided by its standard deviation.
static double truncatedNormal(RandomStream &stream) {
  constexpr double deviation = 0.87962566103423978;
  for (;;)
    if (double value = stream.normal(); std::abs(value) <= 2.0)
      return value / deviation;
}

std::vector<double> etrace::initialize(const Initializer &initializer,
                                       llvm::ArrayRef<int64_t> shape, RandomStream stream) {
  using Kind = Initializer::Kind;
  int64_t count = *countElements(shape);
  double fanOut = shape.empty() ? 1 : shape.back();
  double fanIn = shape.size() < 2 ? fanOut : shape[shape.size() - 2];
  double first = initializer.first, second = initializer.second;
  if (initializer.kind == Kind::orthogonal)
    return orthogonal(first, shape, count, stream);
  std::vector<double> values(count, first);
  // Uniform on [-b, b) has the variance b^2 / 3.
  double bound = first * std::sqrt(6.0 / (fanIn + fanOut));
  for (double &value : values) {
    if (initializer.kind == Kind::uniform)
      value = first + (second - first) * stream.uniform();
    else if (initializer.kind == Kind::normal)
      value = first + second * stream.normal();
    else if (initializer.kind == Kind::xavier)
      value = bound * (2.0 * stream.uniform() - 1.0);
    else if (initializer.kind == Kind::kaiming)
      value = std::sqrt(first / fanIn) * truncatedNormal(stream);
  }
  return values;
}
