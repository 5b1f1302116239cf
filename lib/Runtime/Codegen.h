//===- Codegen.h - The machine that code is made for ------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_RUNTIME_CODEGEN_H
#define ETRACE_RUNTIME_CODEGEN_H

#include "etrace/Runtime/CompiledModel.h"
#include "llvm/Target/TargetMachine.h"

namespace llvm {
class Module;
}

namespace etrace {

llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
createTargetMachine(const CodegenOptions &options);

/// Optimises a module of LLVM IR and makes an object file of it.
llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> emitObject(llvm::Module &module,
                                                               llvm::TargetMachine &machine);

} // namespace etrace

#endif // ETRACE_RUNTIME_CODEGEN_H
