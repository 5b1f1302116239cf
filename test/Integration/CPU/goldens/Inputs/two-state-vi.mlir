// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// V <- 0.9 V + 0.3 tanh(I), I <- 0.7 I + x w - 0.2 V^2, old values on the right; output V.
etrace.model @vi {
  etrace.param @w : tensor<3x4xf32>
  etrace.hidden @V : tensor<4xf32>
  etrace.hidden @I : tensor<4xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<4xf32> {
    %v = etrace.get @V : tensor<4xf32>
    %i = etrace.get @I : tensor<4xf32>
    %w = etrace.get @w : tensor<3x4xf32>
    %a = arith.constant dense<0.9> : tensor<4xf32>
    %b = arith.constant dense<0.3> : tensor<4xf32>
    %c = arith.constant dense<0.7> : tensor<4xf32>
    %d = arith.constant dense<0.2> : tensor<4xf32>
    %av = arith.mulf %a, %v : tensor<4xf32>
    %ti = math.tanh %i : tensor<4xf32>
    %bt = arith.mulf %b, %ti : tensor<4xf32>
    %v1 = arith.addf %av, %bt : tensor<4xf32>
    %ci = arith.mulf %c, %i : tensor<4xf32>
    %y = etrace.matmul %x, %w
        : tensor<3xf32>, tensor<3x4xf32> -> tensor<4xf32>
    %driven = arith.addf %ci, %y : tensor<4xf32>
    %vv = arith.mulf %v, %v : tensor<4xf32>
    %dv = arith.mulf %d, %vv : tensor<4xf32>
    %i1 = arith.subf %driven, %dv : tensor<4xf32>
    etrace.set @V, %v1 : tensor<4xf32>
    etrace.set @I, %i1 : tensor<4xf32>
    etrace.yield %v1 : tensor<4xf32>
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
