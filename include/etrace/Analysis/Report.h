//===- Report.h - The graph of a model for people ---------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_ANALYSIS_REPORT_H
#define ETRACE_ANALYSIS_REPORT_H

#include "etrace/IR/Etrace.h"
#include "llvm/Support/raw_ostream.h"

namespace etrace {

enum class ReportFormat { text, json, dot, svg };

/// Prints recurrence, groups, relations, excluded parameters and dynamic states of a model whose
/// graph is in the IR; at level 2 also, as text, the decisions that are warnings. Stable: the same
/// model gives the same bytes. Fails with a located error if the graph does not agree with the
/// step.
llvm::LogicalResult printReport(llvm::raw_ostream &os, ModelOp model, ReportFormat format,
                                unsigned level = 1);

/// "3x5", "?" for an extent that is not known, "scalar" for none.
std::string joinExtents(llvm::ArrayRef<int64_t> extents);

} // namespace etrace

#endif // ETRACE_ANALYSIS_REPORT_H
