// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Leaky units: h <- leak h + tanh(x w + b). Every unit depends only on its own past, so
// eligibility traces are exact.
etrace.model @leaky {
  etrace.param @w : tensor<3x5xf32> init #etrace.orthogonal
  etrace.param @b : tensor<5xf32>
  etrace.hidden @h : tensor<5xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<5xf32> {
    %h = etrace.get @h : tensor<5xf32>
    %w = etrace.get @w : tensor<3x5xf32>
    %b = etrace.get @b : tensor<5xf32>
    %y = etrace.matmul %x, %w bias %b
        : tensor<3xf32>, tensor<3x5xf32>, tensor<5xf32> -> tensor<5xf32>
    %drive = math.tanh %y : tensor<5xf32>
    %leaks = arith.constant dense<[0.5, 0.7, 0.8, 0.9, 0.95]> : tensor<5xf32>
    %kept = arith.mulf %leaks, %h : tensor<5xf32>
    %h1 = arith.addf %kept, %drive : tensor<5xf32>
    etrace.set @h, %h1 : tensor<5xf32>
    etrace.yield %h1 : tensor<5xf32>
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
