// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// h <- relu([x; h] w + b), output h wo + bo.
etrace.model @relu_readout {
  etrace.param @w : tensor<7x4xf32>
  etrace.param @b : tensor<4xf32>
  etrace.param @wo : tensor<4x2xf32>
  etrace.param @bo : tensor<2xf32>
  etrace.hidden @h : tensor<4xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<2xf32> {
    %h = etrace.get @h : tensor<4xf32>
    %w = etrace.get @w : tensor<7x4xf32>
    %b = etrace.get @b : tensor<4xf32>
    %wo = etrace.get @wo : tensor<4x2xf32>
    %bo = etrace.get @bo : tensor<2xf32>
    %xh = tensor.concat dim(0) %x, %h : (tensor<3xf32>, tensor<4xf32>) -> tensor<7xf32>
    %y = etrace.matmul %xh, %w bias %b
        : tensor<7xf32>, tensor<7x4xf32>, tensor<4xf32> -> tensor<4xf32>
    %zero = arith.constant dense<0.0> : tensor<4xf32>
    %h1 = arith.maximumf %y, %zero : tensor<4xf32>
    etrace.set @h, %h1 : tensor<4xf32>
    %out = etrace.matmul %h1, %wo bias %bo
        : tensor<4xf32>, tensor<4x2xf32>, tensor<2xf32> -> tensor<2xf32>
    etrace.yield %out : tensor<2xf32>
  }
  etrace.loss @mean_squared_error(%out: tensor<2xf32>, %target: tensor<2xf32>) -> f32 {
    %d = arith.subf %out, %target : tensor<2xf32>
    %s = arith.mulf %d, %d : tensor<2xf32>
    %zero = arith.constant dense<0.0> : tensor<f32>
    %sum = linalg.reduce { arith.addf } ins(%s : tensor<2xf32>)
        outs(%zero : tensor<f32>) dimensions = [0]
    %loss = tensor.extract %sum[] : tensor<f32>
    %k = arith.constant 0.5 : f32
    %mean = arith.mulf %k, %loss : f32
    etrace.yield %mean : f32
  }
}
