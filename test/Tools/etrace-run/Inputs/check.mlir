// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A leaky unit behind a function with a derivative of its own.
etrace.model @custom {
  etrace.param @w : tensor<3x4xf32> init #etrace.orthogonal
  etrace.hidden @h : tensor<4xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<4xf32> {
    %h = etrace.get @h : tensor<4xf32>
    %w = etrace.get @w : tensor<3x4xf32>
    %y = etrace.matmul %x, %w : tensor<3xf32>, tensor<3x4xf32> -> tensor<4xf32>
    %decay = arith.constant dense<0.9> : tensor<4xf32>
    %kept = arith.mulf %decay, %h : tensor<4xf32>
    %s = arith.addf %kept, %y : tensor<4xf32>
    %h1 = etrace.custom_derivative(%s) {
    ^bb0(%a: tensor<4xf32>):
      %v = math.sin %a : tensor<4xf32>
      etrace.yield %v : tensor<4xf32>
    } jvp {
    ^bb0(%a: tensor<4xf32>, %t: tensor<4xf32>):
      %c = math.cos %a : tensor<4xf32>
      %d = arith.mulf %c, %t : tensor<4xf32>
      etrace.yield %d : tensor<4xf32>
    } : (tensor<4xf32>) -> tensor<4xf32>
    etrace.set @h, %h1 : tensor<4xf32>
    etrace.yield %h1 : tensor<4xf32>
  }
  etrace.loss @squared_error(%out: tensor<4xf32>, %target: tensor<4xf32>) -> f32 {
    %d = arith.subf %out, %target : tensor<4xf32>
    %s = arith.mulf %d, %d : tensor<4xf32>
    %zero = arith.constant dense<0.0> : tensor<f32>
    %sum = linalg.reduce { arith.addf } ins(%s : tensor<4xf32>)
        outs(%zero : tensor<f32>) dimensions = [0]
    %loss = tensor.extract %sum[] : tensor<f32>
    etrace.yield %loss : f32
  }
}
