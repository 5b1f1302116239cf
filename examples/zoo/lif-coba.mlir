// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Conductance-based synapse: s = spike(V - 1), r = V - s, g <- exp(-1/3) g + [x; s] w + b,
// V <- k r + (1 - k) g (1.5 - r) with the new g and k = exp(-1/5), output spike(V - 1).
etrace.model @lif_coba {
  etrace.param @w : tensor<7x4xf32> init #etrace.kaiming
  etrace.param @b : tensor<4xf32>
  etrace.hidden @V : tensor<4xf32>
  etrace.hidden @g : tensor<4xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<4xf32> {
    %V = etrace.get @V : tensor<4xf32>
    %g = etrace.get @g : tensor<4xf32>
    %w = etrace.get @w : tensor<7x4xf32>
    %b = etrace.get @b : tensor<4xf32>
    %threshold = arith.constant dense<1.0> : tensor<4xf32>
    %synapse = arith.constant dense<0.7165313105737893> : tensor<4xf32>
    %reversal = arith.constant dense<1.5> : tensor<4xf32>
    %decay = arith.constant dense<0.8187307530779818> : tensor<4xf32>
    %rest = arith.constant dense<0.18126924692201818> : tensor<4xf32>
    %over = arith.subf %V, %threshold : tensor<4xf32>
    %s = etrace.spike %over surrogate(#etrace.q_pseudo_spike<alpha = 2.5>) : tensor<4xf32>
    %xs = tensor.concat dim(0) %x, %s : (tensor<3xf32>, tensor<4xf32>) -> tensor<7xf32>
    %y = etrace.matmul %xs, %w bias %b
        : tensor<7xf32>, tensor<7x4xf32>, tensor<4xf32> -> tensor<4xf32>
    %0 = arith.mulf %synapse, %g : tensor<4xf32>
    %g1 = arith.addf %0, %y : tensor<4xf32>
    etrace.set @g, %g1 : tensor<4xf32>
    %r = arith.subf %V, %s : tensor<4xf32>
    %1 = arith.subf %reversal, %r : tensor<4xf32>
    %current = arith.mulf %g1, %1 : tensor<4xf32>
    %2 = arith.mulf %decay, %r : tensor<4xf32>
    %3 = arith.mulf %rest, %current : tensor<4xf32>
    %v1 = arith.addf %2, %3 : tensor<4xf32>
    etrace.set @V, %v1 : tensor<4xf32>
    %over1 = arith.subf %v1, %threshold : tensor<4xf32>
    %out = etrace.spike %over1 surrogate(#etrace.q_pseudo_spike<alpha = 2.5>) : tensor<4xf32>
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
