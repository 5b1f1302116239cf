//===- RandomTest.cpp - Random numbers and initialisers -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/Data/Random.h"
#include "gtest/gtest.h"

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace etrace;
using Words = std::array<uint32_t, 2>;
using Kind = Initializer::Kind;

// The known answers that its authors published for 20 rounds.
TEST(Threefry, KnownAnswers) {
  EXPECT_EQ(threefry2x32({0, 0}, {0, 0}), (Words{0x6b200159, 0x99ba4efe}));
  EXPECT_EQ(threefry2x32({0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
            (Words{0x1cb996fc, 0xbb002be7}));
  EXPECT_EQ(threefry2x32({0x13198a2e, 0x03707344}, {0x243f6a88, 0x85a308d3}),
            (Words{0xc4923a9c, 0x483df7a0}));
}

TEST(RandomStream, IsAFunctionOfSeedPathAndCounter) {
  RandomStream stream(1, "param:w");
  stream.next();
  uint64_t second = stream.next();
  EXPECT_EQ(stream.getCounter(), 2u);
  EXPECT_EQ(RandomStream(1, "param:w", 1).next(), second);
  EXPECT_NE(RandomStream(2, "param:w", 1).next(), second);
  EXPECT_NE(RandomStream(1, "param:v", 1).next(), second);
}

namespace {
struct Moments {
  double mean = 0, variance = 0, low = INFINITY, high = -INFINITY;
};
} // namespace

static Moments momentsOf(const std::vector<double> &values) {
  Moments moments;
  for (double value : values) {
    moments.mean += value / values.size();
    moments.low = std::min(moments.low, value);
    moments.high = std::max(moments.high, value);
  }
  for (double value : values)
    moments.variance += (value - moments.mean) * (value - moments.mean) / values.size();
  return moments;
}

static Moments drawMoments(Initializer initializer, std::vector<int64_t> shape) {
  return momentsOf(initialize(initializer, shape, RandomStream(0, "w")));
}

TEST(Initializer, ConstantAndUniform) {
  EXPECT_EQ(initialize({Kind::constant, -65}, {2}, RandomStream(0, "V")),
            (std::vector<double>{-65, -65}));
  Moments moments = drawMoments({Kind::uniform, -0.5, 1.5}, {100, 1000});
  EXPECT_NEAR(moments.mean, 0.5, 0.01);
  EXPECT_NEAR(moments.variance, 4.0 / 12, 0.005);
  EXPECT_GE(moments.low, -0.5);
  EXPECT_LT(moments.high, 1.5);
}

TEST(Initializer, Normal) {
  Moments moments = drawMoments({Kind::normal, 3, 0.2}, {100, 1000});
  EXPECT_NEAR(moments.mean, 3, 0.004);
  EXPECT_NEAR(moments.variance, 0.04, 0.001);
  EXPECT_LT(moments.low, 3 - 0.2 * 3.5);
}

TEST(Initializer, XavierHasTheVarianceOfBothFans) {
  Moments moments = drawMoments({Kind::xavier, 2}, {100, 900});
  EXPECT_NEAR(moments.variance, 2.0 * 4 / 1000, 1e-4);
  EXPECT_LE(moments.high, 2 * std::sqrt(6.0 / 1000));
}

TEST(Initializer, KaimingIsTruncatedAndKeepsItsVariance) {
  // Fan-in is the last extent but one, also behind leading extents.
  Moments moments = drawMoments({Kind::kaiming, 2}, {5, 128, 200});
  double deviation = std::sqrt(2.0 / 128);
  EXPECT_NEAR(moments.mean, 0, 0.001);
  EXPECT_NEAR(moments.variance, deviation * deviation, 2e-4);
  EXPECT_LE(moments.high, 2 * deviation / 0.8796256);
  EXPECT_GT(moments.high, 1.95 * deviation / 0.8796256);
}

/// The largest deviation of the rows' inner products from gain^2 I.
static double orthogonalityError(const std::vector<double> &values, int64_t rows, int64_t columns,
                                 double gain, bool overRows) {
  int64_t count = overRows ? rows : columns, length = overRows ? columns : rows;
  auto at = [&](int64_t vector, int64_t i) {
    return overRows ? values[vector * columns + i] : values[i * columns + vector];
  };
  double error = 0;
  for (int64_t a = 0; a < count; ++a)
    for (int64_t b = 0; b < count; ++b) {
      double dot = 0;
      for (int64_t i = 0; i < length; ++i)
        dot += at(a, i) * at(b, i);
      error = std::max(error, std::abs(dot - (a == b ? gain * gain : 0)));
    }
  return error;
}

TEST(Initializer, OrthogonalOnTheSmallerSide) {
  auto draw = [](std::vector<int64_t> shape) {
    return initialize({Kind::orthogonal, 1.5}, shape, RandomStream(3, "w"));
  };
  EXPECT_LT(orthogonalityError(draw({64, 64}), 64, 64, 1.5, true), 1e-13);
  EXPECT_LT(orthogonalityError(draw({20, 50}), 20, 50, 1.5, true), 1e-13);
  EXPECT_LT(orthogonalityError(draw({50, 20}), 50, 20, 1.5, false), 1e-13);
  // Leading extents are rows.
  EXPECT_LT(orthogonalityError(draw({5, 10, 20}), 50, 20, 1.5, false), 1e-13);
  EXPECT_EQ(draw({0, 3}).size(), 0u);
  EXPECT_NEAR(std::abs(draw({})[0]), 1.5, 1e-15);
}

TEST(Shuffle, IsAPermutationThatFollowsTheSeed) {
  std::vector<int64_t> one = shuffledIndices(1000, RandomStream(0, "shuffle:1"));
  std::vector<int64_t> two = shuffledIndices(1000, RandomStream(0, "shuffle:2"));
  EXPECT_NE(one, two);
  EXPECT_EQ(one, shuffledIndices(1000, RandomStream(0, "shuffle:1")));
  std::sort(one.begin(), one.end());
  for (int64_t i = 0; i < 1000; ++i)
    ASSERT_EQ(one[i], i);
  EXPECT_TRUE(shuffledIndices(0, RandomStream(0, "")).empty());
}

TEST(Shuffle, EveryOrderIsEquallyLikely) {
  std::array<int, 6> counts = {};
  for (uint64_t seed = 0; seed < 6000; ++seed) {
    std::vector<int64_t> order = shuffledIndices(3, RandomStream(seed, "shuffle"));
    ++counts[order[0] * 2 + (order[1] > order[2])];
  }
  for (int count : counts)
    EXPECT_NEAR(count, 1000, 130);
}
