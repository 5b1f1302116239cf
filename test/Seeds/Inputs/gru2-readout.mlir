// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// S002-20, S002-21, S002-22: two gated recurrent layers and a readout (10, 32, 32, 5).
etrace.model @gru2_readout {
  etrace.param @rnn1.Wz.weight.weight : tensor<42x32xf32>
  etrace.param @rnn1.Wz.weight.bias : tensor<32xf32>
  etrace.param @rnn1.Wr.weight.weight : tensor<42x32xf32>
  etrace.param @rnn1.Wr.weight.bias : tensor<32xf32>
  etrace.param @rnn1.Wh.weight.weight : tensor<42x32xf32>
  etrace.param @rnn1.Wh.weight.bias : tensor<32xf32>
  etrace.hidden @rnn1.h : tensor<32xf32>
  etrace.param @rnn2.Wz.weight.weight : tensor<64x32xf32>
  etrace.param @rnn2.Wz.weight.bias : tensor<32xf32>
  etrace.param @rnn2.Wr.weight.weight : tensor<64x32xf32>
  etrace.param @rnn2.Wr.weight.bias : tensor<32xf32>
  etrace.param @rnn2.Wh.weight.weight : tensor<64x32xf32>
  etrace.param @rnn2.Wh.weight.bias : tensor<32xf32>
  etrace.hidden @rnn2.h : tensor<32xf32>
  etrace.param @out.weight.weight : tensor<32x5xf32>
  etrace.param @out.weight.bias : tensor<5xf32>
  etrace.step @update(%x: tensor<10xf32>) -> tensor<5xf32> {
    %h1 = etrace.get @rnn1.h : tensor<32xf32>
    %wz1 = etrace.get @rnn1.Wz.weight.weight : tensor<42x32xf32>
    %bz1 = etrace.get @rnn1.Wz.weight.bias : tensor<32xf32>
    %wr1 = etrace.get @rnn1.Wr.weight.weight : tensor<42x32xf32>
    %br1 = etrace.get @rnn1.Wr.weight.bias : tensor<32xf32>
    %wh1 = etrace.get @rnn1.Wh.weight.weight : tensor<42x32xf32>
    %bh1 = etrace.get @rnn1.Wh.weight.bias : tensor<32xf32>
    %xh1 = tensor.concat dim(0) %x, %h1 : (tensor<10xf32>, tensor<32xf32>) -> tensor<42xf32>
    %az1 = etrace.matmul %xh1, %wz1 bias %bz1
        : tensor<42xf32>, tensor<42x32xf32>, tensor<32xf32> -> tensor<32xf32>
    %z1 = etrace.logistic %az1 : tensor<32xf32>
    %ar1 = etrace.matmul %xh1, %wr1 bias %br1
        : tensor<42xf32>, tensor<42x32xf32>, tensor<32xf32> -> tensor<32xf32>
    %r1 = etrace.logistic %ar1 : tensor<32xf32>
    %rh1 = arith.mulf %r1, %h1 : tensor<32xf32>
    %xrh1 = tensor.concat dim(0) %x, %rh1 : (tensor<10xf32>, tensor<32xf32>) -> tensor<42xf32>
    %ah1 = etrace.matmul %xrh1, %wh1 bias %bh1
        : tensor<42xf32>, tensor<42x32xf32>, tensor<32xf32> -> tensor<32xf32>
    %c1 = math.tanh %ah1 : tensor<32xf32>
    %one1 = arith.constant dense<1.0> : tensor<32xf32>
    %keep1 = arith.subf %one1, %z1 : tensor<32xf32>
    %old1 = arith.mulf %keep1, %h1 : tensor<32xf32>
    %fresh1 = arith.mulf %z1, %c1 : tensor<32xf32>
    %h11 = arith.addf %old1, %fresh1 : tensor<32xf32>
    etrace.set @rnn1.h, %h11 : tensor<32xf32>
    %h2 = etrace.get @rnn2.h : tensor<32xf32>
    %wz2 = etrace.get @rnn2.Wz.weight.weight : tensor<64x32xf32>
    %bz2 = etrace.get @rnn2.Wz.weight.bias : tensor<32xf32>
    %wr2 = etrace.get @rnn2.Wr.weight.weight : tensor<64x32xf32>
    %br2 = etrace.get @rnn2.Wr.weight.bias : tensor<32xf32>
    %wh2 = etrace.get @rnn2.Wh.weight.weight : tensor<64x32xf32>
    %bh2 = etrace.get @rnn2.Wh.weight.bias : tensor<32xf32>
    %xh2 = tensor.concat dim(0) %h11, %h2 : (tensor<32xf32>, tensor<32xf32>) -> tensor<64xf32>
    %az2 = etrace.matmul %xh2, %wz2 bias %bz2
        : tensor<64xf32>, tensor<64x32xf32>, tensor<32xf32> -> tensor<32xf32>
    %z2 = etrace.logistic %az2 : tensor<32xf32>
    %ar2 = etrace.matmul %xh2, %wr2 bias %br2
        : tensor<64xf32>, tensor<64x32xf32>, tensor<32xf32> -> tensor<32xf32>
    %r2 = etrace.logistic %ar2 : tensor<32xf32>
    %rh2 = arith.mulf %r2, %h2 : tensor<32xf32>
    %xrh2 = tensor.concat dim(0) %h11, %rh2 : (tensor<32xf32>, tensor<32xf32>) -> tensor<64xf32>
    %ah2 = etrace.matmul %xrh2, %wh2 bias %bh2
        : tensor<64xf32>, tensor<64x32xf32>, tensor<32xf32> -> tensor<32xf32>
    %c2 = math.tanh %ah2 : tensor<32xf32>
    %one2 = arith.constant dense<1.0> : tensor<32xf32>
    %keep2 = arith.subf %one2, %z2 : tensor<32xf32>
    %old2 = arith.mulf %keep2, %h2 : tensor<32xf32>
    %fresh2 = arith.mulf %z2, %c2 : tensor<32xf32>
    %h12 = arith.addf %old2, %fresh2 : tensor<32xf32>
    etrace.set @rnn2.h, %h12 : tensor<32xf32>
    %wo = etrace.get @out.weight.weight : tensor<32x5xf32>
    %bo = etrace.get @out.weight.bias : tensor<5xf32>
    %out = etrace.matmul %h12, %wo bias %bo
        : tensor<32xf32>, tensor<32x5xf32>, tensor<5xf32> -> tensor<5xf32>
    etrace.yield %out : tensor<5xf32>
  }
  etrace.loss @mean_squared_error(%out: tensor<5xf32>, %target: tensor<5xf32>) -> f32 {
    %d = arith.subf %out, %target : tensor<5xf32>
    %s = arith.mulf %d, %d : tensor<5xf32>
    %zero = arith.constant dense<0.0> : tensor<f32>
    %sum = linalg.reduce { arith.addf } ins(%s : tensor<5xf32>)
        outs(%zero : tensor<f32>) dimensions = [0]
    %loss = tensor.extract %sum[] : tensor<f32>
    %n = arith.constant 5.0 : f32
    %mean = arith.divf %loss, %n : f32
    etrace.yield %mean : f32
  }
}
