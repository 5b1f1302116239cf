// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Adaptive units behind an exponential synapse: s = spike(V - 1 - 0.4 a),
// g <- exp(-1/3) g + [x; s] w + b, V <- k (V - s) + (1 - k) g with the new g and k = exp(-1/5),
// a <- exp(-1/20) (a + s), output spike(V - 1 - 0.4 a).
etrace.model @alif_expcu {
  etrace.param @w : tensor<7x4xf32> init #etrace.kaiming
  etrace.param @b : tensor<4xf32>
  etrace.hidden @V : tensor<4xf32>
  etrace.hidden @a : tensor<4xf32>
  etrace.hidden @g : tensor<4xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<4xf32> {
    %V = etrace.get @V : tensor<4xf32>
    %a = etrace.get @a : tensor<4xf32>
    %g = etrace.get @g : tensor<4xf32>
    %w = etrace.get @w : tensor<7x4xf32>
    %b = etrace.get @b : tensor<4xf32>
    %threshold = arith.constant dense<1.0> : tensor<4xf32>
    %beta = arith.constant dense<0.4> : tensor<4xf32>
    %synapse = arith.constant dense<0.7165313105737893> : tensor<4xf32>
    %decay = arith.constant dense<0.8187307530779818> : tensor<4xf32>
    %rest = arith.constant dense<0.18126924692201818> : tensor<4xf32>
    %adapt = arith.constant dense<0.951229424500714> : tensor<4xf32>
    %0 = arith.subf %V, %threshold : tensor<4xf32>
    %1 = arith.mulf %beta, %a : tensor<4xf32>
    %over = arith.subf %0, %1 : tensor<4xf32>
    %s = etrace.spike %over surrogate(#etrace.leaky_relu<alpha = 0.1, beta = 0.5>) : tensor<4xf32>
    %xs = tensor.concat dim(0) %x, %s : (tensor<3xf32>, tensor<4xf32>) -> tensor<7xf32>
    %y = etrace.matmul %xs, %w bias %b
        : tensor<7xf32>, tensor<7x4xf32>, tensor<4xf32> -> tensor<4xf32>
    %2 = arith.mulf %synapse, %g : tensor<4xf32>
    %g1 = arith.addf %2, %y : tensor<4xf32>
    etrace.set @g, %g1 : tensor<4xf32>
    %3 = arith.subf %V, %s : tensor<4xf32>
    %4 = arith.mulf %decay, %3 : tensor<4xf32>
    %5 = arith.mulf %rest, %g1 : tensor<4xf32>
    %v1 = arith.addf %4, %5 : tensor<4xf32>
    etrace.set @V, %v1 : tensor<4xf32>
    %6 = arith.addf %a, %s : tensor<4xf32>
    %a1 = arith.mulf %adapt, %6 : tensor<4xf32>
    etrace.set @a, %a1 : tensor<4xf32>
    %7 = arith.subf %v1, %threshold : tensor<4xf32>
    %8 = arith.mulf %beta, %a1 : tensor<4xf32>
    %over1 = arith.subf %7, %8 : tensor<4xf32>
    %out = etrace.spike %over1 surrogate(#etrace.leaky_relu<alpha = 0.1, beta = 0.5>)
        : tensor<4xf32>
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
