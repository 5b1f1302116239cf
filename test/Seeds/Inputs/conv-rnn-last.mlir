// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// S002-23, S002-24, S002-26: a convolution in front of a recurrent layer: 1 x 28 x 28 in,
// 8 channels, 3 x 3, SAME, flattened, 64 units, 10 outputs. Channels last.
etrace.model @conv_rnn_last {
  etrace.param @conv.weight.weight : tensor<3x3x1x8xf32>
  etrace.param @rnn.W.weight.weight : tensor<6336x64xf32>
  etrace.param @rnn.W.weight.bias : tensor<64xf32>
  etrace.hidden @rnn.h : tensor<64xf32>
  etrace.param @out.weight.weight : tensor<64x10xf32>
  etrace.param @out.weight.bias : tensor<10xf32>
  etrace.step @update(%x: tensor<28x28x1xf32>) -> tensor<10xf32> {
    %h = etrace.get @rnn.h : tensor<64xf32>
    %k = etrace.get @conv.weight.weight : tensor<3x3x1x8xf32>
    %w = etrace.get @rnn.W.weight.weight : tensor<6336x64xf32>
    %b = etrace.get @rnn.W.weight.bias : tensor<64xf32>
    %image = etrace.conv "HWi,HWio->HWo" %x, %k low [1, 1] high [1, 1]
        : tensor<28x28x1xf32>, tensor<3x3x1x8xf32> -> tensor<28x28x8xf32>
    %flat = tensor.collapse_shape %image [[0, 1, 2]] : tensor<28x28x8xf32> into tensor<6272xf32>
    %xh = tensor.concat dim(0) %flat, %h : (tensor<6272xf32>, tensor<64xf32>) -> tensor<6336xf32>
    %y = etrace.matmul %xh, %w bias %b
        : tensor<6336xf32>, tensor<6336x64xf32>, tensor<64xf32> -> tensor<64xf32>
    %zero = arith.constant dense<0.0> : tensor<64xf32>
    %h1 = arith.maximumf %y, %zero : tensor<64xf32>
    etrace.set @rnn.h, %h1 : tensor<64xf32>
    %wo = etrace.get @out.weight.weight : tensor<64x10xf32>
    %bo = etrace.get @out.weight.bias : tensor<10xf32>
    %out = etrace.matmul %h1, %wo bias %bo
        : tensor<64xf32>, tensor<64x10xf32>, tensor<10xf32> -> tensor<10xf32>
    etrace.yield %out : tensor<10xf32>
  }
  etrace.loss @mean_squared_error(%out: tensor<10xf32>, %target: tensor<10xf32>) -> f32 {
    %d = arith.subf %out, %target : tensor<10xf32>
    %s = arith.mulf %d, %d : tensor<10xf32>
    %zero = arith.constant dense<0.0> : tensor<f32>
    %sum = linalg.reduce { arith.addf } ins(%s : tensor<10xf32>)
        outs(%zero : tensor<f32>) dimensions = [0]
    %loss = tensor.extract %sum[] : tensor<f32>
    %n = arith.constant 10.0 : f32
    %mean = arith.divf %loss, %n : f32
    etrace.yield %mean : f32
  }
}
