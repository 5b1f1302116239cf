// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// h <- tanh(x win + h w), output h wout; win and wout are used by ordinary products only.
etrace.model @rnn_plain_io {
  etrace.param @w : tensor<4x4xf32>
  etrace.param @win : tensor<3x4xf32>
  etrace.param @wout : tensor<4x2xf32>
  etrace.hidden @h : tensor<4xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<2xf32> {
    %h = etrace.get @h : tensor<4xf32>
    %w = etrace.get @w : tensor<4x4xf32>
    %win = etrace.get @win : tensor<3x4xf32>
    %wout = etrace.get @wout : tensor<4x2xf32>
    %zero_in = arith.constant dense<0.0> : tensor<4xf32>
    %in = linalg.vecmat ins(%x, %win : tensor<3xf32>, tensor<3x4xf32>)
        outs(%zero_in : tensor<4xf32>) -> tensor<4xf32>
    %y = etrace.matmul %h, %w
        : tensor<4xf32>, tensor<4x4xf32> -> tensor<4xf32>
    %sum = arith.addf %in, %y : tensor<4xf32>
    %h1 = math.tanh %sum : tensor<4xf32>
    etrace.set @h, %h1 : tensor<4xf32>
    %zero_out = arith.constant dense<0.0> : tensor<2xf32>
    %out = linalg.vecmat ins(%h1, %wout : tensor<4xf32>, tensor<4x2xf32>)
        outs(%zero_out : tensor<2xf32>) -> tensor<2xf32>
    etrace.yield %out : tensor<2xf32>
  }
  etrace.loss @squared_error(%out: tensor<2xf32>, %target: tensor<2xf32>) -> f32 {
    %d = arith.subf %out, %target : tensor<2xf32>
    %s = arith.mulf %d, %d : tensor<2xf32>
    %zero = arith.constant dense<0.0> : tensor<f32>
    %sum = linalg.reduce { arith.addf } ins(%s : tensor<2xf32>)
        outs(%zero : tensor<f32>) dimensions = [0]
    %loss = tensor.extract %sum[] : tensor<f32>
    etrace.yield %loss : f32
  }
}
