// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Synapse with a rise (2) and a decay (8) of its own: s = spike(V - 1), y = [x; s] w + b,
// p <- exp(-1/2) p + y, q <- exp(-1/8) q + y, I = A (q - p) with the new p and q and peak 1,
// A = 8/6 (2/8)^(-2/6), V <- k (V - s) + (1 - k) I with k = exp(-1/5), output spike(V - 1).
etrace.model @lif_dual_exp {
  etrace.param @w : tensor<7x4xf32> init #etrace.kaiming
  etrace.param @b : tensor<4xf32>
  etrace.hidden @V : tensor<4xf32>
  etrace.hidden @p : tensor<4xf32>
  etrace.hidden @q : tensor<4xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<4xf32> {
    %V = etrace.get @V : tensor<4xf32>
    %p = etrace.get @p : tensor<4xf32>
    %q = etrace.get @q : tensor<4xf32>
    %w = etrace.get @w : tensor<7x4xf32>
    %b = etrace.get @b : tensor<4xf32>
    %threshold = arith.constant dense<1.0> : tensor<4xf32>
    %rise = arith.constant dense<0.6065306597126334> : tensor<4xf32>
    %fall = arith.constant dense<0.8824969025845955> : tensor<4xf32>
    %peak = arith.constant dense<2.116534735957599> : tensor<4xf32>
    %decay = arith.constant dense<0.8187307530779818> : tensor<4xf32>
    %rest = arith.constant dense<0.18126924692201818> : tensor<4xf32>
    %over = arith.subf %V, %threshold : tensor<4xf32>
    %s = etrace.spike %over surrogate(#etrace.piecewise_quadratic<alpha = 0.8>) : tensor<4xf32>
    %xs = tensor.concat dim(0) %x, %s : (tensor<3xf32>, tensor<4xf32>) -> tensor<7xf32>
    %y = etrace.matmul %xs, %w bias %b
        : tensor<7xf32>, tensor<7x4xf32>, tensor<4xf32> -> tensor<4xf32>
    %0 = arith.mulf %rise, %p : tensor<4xf32>
    %p1 = arith.addf %0, %y : tensor<4xf32>
    etrace.set @p, %p1 : tensor<4xf32>
    %1 = arith.mulf %fall, %q : tensor<4xf32>
    %q1 = arith.addf %1, %y : tensor<4xf32>
    etrace.set @q, %q1 : tensor<4xf32>
    %2 = arith.subf %q1, %p1 : tensor<4xf32>
    %current = arith.mulf %peak, %2 : tensor<4xf32>
    %3 = arith.subf %V, %s : tensor<4xf32>
    %4 = arith.mulf %decay, %3 : tensor<4xf32>
    %5 = arith.mulf %rest, %current : tensor<4xf32>
    %v1 = arith.addf %4, %5 : tensor<4xf32>
    etrace.set @V, %v1 : tensor<4xf32>
    %over1 = arith.subf %v1, %threshold : tensor<4xf32>
    %out = etrace.spike %over1 surrogate(#etrace.piecewise_quadratic<alpha = 0.8>) : tensor<4xf32>
    etrace.yield %out : tensor<4xf32>
  }
  etrace.loss @squared_error(%out: tensor<4xf32>, %target: tensor<4xf32>) -> f32 {
    %d = arith.subf %out, %target : tensor<4xf32>
    %s = arith.mulf %d, %d : tensor<4xf32>
    %zero = arith.constant dense<0.0> : tensor<f32>
    %sum = linalg.reduce { arith.addf } ins(%s : tensor<4xf32>)
        outs(%zero : tensor<f32>) dimensions = [0]
    %loss = tensor.extract %sum[] : tensor<f32>
    etrace.yield %loss : f32
  }
}
