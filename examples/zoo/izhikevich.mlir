// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Izhikevich units in millivolts and milliseconds: s = spike((V - 30) / 50),
// r = V - s (65 + stop_gradient(V)), q = u + 8 s,
// V <- r + 0.5 (0.04 r^2 + 5 r + 140 - q + 20 ([x; s] w + b)), u <- q + 0.5 * 0.02 (0.2 r - q),
// output spike((V - 30) / 50).
etrace.model @izhikevich {
  etrace.param @w : tensor<7x4xf32> init #etrace.kaiming
  etrace.param @b : tensor<4xf32>
  etrace.hidden @V : tensor<4xf32> init #etrace.constant<value = -65.0>
  etrace.hidden @u : tensor<4xf32> init #etrace.constant<value = -13.0>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<4xf32> {
    %V = etrace.get @V : tensor<4xf32>
    %u = etrace.get @u : tensor<4xf32>
    %w = etrace.get @w : tensor<7x4xf32>
    %b = etrace.get @b : tensor<4xf32>
    %peak = arith.constant dense<30.0> : tensor<4xf32>
    %width = arith.constant dense<0.02> : tensor<4xf32>
    %floor = arith.constant dense<65.0> : tensor<4xf32>
    %jump = arith.constant dense<8.0> : tensor<4xf32>
    %curvature = arith.constant dense<0.04> : tensor<4xf32>
    %linear = arith.constant dense<5.0> : tensor<4xf32>
    %offset = arith.constant dense<140.0> : tensor<4xf32>
    %gain = arith.constant dense<20.0> : tensor<4xf32>
    %dt = arith.constant dense<0.5> : tensor<4xf32>
    %sensitivity = arith.constant dense<0.2> : tensor<4xf32>
    %recovery = arith.constant dense<0.01> : tensor<4xf32>
    %0 = arith.subf %V, %peak : tensor<4xf32>
    %over = arith.mulf %width, %0 : tensor<4xf32>
    %s = etrace.spike %over surrogate(#etrace.slayer_grad<alpha = 1.0>) : tensor<4xf32>
    %xs = tensor.concat dim(0) %x, %s : (tensor<3xf32>, tensor<4xf32>) -> tensor<7xf32>
    %y = etrace.matmul %xs, %w bias %b
        : tensor<7xf32>, tensor<7x4xf32>, tensor<4xf32> -> tensor<4xf32>
    %held = etrace.stop_gradient %V : tensor<4xf32>
    %1 = arith.addf %floor, %held : tensor<4xf32>
    %2 = arith.mulf %s, %1 : tensor<4xf32>
    %r = arith.subf %V, %2 : tensor<4xf32>
    %3 = arith.mulf %jump, %s : tensor<4xf32>
    %q = arith.addf %u, %3 : tensor<4xf32>
    %4 = arith.mulf %r, %r : tensor<4xf32>
    %square = arith.mulf %curvature, %4 : tensor<4xf32>
    %5 = arith.mulf %linear, %r : tensor<4xf32>
    %6 = arith.addf %square, %5 : tensor<4xf32>
    %7 = arith.addf %6, %offset : tensor<4xf32>
    %8 = arith.subf %7, %q : tensor<4xf32>
    %9 = arith.mulf %gain, %y : tensor<4xf32>
    %slope = arith.addf %8, %9 : tensor<4xf32>
    %10 = arith.mulf %dt, %slope : tensor<4xf32>
    %v1 = arith.addf %r, %10 : tensor<4xf32>
    etrace.set @V, %v1 : tensor<4xf32>
    %11 = arith.mulf %sensitivity, %r : tensor<4xf32>
    %12 = arith.subf %11, %q : tensor<4xf32>
    %13 = arith.mulf %recovery, %12 : tensor<4xf32>
    %u1 = arith.addf %q, %13 : tensor<4xf32>
    etrace.set @u, %u1 : tensor<4xf32>
    %14 = arith.subf %v1, %peak : tensor<4xf32>
    %over1 = arith.mulf %width, %14 : tensor<4xf32>
    %out = etrace.spike %over1 surrogate(#etrace.slayer_grad<alpha = 1.0>) : tensor<4xf32>
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
