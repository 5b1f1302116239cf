//===- MinimumCut.h - The least that separates sources from sinks -*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_LIB_INTERFACES_MODELS_MINIMUMCUT_H
#define ETRACE_LIB_INTERFACES_MODELS_MINIMUMCUT_H

#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>

namespace etrace::detail {

/// A directed graph whose nodes have a price. Which nodes, of the least price in all, lie on
/// every way from a source to a sink?
class CutGraph {
public:
  /// A price for what must not be in the cut.
  static constexpr int64_t kNever = int64_t(1) << 50;

  unsigned addNode(int64_t price);
  void addEdge(unsigned from, unsigned to);
  void addSource(unsigned node);
  void addSink(unsigned node);
  /// The nodes of the cut; of several such cuts the one nearest to the sinks.
  llvm::BitVector solve();

private:
  /// An edge and, beside it at number ^ 1, the one back.
  struct Edge {
    unsigned to;
    int64_t capacity;
  };
  void connect(unsigned from, unsigned to, int64_t capacity);
  bool augment();
  llvm::BitVector findBehindCut();

  /// Node n enters at 2 n + 2 and leaves at 2 n + 3; 0 is before all sources, 1 behind all sinks.
  llvm::SmallVector<llvm::SmallVector<unsigned, 4>> edgesFrom{2};
  llvm::SmallVector<Edge> edges;
};

} // namespace etrace::detail

#endif // ETRACE_LIB_INTERFACES_MODELS_MINIMUMCUT_H
