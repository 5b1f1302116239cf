// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// c <- 0.8 c + x w, h <- 0.6 h + 0.5 c with the new c.
etrace.model @same_step_edge {
  etrace.param @w : tensor<2x3xf32>
  etrace.hidden @c : tensor<3xf32>
  etrace.hidden @h : tensor<3xf32>
  etrace.step @update(%x: tensor<2xf32>) -> tensor<3xf32> {
    %c = etrace.get @c : tensor<3xf32>
    %h = etrace.get @h : tensor<3xf32>
    %w = etrace.get @w : tensor<2x3xf32>
    %y = etrace.matmul %x, %w
        : tensor<2xf32>, tensor<2x3xf32> -> tensor<3xf32>
    %kc = arith.constant dense<0.8> : tensor<3xf32>
    %kh = arith.constant dense<0.6> : tensor<3xf32>
    %half = arith.constant dense<0.5> : tensor<3xf32>
    %rc = arith.mulf %kc, %c : tensor<3xf32>
    %c1 = arith.addf %rc, %y : tensor<3xf32>
    etrace.set @c, %c1 : tensor<3xf32>
    %rh = arith.mulf %kh, %h : tensor<3xf32>
    %e = arith.mulf %half, %c1 : tensor<3xf32>
    %h1 = arith.addf %rh, %e : tensor<3xf32>
    etrace.set @h, %h1 : tensor<3xf32>
    etrace.yield %h1 : tensor<3xf32>
  }
  etrace.loss @squared_error(%out: tensor<3xf32>, %target: tensor<3xf32>) -> f32 {
    %d = arith.subf %out, %target : tensor<3xf32>
    %s = arith.mulf %d, %d : tensor<3xf32>
    %zero = arith.constant dense<0.0> : tensor<f32>
    %sum = linalg.reduce { arith.addf } ins(%s : tensor<3xf32>)
        outs(%zero : tensor<f32>) dimensions = [0]
    %loss = tensor.extract %sum[] : tensor<f32>
    etrace.yield %loss : f32
  }
}
