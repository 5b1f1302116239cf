//===- Drawing.h - A picture of a model -------------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_ANALYSIS_DRAWING_H
#define ETRACE_ANALYSIS_DRAWING_H

#include "etrace/Analysis/StepGraph.h"
#include "llvm/Support/raw_ostream.h"

namespace etrace {

/// Writes a picture of a model as SVG 1.1 that needs no other file: layers from left to right, hidden
/// groups as boxes around their states, relations and what they reach by thick lines, excluded
/// parameters dashed, a legend. Stable: the same graph gives the same bytes.
void drawModel(llvm::raw_ostream &os, llvm::StringRef title, const StepGraph &graph);

} // namespace etrace

#endif // ETRACE_ANALYSIS_DRAWING_H
