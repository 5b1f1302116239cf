// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Independently recurrent units: h <- relu(x w + b + u h), u one weight for every unit.
etrace.model @indrnn {
  etrace.param @w : tensor<3x5xf32> init #etrace.xavier
  etrace.param @b : tensor<5xf32>
  etrace.param @u : tensor<5xf32> init #etrace.uniform<low = 0.5, high = 1.0>
  etrace.hidden @h : tensor<5xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<5xf32> {
    %h = etrace.get @h : tensor<5xf32>
    %w = etrace.get @w : tensor<3x5xf32>
    %b = etrace.get @b : tensor<5xf32>
    %u = etrace.get @u : tensor<5xf32>
    %zero = arith.constant dense<0.0> : tensor<5xf32>
    %y = etrace.matmul %x, %w bias %b
        : tensor<3xf32>, tensor<3x5xf32>, tensor<5xf32> -> tensor<5xf32>
    %u1 = etrace.elementwise %u : tensor<5xf32>
    %own = arith.mulf %u1, %h : tensor<5xf32>
    %a = arith.addf %y, %own : tensor<5xf32>
    %h1 = arith.maximumf %a, %zero : tensor<5xf32>
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
