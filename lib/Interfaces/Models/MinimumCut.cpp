//===- MinimumCut.cpp - The least that separates sources from sinks -------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The largest flow, found along shortest ways (Edmonds and Karp), and the edges that it fills.
//===----------------------------------------------------------------------===//

#include "MinimumCut.h"

#include "llvm/ADT/STLExtras.h"

using namespace etrace::detail;

void CutGraph::connect(unsigned from, unsigned to, int64_t capacity) {
  edgesFrom[from].push_back(edges.size());
  edges.push_back({to, capacity});
  edgesFrom[to].push_back(edges.size());
  edges.push_back({from, 0});
}

unsigned CutGraph::addNode(int64_t price) {
  unsigned node = edgesFrom.size() / 2 - 1;
  edgesFrom.resize(edgesFrom.size() + 2);
  connect(2 * node + 2, 2 * node + 3, price);
  return node;
}

void CutGraph::addEdge(unsigned from, unsigned to) { connect(2 * from + 3, 2 * to + 2, kNever); }
void CutGraph::addSource(unsigned node) { connect(0, 2 * node + 2, kNever); }
void CutGraph::addSink(unsigned node) { connect(2 * node + 3, 1, kNever); }

/// Sends as much as fits along one shortest way; false if there is none.
bool CutGraph::augment() {
  constexpr unsigned none = ~0u;
  llvm::SmallVector<unsigned> reachedBy(edgesFrom.size(), none), queue{0};
  for (size_t i = 0; i < queue.size() && reachedBy[1] == none; ++i)
    for (unsigned edge : edgesFrom[queue[i]]) {
      unsigned to = edges[edge].to;
      if (edges[edge].capacity == 0 || to == 0 || reachedBy[to] != none)
        continue;
      reachedBy[to] = edge;
      queue.push_back(to);
    }
  if (reachedBy[1] == none)
    return false;
  int64_t flow = kNever;
  for (unsigned at = 1; at != 0; at = edges[reachedBy[at] ^ 1].to)
    flow = std::min(flow, edges[reachedBy[at]].capacity);
  for (unsigned at = 1; at != 0; at = edges[reachedBy[at] ^ 1].to) {
    edges[reachedBy[at]].capacity -= flow;
    edges[reachedBy[at] ^ 1].capacity += flow;
  }
  return true;
}

/// From where more could still flow to a sink.
llvm::BitVector CutGraph::findBehindCut() {
  llvm::BitVector behind(edgesFrom.size());
  llvm::SmallVector<unsigned> queue{1};
  behind.set(1);
  for (size_t i = 0; i < queue.size(); ++i)
    for (unsigned edge : edgesFrom[queue[i]])
      if (unsigned from = edges[edge].to; edges[edge ^ 1].capacity > 0 && !behind.test(from)) {
        behind.set(from);
        queue.push_back(from);
      }
  return behind;
}

llvm::BitVector CutGraph::solve() {
  while (augment())
    ;
  llvm::BitVector behind = findBehindCut(), cut(edgesFrom.size() / 2 - 1);
  for (unsigned node = 0; node < cut.size(); ++node)
    cut[node] = !behind.test(2 * node + 2) && behind.test(2 * node + 3);
  return cut;
}
