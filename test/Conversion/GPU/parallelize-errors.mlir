// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --pass-pipeline='builtin.module(func.func(etrace-gpu-parallelize))' --verify-diagnostics

func.func @tensors(%a: tensor<7xf32>) -> tensor<7xf32> {
  %zero = arith.constant 0.0 : f32
  // expected-error @+1 {{bufferise before etrace-gpu-parallelize [gpu-not-bufferised]}}
  %b = linalg.fill ins(%zero : f32) outs(%a : tensor<7xf32>) -> tensor<7xf32>
  return %b : tensor<7xf32>
}
