//===- Threefry.h - Counter-based random bits -------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_SUPPORT_THREEFRY_H
#define ETRACE_SUPPORT_THREEFRY_H

#include "llvm/ADT/StringRef.h"

#include <array>

namespace etrace {

using RandomWords = std::array<uint32_t, 2>;

/// The constants of Threefry-2x32 with 20 rounds (Salmon et al., "Parallel random numbers: as
/// easy as 1, 2, 3", 2011).
namespace threefry {
constexpr unsigned kRounds = 20;
constexpr unsigned kRotations[8] = {13, 15, 26, 6, 17, 29, 16, 24};
/// The third word is the parity of the others (Skein's constant).
constexpr std::array<uint32_t, 3> getSchedule(RandomWords key) {
  return {key[0], key[1], 0x1BD11BDAu ^ key[0] ^ key[1]};
}
} // namespace threefry

inline RandomWords threefry2x32(RandomWords key, RandomWords counter) {
  const std::array<uint32_t, 3> schedule = threefry::getSchedule(key);
  uint32_t x0 = counter[0] + schedule[0], x1 = counter[1] + schedule[1];
  for (unsigned round = 0; round < threefry::kRounds; ++round) {
    unsigned bits = threefry::kRotations[round % 8];
    x0 += x1;
    x1 = ((x1 << bits) | (x1 >> (32 - bits))) ^ x0;
    if (round % 4 == 3) {
      unsigned injection = round / 4 + 1;
      x0 += schedule[injection % 3];
      x1 += schedule[(injection + 1) % 3] + injection;
    }
  }
  return {x0, x1};
}

/// The lower word first.
inline RandomWords splitWords(uint64_t value) { return {uint32_t(value), uint32_t(value >> 32)}; }

/// The key of the stream with this name: FNV-1a of the name, under the seed.
inline RandomWords getStreamKey(uint64_t seed, llvm::StringRef name) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (unsigned char byte : name)
    hash = (hash ^ byte) * 0x100000001b3u;
  return threefry2x32(splitWords(seed), splitWords(hash));
}

} // namespace etrace

#endif // ETRACE_SUPPORT_THREEFRY_H
