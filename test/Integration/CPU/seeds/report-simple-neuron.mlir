// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// S000-36, S000-37: one command from the text of a model to the report.
// RUN: etrace-opt %s --etrace-analyze --etrace-print-graph -o /dev/null | FileCheck %s

// CHECK: The hidden groups are:
// CHECK: Group 0: [h]
// CHECK-SAME: 8
// CHECK-SAME: 1 state
// The recurrence is one product, which the transition of the rules does not keep.
// CHECK-SAME: D = 0
// CHECK: The weight parameters which are associated with the hidden states are:
// CHECK: Weight 0: w is associated with hidden group 0
// CHECK-NOT: Weight
// CHECK-NOT: non-etrace
etrace.model @simple_neuron {
  etrace.param @w : tensor<8x8xf32>
  etrace.hidden @h : tensor<8xf32>
  etrace.step @update(%x: tensor<8xf32>) -> tensor<8xf32> {
    %h = etrace.get @h : tensor<8xf32>
    %w = etrace.get @w : tensor<8x8xf32>
    %y = etrace.matmul %h, %w : tensor<8xf32>, tensor<8x8xf32> -> tensor<8xf32>
    %s = arith.addf %x, %y : tensor<8xf32>
    %h1 = math.tanh %s : tensor<8xf32>
    etrace.set @h, %h1 : tensor<8xf32>
    etrace.yield %h1 : tensor<8xf32>
  }
}
