// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Leaky units h <- 0.8 h + tanh([x; h] w + b) and behind them a leaky readout that is a hidden
// state of its own, r <- exp(-1/4) r + h wo + bo with the new h, output r.
etrace.model @leaky_rate_readout {
  etrace.param @w : tensor<8x5xf32> init #etrace.xavier
  etrace.param @b : tensor<5xf32>
  etrace.param @wo : tensor<5x2xf32> init #etrace.xavier
  etrace.param @bo : tensor<2xf32>
  etrace.hidden @h : tensor<5xf32>
  etrace.hidden @r : tensor<2xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<2xf32> {
    %h = etrace.get @h : tensor<5xf32>
    %r = etrace.get @r : tensor<2xf32>
    %w = etrace.get @w : tensor<8x5xf32>
    %b = etrace.get @b : tensor<5xf32>
    %wo = etrace.get @wo : tensor<5x2xf32>
    %bo = etrace.get @bo : tensor<2xf32>
    %leak = arith.constant dense<0.8> : tensor<5xf32>
    %readout = arith.constant dense<0.7788007830714049> : tensor<2xf32>
    %xh = tensor.concat dim(0) %x, %h : (tensor<3xf32>, tensor<5xf32>) -> tensor<8xf32>
    %a = etrace.matmul %xh, %w bias %b
        : tensor<8xf32>, tensor<8x5xf32>, tensor<5xf32> -> tensor<5xf32>
    %ta = math.tanh %a : tensor<5xf32>
    %0 = arith.mulf %leak, %h : tensor<5xf32>
    %h1 = arith.addf %0, %ta : tensor<5xf32>
    etrace.set @h, %h1 : tensor<5xf32>
    %y = etrace.matmul %h1, %wo bias %bo
        : tensor<5xf32>, tensor<5x2xf32>, tensor<2xf32> -> tensor<2xf32>
    %1 = arith.mulf %readout, %r : tensor<2xf32>
    %r1 = arith.addf %1, %y : tensor<2xf32>
    etrace.set @r, %r1 : tensor<2xf32>
    etrace.yield %r1 : tensor<2xf32>
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
