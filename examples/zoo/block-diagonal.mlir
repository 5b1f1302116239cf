// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Recurrence within blocks of units: h[g] <- tanh(x wx[g] + h[g] u[g] + b[g]),
// two blocks of three units, one square matrix u[g] for each.
etrace.model @block_diagonal {
  etrace.param @wx : tensor<3x2x3xf32> init #etrace.xavier
  etrace.param @u : tensor<2x3x3xf32> init #etrace.orthogonal
  etrace.param @b : tensor<2x3xf32>
  etrace.hidden @h : tensor<2x3xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<2x3xf32> {
    %h = etrace.get @h : tensor<2x3xf32>
    %wx = etrace.get @wx : tensor<3x2x3xf32>
    %u = etrace.get @u : tensor<2x3x3xf32>
    %b = etrace.get @b : tensor<2x3xf32>
    %y = etrace.einsum "k,kgn->gn" %x, %wx : tensor<3xf32>, tensor<3x2x3xf32> -> tensor<2x3xf32>
    %own = etrace.grouped_matmul %h, %u bias %b
        : tensor<2x3xf32>, tensor<2x3x3xf32>, tensor<2x3xf32> -> tensor<2x3xf32>
    %a = arith.addf %y, %own : tensor<2x3xf32>
    %h1 = math.tanh %a : tensor<2x3xf32>
    etrace.set @h, %h1 : tensor<2x3xf32>
    etrace.yield %h1 : tensor<2x3xf32>
  }
  etrace.loss @squared_error(%out: tensor<2x3xf32>, %target: tensor<2x3xf32>) -> f32 {
    %d = arith.subf %out, %target : tensor<2x3xf32>
    %s = arith.mulf %d, %d : tensor<2x3xf32>
    %zero = arith.constant dense<0.0> : tensor<f32>
    %sum = linalg.reduce { arith.addf } ins(%s : tensor<2x3xf32>)
        outs(%zero : tensor<f32>) dimensions = [0, 1]
    %loss = tensor.extract %sum[] : tensor<f32>
    etrace.yield %loss : f32
  }
}
