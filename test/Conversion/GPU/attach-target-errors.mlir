// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --pass-pipeline='builtin.module(gpu.module(etrace-gpu-attach-target{chip=gfx90a}))' \
// RUN:   --verify-diagnostics

// expected-error @+1 {{unknown GPU 'gfx90a'; expected the name of an NVIDIA chip such as sm_80, sm_90 or sm_120 [gpu-unknown-chip]}}
gpu.module @etrace_kernels {
}
