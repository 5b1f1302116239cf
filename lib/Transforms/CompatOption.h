//===- CompatOption.h - The option `compat` of passes -----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_LIB_TRANSFORMS_COMPATOPTION_H
#define ETRACE_LIB_TRANSFORMS_COMPATOPTION_H

#include "etrace/IR/Etrace.h"

namespace etrace {

/// Sets the model's `compat` to the mode of this name; an empty one leaves it as it is.
llvm::LogicalResult setCompat(ModelOp model, llvm::StringRef name);

} // namespace etrace

#endif // ETRACE_LIB_TRANSFORMS_COMPATOPTION_H
