//===- ByteWidth.h - Bytes of elements in memory ----------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_SUPPORT_BYTEWIDTH_H
#define ETRACE_SUPPORT_BYTEWIDTH_H

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/Support/MathExtras.h"

namespace etrace {

/// Bytes of an element in memory: an index has 64 bits, a complex number is two numbers.
inline int64_t getByteWidth(mlir::Type element) {
  if (auto complex = mlir::dyn_cast<mlir::ComplexType>(element))
    return 2 * getByteWidth(complex.getElementType());
  return element.isIndex() ? 8 : llvm::divideCeil(element.getIntOrFloatBitWidth(), 8);
}

} // namespace etrace

#endif // ETRACE_SUPPORT_BYTEWIDTH_H
