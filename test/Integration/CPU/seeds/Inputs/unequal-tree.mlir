// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Leaves of unequal shape: h <- 0.8 h + x + tanh(h) w of four positions, p <- 0.9 p + 0.5 s of two,
// where s sums two positions of the new h each.
etrace.model @unequal_tree {
  etrace.param @w : tensor<4x4xf32>
  etrace.tree_state @state {
    etrace.component @h : tensor<4xf32>
    etrace.component @p : tensor<2xf32>
  }
  etrace.step @update(%x: tensor<4xf32>) -> tensor<2xf32> {
    %h = etrace.get @state::@h : tensor<4xf32>
    %w = etrace.get @w : tensor<4x4xf32>
    %a = arith.constant dense<0.8> : tensor<4xf32>
    %kept = arith.mulf %a, %h : tensor<4xf32>
    %driven = arith.addf %kept, %x : tensor<4xf32>
    %t = math.tanh %h : tensor<4xf32>
    %y = etrace.matmul %t, %w : tensor<4xf32>, tensor<4x4xf32> -> tensor<4xf32>
    %h1 = arith.addf %driven, %y : tensor<4xf32>
    etrace.set @state::@h, %h1 : tensor<4xf32>
    %p = etrace.get @state::@p : tensor<2xf32>
    %pairs = tensor.expand_shape %h1 [[0, 1]] output_shape [2, 2]
        : tensor<4xf32> into tensor<2x2xf32>
    %zero = arith.constant dense<0.0> : tensor<2xf32>
    %s = linalg.reduce { arith.addf } ins(%pairs : tensor<2x2xf32>)
        outs(%zero : tensor<2xf32>) dimensions = [1]
    %b = arith.constant dense<0.9> : tensor<2xf32>
    %c = arith.constant dense<0.5> : tensor<2xf32>
    %slow = arith.mulf %b, %p : tensor<2xf32>
    %in = arith.mulf %c, %s : tensor<2xf32>
    %p1 = arith.addf %slow, %in : tensor<2xf32>
    etrace.set @state::@p, %p1 : tensor<2xf32>
    etrace.yield %p1 : tensor<2xf32>
  }
  etrace.loss @mean_squared_error(%out: tensor<2xf32>, %target: tensor<2xf32>) -> f32 {
    %d = arith.subf %out, %target : tensor<2xf32>
    %s = arith.mulf %d, %d : tensor<2xf32>
    %zero = arith.constant dense<0.0> : tensor<f32>
    %sum = linalg.reduce { arith.addf } ins(%s : tensor<2xf32>)
        outs(%zero : tensor<f32>) dimensions = [0]
    %loss = tensor.extract %sum[] : tensor<f32>
    %n = arith.constant 2.0 : f32
    %mean = arith.divf %loss, %n : f32
    etrace.yield %mean : f32
  }
}
