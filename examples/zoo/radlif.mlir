// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Recurrent adaptive units (RadLIF) with trained constants: s = spike(V - 1),
// a <- logistic(beta) a + coupling V + jump s,
// V <- k (V - s) + (1 - k) ([x; s] w + b - a) with the new a and k = logistic(alpha),
// output spike(V - 1).
etrace.model @radlif {
  etrace.param @w : tensor<7x4xf32> init #etrace.kaiming
  etrace.param @b : tensor<4xf32>
  etrace.param @alpha : tensor<4xf32> init #etrace.uniform<low = 1.0, high = 3.0>
  etrace.param @beta : tensor<4xf32> init #etrace.uniform<low = 2.0, high = 4.0>
  etrace.param @coupling : tensor<4xf32> init #etrace.uniform<low = -1.0, high = 1.0>
  etrace.param @jump : tensor<4xf32> init #etrace.uniform<low = 0.0, high = 2.0>
  etrace.hidden @V : tensor<4xf32>
  etrace.hidden @a : tensor<4xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<4xf32> {
    %V = etrace.get @V : tensor<4xf32>
    %a = etrace.get @a : tensor<4xf32>
    %w = etrace.get @w : tensor<7x4xf32>
    %b = etrace.get @b : tensor<4xf32>
    %alpha = etrace.get @alpha : tensor<4xf32>
    %beta = etrace.get @beta : tensor<4xf32>
    %coupling = etrace.get @coupling : tensor<4xf32>
    %jump = etrace.get @jump : tensor<4xf32>
    %threshold = arith.constant dense<1.0> : tensor<4xf32>
    %over = arith.subf %V, %threshold : tensor<4xf32>
    %s = etrace.spike %over surrogate(#etrace.piecewise_leaky_relu<c = 0.0, w = 1.0>)
        : tensor<4xf32>
    %xs = tensor.concat dim(0) %x, %s : (tensor<3xf32>, tensor<4xf32>) -> tensor<7xf32>
    %y = etrace.matmul %xs, %w bias %b
        : tensor<7xf32>, tensor<7x4xf32>, tensor<4xf32> -> tensor<4xf32>
    %alpha1 = etrace.elementwise %alpha : tensor<4xf32>
    %decay = etrace.logistic %alpha1 : tensor<4xf32>
    %beta1 = etrace.elementwise %beta : tensor<4xf32>
    %slow = etrace.logistic %beta1 : tensor<4xf32>
    %coupling1 = etrace.elementwise %coupling : tensor<4xf32>
    %jump1 = etrace.elementwise %jump : tensor<4xf32>
    %0 = arith.mulf %slow, %a : tensor<4xf32>
    %1 = arith.mulf %coupling1, %V : tensor<4xf32>
    %2 = arith.addf %0, %1 : tensor<4xf32>
    %3 = arith.mulf %jump1, %s : tensor<4xf32>
    %a1 = arith.addf %2, %3 : tensor<4xf32>
    etrace.set @a, %a1 : tensor<4xf32>
    %rest = arith.subf %threshold, %decay : tensor<4xf32>
    %reset = arith.subf %V, %s : tensor<4xf32>
    %current = arith.subf %y, %a1 : tensor<4xf32>
    %4 = arith.mulf %decay, %reset : tensor<4xf32>
    %5 = arith.mulf %rest, %current : tensor<4xf32>
    %v1 = arith.addf %4, %5 : tensor<4xf32>
    etrace.set @V, %v1 : tensor<4xf32>
    %over1 = arith.subf %v1, %threshold : tensor<4xf32>
    %out = etrace.spike %over1 surrogate(#etrace.piecewise_leaky_relu<c = 0.0, w = 1.0>)
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
