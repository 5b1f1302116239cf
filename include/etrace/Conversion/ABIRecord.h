//===- ABIRecord.h - Names inside the attribute `etrace.abi` ----*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_CONVERSION_ABIRECORD_H
#define ETRACE_CONVERSION_ABIRECORD_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/Support/raw_ostream.h"

#include <optional>

namespace etrace {

/// On the module: {model, size, buffers = [...], entries = [...]}.
constexpr llvm::StringLiteral kABIAttr = "etrace.abi";
/// On a buffer whose type is not the natural one: {shape, blocks, block_strides,
/// strides}: index i of axis d adds i / blocks[d] * block_strides[d] + i % blocks[d] * strides[d].
/// Buffers that share one array also have {array, members, start, stored_strides}: the first of
/// them, their number, the element at which this one starts, the strides of its type.
constexpr llvm::StringLiteral kLayoutAttr = "etrace.layout";
/// On a declaration: the function of which it runs all turns, through the caller's loop.
constexpr llvm::StringLiteral kSharedPartAttr = "etrace.shared_part";
/// Storage starts at multiples of this.
constexpr int64_t kAlignment = 64;

inline int64_t alignUp(int64_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

/// Where an array may start at or behind `offset`; `number` counts the arrays before it. Arrays
/// read together at the same distance from their starts would fall in the same few lines of a
/// first-level cache if they started at multiples of its way (4096 bytes); so large ones
/// start 5 lines apart.
inline int64_t placeArray(int64_t offset, int64_t bytes, int64_t number) {
  constexpr int64_t way = 4096;
  int64_t start = alignUp(offset);
  if (bytes < way)
    return start;
  int64_t wanted = 5 * kAlignment * number % way;
  return start + (wanted - start % way + way) % way;
}

/// The record of a module whose memory is bound; without it, an error at the module and null.
inline mlir::DictionaryAttr getABIRecord(mlir::ModuleOp module) {
  auto record = module->getAttrOfType<mlir::DictionaryAttr>(kABIAttr);
  if (!record)
    module.emitError("expected memory to be bound first (etrace-bind-memory)");
  return record;
}

/// Whether values of this type cross the ABI: f32, f64, i32, i64.
inline bool isABIType(mlir::Type type) {
  return type.isF32() || type.isF64() || type.isSignlessInteger(32) || type.isSignlessInteger(64);
}

/// Identifies names, types, shapes and offsets. FNV-1a of the printed record: the same on
/// every machine, unlike llvm::hash_value.
inline uint64_t hashRecord(mlir::DictionaryAttr record) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << record;
  uint64_t hash = 14695981039346656037ull;
  for (unsigned char byte : text)
    hash = (hash ^ byte) * 1099511628211ull;
  return hash;
}

/// What <model>_save writes in front of the buffers: the hash and the number of bytes that
/// follow, 8 bytes each.
constexpr int64_t kSavedHeader = 16;

} // namespace etrace

#endif // ETRACE_CONVERSION_ABIRECORD_H
