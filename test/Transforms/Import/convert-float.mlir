// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --etrace-convert-float | FileCheck %s --check-prefix=F64
// RUN: etrace-opt %s --etrace-convert-float=to=f32 | FileCheck %s --check-prefix=F32

// F64-LABEL: etrace.model @m
// F32-LABEL: etrace.model @m
etrace.model @m {
  // F64: etrace.param @w : tensor<3x5xf64> init #etrace.orthogonal
  // F32: etrace.param @w : tensor<3x5xf32> init #etrace.orthogonal
  etrace.param @w : tensor<3x5xf32> init #etrace.orthogonal
  // F64: etrace.hidden @h : tensor<5xf64>
  etrace.hidden @h : tensor<5xf64>
  // Integers stay.
  // F64: etrace.state @n : tensor<i32>
  // F32: etrace.state @n : tensor<i32>
  etrace.state @n : tensor<i32>
  // F64: etrace.step @update(%[[X:.*]]: tensor<3xf64> {etrace.name = "x"}) -> tensor<5xf64>
  // F32: etrace.step @update(%[[X:.*]]: tensor<3xf32> {etrace.name = "x"}) -> tensor<5xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<5xf64> {
    %w = etrace.get @w : tensor<3x5xf32>
    // F64: %[[Y:.*]] = etrace.matmul %[[X]], %{{.*}} : tensor<3xf64>, tensor<3x5xf64> -> tensor<5xf64>
    %y = etrace.matmul %x, %w : tensor<3xf32>, tensor<3x5xf32> -> tensor<5xf32>
    // The cast is an identity in both and goes.
    // F64-NOT: arith.extf
    // F32-NOT: arith.extf
    %d = arith.extf %y : tensor<5xf32> to tensor<5xf64>
    // An f32 constant keeps its value, not the digits it was written with.
    // F64: arith.constant dense<0.89999997615814208> : tensor<5xf64>
    // F32: arith.constant dense<0.899999976> : tensor<5xf32>
    %k = arith.constant dense<0.9> : tensor<5xf32>
    %k64 = arith.extf %k : tensor<5xf32> to tensor<5xf64>
    // F64: arith.constant dense<[1.000000e-01, 2.000000e-01, 3.000000e-01, 4.000000e-01, 5.000000e-01]> : tensor<5xf64>
    // F32: arith.constant dense<[1.000000e-01, 2.000000e-01, 3.000000e-01, 4.000000e-01, 5.000000e-01]> : tensor<5xf32>
    %c = arith.constant dense<[0.1, 0.2, 0.3, 0.4, 0.5]> : tensor<5xf64>
    %one = arith.constant 1.0 : f64
    %e = tensor.empty() : tensor<5xf64>
    // The body of a linalg operation is converted with it.
    // F64: linalg.generic
    // F64-NEXT: ^bb0(%{{.*}}: f64, %{{.*}}: f64, %{{.*}}: f64):
    // F32: linalg.generic
    // F32-NEXT: ^bb0(%{{.*}}: f32, %{{.*}}: f32, %{{.*}}: f32):
    %g = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>, affine_map<(i) -> (i)>],
                         iterator_types = ["parallel"]}
        ins(%d, %k64 : tensor<5xf64>, tensor<5xf64>) outs(%e : tensor<5xf64>) {
    ^bb0(%a: f64, %b: f64, %o: f64):
      %p = arith.mulf %a, %b : f64
      %q = arith.addf %p, %one : f64
      linalg.yield %q : f64
    } -> tensor<5xf64>
    // F32: arith.addf %{{.*}}, %{{.*}} : tensor<5xf32>
    %s = arith.addf %g, %c : tensor<5xf64>
    etrace.set @h, %s : tensor<5xf64>
    etrace.yield %s : tensor<5xf64>
  }
}
// F32-LABEL: func.func private @attributes() attributes {some = 1.500000e+00 : f32, type = memref<2xf32>}
func.func private @attributes() attributes {some = 1.5 : f64, type = memref<2xf64>}
