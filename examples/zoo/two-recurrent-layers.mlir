// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Two recurrent layers of unequal size: h1 <- tanh(x v1 + h1 w1), h2 <- tanh(h1 v2 + h2 w2) with
// the new h1. Input weights are ordinary parameters.
etrace.model @two_recurrent_layers {
  etrace.param @v1 : tensor<3x3xf32>
  etrace.param @w1 : tensor<3x3xf32>
  etrace.param @v2 : tensor<3x2xf32>
  etrace.param @w2 : tensor<2x2xf32>
  etrace.hidden @h1 : tensor<3xf32>
  etrace.hidden @h2 : tensor<2xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<2xf32> {
    %h1 = etrace.get @h1 : tensor<3xf32>
    %h2 = etrace.get @h2 : tensor<2xf32>
    %v1 = etrace.get @v1 : tensor<3x3xf32>
    %w1 = etrace.get @w1 : tensor<3x3xf32>
    %v2 = etrace.get @v2 : tensor<3x2xf32>
    %w2 = etrace.get @w2 : tensor<2x2xf32>
    %z1 = arith.constant dense<0.0> : tensor<3xf32>
    %z2 = arith.constant dense<0.0> : tensor<2xf32>
    %i1 = linalg.vecmat ins(%x, %v1 : tensor<3xf32>, tensor<3x3xf32>) outs(%z1 : tensor<3xf32>)
        -> tensor<3xf32>
    %r1 = etrace.matmul %h1, %w1 : tensor<3xf32>, tensor<3x3xf32> -> tensor<3xf32>
    %s1 = arith.addf %i1, %r1 : tensor<3xf32>
    %n1 = math.tanh %s1 : tensor<3xf32>
    etrace.set @h1, %n1 : tensor<3xf32>
    %i2 = linalg.vecmat ins(%n1, %v2 : tensor<3xf32>, tensor<3x2xf32>) outs(%z2 : tensor<2xf32>)
        -> tensor<2xf32>
    %r2 = etrace.matmul %h2, %w2 : tensor<2xf32>, tensor<2x2xf32> -> tensor<2xf32>
    %s2 = arith.addf %i2, %r2 : tensor<2xf32>
    %n2 = math.tanh %s2 : tensor<2xf32>
    etrace.set @h2, %n2 : tensor<2xf32>
    etrace.yield %n2 : tensor<2xf32>
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
