//===- ABIRecord.h - Names inside the attribute `etrace.abi` ----*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_CONVERSION_ABIRECORD_H
#define ETRACE_CONVERSION_ABIRECORD_H

#include "mlir/IR/BuiltinTypes.h"

#include <optional>

namespace etrace {

/// On the module: {model, size, buffers = [...], entries = [...]}.
constexpr llvm::StringLiteral kABIAttr = "etrace.abi";
/// On a buffer whose type is not the natural one: {shape, axis, block, order}.
constexpr llvm::StringLiteral kLayoutAttr = "etrace.layout";
/// Storage starts at multiples of this.
constexpr int64_t kAlignment = 64;

inline int64_t alignUp(int64_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

/// Whether values of this type cross the ABI: f32, f64, i32, i64.
inline bool isABIType(mlir::Type type) {
  return type.isF32() || type.isF64() || type.isSignlessInteger(32) || type.isSignlessInteger(64);
}

} // namespace etrace

#endif // ETRACE_CONVERSION_ABIRECORD_H
