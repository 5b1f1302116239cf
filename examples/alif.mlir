// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Adaptive leaky integrate-and-fire units: s = spike(V - 1 - 0.4 a) of the stored state,
// V <- exp(-1/5) (V - s) + [x; s] w + b, a <- exp(-1/20) (a + s), output spike(V - 1 - 0.4 a).
etrace.model @alif {
  etrace.param @w : tensor<7x4xf32> init #etrace.kaiming
  etrace.param @b : tensor<4xf32>
  etrace.hidden @V : tensor<4xf32>
  etrace.hidden @a : tensor<4xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<4xf32> {
    %v = etrace.get @V : tensor<4xf32>
    %a = etrace.get @a : tensor<4xf32>
    %w = etrace.get @w : tensor<7x4xf32>
    %b = etrace.get @b : tensor<4xf32>
    %threshold = arith.constant dense<1.0> : tensor<4xf32>
    %beta = arith.constant dense<0.4> : tensor<4xf32>
    %decay = arith.constant dense<0.8187307530779818> : tensor<4xf32>
    %adapt = arith.constant dense<0.951229424500714> : tensor<4xf32>
    %lift = arith.mulf %beta, %a : tensor<4xf32>
    %over = arith.subf %v, %threshold : tensor<4xf32>
    %u = arith.subf %over, %lift : tensor<4xf32>
    %s = etrace.spike %u surrogate(#etrace.relu_grad<alpha = 0.3, width = 1.0>) : tensor<4xf32>
    %xs = tensor.concat dim(0) %x, %s : (tensor<3xf32>, tensor<4xf32>) -> tensor<7xf32>
    %y = etrace.matmul %xs, %w bias %b
        : tensor<7xf32>, tensor<7x4xf32>, tensor<4xf32> -> tensor<4xf32>
    %reset = arith.subf %v, %s : tensor<4xf32>
    %kept = arith.mulf %decay, %reset : tensor<4xf32>
    %v1 = arith.addf %kept, %y : tensor<4xf32>
    etrace.set @V, %v1 : tensor<4xf32>
    %raised = arith.addf %a, %s : tensor<4xf32>
    %a1 = arith.mulf %adapt, %raised : tensor<4xf32>
    etrace.set @a, %a1 : tensor<4xf32>
    %lift1 = arith.mulf %beta, %a1 : tensor<4xf32>
    %over1 = arith.subf %v1, %threshold : tensor<4xf32>
    %u1 = arith.subf %over1, %lift1 : tensor<4xf32>
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
