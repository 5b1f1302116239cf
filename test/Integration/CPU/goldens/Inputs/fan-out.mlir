// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One product drives two groups: a <- tanh(0.9 a + x w), b <- tanh(0.5 b - 2 x w).
etrace.model @fan_out {
  etrace.param @w : tensor<3x4xf32>
  etrace.hidden @a : tensor<4xf32>
  etrace.hidden @b : tensor<4xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<8xf32> {
    %a = etrace.get @a : tensor<4xf32>
    %b = etrace.get @b : tensor<4xf32>
    %w = etrace.get @w : tensor<3x4xf32>
    %y = etrace.matmul %x, %w
        : tensor<3xf32>, tensor<3x4xf32> -> tensor<4xf32>
    %ka = arith.constant dense<0.9> : tensor<4xf32>
    %kb = arith.constant dense<0.5> : tensor<4xf32>
    %two = arith.constant dense<2.0> : tensor<4xf32>
    %ra = arith.mulf %ka, %a : tensor<4xf32>
    %sa = arith.addf %ra, %y : tensor<4xf32>
    %a1 = math.tanh %sa : tensor<4xf32>
    etrace.set @a, %a1 : tensor<4xf32>
    %rb = arith.mulf %kb, %b : tensor<4xf32>
    %yy = arith.mulf %two, %y : tensor<4xf32>
    %sb = arith.subf %rb, %yy : tensor<4xf32>
    %b1 = math.tanh %sb : tensor<4xf32>
    etrace.set @b, %b1 : tensor<4xf32>
    %out = tensor.concat dim(0) %a1, %b1 : (tensor<4xf32>, tensor<4xf32>) -> tensor<8xf32>
    etrace.yield %out : tensor<8xf32>
  }
  etrace.loss @squared_error(%out: tensor<8xf32>, %target: tensor<8xf32>) -> f32 {
    %d = arith.subf %out, %target : tensor<8xf32>
    %s = arith.mulf %d, %d : tensor<8xf32>
    %zero = arith.constant dense<0.0> : tensor<f32>
    %sum = linalg.reduce { arith.addf } ins(%s : tensor<8xf32>)
        outs(%zero : tensor<f32>) dimensions = [0]
    %loss = tensor.extract %sum[] : tensor<f32>
    etrace.yield %loss : f32
  }
}
