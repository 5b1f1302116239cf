// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Windows that move by two rows and one column: h <- 0.8 h + tanh(conv(x, k) + b).
etrace.model @conv2d_valid_leaky attributes {batch_dim = 0} {
  etrace.param @k : tensor<3x2x2x3xf32>
  etrace.param @b : tensor<3xf32>
  etrace.hidden @h : tensor<1x2x2x3xf32>
  etrace.step @update(%x: tensor<1x5x3x2xf32>) -> tensor<1x2x2x3xf32> {
    %h = etrace.get @h : tensor<1x2x2x3xf32>
    %k = etrace.get @k : tensor<3x2x2x3xf32>
    %b = etrace.get @b : tensor<3xf32>
    %y = etrace.conv "nHWi,HWio->nHWo" %x, %k bias %b strides [2, 1]
        : tensor<1x5x3x2xf32>, tensor<3x2x2x3xf32>, tensor<3xf32> -> tensor<1x2x2x3xf32>
    %leak = arith.constant dense<0.8> : tensor<1x2x2x3xf32>
    %kept = arith.mulf %leak, %h : tensor<1x2x2x3xf32>
    %drive = math.tanh %y : tensor<1x2x2x3xf32>
    %h1 = arith.addf %kept, %drive : tensor<1x2x2x3xf32>
    etrace.set @h, %h1 : tensor<1x2x2x3xf32>
    etrace.yield %h1 : tensor<1x2x2x3xf32>
  }
  etrace.loss @squared_error(%out: tensor<1x2x2x3xf32>, %target: tensor<1x2x2x3xf32>) -> f32 {
    %d = arith.subf %out, %target : tensor<1x2x2x3xf32>
    %s = arith.mulf %d, %d : tensor<1x2x2x3xf32>
    %zero = arith.constant dense<0.0> : tensor<f32>
    %sum = linalg.reduce { arith.addf } ins(%s : tensor<1x2x2x3xf32>)
        outs(%zero : tensor<f32>) dimensions = [0, 1, 2, 3]
    %loss = tensor.extract %sum[] : tensor<f32>
    etrace.yield %loss : f32
  }
}
