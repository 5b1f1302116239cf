// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Short-term depression of recurrent spikes: s = spike(V - 1), resources d recover as
// e = 1 - (1 - d) exp(-1/20), transmit e s, and d <- e - 0.4 d s with the old d;
// g <- exp(-1/3) g + [x; e s] w + b, V <- k (V - s) + (1 - k) g with the new g, k = exp(-1/5),
// output spike(V - 1).
etrace.model @lif_std_expcu {
  etrace.param @w : tensor<7x4xf32> init #etrace.kaiming
  etrace.param @b : tensor<4xf32>
  etrace.hidden @V : tensor<4xf32>
  etrace.hidden @d : tensor<4xf32> init #etrace.constant<value = 1.0>
  etrace.hidden @g : tensor<4xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<4xf32> {
    %V = etrace.get @V : tensor<4xf32>
    %d = etrace.get @d : tensor<4xf32>
    %g = etrace.get @g : tensor<4xf32>
    %w = etrace.get @w : tensor<7x4xf32>
    %b = etrace.get @b : tensor<4xf32>
    %threshold = arith.constant dense<1.0> : tensor<4xf32>
    %recovery = arith.constant dense<0.951229424500714> : tensor<4xf32>
    %use = arith.constant dense<0.4> : tensor<4xf32>
    %synapse = arith.constant dense<0.7165313105737893> : tensor<4xf32>
    %decay = arith.constant dense<0.8187307530779818> : tensor<4xf32>
    %rest = arith.constant dense<0.18126924692201818> : tensor<4xf32>
    %over = arith.subf %V, %threshold : tensor<4xf32>
    %s = etrace.spike %over surrogate(#etrace.s2nn<alpha = 4.0, beta = 1.0>) : tensor<4xf32>
    %spent = arith.subf %threshold, %d : tensor<4xf32>
    %0 = arith.mulf %recovery, %spent : tensor<4xf32>
    %e = arith.subf %threshold, %0 : tensor<4xf32>
    %sent = arith.mulf %e, %s : tensor<4xf32>
    %1 = arith.mulf %use, %d : tensor<4xf32>
    %2 = arith.mulf %1, %s : tensor<4xf32>
    %d1 = arith.subf %e, %2 : tensor<4xf32>
    etrace.set @d, %d1 : tensor<4xf32>
    %xs = tensor.concat dim(0) %x, %sent : (tensor<3xf32>, tensor<4xf32>) -> tensor<7xf32>
    %y = etrace.matmul %xs, %w bias %b
        : tensor<7xf32>, tensor<7x4xf32>, tensor<4xf32> -> tensor<4xf32>
    %3 = arith.mulf %synapse, %g : tensor<4xf32>
    %g1 = arith.addf %3, %y : tensor<4xf32>
    etrace.set @g, %g1 : tensor<4xf32>
    %4 = arith.subf %V, %s : tensor<4xf32>
    %5 = arith.mulf %decay, %4 : tensor<4xf32>
    %6 = arith.mulf %rest, %g1 : tensor<4xf32>
    %v1 = arith.addf %5, %6 : tensor<4xf32>
    etrace.set @V, %v1 : tensor<4xf32>
    %over1 = arith.subf %v1, %threshold : tensor<4xf32>
    %out = etrace.spike %over1 surrogate(#etrace.s2nn<alpha = 4.0, beta = 1.0>) : tensor<4xf32>
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
