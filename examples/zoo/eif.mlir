// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Exponential integrate-and-fire units: s = spike(V - 1), r = V - s,
// V <- r + 0.2 (-r + 0.5 exp((r - 0.8) / 0.5) + [x; s] w + b), output spike(V - 1).
etrace.model @eif {
  etrace.param @w : tensor<7x4xf32> init #etrace.kaiming
  etrace.param @b : tensor<4xf32>
  etrace.hidden @V : tensor<4xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<4xf32> {
    %V = etrace.get @V : tensor<4xf32>
    %w = etrace.get @w : tensor<7x4xf32>
    %b = etrace.get @b : tensor<4xf32>
    %threshold = arith.constant dense<1.0> : tensor<4xf32>
    %onset = arith.constant dense<0.8> : tensor<4xf32>
    %steepness = arith.constant dense<2.0> : tensor<4xf32>
    %sharpness = arith.constant dense<0.5> : tensor<4xf32>
    %dt = arith.constant dense<0.2> : tensor<4xf32>
    %over = arith.subf %V, %threshold : tensor<4xf32>
    %s = etrace.spike %over surrogate(#etrace.gaussian_grad<sigma = 0.5, alpha = 1.0>)
        : tensor<4xf32>
    %xs = tensor.concat dim(0) %x, %s : (tensor<3xf32>, tensor<4xf32>) -> tensor<7xf32>
    %y = etrace.matmul %xs, %w bias %b
        : tensor<7xf32>, tensor<7x4xf32>, tensor<4xf32> -> tensor<4xf32>
    %r = arith.subf %V, %s : tensor<4xf32>
    %0 = arith.subf %r, %onset : tensor<4xf32>
    %1 = arith.mulf %steepness, %0 : tensor<4xf32>
    %2 = math.exp %1 : tensor<4xf32>
    %upstroke = arith.mulf %sharpness, %2 : tensor<4xf32>
    %3 = arith.subf %upstroke, %r : tensor<4xf32>
    %slope = arith.addf %3, %y : tensor<4xf32>
    %4 = arith.mulf %dt, %slope : tensor<4xf32>
    %v1 = arith.addf %r, %4 : tensor<4xf32>
    etrace.set @V, %v1 : tensor<4xf32>
    %over1 = arith.subf %v1, %threshold : tensor<4xf32>
    %out = etrace.spike %over1 surrogate(#etrace.gaussian_grad<sigma = 0.5, alpha = 1.0>)
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
