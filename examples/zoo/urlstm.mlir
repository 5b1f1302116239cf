// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// LSTM with uniform initialisation of gates and a refine gate (URLSTM), without biases: the
// offset beta is trained and used twice, f = logistic([x; h] wf + beta),
// r = logistic([x; h] wr - beta), g = 2 r f + (1 - 2 r) f^2,
// c <- g c + (1 - g) tanh([x; h] wu), h <- logistic([x; h] wo) tanh(c).
etrace.model @urlstm {
  etrace.param @wf : tensor<8x5xf32> init #etrace.xavier
  etrace.param @wr : tensor<8x5xf32> init #etrace.xavier
  etrace.param @wu : tensor<8x5xf32> init #etrace.xavier
  etrace.param @wo : tensor<8x5xf32> init #etrace.xavier
  etrace.param @beta : tensor<5xf32> init #etrace.uniform<low = -2.0, high = 2.0>
  etrace.hidden @h : tensor<5xf32>
  etrace.hidden @c : tensor<5xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<5xf32> {
    %h = etrace.get @h : tensor<5xf32>
    %c = etrace.get @c : tensor<5xf32>
    %wf = etrace.get @wf : tensor<8x5xf32>
    %wr = etrace.get @wr : tensor<8x5xf32>
    %wu = etrace.get @wu : tensor<8x5xf32>
    %wo = etrace.get @wo : tensor<8x5xf32>
    %beta = etrace.get @beta : tensor<5xf32>
    %two = arith.constant dense<2.0> : tensor<5xf32>
    %one = arith.constant dense<1.0> : tensor<5xf32>
    %xh = tensor.concat dim(0) %x, %h : (tensor<3xf32>, tensor<5xf32>) -> tensor<8xf32>
    %af = etrace.matmul %xh, %wf : tensor<8xf32>, tensor<8x5xf32> -> tensor<5xf32>
    %ar = etrace.matmul %xh, %wr : tensor<8xf32>, tensor<8x5xf32> -> tensor<5xf32>
    %au = etrace.matmul %xh, %wu : tensor<8xf32>, tensor<8x5xf32> -> tensor<5xf32>
    %ao = etrace.matmul %xh, %wo : tensor<8xf32>, tensor<8x5xf32> -> tensor<5xf32>
    %up = etrace.elementwise %beta : tensor<5xf32>
    %sf = arith.addf %af, %up : tensor<5xf32>
    %f = etrace.logistic %sf : tensor<5xf32>
    %down = etrace.elementwise %beta : tensor<5xf32>
    %sr = arith.subf %ar, %down : tensor<5xf32>
    %r = etrace.logistic %sr : tensor<5xf32>
    %r2 = arith.mulf %two, %r : tensor<5xf32>
    %linear = arith.mulf %r2, %f : tensor<5xf32>
    %rest = arith.subf %one, %r2 : tensor<5xf32>
    %ff = arith.mulf %f, %f : tensor<5xf32>
    %quadratic = arith.mulf %rest, %ff : tensor<5xf32>
    %g = arith.addf %linear, %quadratic : tensor<5xf32>
    %kept = arith.mulf %g, %c : tensor<5xf32>
    %open = arith.subf %one, %g : tensor<5xf32>
    %u = math.tanh %au : tensor<5xf32>
    %input = arith.mulf %open, %u : tensor<5xf32>
    %c1 = arith.addf %kept, %input : tensor<5xf32>
    etrace.set @c, %c1 : tensor<5xf32>
    %o = etrace.logistic %ao : tensor<5xf32>
    %tc = math.tanh %c1 : tensor<5xf32>
    %h1 = arith.mulf %o, %tc : tensor<5xf32>
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
