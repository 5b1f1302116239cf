// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Units that compete: h <- 0.8 h + x w + b - 0.5 softmax(h).
// The softmax mixes positions: its sum is a constant of the step for D.
etrace.model @softmax_competition {
  etrace.param @w : tensor<3x5xf32> init #etrace.xavier
  etrace.param @b : tensor<5xf32>
  etrace.hidden @h : tensor<5xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<5xf32> {
    %h = etrace.get @h : tensor<5xf32>
    %w = etrace.get @w : tensor<3x5xf32>
    %b = etrace.get @b : tensor<5xf32>
    %leak = arith.constant dense<0.8> : tensor<5xf32>
    %inhibition = arith.constant dense<0.5> : tensor<5xf32>
    %y = etrace.matmul %x, %w bias %b
        : tensor<3xf32>, tensor<3x5xf32>, tensor<5xf32> -> tensor<5xf32>
    %e = math.exp %h : tensor<5xf32>
    %nothing = arith.constant dense<0.0> : tensor<f32>
    %total = linalg.reduce { arith.addf } ins(%e : tensor<5xf32>)
        outs(%nothing : tensor<f32>) dimensions = [0]
    %empty = tensor.empty() : tensor<5xf32>
    %norm = linalg.broadcast ins(%total : tensor<f32>) outs(%empty : tensor<5xf32>) dimensions = [0]
    %p = arith.divf %e, %norm : tensor<5xf32>
    %0 = arith.mulf %leak, %h : tensor<5xf32>
    %1 = arith.addf %0, %y : tensor<5xf32>
    %2 = arith.mulf %inhibition, %p : tensor<5xf32>
    %h1 = arith.subf %1, %2 : tensor<5xf32>
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
