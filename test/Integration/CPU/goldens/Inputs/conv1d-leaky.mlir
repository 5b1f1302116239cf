// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Positions share a kernel and leak each in its own way: h <- leak h + tanh(conv(x, k) + b), with
// a bias of one row.
etrace.model @conv1d_leaky attributes {batch_dim = 0} {
  etrace.param @k : tensor<3x2x3xf32>
  etrace.param @b : tensor<1x3xf32>
  etrace.hidden @h : tensor<1x5x3xf32>
  etrace.step @update(%x: tensor<1x5x2xf32>) -> tensor<1x5x3xf32> {
    %h = etrace.get @h : tensor<1x5x3xf32>
    %k = etrace.get @k : tensor<3x2x3xf32>
    %b = etrace.get @b : tensor<1x3xf32>
    %row = tensor.collapse_shape %b [[0, 1]] : tensor<1x3xf32> into tensor<3xf32>
    %y = etrace.conv "nHi,Hio->nHo" %x, %k bias %row low [1] high [1]
        : tensor<1x5x2xf32>, tensor<3x2x3xf32>, tensor<3xf32> -> tensor<1x5x3xf32>
    %leak = arith.constant dense<[[[0.5, 0.5321, 0.5643], [0.5964, 0.6286, 0.6607], [0.6929, 0.725, 0.7571], [0.7893, 0.8214, 0.8536], [0.8857, 0.9179, 0.95]]]> : tensor<1x5x3xf32>
    %kept = arith.mulf %leak, %h : tensor<1x5x3xf32>
    %drive = math.tanh %y : tensor<1x5x3xf32>
    %h1 = arith.addf %kept, %drive : tensor<1x5x3xf32>
    etrace.set @h, %h1 : tensor<1x5x3xf32>
    etrace.yield %h1 : tensor<1x5x3xf32>
  }
  etrace.loss @squared_error(%out: tensor<1x5x3xf32>, %target: tensor<1x5x3xf32>) -> f32 {
    %d = arith.subf %out, %target : tensor<1x5x3xf32>
    %s = arith.mulf %d, %d : tensor<1x5x3xf32>
    %zero = arith.constant dense<0.0> : tensor<f32>
    %sum = linalg.reduce { arith.addf } ins(%s : tensor<1x5x3xf32>)
        outs(%zero : tensor<f32>) dimensions = [0, 1, 2]
    %loss = tensor.extract %sum[] : tensor<f32>
    etrace.yield %loss : f32
  }
}
