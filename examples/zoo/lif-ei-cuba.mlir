// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Excitatory and inhibitory units, the last one inhibitory: s = spike(V - 1),
// g <- exp(-1/3) g + x wx + s (sign |w|) with sign = -1 in the row of the inhibitory unit,
// V <- k (V - s) + (1 - k) g with the new g and k = exp(-1/5), output spike(V - 1).
etrace.model @lif_ei_cuba {
  etrace.param @wx : tensor<3x4xf32> init #etrace.kaiming
  etrace.param @w : tensor<4x4xf32> init #etrace.kaiming
  etrace.hidden @V : tensor<4xf32>
  etrace.hidden @g : tensor<4xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<4xf32> {
    %V = etrace.get @V : tensor<4xf32>
    %g = etrace.get @g : tensor<4xf32>
    %wx = etrace.get @wx : tensor<3x4xf32>
    %w = etrace.get @w : tensor<4x4xf32>
    %threshold = arith.constant dense<1.0> : tensor<4xf32>
    %synapse = arith.constant dense<0.7165313105737893> : tensor<4xf32>
    %decay = arith.constant dense<0.8187307530779818> : tensor<4xf32>
    %rest = arith.constant dense<0.18126924692201818> : tensor<4xf32>
    %over = arith.subf %V, %threshold : tensor<4xf32>
    %s = etrace.spike %over
        surrogate(#etrace.squarewave_fourier_series<terms = 2, period = 8.0>) : tensor<4xf32>
    %sign = arith.constant dense<[[1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0],
        [-1.0, -1.0, -1.0, -1.0]]> : tensor<4x4xf32>
    %size = math.absf %w : tensor<4x4xf32>
    %signed = arith.mulf %size, %sign : tensor<4x4xf32>
    %yx = etrace.matmul %x, %wx : tensor<3xf32>, tensor<3x4xf32> -> tensor<4xf32>
    %ys = etrace.matmul %s, %signed : tensor<4xf32>, tensor<4x4xf32> -> tensor<4xf32>
    %0 = arith.mulf %synapse, %g : tensor<4xf32>
    %1 = arith.addf %0, %yx : tensor<4xf32>
    %g1 = arith.addf %1, %ys : tensor<4xf32>
    etrace.set @g, %g1 : tensor<4xf32>
    %2 = arith.subf %V, %s : tensor<4xf32>
    %3 = arith.mulf %decay, %2 : tensor<4xf32>
    %4 = arith.mulf %rest, %g1 : tensor<4xf32>
    %v1 = arith.addf %3, %4 : tensor<4xf32>
    etrace.set @V, %v1 : tensor<4xf32>
    %over1 = arith.subf %v1, %threshold : tensor<4xf32>
    %out = etrace.spike %over1
        surrogate(#etrace.squarewave_fourier_series<terms = 2, period = 8.0>)
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
