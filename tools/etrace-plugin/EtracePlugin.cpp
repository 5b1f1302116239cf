//===- EtracePlugin.cpp - The project inside mlir-opt ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
//   mlir-opt-22 model.mlir --load-dialect-plugin=EtracePlugin.so
//       --load-pass-plugin=EtracePlugin.so --pass-pipeline='builtin.module(...)'
//
// Passes have no flags of their own there: mlir-opt reads its flags before it loads a
// plugin.
//
//===----------------------------------------------------------------------===//

#include "etrace/InitAll.h"
#include "mlir/Tools/Plugins/DialectPlugin.h"
#include "mlir/Tools/Plugins/PassPlugin.h"
#include "llvm/Config/llvm-config.h"

extern "C" LLVM_ATTRIBUTE_WEAK mlir::DialectPluginLibraryInfo mlirGetDialectPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "Etrace", LLVM_VERSION_STRING,
          [](mlir::DialectRegistry *registry) { etrace::registerAllDialects(*registry); }};
}

extern "C" LLVM_ATTRIBUTE_WEAK mlir::PassPluginLibraryInfo mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "EtracePasses", LLVM_VERSION_STRING,
          []() { etrace::registerAllPasses(); }};
}
