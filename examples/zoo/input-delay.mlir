// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Delay line of inputs, as plain states: d1 <- x, d2 <- d1,
// h <- 0.9 h + tanh([x; d1; d2] w + b) with the old d1 and d2. No credit flows through the line.
etrace.model @input_delay {
  etrace.param @w : tensor<9x5xf32> init #etrace.xavier
  etrace.param @b : tensor<5xf32>
  etrace.state @d1 : tensor<3xf32>
  etrace.state @d2 : tensor<3xf32>
  etrace.hidden @h : tensor<5xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<5xf32> {
    %d1 = etrace.get @d1 : tensor<3xf32>
    %d2 = etrace.get @d2 : tensor<3xf32>
    %h = etrace.get @h : tensor<5xf32>
    %w = etrace.get @w : tensor<9x5xf32>
    %b = etrace.get @b : tensor<5xf32>
    %leak = arith.constant dense<0.9> : tensor<5xf32>
    %window = tensor.concat dim(0) %x, %d1, %d2
        : (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<9xf32>
    %a = etrace.matmul %window, %w bias %b
        : tensor<9xf32>, tensor<9x5xf32>, tensor<5xf32> -> tensor<5xf32>
    %ta = math.tanh %a : tensor<5xf32>
    %0 = arith.mulf %leak, %h : tensor<5xf32>
    %h1 = arith.addf %0, %ta : tensor<5xf32>
    etrace.set @d1, %x : tensor<3xf32>
    etrace.set @d2, %d1 : tensor<3xf32>
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
