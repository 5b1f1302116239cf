// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The positions s share the weight: h <- leak h + tanh(einsum(x, w)), a leak for each position.
etrace.model @einsum_shared attributes {batch_dim = 0} {
  etrace.param @w : tensor<3x4xf32>
  etrace.hidden @h : tensor<2x2x4xf32>
  etrace.step @update(%x: tensor<2x2x3xf32>) -> tensor<2x2x4xf32> {
    %h = etrace.get @h : tensor<2x2x4xf32>
    %w = etrace.get @w : tensor<3x4xf32>
    %y = etrace.einsum "bsk,kn->bsn" %x, %w
        : tensor<2x2x3xf32>, tensor<3x4xf32> -> tensor<2x2x4xf32>
    %leak = arith.constant dense<[[[0.4, 0.4714, 0.5429, 0.6143], [0.6857, 0.7571, 0.8286, 0.9]], [[0.4, 0.4714, 0.5429, 0.6143], [0.6857, 0.7571, 0.8286, 0.9]]]> : tensor<2x2x4xf32>
    %kept = arith.mulf %leak, %h : tensor<2x2x4xf32>
    %drive = math.tanh %y : tensor<2x2x4xf32>
    %h1 = arith.addf %kept, %drive : tensor<2x2x4xf32>
    etrace.set @h, %h1 : tensor<2x2x4xf32>
    etrace.yield %h1 : tensor<2x2x4xf32>
  }
  etrace.loss @squared_error(%out: tensor<2x2x4xf32>, %target: tensor<2x2x4xf32>) -> f32 {
    %d = arith.subf %out, %target : tensor<2x2x4xf32>
    %s = arith.mulf %d, %d : tensor<2x2x4xf32>
    %zero = arith.constant dense<0.0> : tensor<f32>
    %sum = linalg.reduce { arith.addf } ins(%s : tensor<2x2x4xf32>)
        outs(%zero : tensor<f32>) dimensions = [0, 1, 2]
    %loss = tensor.extract %sum[] : tensor<f32>
    etrace.yield %loss : f32
  }
}
