// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// h <- 0.9 h + x w + b.
etrace.model @leaky_scalar {
  etrace.param @w : tensor<1x1xf32>
  etrace.param @b : tensor<1xf32>
  etrace.hidden @h : tensor<1xf32>
  etrace.step @update(%x: tensor<1xf32>) -> tensor<1xf32> {
    %h = etrace.get @h : tensor<1xf32>
    %w = etrace.get @w : tensor<1x1xf32>
    %b = etrace.get @b : tensor<1xf32>
    %y = etrace.matmul %x, %w bias %b
        : tensor<1xf32>, tensor<1x1xf32>, tensor<1xf32> -> tensor<1xf32>
    %leak = arith.constant dense<0.9> : tensor<1xf32>
    %kept = arith.mulf %leak, %h : tensor<1xf32>
    %h1 = arith.addf %kept, %y : tensor<1xf32>
    etrace.set @h, %h1 : tensor<1xf32>
    etrace.yield %h1 : tensor<1xf32>
  }
  etrace.loss @squared_error(%out: tensor<1xf32>, %target: tensor<1xf32>) -> f32 {
    %d = arith.subf %out, %target : tensor<1xf32>
    %s = arith.mulf %d, %d : tensor<1xf32>
    %zero = arith.constant dense<0.0> : tensor<f32>
    %sum = linalg.reduce { arith.addf } ins(%s : tensor<1xf32>)
        outs(%zero : tensor<f32>) dimensions = [0]
    %loss = tensor.extract %sum[] : tensor<f32>
    etrace.yield %loss : f32
  }
}
