// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Leaky integrate-and-fire units with soft reset: s = spike(V - 1) of the stored membrane,
// V <- exp(-1/5) (V - s) + [x; s] w + b, output spike(V - 1).
// A batch of 3 samples.
etrace.model @lif_batch attributes {batch_dim = 0} {
  etrace.param @w : tensor<8x5xf32> init #etrace.kaiming
  etrace.param @b : tensor<5xf32>
  etrace.hidden @V : tensor<3x5xf32>
  etrace.step @update(%x: tensor<3x3xf32>) -> tensor<3x5xf32> {
    %v = etrace.get @V : tensor<3x5xf32>
    %w = etrace.get @w : tensor<8x5xf32>
    %b = etrace.get @b : tensor<5xf32>
    %threshold = arith.constant dense<1.0> : tensor<3x5xf32>
    %decay = arith.constant dense<0.8187307530779818> : tensor<3x5xf32>
    %u = arith.subf %v, %threshold : tensor<3x5xf32>
    %s = etrace.spike %u surrogate(#etrace.relu_grad<alpha = 0.3, width = 1.0>) : tensor<3x5xf32>
    %xs = tensor.concat dim(1) %x, %s : (tensor<3x3xf32>, tensor<3x5xf32>) -> tensor<3x8xf32>
    %y = etrace.matmul %xs, %w bias %b
        : tensor<3x8xf32>, tensor<8x5xf32>, tensor<5xf32> -> tensor<3x5xf32>
    %reset = arith.subf %v, %s : tensor<3x5xf32>
    %kept = arith.mulf %decay, %reset : tensor<3x5xf32>
    %v1 = arith.addf %kept, %y : tensor<3x5xf32>
    etrace.set @V, %v1 : tensor<3x5xf32>
    %u1 = arith.subf %v1, %threshold : tensor<3x5xf32>
    %out = etrace.spike %u1 surrogate(#etrace.relu_grad<alpha = 0.3, width = 1.0>) : tensor<3x5xf32>
    etrace.yield %out : tensor<3x5xf32>
  }
  etrace.loss @mean_squared_error(%out: tensor<3x5xf32>, %target: tensor<3x5xf32>) -> f32 {
    %d = arith.subf %out, %target : tensor<3x5xf32>
    %s = arith.mulf %d, %d : tensor<3x5xf32>
    %zero = arith.constant dense<0.0> : tensor<f32>
    %sum = linalg.reduce { arith.addf } ins(%s : tensor<3x5xf32>)
        outs(%zero : tensor<f32>) dimensions = [0, 1]
    %loss = tensor.extract %sum[] : tensor<f32>
    %k = arith.constant 0.06666666666666667 : f32
    %mean = arith.mulf %k, %loss : f32
    etrace.yield %mean : f32
  }
}
