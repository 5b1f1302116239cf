// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Units with two time constants: fast u <- 0.5 u + tanh([x; u] w + b),
// slow v <- 0.95 v + 0.05 u with the new u, output u - v: a filter without steady state.
etrace.model @fast_slow {
  etrace.param @w : tensor<8x5xf32> init #etrace.xavier
  etrace.param @b : tensor<5xf32>
  etrace.hidden @u : tensor<5xf32>
  etrace.hidden @v : tensor<5xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<5xf32> {
    %u = etrace.get @u : tensor<5xf32>
    %v = etrace.get @v : tensor<5xf32>
    %w = etrace.get @w : tensor<8x5xf32>
    %b = etrace.get @b : tensor<5xf32>
    %fast = arith.constant dense<0.5> : tensor<5xf32>
    %slow = arith.constant dense<0.95> : tensor<5xf32>
    %share = arith.constant dense<0.05> : tensor<5xf32>
    %xu = tensor.concat dim(0) %x, %u : (tensor<3xf32>, tensor<5xf32>) -> tensor<8xf32>
    %a = etrace.matmul %xu, %w bias %b
        : tensor<8xf32>, tensor<8x5xf32>, tensor<5xf32> -> tensor<5xf32>
    %ta = math.tanh %a : tensor<5xf32>
    %0 = arith.mulf %fast, %u : tensor<5xf32>
    %u1 = arith.addf %0, %ta : tensor<5xf32>
    etrace.set @u, %u1 : tensor<5xf32>
    %1 = arith.mulf %slow, %v : tensor<5xf32>
    %2 = arith.mulf %share, %u1 : tensor<5xf32>
    %v1 = arith.addf %1, %2 : tensor<5xf32>
    etrace.set @v, %v1 : tensor<5xf32>
    %out = arith.subf %u1, %v1 : tensor<5xf32>
    etrace.yield %out : tensor<5xf32>
  }
  etrace.loss @squared_error(%out: tensor<5xf32>, %target: tensor<5xf32>) -> f32 {
    %d = arith.subf %out, %target : tensor<5xf32>
    %s = arith.mulf %d, %d : tensor<5xf32>
    %zero = arith.constant dense<0.0> : tensor<f32>
    %sum = linalg.reduce { arith.addf } ins(%s : tensor<5xf32>)
        outs(%zero : tensor<f32>) dimensions = [0]
    %loss = tensor.extract %sum[] : tensor<f32>
    etrace.yield %loss : f32
  }
}
