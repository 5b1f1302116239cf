// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Short-term plasticity of recurrent spikes: s = spike(V - 1), use
// u <- exp(-1/15) u + 0.4 (1 - u) s, resources e = 1 - (1 - d) exp(-1/20) and, with the new u,
// transmit u e s, d <- e - u d s with the old d; g <- exp(-1/3) g + [x; u e s] w + b,
// V <- k (V - s) + (1 - k) g with the new g, k = exp(-1/5), output spike(V - 1).
// A batch of 2 samples.
etrace.model @lif_stp_expcu_batch attributes {batch_dim = 0} {
  etrace.param @w : tensor<7x4xf32> init #etrace.kaiming
  etrace.param @b : tensor<4xf32>
  etrace.hidden @V : tensor<2x4xf32>
  etrace.hidden @u : tensor<2x4xf32> init #etrace.constant<value = 0.4>
  etrace.hidden @d : tensor<2x4xf32> init #etrace.constant<value = 1.0>
  etrace.hidden @g : tensor<2x4xf32>
  etrace.step @update(%x: tensor<2x3xf32>) -> tensor<2x4xf32> {
    %V = etrace.get @V : tensor<2x4xf32>
    %u = etrace.get @u : tensor<2x4xf32>
    %d = etrace.get @d : tensor<2x4xf32>
    %g = etrace.get @g : tensor<2x4xf32>
    %w = etrace.get @w : tensor<7x4xf32>
    %b = etrace.get @b : tensor<4xf32>
    %threshold = arith.constant dense<1.0> : tensor<2x4xf32>
    %facilitation = arith.constant dense<0.9355069850316178> : tensor<2x4xf32>
    %use = arith.constant dense<0.4> : tensor<2x4xf32>
    %recovery = arith.constant dense<0.951229424500714> : tensor<2x4xf32>
    %synapse = arith.constant dense<0.7165313105737893> : tensor<2x4xf32>
    %decay = arith.constant dense<0.8187307530779818> : tensor<2x4xf32>
    %rest = arith.constant dense<0.18126924692201818> : tensor<2x4xf32>
    %over = arith.subf %V, %threshold : tensor<2x4xf32>
    %s = etrace.spike %over
        surrogate(#etrace.multi_gaussian<h = 0.15, s = 6.0, sigma = 0.5, scale = 0.5>)
        : tensor<2x4xf32>
    %unused = arith.subf %threshold, %u : tensor<2x4xf32>
    %0 = arith.mulf %facilitation, %u : tensor<2x4xf32>
    %1 = arith.mulf %use, %unused : tensor<2x4xf32>
    %2 = arith.mulf %1, %s : tensor<2x4xf32>
    %u1 = arith.addf %0, %2 : tensor<2x4xf32>
    etrace.set @u, %u1 : tensor<2x4xf32>
    %spent = arith.subf %threshold, %d : tensor<2x4xf32>
    %3 = arith.mulf %recovery, %spent : tensor<2x4xf32>
    %e = arith.subf %threshold, %3 : tensor<2x4xf32>
    %part = arith.mulf %u1, %s : tensor<2x4xf32>
    %sent = arith.mulf %part, %e : tensor<2x4xf32>
    %4 = arith.mulf %part, %d : tensor<2x4xf32>
    %d1 = arith.subf %e, %4 : tensor<2x4xf32>
    etrace.set @d, %d1 : tensor<2x4xf32>
    %xs = tensor.concat dim(1) %x, %sent : (tensor<2x3xf32>, tensor<2x4xf32>) -> tensor<2x7xf32>
    %y = etrace.matmul %xs, %w bias %b
        : tensor<2x7xf32>, tensor<7x4xf32>, tensor<4xf32> -> tensor<2x4xf32>
    %5 = arith.mulf %synapse, %g : tensor<2x4xf32>
    %g1 = arith.addf %5, %y : tensor<2x4xf32>
    etrace.set @g, %g1 : tensor<2x4xf32>
    %6 = arith.subf %V, %s : tensor<2x4xf32>
    %7 = arith.mulf %decay, %6 : tensor<2x4xf32>
    %8 = arith.mulf %rest, %g1 : tensor<2x4xf32>
    %v1 = arith.addf %7, %8 : tensor<2x4xf32>
    etrace.set @V, %v1 : tensor<2x4xf32>
    %over1 = arith.subf %v1, %threshold : tensor<2x4xf32>
    %out = etrace.spike %over1
        surrogate(#etrace.multi_gaussian<h = 0.15, s = 6.0, sigma = 0.5, scale = 0.5>)
        : tensor<2x4xf32>
    etrace.yield %out : tensor<2x4xf32>
  }
  etrace.loss @squared_error(%out: tensor<2x4xf32>, %target: tensor<2x4xf32>) -> f32 {
    %d = arith.subf %out, %target : tensor<2x4xf32>
    %s = arith.mulf %d, %d : tensor<2x4xf32>
    %zero = arith.constant dense<0.0> : tensor<f32>
    %sum = linalg.reduce { arith.addf } ins(%s : tensor<2x4xf32>)
        outs(%zero : tensor<f32>) dimensions = [0, 1]
    %loss = tensor.extract %sum[] : tensor<f32>
    etrace.yield %loss : f32
  }
}
