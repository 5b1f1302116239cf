// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --etrace-linearize="function=f wrt=0" | FileCheck %s
// RUN: etrace-opt %s --etrace-linearize=function=f | FileCheck %s --check-prefix=ALL
// RUN: etrace-opt %s --etrace-linearize="function=f wrt=0" \
// RUN:   --etrace-transpose=function=f_jvp_wrt_0 | FileCheck %s --check-prefix=REVERSE

// The tangent: linear in the last argument. The integer result has none.
// CHECK-LABEL: func.func @f_jvp_wrt_0(
// CHECK-SAME: %[[X:.*]]: tensor<3xf64>, %[[A:.*]]: tensor<3xf64>, %{{.*}}: i32, %[[DX:.*]]: tensor<3xf64>)
// CHECK-SAME: -> tensor<3xf64>
// CHECK-SAME: results = array<i64: 0>
// CHECK: %[[AX:.*]] = arith.mulf %[[X]], %[[A]]
// CHECK: %[[D:.*]] = arith.mulf %[[A]], %[[DX]]
// CHECK: return %{{.*}} : tensor<3xf64>

// By default with respect to all floats.
// ALL-LABEL: func.func @f_jvp(
// ALL-SAME: tensor<3xf64>, %{{.*}}: tensor<3xf64>, %{{.*}}: i32, %{{.*}}: tensor<3xf64>, %{{.*}}: tensor<3xf64>)

// Linearised, then transposed: reverse mode.
// REVERSE-LABEL: func.func @f_jvp_wrt_0_transpose(
// REVERSE-SAME: %[[X:.*]]: tensor<3xf64>, %[[A:.*]]: tensor<3xf64>, %{{.*}}: i32, %[[C:.*]]: tensor<3xf64>)
// REVERSE-SAME: -> tensor<3xf64>
// REVERSE: %[[B:.*]] = arith.mulf %{{.*}}, %[[C]]
// REVERSE: %[[R:.*]] = arith.mulf %[[A]], %[[B]]
// REVERSE: return %[[R]]
func.func @f(%x: tensor<3xf64>, %a: tensor<3xf64>, %n: i32) -> (tensor<3xf64>, i32) {
  %0 = arith.mulf %x, %a : tensor<3xf64>
  %1 = math.sin %0 : tensor<3xf64>
  return %1, %n : tensor<3xf64>, i32
}
