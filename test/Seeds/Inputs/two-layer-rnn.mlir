// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// S000-16, S000-25, S000-38: two tanh layers; input products are ordinary ones, recurrent
// products ETP primitives.
etrace.model @two_layer_rnn {
  etrace.param @w1_in : tensor<10x16xf32>
  etrace.param @w1_rec : tensor<16x16xf32>
  etrace.param @w2_in : tensor<16x8xf32>
  etrace.param @w2_rec : tensor<8x8xf32>
  etrace.hidden @h1 : tensor<16xf32>
  etrace.hidden @h2 : tensor<8xf32>
  etrace.step @update(%x: tensor<10xf32>) -> tensor<8xf32> {
    %h1 = etrace.get @h1 : tensor<16xf32>
    %v1 = etrace.get @w1_in : tensor<10x16xf32>
    %w1 = etrace.get @w1_rec : tensor<16x16xf32>
    %z1 = arith.constant dense<0.0> : tensor<16xf32>
    %i1 = linalg.vecmat ins(%x, %v1 : tensor<10xf32>, tensor<10x16xf32>)
        outs(%z1 : tensor<16xf32>) -> tensor<16xf32>
    %r1 = etrace.matmul %h1, %w1 : tensor<16xf32>, tensor<16x16xf32> -> tensor<16xf32>
    %s1 = arith.addf %i1, %r1 : tensor<16xf32>
    %n1 = math.tanh %s1 : tensor<16xf32>
    etrace.set @h1, %n1 : tensor<16xf32>
    %h2 = etrace.get @h2 : tensor<8xf32>
    %v2 = etrace.get @w2_in : tensor<16x8xf32>
    %w2 = etrace.get @w2_rec : tensor<8x8xf32>
    %z2 = arith.constant dense<0.0> : tensor<8xf32>
    %i2 = linalg.vecmat ins(%n1, %v2 : tensor<16xf32>, tensor<16x8xf32>)
        outs(%z2 : tensor<8xf32>) -> tensor<8xf32>
    %r2 = etrace.matmul %h2, %w2 : tensor<8xf32>, tensor<8x8xf32> -> tensor<8xf32>
    %s2 = arith.addf %i2, %r2 : tensor<8xf32>
    %n2 = math.tanh %s2 : tensor<8xf32>
    etrace.set @h2, %n2 : tensor<8xf32>
    etrace.yield %n2 : tensor<8xf32>
  }
  etrace.loss @mean_squared_error(%out: tensor<8xf32>, %target: tensor<8xf32>) -> f32 {
    %d = arith.subf %out, %target : tensor<8xf32>
    %s = arith.mulf %d, %d : tensor<8xf32>
    %zero = arith.constant dense<0.0> : tensor<f32>
    %sum = linalg.reduce { arith.addf } ins(%s : tensor<8xf32>)
        outs(%zero : tensor<f32>) dimensions = [0]
    %loss = tensor.extract %sum[] : tensor<f32>
    %n = arith.constant 8.0 : f32
    %mean = arith.divf %loss, %n : f32
    etrace.yield %mean : f32
  }
}
