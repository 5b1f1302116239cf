//===- BufferEntries.h - Entry functions over buffers -----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_LIB_TRANSFORMS_DERIVE_BUFFERENTRIES_H
#define ETRACE_LIB_TRANSFORMS_DERIVE_BUFFERENTRIES_H

#include "etrace/IR/Etrace.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace etrace {

/// An external argument or result of an entry, or a buffer.
struct EntryValue {
  mlir::Type type;
  /// Exactly one of these is set.
  std::string name, buffer;
  bool isSingleStep = false;
  mlir::DictionaryAttr getAttributes(mlir::MLIRContext *context) const;
};

/// The symbol of the buffer of a declared state: "param.w", "hidden.h", "state.count".
std::string getBufferSymbol(const Declaration &declaration);
/// Declares that buffer.
void declareBuffer(mlir::OpBuilder &builder, mlir::Location loc, const Declaration &declaration);

/// An entry <model>_<entry> without operations.
mlir::func::FuncOp createEntry(mlir::OpBuilder &builder, mlir::Location loc,
                               llvm::StringRef model, llvm::StringRef entry,
                               llvm::ArrayRef<EntryValue> arguments,
                               llvm::ArrayRef<EntryValue> results);

/// The entry that gives buffers their constant initial values (zero, if they start at random
/// ones): states, traces and counters, or everything.
void buildResetEntry(mlir::OpBuilder &builder, mlir::Location loc, mlir::Operation *module,
                     llvm::StringRef model, llvm::StringRef entry, bool everything);

/// A compiled reset cannot make random values: a state that starts so is a located error.
llvm::LogicalResult verifyInitialState(const Declaration &declaration);

} // namespace etrace

#endif // ETRACE_LIB_TRANSFORMS_DERIVE_BUFFERENTRIES_H
