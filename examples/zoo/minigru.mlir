// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// z = logistic([x; h] wz + bz), h <- (1 - z) h + z (x wx + bx).
etrace.model @minigru {
  etrace.param @wz : tensor<7x4xf32>
  etrace.param @bz : tensor<4xf32>
  etrace.param @wx : tensor<3x4xf32>
  etrace.param @bx : tensor<4xf32>
  etrace.hidden @h : tensor<4xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<4xf32> {
    %h = etrace.get @h : tensor<4xf32>
    %wz = etrace.get @wz : tensor<7x4xf32>
    %bz = etrace.get @bz : tensor<4xf32>
    %wx = etrace.get @wx : tensor<3x4xf32>
    %bx = etrace.get @bx : tensor<4xf32>
    %xh = tensor.concat dim(0) %x, %h : (tensor<3xf32>, tensor<4xf32>) -> tensor<7xf32>
    %az = etrace.matmul %xh, %wz bias %bz
        : tensor<7xf32>, tensor<7x4xf32>, tensor<4xf32> -> tensor<4xf32>
    %z = etrace.logistic %az : tensor<4xf32>
    %c = etrace.matmul %x, %wx bias %bx
        : tensor<3xf32>, tensor<3x4xf32>, tensor<4xf32> -> tensor<4xf32>
    %one = arith.constant dense<1.0> : tensor<4xf32>
    %keep = arith.subf %one, %z : tensor<4xf32>
    %old = arith.mulf %keep, %h : tensor<4xf32>
    %new = arith.mulf %z, %c : tensor<4xf32>
    %h1 = arith.addf %old, %new : tensor<4xf32>
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
