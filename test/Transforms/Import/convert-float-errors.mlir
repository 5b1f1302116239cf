// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --etrace-convert-float=to=f32 --split-input-file --verify-diagnostics
// RUN: not etrace-opt %S/convert-float.mlir --etrace-convert-float=to=f24 2>&1 | FileCheck %s
// CHECK: error: option 'to' must be f32 or f64, found 'f24'

func.func @too_large() -> tensor<2xf64> {
  // expected-error @+1 {{holds the constant 1.0000000000000001E+300, which is not finite as f32}}
  %c = arith.constant dense<[1.0, 1.0e300]> : tensor<2xf64>
  return %c : tensor<2xf64>
}

// -----

func.func @bits(%x: f64) -> i64 {
  // expected-error @+1 {{reads the bits of a float, which has no meaning as 'f32'}}
  %b = arith.bitcast %x : f64 to i64
  return %b : i64
}

// -----

func.func @resource() -> tensor<2xf64> {
  // expected-error @+1 {{holds floats in a resource, which cannot be converted here}}
  %c = arith.constant dense_resource<blob> : tensor<2xf64>
  return %c : tensor<2xf64>
}
{-#
  dialect_resources: { builtin: { blob: "0x08000000000000000000f03f0000000000000040" } }
#-}
