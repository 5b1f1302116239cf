// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --pass-pipeline='builtin.module(func.func(etrace-lower-loops))' --verify-diagnostics

func.func @tensors(%a: tensor<8xf32>, %z: f32) -> tensor<8xf32> {
  // expected-error @+1 {{expected operands in memory}}
  %0 = linalg.fill ins(%z : f32) outs(%a : tensor<8xf32>) -> tensor<8xf32>
  return %0 : tensor<8xf32>
}
