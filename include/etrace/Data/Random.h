//===- Random.h - Counter-based random numbers ------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every number is a function of (seed, path, counter): it depends on no other stream,
// no order of calls and no machine.
//===----------------------------------------------------------------------===//
#ifndef ETRACE_DATA_RANDOM_H
#define ETRACE_DATA_RANDOM_H

#include "etrace/Data/Array.h"
#include "etrace/Support/Threefry.h"

namespace etrace {

/// The numbers of one (seed, path), from a counter on.
class RandomStream {
public:
  RandomStream(uint64_t seed, llvm::StringRef path, uint64_t counter = 0);

  /// 64 random bits; takes one count.
  uint64_t next();
  /// Uniform on [0, 1) with 53 bits.
  double uniform();
  /// Standard normal (Box-Muller; takes two counts).
  double normal();
  /// Uniform on 0 .. bound - 1 without bias.
  uint64_t below(uint64_t bound);

  uint64_t getCounter() const { return counter; }

private:
  RandomWords key;
  uint64_t counter;
};

/// A permutation of 0 .. count - 1 (Fisher-Yates).
std::vector<int64_t> shuffledIndices(int64_t count, RandomStream stream);

/// How a parameter or state starts.
struct Initializer {
  enum class Kind { constant, uniform, normal, xavier, kaiming, orthogonal };
  Kind kind = Kind::constant;
  /// constant: value; uniform: low, high; normal: mean, standard deviation; xavier and
  /// orthogonal: gain; kaiming: scale.
  double first = 0.0;
  double second = 0.0;
};

/// Values in double precision, row-major. The fans are the last two extents (a vector's
/// only extent is both).
std::vector<double> initialize(const Initializer &initializer, llvm::ArrayRef<int64_t> shape,
                               RandomStream stream);

} // namespace etrace

#endif // ETRACE_DATA_RANDOM_H
