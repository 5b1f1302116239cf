// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Gated recurrent unit: h <- (1 - z) h + z c, with z = logistic([x; h] wz + bz),
// r = logistic([x; h] wr + br), c = tanh([x; r h] wc + bc).
// A batch of 3 samples.
etrace.model @gru_batch attributes {batch_dim = 0} {
  etrace.param @wz : tensor<8x5xf32> init #etrace.orthogonal
  etrace.param @bz : tensor<5xf32>
  etrace.param @wr : tensor<8x5xf32> init #etrace.orthogonal
  etrace.param @br : tensor<5xf32>
  etrace.param @wc : tensor<8x5xf32> init #etrace.orthogonal
  etrace.param @bc : tensor<5xf32>
  etrace.hidden @h : tensor<3x5xf32>
  etrace.step @update(%x: tensor<3x3xf32>) -> tensor<3x5xf32> {
    %h = etrace.get @h : tensor<3x5xf32>
    %wz = etrace.get @wz : tensor<8x5xf32>
    %bz = etrace.get @bz : tensor<5xf32>
    %wr = etrace.get @wr : tensor<8x5xf32>
    %br = etrace.get @br : tensor<5xf32>
    %wc = etrace.get @wc : tensor<8x5xf32>
    %bc = etrace.get @bc : tensor<5xf32>
    %xh = tensor.concat dim(1) %x, %h : (tensor<3x3xf32>, tensor<3x5xf32>) -> tensor<3x8xf32>
    %az = etrace.matmul %xh, %wz bias %bz
        : tensor<3x8xf32>, tensor<8x5xf32>, tensor<5xf32> -> tensor<3x5xf32>
    %z = etrace.logistic %az : tensor<3x5xf32>
    %ar = etrace.matmul %xh, %wr bias %br
        : tensor<3x8xf32>, tensor<8x5xf32>, tensor<5xf32> -> tensor<3x5xf32>
    %r = etrace.logistic %ar : tensor<3x5xf32>
    %rh = arith.mulf %r, %h : tensor<3x5xf32>
    %xrh = tensor.concat dim(1) %x, %rh : (tensor<3x3xf32>, tensor<3x5xf32>) -> tensor<3x8xf32>
    %ac = etrace.matmul %xrh, %wc bias %bc
        : tensor<3x8xf32>, tensor<8x5xf32>, tensor<5xf32> -> tensor<3x5xf32>
    %c = math.tanh %ac : tensor<3x5xf32>
    %one = arith.constant dense<1.0> : tensor<3x5xf32>
    %keep = arith.subf %one, %z : tensor<3x5xf32>
    %old = arith.mulf %keep, %h : tensor<3x5xf32>
    %fresh = arith.mulf %z, %c : tensor<3x5xf32>
    %h1 = arith.addf %old, %fresh : tensor<3x5xf32>
    etrace.set @h, %h1 : tensor<3x5xf32>
    etrace.yield %h1 : tensor<3x5xf32>
  }
  etrace.loss @squared_error(%out: tensor<3x5xf32>, %target: tensor<3x5xf32>) -> f32 {
    %d = arith.subf %out, %target : tensor<3x5xf32>
    %s = arith.mulf %d, %d : tensor<3x5xf32>
    %zero = arith.constant dense<0.0> : tensor<f32>
    %sum = linalg.reduce { arith.addf } ins(%s : tensor<3x5xf32>)
        outs(%zero : tensor<f32>) dimensions = [0, 1]
    %loss = tensor.extract %sum[] : tensor<f32>
    etrace.yield %loss : f32
  }
}
