// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --pass-pipeline='builtin.module(etrace-gpu-embed-code)' \
// RUN:   --split-input-file --verify-diagnostics

// expected-error @+1 {{device code calls the external function '__nv_tanhf', which the driver cannot load [gpu-external-function]}}
gpu.binary @etrace_kernels [#gpu.object<#nvvm.target<chip = "sm_80">, assembly = ".version 7.0\0A.extern .func  (.param .b32 func_retval0) __nv_tanhf\0A">]

// -----

// expected-error @+1 {{expected PTX text; serialise with format=isa}}
gpu.binary @etrace_kernels [#gpu.object<#nvvm.target<chip = "sm_80">, bin = "ELF">]
