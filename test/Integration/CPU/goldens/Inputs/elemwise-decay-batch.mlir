// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// h <- logistic(a) h + tanh(x w + b) with a and b used position by position.
// A batch of 3 samples.
etrace.model @elemwise_decay attributes {batch_dim = 0} {
  etrace.param @w : tensor<3x5xf32>
  etrace.param @a : tensor<5xf32>
  etrace.param @b : tensor<5xf32>
  etrace.hidden @h : tensor<3x5xf32>
  etrace.step @update(%x: tensor<3x3xf32>) -> tensor<3x5xf32> {
    %h = etrace.get @h : tensor<3x5xf32>
    %w = etrace.get @w : tensor<3x5xf32>
    %a = etrace.get @a : tensor<5xf32>
    %b = etrace.get @b : tensor<5xf32>
    %a1 = etrace.elementwise %a : tensor<5xf32>
    %k = etrace.logistic %a1 : tensor<5xf32>
    %y = etrace.matmul %x, %w
        : tensor<3x3xf32>, tensor<3x5xf32> -> tensor<3x5xf32>
    %b1 = etrace.elementwise %b : tensor<5xf32>
    %empty = tensor.empty() : tensor<3x5xf32>
    %ks = linalg.broadcast ins(%k : tensor<5xf32>) outs(%empty : tensor<3x5xf32>) dimensions = [0]
    %bs = linalg.broadcast ins(%b1 : tensor<5xf32>) outs(%empty : tensor<3x5xf32>) dimensions = [0]
    %drive = arith.addf %y, %bs : tensor<3x5xf32>
    %td = math.tanh %drive : tensor<3x5xf32>
    %kept = arith.mulf %ks, %h : tensor<3x5xf32>
    %h1 = arith.addf %kept, %td : tensor<3x5xf32>
    etrace.set @h, %h1 : tensor<3x5xf32>
    etrace.yield %h1 : tensor<3x5xf32>
  }
  etrace.loss @squared_error(%out: tensor<3x5xf32>, %target: tensor<3x5xf32>) -> f32 {
    %d = arith.subf %out, %target : tensor<3x5xf32>
    %s = arith.mulf %d, %d : tensor<3x5xf32>
    %zero = arith.constant dense<0.0> : tensor<f32>
    %sum = linalg.reduce { arith.addf } ins(%s : tensor<3x5xf32>)
        outs(%zero : tensor<f32>) dimensions = [0, 1]
    %loss = tensor.extract %sum[] : tensor<f32>
    etrace.yield %loss : f32
  }
}
