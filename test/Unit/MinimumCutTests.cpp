//===- MinimumCutTests.cpp - Minimum cuts beside all cuts -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Interfaces/Models/MinimumCut.h"

#include "gtest/gtest.h"

#include <random>

using namespace etrace::detail;

namespace {
/// A graph with edges from lower to higher numbers.
struct Graph {
  std::vector<int64_t> prices;
  std::vector<std::pair<unsigned, unsigned>> edges;
  unsigned sources = 0, sinks = 0; // bit sets

  llvm::BitVector solve() const {
    CutGraph graph;
    for (int64_t price : prices)
      graph.addNode(price);
    for (auto [from, to] : edges)
      graph.addEdge(from, to);
    for (unsigned node = 0; node < prices.size(); ++node) {
      if (sources >> node & 1)
        graph.addSource(node);
      if (sinks >> node & 1)
        graph.addSink(node);
    }
    return graph.solve();
  }

  bool isCut(unsigned removed) const {
    unsigned reached = sources & ~removed;
    for (unsigned node = 0; node < prices.size(); ++node)
      for (auto [from, to] : edges)
        if (to == node && (reached >> from & 1) && !(removed >> to & 1))
          reached |= 1u << to;
    return !(reached & sinks);
  }

  int64_t price(unsigned nodes) const {
    int64_t sum = 0;
    for (unsigned node = 0; node < prices.size(); ++node)
      sum += nodes >> node & 1 ? prices[node] : 0;
    return sum;
  }
};

unsigned toBits(const llvm::BitVector &nodes) {
  unsigned bits = 0;
  for (unsigned node : nodes.set_bits())
    bits |= 1u << node;
  return bits;
}

TEST(MinimumCut, NoCutIsCheaper) {
  std::mt19937 random(1);
  for (int round = 0; round < 500; ++round) {
    Graph graph;
    unsigned count = 1 + random() % 9;
    for (unsigned node = 0; node < count; ++node) {
      graph.prices.push_back(random() % 6);
      for (unsigned from = 0; from < node; ++from)
        if (random() % 3 == 0)
          graph.edges.push_back({from, node});
    }
    graph.sources = random() % (1u << count);
    graph.sinks = random() % (1u << count);
    unsigned found = toBits(graph.solve());
    EXPECT_TRUE(graph.isCut(found));
    for (unsigned other = 0; other < 1u << count; ++other)
      if (graph.isCut(other))
        EXPECT_LE(graph.price(found), graph.price(other));
  }
}

TEST(MinimumCut, NearestToTheSinks) {
  Graph graph{{4, 2, 3, 2, 2, 5}, {{0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 5}}, 1, 1u << 5};
  EXPECT_EQ(toBits(graph.solve()), 1u << 4);
}

TEST(MinimumCut, WhatMustNotBeCutIsNot) {
  Graph graph{{7, CutGraph::kNever, CutGraph::kNever}, {{0, 1}, {1, 2}}, 1, 1u << 2};
  EXPECT_EQ(toBits(graph.solve()), 1u);
}
} // namespace
