// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// v reads the old g beside the new one.
etrace.model @slots_keep_old {
  etrace.param @w : tensor<3x4xf32>
  etrace.hidden @g : tensor<4xf32>
  etrace.hidden @v : tensor<4xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<4xf32> {
    %g = etrace.get @g : tensor<4xf32>
    %v = etrace.get @v : tensor<4xf32>
    %w = etrace.get @w : tensor<3x4xf32>
    %y = etrace.matmul %x, %w : tensor<3xf32>, tensor<3x4xf32> -> tensor<4xf32>
    %a = arith.constant dense<0.9> : tensor<4xf32>
    %b = arith.constant dense<0.2> : tensor<4xf32>
    %ag = arith.mulf %a, %g : tensor<4xf32>
    %bv = arith.mulf %b, %v : tensor<4xf32>
    %kept = arith.addf %ag, %bv : tensor<4xf32>
    %sum = arith.addf %kept, %y : tensor<4xf32>
    %g1 = math.tanh %sum : tensor<4xf32>
    %s = math.sin %g1 : tensor<4xf32>
    %v1 = arith.addf %s, %ag : tensor<4xf32>
    etrace.set @g, %g1 : tensor<4xf32>
    etrace.set @v, %v1 : tensor<4xf32>
    %out = arith.mulf %v1, %g1 : tensor<4xf32>
    etrace.yield %out : tensor<4xf32>
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
