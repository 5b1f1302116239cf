// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The plain recurrent network: h <- tanh([x; h] w + b).
// A batch of 3 samples.
etrace.model @vanilla_rnn_batch attributes {batch_dim = 0} {
  etrace.param @w : tensor<7x4xf32> init #etrace.orthogonal
  etrace.param @b : tensor<4xf32>
  etrace.hidden @h : tensor<3x4xf32>
  etrace.step @update(%x: tensor<3x3xf32>) -> tensor<3x4xf32> {
    %h = etrace.get @h : tensor<3x4xf32>
    %w = etrace.get @w : tensor<7x4xf32>
    %b = etrace.get @b : tensor<4xf32>
    %xh = tensor.concat dim(1) %x, %h : (tensor<3x3xf32>, tensor<3x4xf32>) -> tensor<3x7xf32>
    %y = etrace.matmul %xh, %w bias %b
        : tensor<3x7xf32>, tensor<7x4xf32>, tensor<4xf32> -> tensor<3x4xf32>
    %h1 = math.tanh %y : tensor<3x4xf32>
    etrace.set @h, %h1 : tensor<3x4xf32>
    etrace.yield %h1 : tensor<3x4xf32>
  }
  etrace.loss @squared_error(%out: tensor<3x4xf32>, %target: tensor<3x4xf32>) -> f32 {
    %d = arith.subf %out, %target : tensor<3x4xf32>
    %s = arith.mulf %d, %d : tensor<3x4xf32>
    %zero = arith.constant dense<0.0> : tensor<f32>
    %sum = linalg.reduce { arith.addf } ins(%s : tensor<3x4xf32>)
        outs(%zero : tensor<f32>) dimensions = [0, 1]
    %loss = tensor.extract %sum[] : tensor<f32>
    etrace.yield %loss : f32
  }
}
