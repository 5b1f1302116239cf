// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Leaky integrate-and-fire units that are deaf for two steps after a spike: s = spike(V - 1),
// counter q <- max(q - 1, 0) + 2 stop_gradient(s), a plain state,
// V <- exp(-1/5) (V - s) + ([x; s] w + b where q = 0, else 0) with the new q, output spike(V - 1).
etrace.model @lif_refractory {
  etrace.param @w : tensor<7x4xf32> init #etrace.kaiming
  etrace.param @b : tensor<4xf32>
  etrace.hidden @V : tensor<4xf32>
  etrace.state @q : tensor<4xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<4xf32> {
    %V = etrace.get @V : tensor<4xf32>
    %q = etrace.get @q : tensor<4xf32>
    %w = etrace.get @w : tensor<7x4xf32>
    %b = etrace.get @b : tensor<4xf32>
    %threshold = arith.constant dense<1.0> : tensor<4xf32>
    %zero = arith.constant dense<0.0> : tensor<4xf32>
    %two = arith.constant dense<2.0> : tensor<4xf32>
    %decay = arith.constant dense<0.8187307530779818> : tensor<4xf32>
    %over = arith.subf %V, %threshold : tensor<4xf32>
    %s = etrace.spike %over surrogate(#etrace.sigmoid_grad<alpha = 4.0>) : tensor<4xf32>
    %xs = tensor.concat dim(0) %x, %s : (tensor<3xf32>, tensor<4xf32>) -> tensor<7xf32>
    %y = etrace.matmul %xs, %w bias %b
        : tensor<7xf32>, tensor<7x4xf32>, tensor<4xf32> -> tensor<4xf32>
    %fired = etrace.stop_gradient %s : tensor<4xf32>
    %less = arith.subf %q, %threshold : tensor<4xf32>
    %left = arith.maximumf %less, %zero : tensor<4xf32>
    %0 = arith.mulf %two, %fired : tensor<4xf32>
    %q1 = arith.addf %left, %0 : tensor<4xf32>
    etrace.set @q, %q1 : tensor<4xf32>
    %free = arith.cmpf ole, %q1, %zero : tensor<4xf32>
    %heard = arith.select %free, %y, %zero : tensor<4xi1>, tensor<4xf32>
    %reset = arith.subf %V, %s : tensor<4xf32>
    %1 = arith.mulf %decay, %reset : tensor<4xf32>
    %v1 = arith.addf %1, %heard : tensor<4xf32>
    etrace.set @V, %v1 : tensor<4xf32>
    %over1 = arith.subf %v1, %threshold : tensor<4xf32>
    %out = etrace.spike %over1 surrogate(#etrace.sigmoid_grad<alpha = 4.0>) : tensor<4xf32>
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
