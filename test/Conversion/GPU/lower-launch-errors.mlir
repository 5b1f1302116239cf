// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --pass-pipeline='builtin.module(etrace-gpu-lower-launch)' \
// RUN:   --split-input-file --verify-diagnostics

module attributes {gpu.container_module} {
  gpu.module @etrace_kernels {
    gpu.func @write(%a: memref<?xf32>) kernel {
      gpu.return
    }
  }
  func.func @body(%a: memref<?xf32>) {
    %c1 = arith.constant 1 : index
    // expected-error @+1 {{a kernel takes arrays of static shape, found 'memref<?xf32>' [gpu-dynamic-shape]}}
    gpu.launch_func @etrace_kernels::@write blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1)
        args(%a : memref<?xf32>)
    return
  }
}

// -----

module attributes {gpu.container_module} {
  gpu.module @etrace_kernels {
    gpu.func @write(%a: memref<4xf32>) kernel {
      gpu.return
    }
  }
  func.func @body(%a: memref<4xf32>) {
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    // expected-error @+1 {{expected a launch of one dimension}}
    gpu.launch_func @etrace_kernels::@write blocks in (%c1, %c1, %c1) threads in (%c1, %c2, %c1)
        args(%a : memref<4xf32>)
    return
  }
}
