// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Leaky integrate-and-fire units behind an exponential synapse (two states per unit):
// s = spike(V - 1) of the stored membrane, g <- exp(-1/3) g + [x; s] w + b,
// V <- k (V - s) + (1 - k) g with the new g and k = exp(-1/5), output spike(V - 1).
etrace.model @lif_exp {
  etrace.param @w : tensor<7x4xf32> init #etrace.kaiming
  etrace.param @b : tensor<4xf32>
  etrace.hidden @V : tensor<4xf32>
  etrace.hidden @g : tensor<4xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<4xf32> {
    %v = etrace.get @V : tensor<4xf32>
    %g = etrace.get @g : tensor<4xf32>
    %w = etrace.get @w : tensor<7x4xf32>
    %b = etrace.get @b : tensor<4xf32>
    %threshold = arith.constant dense<1.0> : tensor<4xf32>
    %decay = arith.constant dense<0.8187307530779818> : tensor<4xf32>
    %rest = arith.constant dense<0.18126924692201818> : tensor<4xf32>
    %synapse = arith.constant dense<0.7165313105737893> : tensor<4xf32>
    %u = arith.subf %v, %threshold : tensor<4xf32>
    %s = etrace.spike %u surrogate(#etrace.relu_grad<alpha = 0.3, width = 1.0>) : tensor<4xf32>
    %xs = tensor.concat dim(0) %x, %s : (tensor<3xf32>, tensor<4xf32>) -> tensor<7xf32>
    %y = etrace.matmul %xs, %w bias %b
        : tensor<7xf32>, tensor<7x4xf32>, tensor<4xf32> -> tensor<4xf32>
    %left = arith.mulf %synapse, %g : tensor<4xf32>
    %g1 = arith.addf %left, %y : tensor<4xf32>
    etrace.set @g, %g1 : tensor<4xf32>
    %reset = arith.subf %v, %s : tensor<4xf32>
    %kept = arith.mulf %decay, %reset : tensor<4xf32>
    %current = arith.mulf %rest, %g1 : tensor<4xf32>
    %v1 = arith.addf %kept, %current : tensor<4xf32>
    etrace.set @V, %v1 : tensor<4xf32>
    %u1 = arith.subf %v1, %threshold : tensor<4xf32>
    %out = etrace.spike %u1 surrogate(#etrace.relu_grad<alpha = 0.3, width = 1.0>) : tensor<4xf32>
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
