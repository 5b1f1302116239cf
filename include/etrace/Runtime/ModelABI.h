//===- ModelABI.h - What a compiled model looks like from outside -*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_RUNTIME_MODELABI_H
#define ETRACE_RUNTIME_MODELABI_H

#include "etrace/IR/Etrace.h"
#include "mlir/IR/BuiltinOps.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace etrace {

/// Element types that cross the ABI.
enum class ElementType { f32, f64, i32, i64 };
/// Bytes of an element.
size_t getByteWidth(ElementType type);
/// The C name of a type: "float", "double", "int32_t", "int64_t".
llvm::StringRef getCName(ElementType type);

/// How a trace lies in memory when it is not row-major. Every axis is cut in blocks: index i
/// of axis d adds (i / blocks[d]) * blockStrides[d] + (i % blocks[d]) * strides[d] to the
/// number of the element.
struct BlockedLayout {
  std::vector<int64_t> blocks;
  std::vector<int64_t> blockStrides;
  std::vector<int64_t> strides;
};

/// Storage inside the block of memory.
struct BufferInfo {
  std::string symbol;
  std::string path;
  BufferKind kind;
  ElementType type;
  /// The natural shape, as the model has it.
  std::vector<int64_t> shape;
  uint64_t offset = 0;
  uint64_t bytes = 0;
  std::optional<BlockedLayout> layout;
  mlir::Attribute init;
};

/// An external argument or result of an entry, in the order of the C function.
struct EntryArgument {
  std::string name;
  ElementType type;
  /// -1 in front: the number of steps. Empty for a scalar.
  std::vector<int64_t> shape;
  bool isScalar = false;
  bool isResult = false;
  bool isSteps = false;
  bool isSingleStep = false;
};

struct EntryInfo {
  /// "learn"; the C function is <model>_learn.
  std::string name;
  std::vector<EntryArgument> arguments;
};

/// Everything a caller must know.
struct ModelABI {
  std::string model;
  /// Bytes of the whole block, workspace included.
  uint64_t size = 0;
  /// Identifies names, types, shapes and offsets; a checkpoint of another model differs.
  uint64_t hash = 0;
  std::vector<BufferInfo> buffers;
  std::vector<EntryInfo> entries;

  /// Bytes of what <model>_save writes: a header and all buffers, without the workspace.
  uint64_t getSavedSize() const;
  const BufferInfo *findBuffer(BufferKind kind, llvm::StringRef path) const;
  const EntryInfo *findEntry(llvm::StringRef name) const;
};

/// Reads the ABI that `etrace-bind-memory` left in the module.
llvm::FailureOr<ModelABI> readModelABI(mlir::ModuleOp module);

/// The C header of a model: size, hash, entry functions, table of buffers.
std::string printCHeader(const ModelABI &abi);

} // namespace etrace

#endif // ETRACE_RUNTIME_MODELABI_H
