// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// h <- 0.6 h + 0.5 tanh(x win + h m), m a matrix of compressed columns.
etrace.model @sparse_csc {
  etrace.param @w : tensor<15xf32> init #etrace.normal<std = 0.5>
  etrace.param @win : tensor<3x6xf32> init #etrace.normal<std = 0.5>
  etrace.hidden @h : tensor<6xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<6xf32> {
    %h = etrace.get @h : tensor<6xf32>
    %w = etrace.get @w : tensor<15xf32>
    %win = etrace.get @win : tensor<3x6xf32>
    %rows = arith.constant dense<[0, 3, 5, 0, 1, 1, 2, 5, 2, 3, 3, 4, 0, 4, 5]> : tensor<15xi32>
    %pointers = arith.constant dense<[0, 3, 5, 8, 10, 12, 15]> : tensor<7xi32>
    %cols = etrace.expand_pointers %pointers : tensor<7xi32> -> tensor<15xi32>
    %m = etrace.sparse_matmul %h, %w at(%rows, %cols)
        : tensor<6xf32>, tensor<15xf32>, tensor<15xi32>, tensor<15xi32> -> tensor<6xf32>
    %none = arith.constant dense<0.0> : tensor<6xf32>
    %in = linalg.vecmat ins(%x, %win : tensor<3xf32>, tensor<3x6xf32>)
        outs(%none : tensor<6xf32>) -> tensor<6xf32>
    %s = arith.addf %in, %m : tensor<6xf32>
    %t = math.tanh %s : tensor<6xf32>
    %half = arith.constant dense<0.5> : tensor<6xf32>
    %drive = arith.mulf %half, %t : tensor<6xf32>
    %keep = arith.constant dense<0.6> : tensor<6xf32>
    %kept = arith.mulf %keep, %h : tensor<6xf32>
    %h1 = arith.addf %kept, %drive : tensor<6xf32>
    etrace.set @h, %h1 : tensor<6xf32>
    etrace.yield %h1 : tensor<6xf32>
  }
  etrace.loss @squared_error(%out: tensor<6xf32>, %target: tensor<6xf32>) -> f32 {
    %d = arith.subf %out, %target : tensor<6xf32>
    %s = arith.mulf %d, %d : tensor<6xf32>
    %zero = arith.constant dense<0.0> : tensor<f32>
    %sum = linalg.reduce { arith.addf } ins(%s : tensor<6xf32>)
        outs(%zero : tensor<f32>) dimensions = [0]
    %loss = tensor.extract %sum[] : tensor<f32>
    etrace.yield %loss : f32
  }
}
