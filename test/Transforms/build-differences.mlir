// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --etrace-analyze --etrace-build-differences | FileCheck %s
// RUN: etrace-opt %s --etrace-analyze --etrace-build-differences=window=single-step | FileCheck %s --check-prefix=FRESH

// The step twice: nominally, and where h has moved by the direction. The product that reads h is
// cut, the spike is linear about the nominal run.
// CHECK-LABEL: func.func @lif_difference0
// CHECK-SAME: %[[X:.*]]: tensor<3xf64> {etrace.name = "input:x"}, %[[V:.*]]: tensor<5xf64> {etrace.name = "state:V"}
// CHECK-SAME: %[[W:.*]]: tensor<8x5xf64> {etrace.name = "param:w"}
// CHECK-SAME: {etrace.name = "target:target"}, %[[DIRECTION:.*]]: tensor<5xf64> {etrace.name = "direction"})
// CHECK-SAME: -> (tensor<5xf64> {etrace.name = "D/group0/0/0"})
// CHECK-SAME: etrace.difference = {group = "group0", kind = "transition", member = 0 : i64, members = ["V"]}
// CHECK: %[[U0:.*]] = arith.subf %[[V]]
// CHECK: %[[S0:.*]] = etrace.spike %[[U0]]
// CHECK: %[[Y:.*]] = etrace.matmul
// CHECK: %[[V1:.*]] = arith.addf %[[V]], %[[DIRECTION]]
// CHECK: %[[U1:.*]] = arith.subf %[[V1]]
// CHECK: %[[DU:.*]] = arith.subf %[[U1]], %[[U0]]
// CHECK: %[[SLOPE:.*]] = arith.mulf %{{.*}}, %[[DU]]
// CHECK: arith.addf %[[S0]], %[[SLOPE]]
// CHECK-NOT: etrace.matmul
// CHECK: arith.addf %{{.*}}, %[[Y]]
// CHECK: return

// CHECK: func.func @lif_difference1
// CHECK-SAME: {etrace.name = "moved"}, tensor<5xf64> {etrace.name = "f/relation0/group0/0"})
// CHECK-SAME: kind = "tail"
// CHECK-SAME: relation = "relation0"
// CHECK: func.func @lif_difference2
// CHECK-SAME: {etrace.name = "direction:w"}
// CHECK-SAME: {etrace.name = "trace/0"}
// CHECK-SAME: kind = "injection"
// CHECK: func.func @lif_difference3
// CHECK-SAME: {etrace.name = "direction:w"}, %{{.*}}: tensor<5xf64> {etrace.name = "direction:V"}) -> (tensor<f64> {etrace.name = "loss"})
// CHECK-SAME: kind = "loss"
// CHECK-NOT: kind = "fresh"
// CHECK: kind = "operations"
// CHECK: func.func private @lif_operation0
// FRESH: kind = "fresh"
etrace.model @lif {
  etrace.param @w : tensor<8x5xf64>
  etrace.hidden @V : tensor<5xf64>
  etrace.step @update(%x: tensor<3xf64>) -> tensor<5xf64> {
    %v = etrace.get @V : tensor<5xf64>
    %w = etrace.get @w : tensor<8x5xf64>
    %threshold = arith.constant dense<1.0> : tensor<5xf64>
    %decay = arith.constant dense<0.5> : tensor<5xf64>
    %u = arith.subf %v, %threshold : tensor<5xf64>
    %s = etrace.spike %u surrogate(#etrace.relu_grad<alpha = 0.3, width = 1.0>) : tensor<5xf64>
    %xs = tensor.concat dim(0) %x, %s : (tensor<3xf64>, tensor<5xf64>) -> tensor<8xf64>
    %y = etrace.matmul %xs, %w : tensor<8xf64>, tensor<8x5xf64> -> tensor<5xf64>
    %reset = arith.subf %v, %s : tensor<5xf64>
    %kept = arith.mulf %decay, %reset : tensor<5xf64>
    %v1 = arith.addf %kept, %y : tensor<5xf64>
    etrace.set @V, %v1 : tensor<5xf64>
    etrace.yield %v1 : tensor<5xf64>
  }
  etrace.loss @sum(%out: tensor<5xf64>, %target: tensor<5xf64>) -> f64 {
    %d = arith.subf %out, %target : tensor<5xf64>
    %zero = arith.constant dense<0.0> : tensor<f64>
    %sum = linalg.reduce { arith.addf } ins(%d : tensor<5xf64>) outs(%zero : tensor<f64>) dimensions = [0]
    %loss = tensor.extract %sum[] : tensor<f64>
    etrace.yield %loss : f64
  }
}
