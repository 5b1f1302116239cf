// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// h <- 0.7 h + tanh(x (mask w)) with a constant mask on the weight.
etrace.model @outer_mask {
  etrace.param @w : tensor<3x4xf32>
  etrace.hidden @h : tensor<4xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<4xf32> {
    %h = etrace.get @h : tensor<4xf32>
    %w = etrace.get @w : tensor<3x4xf32>
    %mask = arith.constant dense<[[1.0, 0.0, 1.0, 1.0], [0.0, 1.0, 1.0, 0.0], [1.0, 1.0, 0.0, 1.0]]>
        : tensor<3x4xf32>
    %masked = arith.mulf %mask, %w : tensor<3x4xf32>
    %y = etrace.matmul %x, %masked
        : tensor<3xf32>, tensor<3x4xf32> -> tensor<4xf32>
    %drive = math.tanh %y : tensor<4xf32>
    %leak = arith.constant dense<0.7> : tensor<4xf32>
    %kept = arith.mulf %leak, %h : tensor<4xf32>
    %h1 = arith.addf %kept, %drive : tensor<4xf32>
    etrace.set @h, %h1 : tensor<4xf32>
    etrace.yield %h1 : tensor<4xf32>
  }
  etrace.loss @squared_error(%out: tensor<4xf32>, %target: tensor<4xf32>) -> f32 {
    %d = arith.subf %out, %target : tensor<4xf32>
    %s = arith.mulf %d, %d : tensor<4xf32>
    %zero = arith.constant dense<0.0> : tensor<f32>
    %sum = linalg.reduce { arith.addf } ins(%s : tensor<4xf32>)
        outs(%zero : tensor<f32>) dimensions = [0]
    %loss = tensor.extract %sum[] : tensor<f32>
    etrace.yield %loss : f32
  }
}
