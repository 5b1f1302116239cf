// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Generalised integrate-and-fire units: s = stop_gradient(spike(V - 1)) of the stored membrane,
// I2 <- exp(-1/10) (I2 - 0.3 s), V <- k (V - s) + (1 - k) ([x; s] w + b + I2) with the new I2 and
// k = exp(-1/5), output V - 1.
etrace.model @gif {
  etrace.param @w : tensor<7x4xf32> init #etrace.kaiming
  etrace.param @b : tensor<4xf32>
  etrace.hidden @V : tensor<4xf32>
  etrace.hidden @I2 : tensor<4xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<4xf32> {
    %V = etrace.get @V : tensor<4xf32>
    %I2 = etrace.get @I2 : tensor<4xf32>
    %w = etrace.get @w : tensor<7x4xf32>
    %b = etrace.get @b : tensor<4xf32>
    %threshold = arith.constant dense<1.0> : tensor<4xf32>
    %jump = arith.constant dense<0.3> : tensor<4xf32>
    %slow = arith.constant dense<0.9048374180359595> : tensor<4xf32>
    %decay = arith.constant dense<0.8187307530779818> : tensor<4xf32>
    %rest = arith.constant dense<0.18126924692201818> : tensor<4xf32>
    %over = arith.subf %V, %threshold : tensor<4xf32>
    %spikes = etrace.spike %over surrogate(#etrace.relu_grad<alpha = 0.3, width = 1.0>)
        : tensor<4xf32>
    %s = etrace.stop_gradient %spikes : tensor<4xf32>
    %xs = tensor.concat dim(0) %x, %s : (tensor<3xf32>, tensor<4xf32>) -> tensor<7xf32>
    %y = etrace.matmul %xs, %w bias %b
        : tensor<7xf32>, tensor<7x4xf32>, tensor<4xf32> -> tensor<4xf32>
    %0 = arith.mulf %jump, %s : tensor<4xf32>
    %1 = arith.subf %I2, %0 : tensor<4xf32>
    %i2 = arith.mulf %slow, %1 : tensor<4xf32>
    etrace.set @I2, %i2 : tensor<4xf32>
    %reset = arith.subf %V, %s : tensor<4xf32>
    %current = arith.addf %y, %i2 : tensor<4xf32>
    %2 = arith.mulf %decay, %reset : tensor<4xf32>
    %3 = arith.mulf %rest, %current : tensor<4xf32>
    %v1 = arith.addf %2, %3 : tensor<4xf32>
    etrace.set @V, %v1 : tensor<4xf32>
    %out = arith.subf %v1, %threshold : tensor<4xf32>
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
