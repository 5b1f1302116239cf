//===- ReduceDataflow.h - Shortens the paths between values -----*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_TOOLS_ETRACE_REDUCE_REDUCEDATAFLOW_H
#define ETRACE_TOOLS_ETRACE_REDUCE_REDUCEDATAFLOW_H

namespace etrace {
void registerReduceDataflowPass();
} // namespace etrace

#endif // ETRACE_TOOLS_ETRACE_REDUCE_REDUCEDATAFLOW_H
