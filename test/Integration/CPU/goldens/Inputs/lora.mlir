// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// h <- 0.7 h + tanh(0.5 [x; h] B A + bias): a weight of rank 2.
etrace.model @lora {
  etrace.param @B : tensor<8x2xf32> init #etrace.normal<std = 0.5>
  etrace.param @A : tensor<2x5xf32> init #etrace.normal<std = 0.5>
  etrace.param @bias : tensor<5xf32> init #etrace.normal<std = 0.5>
  etrace.hidden @h : tensor<5xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<5xf32> {
    %h = etrace.get @h : tensor<5xf32>
    %B = etrace.get @B : tensor<8x2xf32>
    %A = etrace.get @A : tensor<2x5xf32>
    %bias = etrace.get @bias : tensor<5xf32>
    %xh = tensor.concat dim(0) %x, %h : (tensor<3xf32>, tensor<5xf32>) -> tensor<8xf32>
    %y = etrace.lora_matmul %xh, %B, %A alpha 0.5 bias %bias
        : tensor<8xf32>, tensor<8x2xf32>, tensor<2x5xf32>, tensor<5xf32> -> tensor<5xf32>
    %keep = arith.constant dense<0.7> : tensor<5xf32>
    %kept = arith.mulf %keep, %h : tensor<5xf32>
    %drive = math.tanh %y : tensor<5xf32>
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
