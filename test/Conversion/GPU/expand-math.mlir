// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --pass-pipeline='builtin.module(gpu.module(etrace-gpu-expand-math))' | FileCheck %s

// CHECK-NOT: math.
gpu.module @etrace_kernels {
  // CHECK-LABEL: gpu.func @intrinsics
  // CHECK: llvm.call_intrinsic "llvm.nvvm.sqrt.rn.f"(%{{.*}}) : (f32) -> f32
  // CHECK: llvm.call_intrinsic "llvm.fabs.f32"
  // CHECK: llvm.call_intrinsic "llvm.floor.f32"
  // CHECK: llvm.call_intrinsic "llvm.fma.f32"
  // CHECK: llvm.call_intrinsic "llvm.copysign.f32"
  gpu.func @intrinsics(%a: memref<f32>) kernel {
    %0 = memref.load %a[] : memref<f32>
    %1 = math.sqrt %0 : f32
    %2 = math.absf %1 : f32
    %3 = math.floor %2 : f32
    %4 = math.fma %1, %2, %3 : f32
    %5 = math.copysign %4, %0 : f32
    memref.store %5, %a[] : memref<f32>
    gpu.return
  }

  // 1 / sqrt(x), not an approximation of it.
  // CHECK-LABEL: gpu.func @rsqrt
  // CHECK: %[[R:.*]] = llvm.call_intrinsic "llvm.nvvm.sqrt.rn.f"
  // CHECK: arith.divf %{{.*}}, %[[R]]
  gpu.func @rsqrt(%a: memref<f32>) kernel {
    %0 = memref.load %a[] : memref<f32>
    %1 = math.rsqrt %0 : f32
    memref.store %1, %a[] : memref<f32>
    gpu.return
  }

  // CHECK-LABEL: gpu.func @functions
  // CHECK: llvm.call_intrinsic "llvm.fma.f32"
  // CHECK: memref.store
  gpu.func @functions(%a: memref<f32>) kernel {
    %0 = memref.load %a[] : memref<f32>
    %1 = math.tanh %0 : f32
    %2 = math.exp %1 : f32
    %3 = math.log %2 : f32
    %4 = math.log1p %3 : f32
    %5 = math.expm1 %4 : f32
    %6 = math.sin %5 : f32
    %7 = math.cos %6 : f32
    %8 = math.erf %7 : f32
    %9 = math.exp2 %8 : f32
    %10 = math.powf %9, %0 : f32
    %11 = math.sinh %10 : f32
    %12 = math.atan %11 : f32
    %13 = arith.maxnumf %12, %0 : f32
    memref.store %13, %a[] : memref<f32>
    gpu.return
  }
}
