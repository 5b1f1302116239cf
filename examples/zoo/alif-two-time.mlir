// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Adaptive units with two time constants: s = spike(V - 1 - 0.3 a1 - 0.2 a2),
// V <- exp(-1/5) (V - s) + [x; s] w + b, a1 <- exp(-1/10) (a1 + s), a2 <- exp(-1/50) (a2 + s),
// output spike(V - 1 - 0.3 a1 - 0.2 a2).
etrace.model @alif_two_time {
  etrace.param @w : tensor<7x4xf32> init #etrace.kaiming
  etrace.param @b : tensor<4xf32>
  etrace.hidden @V : tensor<4xf32>
  etrace.hidden @a1 : tensor<4xf32>
  etrace.hidden @a2 : tensor<4xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<4xf32> {
    %V = etrace.get @V : tensor<4xf32>
    %a1 = etrace.get @a1 : tensor<4xf32>
    %a2 = etrace.get @a2 : tensor<4xf32>
    %w = etrace.get @w : tensor<7x4xf32>
    %b = etrace.get @b : tensor<4xf32>
    %threshold = arith.constant dense<1.0> : tensor<4xf32>
    %beta1 = arith.constant dense<0.3> : tensor<4xf32>
    %beta2 = arith.constant dense<0.2> : tensor<4xf32>
    %decay = arith.constant dense<0.8187307530779818> : tensor<4xf32>
    %fast = arith.constant dense<0.9048374180359595> : tensor<4xf32>
    %slow = arith.constant dense<0.9801986733067553> : tensor<4xf32>
    %0 = arith.subf %V, %threshold : tensor<4xf32>
    %1 = arith.mulf %beta1, %a1 : tensor<4xf32>
    %2 = arith.subf %0, %1 : tensor<4xf32>
    %3 = arith.mulf %beta2, %a2 : tensor<4xf32>
    %over = arith.subf %2, %3 : tensor<4xf32>
    %s = etrace.spike %over surrogate(#etrace.erf<alpha = 1.5>) : tensor<4xf32>
    %xs = tensor.concat dim(0) %x, %s : (tensor<3xf32>, tensor<4xf32>) -> tensor<7xf32>
    %y = etrace.matmul %xs, %w bias %b
        : tensor<7xf32>, tensor<7x4xf32>, tensor<4xf32> -> tensor<4xf32>
    %reset = arith.subf %V, %s : tensor<4xf32>
    %4 = arith.mulf %decay, %reset : tensor<4xf32>
    %v1 = arith.addf %4, %y : tensor<4xf32>
    etrace.set @V, %v1 : tensor<4xf32>
    %5 = arith.addf %a1, %s : tensor<4xf32>
    %n1 = arith.mulf %fast, %5 : tensor<4xf32>
    etrace.set @a1, %n1 : tensor<4xf32>
    %6 = arith.addf %a2, %s : tensor<4xf32>
    %n2 = arith.mulf %slow, %6 : tensor<4xf32>
    etrace.set @a2, %n2 : tensor<4xf32>
    %7 = arith.subf %v1, %threshold : tensor<4xf32>
    %8 = arith.mulf %beta1, %n1 : tensor<4xf32>
    %9 = arith.subf %7, %8 : tensor<4xf32>
    %10 = arith.mulf %beta2, %n2 : tensor<4xf32>
    %over1 = arith.subf %9, %10 : tensor<4xf32>
    %out = etrace.spike %over1 surrogate(#etrace.erf<alpha = 1.5>) : tensor<4xf32>
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
