// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A convolution in front of a recurrent layer: its kernel reaches the state through the product of
// that layer alone and has no trace.
etrace.model @conv_rnn attributes {batch_dim = 0} {
  etrace.param @k : tensor<2x2x3xf32>
  etrace.param @w : tensor<16x4xf32>
  etrace.param @b : tensor<4xf32>
  etrace.hidden @h : tensor<1x4xf32>
  etrace.step @update(%x: tensor<1x5x2xf32>) -> tensor<1x4xf32> {
    %h = etrace.get @h : tensor<1x4xf32>
    %k = etrace.get @k : tensor<2x2x3xf32>
    %w = etrace.get @w : tensor<16x4xf32>
    %b = etrace.get @b : tensor<4xf32>
    %c = etrace.conv "nHi,Hio->nHo" %x, %k
        : tensor<1x5x2xf32>, tensor<2x2x3xf32> -> tensor<1x4x3xf32>
    %t = math.tanh %c : tensor<1x4x3xf32>
    %v = tensor.collapse_shape %t [[0], [1, 2]] : tensor<1x4x3xf32> into tensor<1x12xf32>
    %vh = tensor.concat dim(1) %v, %h : (tensor<1x12xf32>, tensor<1x4xf32>) -> tensor<1x16xf32>
    %y = etrace.matmul %vh, %w bias %b
        : tensor<1x16xf32>, tensor<16x4xf32>, tensor<4xf32> -> tensor<1x4xf32>
    %h1 = math.tanh %y : tensor<1x4xf32>
    etrace.set @h, %h1 : tensor<1x4xf32>
    etrace.yield %h1 : tensor<1x4xf32>
  }
  etrace.loss @squared_error(%out: tensor<1x4xf32>, %target: tensor<1x4xf32>) -> f32 {
    %d = arith.subf %out, %target : tensor<1x4xf32>
    %s = arith.mulf %d, %d : tensor<1x4xf32>
    %zero = arith.constant dense<0.0> : tensor<f32>
    %sum = linalg.reduce { arith.addf } ins(%s : tensor<1x4xf32>)
        outs(%zero : tensor<f32>) dimensions = [0, 1]
    %loss = tensor.extract %sum[] : tensor<f32>
    etrace.yield %loss : f32
  }
}
