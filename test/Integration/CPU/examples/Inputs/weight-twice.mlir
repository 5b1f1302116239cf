// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// h <- 0.9 h + x w; the output h w + sum over rows of w^2 uses the weight again by ordinary
// operations: its gradient is that of the trace and of the step together.
etrace.model @weight_twice {
  etrace.param @w : tensor<4x4xf32>
  etrace.hidden @h : tensor<4xf32>
  etrace.step @update(%x: tensor<4xf32>) -> tensor<4xf32> {
    %h = etrace.get @h : tensor<4xf32>
    %w = etrace.get @w : tensor<4x4xf32>
    %y = etrace.matmul %x, %w : tensor<4xf32>, tensor<4x4xf32> -> tensor<4xf32>
    %k = arith.constant dense<0.9> : tensor<4xf32>
    %kept = arith.mulf %k, %h : tensor<4xf32>
    %h1 = arith.addf %kept, %y : tensor<4xf32>
    etrace.set @h, %h1 : tensor<4xf32>
    %zero = arith.constant dense<0.0> : tensor<4xf32>
    %o = linalg.vecmat ins(%h1, %w : tensor<4xf32>, tensor<4x4xf32>)
        outs(%zero : tensor<4xf32>) -> tensor<4xf32>
    %m = arith.mulf %w, %w : tensor<4x4xf32>
    %s = linalg.reduce { arith.addf } ins(%m : tensor<4x4xf32>)
        outs(%zero : tensor<4xf32>) dimensions = [0]
    %out = arith.addf %o, %s : tensor<4xf32>
    etrace.yield %out : tensor<4xf32>
  }
  etrace.loss @squared_error(%out: tensor<4xf32>, %target: tensor<4xf32>) -> f32 {
    %d = arith.subf %out, %target : tensor<4xf32>
    %s = arith.mulf %d, %d : tensor<4xf32>
    %zero = arith.constant dense<0.0> : tensor<f32>
    %sum = linalg.reduce { arith.addf } ins(%s : tensor<4xf32>)
        outs(%zero : tensor<f32>) dimensions = [0]
    %l = tensor.extract %sum[] : tensor<f32>
    etrace.yield %l : f32
  }
}
