// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --pass-pipeline='builtin.module(etrace-gpu-embed-code)' | FileCheck %s

// CHECK-NOT: gpu.container_module
// CHECK: llvm.mlir.global external constant @etrace_device_code(".version 7.0\0A\00")
// CHECK-NOT: gpu.binary
module attributes {gpu.container_module} {
  gpu.binary @etrace_kernels [#gpu.object<#nvvm.target<chip = "sm_80">, assembly = ".version 7.0\0A">]
}
