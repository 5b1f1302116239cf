// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// S002-25: a convolution straight into a leaky state, channels last: h <- 0.9 h + conv(x).
etrace.model @conv_state {
  etrace.param @conv.weight.weight : tensor<3x3x1x2xf32>
  etrace.hidden @h : tensor<4x4x2xf32>
  etrace.step @update(%x: tensor<4x4x1xf32>) -> tensor<4x4x2xf32> {
    %h = etrace.get @h : tensor<4x4x2xf32>
    %k = etrace.get @conv.weight.weight : tensor<3x3x1x2xf32>
    %y = etrace.conv "HWi,HWio->HWo" %x, %k low [1, 1] high [1, 1]
        : tensor<4x4x1xf32>, tensor<3x3x1x2xf32> -> tensor<4x4x2xf32>
    %leak = arith.constant dense<0.9> : tensor<4x4x2xf32>
    %kept = arith.mulf %leak, %h : tensor<4x4x2xf32>
    %h1 = arith.addf %kept, %y : tensor<4x4x2xf32>
    etrace.set @h, %h1 : tensor<4x4x2xf32>
    etrace.yield %h1 : tensor<4x4x2xf32>
  }
  etrace.loss @mean_squared_error(%out: tensor<4x4x2xf32>, %target: tensor<4x4x2xf32>) -> f32 {
    %d = arith.subf %out, %target : tensor<4x4x2xf32>
    %s = arith.mulf %d, %d : tensor<4x4x2xf32>
    %zero = arith.constant dense<0.0> : tensor<f32>
    %sum = linalg.reduce { arith.addf } ins(%s : tensor<4x4x2xf32>)
        outs(%zero : tensor<f32>) dimensions = [0, 1, 2]
    %loss = tensor.extract %sum[] : tensor<f32>
    %n = arith.constant 32.0 : f32
    %mean = arith.divf %loss, %n : f32
    etrace.yield %mean : f32
  }
}
