// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// h <- 0.5 h + tanh(x w + b) + 0.3 d2 through a delay line of two slots, d1 <- h, d2 <- d1, with
// the old values on the right. The slots are plain states: credit does not flow
// through the line, and the compiler says so.
etrace.model @delay_line {
  etrace.param @w : tensor<3x5xf32> init #etrace.xavier
  etrace.param @b : tensor<5xf32>
  etrace.state @d1 : tensor<5xf32>
  etrace.state @d2 : tensor<5xf32>
  etrace.hidden @h : tensor<5xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<5xf32> {
    %d1 = etrace.get @d1 : tensor<5xf32>
    %d2 = etrace.get @d2 : tensor<5xf32>
    %h = etrace.get @h : tensor<5xf32>
    %w = etrace.get @w : tensor<3x5xf32>
    %b = etrace.get @b : tensor<5xf32>
    %leak = arith.constant dense<0.5> : tensor<5xf32>
    %echo = arith.constant dense<0.3> : tensor<5xf32>
    %a = etrace.matmul %x, %w bias %b
        : tensor<3xf32>, tensor<3x5xf32>, tensor<5xf32> -> tensor<5xf32>
    %ta = math.tanh %a : tensor<5xf32>
    %0 = arith.mulf %leak, %h : tensor<5xf32>
    %1 = arith.addf %0, %ta : tensor<5xf32>
    %2 = arith.mulf %echo, %d2 : tensor<5xf32>
    %h1 = arith.addf %1, %2 : tensor<5xf32>
    etrace.set @d2, %d1 : tensor<5xf32>
    etrace.set @d1, %h : tensor<5xf32>
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
