// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --etrace-lower-derivatives --canonicalize | FileCheck %s
// RUN: etrace-opt %s --etrace-lower-derivatives -o /dev/null \
// RUN:   -remarks-filter=etrace-derivatives 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: etrace-opt %s -o /dev/null \
// RUN:   --etrace-differentiate="function=leak transform=block_jacobian wrt=0,1"
// RUN: not etrace-opt %s -o /dev/null \
// RUN:   --etrace-differentiate="function=leak transform=block_jacobian mixing=sum" 2>&1 \
// RUN:   | FileCheck %s --check-prefix=POLICY
// POLICY: unknown policy 'sum', expected error, drop or full [derivative-mixing]

// What keeps positions apart stays as it is: two columns, one linearisation.
// CHECK-LABEL: func.func private @leak.block_jacobian_0_1(
// CHECK-SAME: %[[V:.*]]: tensor<3xf64>, %[[I:.*]]: tensor<3xf64>) -> tensor<3x2x2xf64>
// CHECK-DAG: %[[TWICE:.*]] = arith.addf %[[I]], %[[I]]
// CHECK-DAG: tensor.insert_slice %{{.*}} into %{{.*}}[0, 0, 1] [3, 1, 1] [1, 1, 1]
// CHECK-DAG: tensor.insert_slice %[[TWICE]] into %{{.*}}[0, 1, 1] [3, 1, 1] [1, 1, 1]
// CHECK-NOT: linalg.generic
// REMARK-DAG: one linearisation, 2 sweeps over it; 'full_jacobian' takes 6 forward passes
func.func @leak(%v: tensor<3xf64>, %i: tensor<3xf64>) -> (tensor<3xf64>, tensor<3xf64>) {
  %0 = arith.addf %v, %i : tensor<3xf64>
  %1 = arith.mulf %i, %i : tensor<3xf64>
  return %0, %1 : tensor<3xf64>, tensor<3xf64>
}

// A product is restricted to w[p, p]; nothing runs over pairs of positions.
// CHECK-LABEL: func.func private @recurrent.block_jacobian_0(
// CHECK-SAME: %[[H:.*]]: tensor<4xf64>, %[[W:.*]]: tensor<4x4xf64>)
// CHECK: linalg.generic
// CHECK-SAME: indexing_maps = [#{{.*}}, #{{.*}}, #{{.*}}], iterator_types = ["parallel"]
// CHECK-SAME: ins(%{{.*}}, %[[W]] : tensor<4xf64>, tensor<4x4xf64>)
// CHECK-NOT: reduction
// REMARK-DAG: one linearisation, 1 sweep over it; 'full_jacobian' takes 4 forward passes
func.func @recurrent(%h: tensor<4xf64>, %w: tensor<4x4xf64>) -> tensor<4xf64> {
  %z = arith.constant dense<0.0> : tensor<4xf64>
  %0 = linalg.vecmat ins(%h, %w : tensor<4xf64>, tensor<4x4xf64>) outs(%z : tensor<4xf64>)
      -> tensor<4xf64>
  return %0 : tensor<4xf64>
}

// The policies.
// CHECK-LABEL: func.func private @twice.block_jacobian_0_drop(
// CHECK: %[[ZERO:.*]] = arith.constant dense<0.000000e+00> : tensor<4x1x1xf64>
// CHECK-NEXT: return %[[ZERO]]
// CHECK-LABEL: func.func private @twice.block_jacobian_0_full(
// CHECK: scf.for
// REMARK-DAG: 'linalg.vecmat' mixes positions; the block Jacobian leaves this edge out
// REMARK-DAG: 'linalg.vecmat' mixes positions; the block is taken from the full Jacobian
func.func @twice(%h: tensor<4xf64>, %w: tensor<4x4xf64>) -> tensor<4xf64> {
  %z = arith.constant dense<0.0> : tensor<4xf64>
  %0 = linalg.vecmat ins(%h, %w : tensor<4xf64>, tensor<4x4xf64>) outs(%z : tensor<4xf64>)
      -> tensor<4xf64>
  %1 = linalg.vecmat ins(%0, %w : tensor<4xf64>, tensor<4x4xf64>) outs(%z : tensor<4xf64>)
      -> tensor<4xf64>
  return %1 : tensor<4xf64>
}

// An auxiliary result is handed on; the value comes in between; control flow keeps positions.
// CHECK-LABEL: func.func private @branch.block_jacobian_0_value_aux(
// CHECK: scf.if
// CHECK: return %{{.*}}, %{{.*}}, %{{.*}} : tensor<2x1x1xf64>, tensor<2xf64>, i1
func.func @branch(%h: tensor<2xf64>, %c: i1) -> (tensor<2xf64>, i1) {
  %0 = scf.if %c -> tensor<2xf64> {
    %1 = arith.mulf %h, %h : tensor<2xf64>
    scf.yield %1 : tensor<2xf64>
  } else {
    scf.yield %h : tensor<2xf64>
  }
  return %0, %c : tensor<2xf64>, i1
}

func.func @main(%v: tensor<3xf64>, %h: tensor<4xf64>, %w: tensor<4x4xf64>, %b: tensor<2xf64>,
                %c: i1) -> (tensor<3x2x2xf64>, tensor<4x1x1xf64>, tensor<4x1x1xf64>,
                            tensor<4x1x1xf64>, tensor<2x1x1xf64>) {
  %0 = etrace.block_jacobian @leak(%v, %v) wrt [0, 1]
      : (tensor<3xf64>, tensor<3xf64>) -> tensor<3x2x2xf64>
  %1 = etrace.block_jacobian @recurrent(%h, %w)
      : (tensor<4xf64>, tensor<4x4xf64>) -> tensor<4x1x1xf64>
  %2 = etrace.block_jacobian @twice(%h, %w) mixing <drop>
      : (tensor<4xf64>, tensor<4x4xf64>) -> tensor<4x1x1xf64>
  %3 = etrace.block_jacobian @twice(%h, %w) mixing <full>
      : (tensor<4xf64>, tensor<4x4xf64>) -> tensor<4x1x1xf64>
  %4:3 = etrace.block_jacobian @branch(%b, %c) has_aux return_value
      : (tensor<2xf64>, i1) -> (tensor<2x1x1xf64>, tensor<2xf64>, i1)
  return %0, %1, %2, %3, %4#0 : tensor<3x2x2xf64>, tensor<4x1x1xf64>, tensor<4x1x1xf64>,
      tensor<4x1x1xf64>, tensor<2x1x1xf64>
}
