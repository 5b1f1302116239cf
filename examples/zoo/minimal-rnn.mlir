// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// MinimalRNN: z = tanh(x wz + bz), u = logistic([z; h] wu + bu), h <- u h + (1 - u) z.
// wz reaches h directly and through the product that makes u.
etrace.model @minimal_rnn {
  etrace.param @wz : tensor<3x5xf32> init #etrace.xavier
  etrace.param @bz : tensor<5xf32>
  etrace.param @wu : tensor<10x5xf32> init #etrace.xavier
  etrace.param @bu : tensor<5xf32>
  etrace.hidden @h : tensor<5xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<5xf32> {
    %h = etrace.get @h : tensor<5xf32>
    %wz = etrace.get @wz : tensor<3x5xf32>
    %bz = etrace.get @bz : tensor<5xf32>
    %wu = etrace.get @wu : tensor<10x5xf32>
    %bu = etrace.get @bu : tensor<5xf32>
    %one = arith.constant dense<1.0> : tensor<5xf32>
    %az = etrace.matmul %x, %wz bias %bz
        : tensor<3xf32>, tensor<3x5xf32>, tensor<5xf32> -> tensor<5xf32>
    %z = math.tanh %az : tensor<5xf32>
    %zh = tensor.concat dim(0) %z, %h : (tensor<5xf32>, tensor<5xf32>) -> tensor<10xf32>
    %au = etrace.matmul %zh, %wu bias %bu
        : tensor<10xf32>, tensor<10x5xf32>, tensor<5xf32> -> tensor<5xf32>
    %u = etrace.logistic %au : tensor<5xf32>
    %kept = arith.mulf %u, %h : tensor<5xf32>
    %open = arith.subf %one, %u : tensor<5xf32>
    %fresh = arith.mulf %open, %z : tensor<5xf32>
    %h1 = arith.addf %kept, %fresh : tensor<5xf32>
    etrace.set @h, %h1 : tensor<5xf32>
    etrace.yield %h1 : tensor<5xf32>
  }
  etrace.loss @squared_error(%out: tensor<5xf32>, %target: tensor<5xf32>) -> f32 {
    %d = arith.subf %out, %target : tensor<5xf32>
    %s = arith.mulf %d, %d : tensor<5xf32>
    %zero = arith.constant dense<0.0> : tensor<f32>
    %sum = linalg.reduce { arith.addf } ins(%s : tensor<5xf32>)
        outs(%zero : tensor<f32>) dimensions = [0]
    %loss = tensor.extract %sum[] : tensor<f32>
    etrace.yield %loss : f32
  }
}
