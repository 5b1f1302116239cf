// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s -etrace-analyze --remarks-filter=etrace-graph --remark-format=emitRemark 2>&1 | FileCheck %s

// Only the operation that moves positions is left out of D, not the branch that reads its
// result.
// CHECK: transition-cut.mlir:[[@LINE+10]]:10: remark: [Missed] position-mixing | {{.*}}'linalg.transpose' mixes positions of 'h'; D leaves this edge out
// CHECK-NOT: Missed
// CHECK: etrace.group @group0 members ["h"] positions [2, 2] edges [0, 0]
etrace.model @moved {
  etrace.hidden @h : tensor<2x2xf32>
  etrace.step @update(%x: tensor<2x2xf32>, %c: tensor<i1>) -> tensor<2x2xf32> {
    %leak = arith.constant dense<0.8> : tensor<2x2xf32>
    %h = etrace.get @h : tensor<2x2xf32>
    %b = tensor.extract %c[] : tensor<i1>
    %e = tensor.empty() : tensor<2x2xf32>
    %t = linalg.transpose ins(%h : tensor<2x2xf32>) outs(%e : tensor<2x2xf32>) permutation = [1, 0]
    %n = scf.if %b -> tensor<2x2xf32> {
      %l = arith.mulf %leak, %h : tensor<2x2xf32>
      %s = arith.addf %l, %t : tensor<2x2xf32>
      scf.yield %s : tensor<2x2xf32>
    } else {
      scf.yield %h : tensor<2x2xf32>
    }
    etrace.set @h, %n : tensor<2x2xf32>
    etrace.yield %n : tensor<2x2xf32>
  }
}
