//===- IndexedContraction.h - Reads and writes through indices --*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_LIB_CONVERSION_INDEXEDCONTRACTION_H
#define ETRACE_LIB_CONVERSION_INDEXEDCONTRACTION_H

#include "mlir/IR/PatternMatch.h"

namespace etrace {

/// `etrace.indexed_contraction` and `etrace.expand_pointers` to linalg, scf and tensor.
void populateIndexedContractionPatterns(mlir::RewritePatternSet &patterns);

} // namespace etrace

#endif // ETRACE_LIB_CONVERSION_INDEXEDCONTRACTION_H
