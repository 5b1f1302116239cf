// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// S002-05, S002-27: a vanilla cell, h <- relu([x; h] W + b), and an affine readout (10, 32, 5).
etrace.model @vanilla_readout {
  etrace.param @rnn.W.weight.weight : tensor<42x32xf32>
  etrace.param @rnn.W.weight.bias : tensor<32xf32>
  etrace.param @out.weight.weight : tensor<32x5xf32>
  etrace.param @out.weight.bias : tensor<5xf32>
  etrace.hidden @rnn.h : tensor<32xf32>
  etrace.step @update(%x: tensor<10xf32>) -> tensor<5xf32> {
    %h = etrace.get @rnn.h : tensor<32xf32>
    %w = etrace.get @rnn.W.weight.weight : tensor<42x32xf32>
    %b = etrace.get @rnn.W.weight.bias : tensor<32xf32>
    %xh = tensor.concat dim(0) %x, %h : (tensor<10xf32>, tensor<32xf32>) -> tensor<42xf32>
    %y = etrace.matmul %xh, %w bias %b
        : tensor<42xf32>, tensor<42x32xf32>, tensor<32xf32> -> tensor<32xf32>
    %zero = arith.constant dense<0.0> : tensor<32xf32>
    %h1 = arith.maximumf %y, %zero : tensor<32xf32>
    etrace.set @rnn.h, %h1 : tensor<32xf32>
    %wo = etrace.get @out.weight.weight : tensor<32x5xf32>
    %bo = etrace.get @out.weight.bias : tensor<5xf32>
    %out = etrace.matmul %h1, %wo bias %bo
        : tensor<32xf32>, tensor<32x5xf32>, tensor<5xf32> -> tensor<5xf32>
    etrace.yield %out : tensor<5xf32>
  }
}
