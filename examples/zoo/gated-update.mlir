// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Units that listen only while a gate is open: with x[0] > 1/2
// h <- h / 2 + tanh([x; h] w + b), otherwise h <- 0.9 h.
// On a step that does not run it, the primitive adds nothing to its traces.
etrace.model @gated_update {
  etrace.param @w : tensor<8x5xf32> init #etrace.xavier
  etrace.param @b : tensor<5xf32>
  etrace.hidden @h : tensor<5xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<5xf32> {
    %c0 = arith.constant 0 : index
    %threshold = arith.constant 0.5 : f32
    %half = arith.constant dense<0.5> : tensor<5xf32>
    %leak = arith.constant dense<0.9> : tensor<5xf32>
    %h = etrace.get @h : tensor<5xf32>
    %w = etrace.get @w : tensor<8x5xf32>
    %b = etrace.get @b : tensor<5xf32>
    %x0 = tensor.extract %x[%c0] : tensor<3xf32>
    %open = arith.cmpf ogt, %x0, %threshold : f32
    scf.if %open {
      %xh = tensor.concat dim(0) %x, %h : (tensor<3xf32>, tensor<5xf32>) -> tensor<8xf32>
      %y = etrace.matmul %xh, %w bias %b
          : tensor<8xf32>, tensor<8x5xf32>, tensor<5xf32> -> tensor<5xf32>
      %u = math.tanh %y : tensor<5xf32>
      %k = arith.mulf %half, %h : tensor<5xf32>
      %n = arith.addf %k, %u : tensor<5xf32>
      etrace.set @h, %n : tensor<5xf32>
    } else {
      %n = arith.mulf %leak, %h : tensor<5xf32>
      etrace.set @h, %n : tensor<5xf32>
    }
    %out = etrace.get @h : tensor<5xf32>
    etrace.yield %out : tensor<5xf32>
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
