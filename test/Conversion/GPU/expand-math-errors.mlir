// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --pass-pipeline='builtin.module(gpu.module(etrace-gpu-expand-math))' \
// RUN:   --split-input-file --verify-diagnostics

gpu.module @etrace_kernels {
  gpu.func @double(%a: memref<f64>) kernel {
    // expected-error @+1 {{f64 in device code: only f32 is supported on the GPU}}
    %0 = memref.load %a[] : memref<f64>
    memref.store %0, %a[] : memref<f64>
    gpu.return
  }
}

// -----

gpu.module @etrace_kernels {
  gpu.func @remainder(%a: memref<f32>) kernel {
    %0 = memref.load %a[] : memref<f32>
    // expected-error @+1 {{'arith.remf' has no device code without a library}}
    %1 = arith.remf %0, %0 : f32
    memref.store %1, %a[] : memref<f32>
    gpu.return
  }
}
