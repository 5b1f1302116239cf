// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Exponential synapse (time constant 2) in front of leaky integrate-and-fire units (5), output the
// spikes of the new membrane.
etrace.model @lif_synapse {
  etrace.param @w : tensor<6x3xf32>
  etrace.hidden @g : tensor<3xf32>
  etrace.hidden @V : tensor<3xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<3xf32> {
    %g = etrace.get @g : tensor<3xf32>
    %v = etrace.get @V : tensor<3xf32>
    %w = etrace.get @w : tensor<6x3xf32>
    %threshold = arith.constant dense<1.0> : tensor<3xf32>
    %decay = arith.constant dense<0.8187307530779818> : tensor<3xf32>
    %rest = arith.constant dense<0.18126924692201818> : tensor<3xf32>
    %synapse = arith.constant dense<0.6065306597126334> : tensor<3xf32>
    %u = arith.subf %v, %threshold : tensor<3xf32>
    %s = etrace.spike %u surrogate(#etrace.relu_grad<alpha = 0.3, width = 1.0>) : tensor<3xf32>
    %xs = tensor.concat dim(0) %x, %s : (tensor<3xf32>, tensor<3xf32>) -> tensor<6xf32>
    %y = etrace.matmul %xs, %w
        : tensor<6xf32>, tensor<6x3xf32> -> tensor<3xf32>
    %left = arith.mulf %synapse, %g : tensor<3xf32>
    %g1 = arith.addf %left, %y : tensor<3xf32>
    etrace.set @g, %g1 : tensor<3xf32>
    %reset = arith.subf %v, %s : tensor<3xf32>
    %kept = arith.mulf %decay, %reset : tensor<3xf32>
    %current = arith.mulf %rest, %g1 : tensor<3xf32>
    %v1 = arith.addf %kept, %current : tensor<3xf32>
    etrace.set @V, %v1 : tensor<3xf32>
    %u1 = arith.subf %v1, %threshold : tensor<3xf32>
    %out = etrace.spike %u1 surrogate(#etrace.relu_grad<alpha = 0.3, width = 1.0>) : tensor<3xf32>
    etrace.yield %out : tensor<3xf32>
  }
  etrace.loss @squared_error(%out: tensor<3xf32>, %target: tensor<3xf32>) -> f32 {
    %d = arith.subf %out, %target : tensor<3xf32>
    %s = arith.mulf %d, %d : tensor<3xf32>
    %zero = arith.constant dense<0.0> : tensor<f32>
    %sum = linalg.reduce { arith.addf } ins(%s : tensor<3xf32>)
        outs(%zero : tensor<f32>) dimensions = [0]
    %loss = tensor.extract %sum[] : tensor<f32>
    etrace.yield %loss : f32
  }
}
