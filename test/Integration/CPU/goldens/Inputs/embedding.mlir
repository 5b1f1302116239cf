// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// h <- 0.5 h + tanh(table[x] + h w): a row of a table for every symbol.
etrace.model @embedding {
  etrace.param @table : tensor<7x4xf32> init #etrace.normal<std = 0.5>
  etrace.param @w : tensor<4x4xf32> init #etrace.normal<std = 0.5>
  etrace.hidden @h : tensor<4xf32>
  etrace.step @update(%x: tensor<i32>) -> tensor<4xf32> {
    %h = etrace.get @h : tensor<4xf32>
    %table = etrace.get @table : tensor<7x4xf32>
    %w = etrace.get @w : tensor<4x4xf32>
    %row = etrace.embedding %x, %table : tensor<i32>, tensor<7x4xf32> -> tensor<4xf32>
    %r = etrace.matmul %h, %w : tensor<4xf32>, tensor<4x4xf32> -> tensor<4xf32>
    %s = arith.addf %row, %r : tensor<4xf32>
    %drive = math.tanh %s : tensor<4xf32>
    %keep = arith.constant dense<0.5> : tensor<4xf32>
    %kept = arith.mulf %keep, %h : tensor<4xf32>
    %h1 = arith.addf %kept, %drive : tensor<4xf32>
    etrace.set @h, %h1 : tensor<4xf32>
    etrace.yield %h1 : tensor<4xf32>
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
