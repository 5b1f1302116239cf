// RUN: etrace-opt %s -etrace-analyze=compat=braintrace -etrace-derive-pipeline -remarks-filter=etrace-derive -remark-policy=all 2>&1 | FileCheck %s

// Where compat = braintrace would have to put a gradient of the operand's shape into a
// parameter of another shape, the reference raises; the default's gradient is taken.
// CHECK: [[#@LINE+9]]:10: remark: [Missed] compat-operand-chain {{.*}}their gradient is taken [compat-operand-chain]
// CHECK: etrace.buffer @gradient.w kind(gradient) path "w" : tensor<4x3xf32>
etrace.model @transposed {
  etrace.param @w : tensor<4x3xf32>
  etrace.hidden @h : tensor<4xf32>
  etrace.step @update(%x: tensor<3xf32>, %h: tensor<4xf32> {etrace.hidden = "h"}, %w: tensor<4x3xf32> {etrace.param = "w"})
      -> (tensor<4xf32>, tensor<4xf32> {etrace.hidden = "h"}) {
    %e = tensor.empty() : tensor<3x4xf32>
    %t = linalg.transpose ins(%w : tensor<4x3xf32>) outs(%e : tensor<3x4xf32>) permutation = [1, 0]
    %y = etrace.matmul %x, %t : tensor<3xf32>, tensor<3x4xf32> -> tensor<4xf32>
    %h1 = arith.addf %h, %y : tensor<4xf32>
    etrace.yield %h1, %h1 : tensor<4xf32>, tensor<4xf32>
  }
  etrace.loss @first(%out: tensor<4xf32>) -> f32 {
    %c0 = arith.constant 0 : index
    %loss = tensor.extract %out[%c0] : tensor<4xf32>
    etrace.yield %loss : f32
  }
}
