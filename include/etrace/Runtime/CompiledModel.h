//===- CompiledModel.h - Native code of a lowered module --------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_RUNTIME_COMPILEDMODEL_H
#define ETRACE_RUNTIME_COMPILEDMODEL_H

#include "etrace/Runtime/ModelABI.h"
#include "etrace/Runtime/Parallel.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"

#include <memory>

namespace etrace {

struct CodegenOptions {
  /// LLVM name of the processor; "native" is the one this runs on.
  std::string cpu = "native";
  /// 0 to 3. The loops are blocked and vectorised by 2; 3 only unrolls more of them.
  unsigned optimisation = 2;
};

/// Bits of the widest vector register of the processor, for the option `vector-bits` of
/// `etrace-to-llvm`; fails for an unknown processor.
llvm::Expected<unsigned> getVectorBits(const CodegenOptions &options);

/// Translates a module in the LLVM dialect and compiles it to one object file. JIT and
/// ahead-of-time output share these bytes.
llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> compileToObject(mlir::ModuleOp module,
                                                                    const CodegenOptions &options);

/// A model in executable memory.
class CompiledModel {
public:
  static llvm::Expected<std::unique_ptr<CompiledModel>> create(mlir::ModuleOp module,
                                                               const CodegenOptions &options);
  ~CompiledModel();

  const ModelABI &getABI() const;

  /// Calls an entry with the block and one value for each external argument, in order:
  /// the address of the array, or the address of the scalar. Long loops run through
  /// `parallel`, if there is one. Returns the status.
  int invoke(llvm::StringRef entry, void *block, llvm::ArrayRef<void *> arguments,
             EtraceParallel *parallel = nullptr) const;

private:
  CompiledModel();
  struct Implementation;
  std::unique_ptr<Implementation> implementation;
};

} // namespace etrace

#endif // ETRACE_RUNTIME_COMPILEDMODEL_H
