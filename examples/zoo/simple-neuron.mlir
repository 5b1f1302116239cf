// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// h <- tanh(x + h w).
etrace.model @simple_neuron {
  etrace.param @w : tensor<4x4xf32>
  etrace.hidden @h : tensor<4xf32>
  etrace.step @update(%x: tensor<4xf32>) -> tensor<4xf32> {
    %h = etrace.get @h : tensor<4xf32>
    %w = etrace.get @w : tensor<4x4xf32>
    %y = etrace.matmul %h, %w
        : tensor<4xf32>, tensor<4x4xf32> -> tensor<4xf32>
    %s = arith.addf %x, %y : tensor<4xf32>
    %h1 = math.tanh %s : tensor<4xf32>
    etrace.set @h, %h1 : tensor<4xf32>
    etrace.yield %h1 : tensor<4xf32>
  }
  etrace.loss @mean_squared_error(%out: tensor<4xf32>, %target: tensor<4xf32>) -> f32 {
    %d = arith.subf %out, %target : tensor<4xf32>
    %s = arith.mulf %d, %d : tensor<4xf32>
    %zero = arith.constant dense<0.0> : tensor<f32>
    %sum = linalg.reduce { arith.addf } ins(%s : tensor<4xf32>)
        outs(%zero : tensor<f32>) dimensions = [0]
    %loss = tensor.extract %sum[] : tensor<f32>
    %k = arith.constant 0.25 : f32
    %mean = arith.mulf %k, %loss : f32
    etrace.yield %mean : f32
  }
}
