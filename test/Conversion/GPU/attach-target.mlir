// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --pass-pipeline='builtin.module(gpu.module(etrace-gpu-attach-target{chip=sm_90}))' \
// RUN:   | FileCheck %s

// CHECK: gpu.module @etrace_kernels [#nvvm.target<O = 3, chip = "sm_90">]
gpu.module @etrace_kernels {
}
