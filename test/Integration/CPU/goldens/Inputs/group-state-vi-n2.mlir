// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// V <- 0.9 V + 0.3 tanh(I), I <- 0.7 I + x w - 0.2 V^2, old values on the right; output V.
// V and I are components of one group state.
etrace.model @group_vi {
  etrace.param @w : tensor<3x2xf32>
  etrace.group_state @s {
    etrace.component @V : tensor<2xf32>
    etrace.component @I : tensor<2xf32>
  }
  etrace.step @update(%x: tensor<3xf32>) -> tensor<2xf32> {
    %v = etrace.get @s::@V : tensor<2xf32>
    %i = etrace.get @s::@I : tensor<2xf32>
    %w = etrace.get @w : tensor<3x2xf32>
    %a = arith.constant dense<0.9> : tensor<2xf32>
    %b = arith.constant dense<0.3> : tensor<2xf32>
    %c = arith.constant dense<0.7> : tensor<2xf32>
    %d = arith.constant dense<0.2> : tensor<2xf32>
    %av = arith.mulf %a, %v : tensor<2xf32>
    %ti = math.tanh %i : tensor<2xf32>
    %bt = arith.mulf %b, %ti : tensor<2xf32>
    %v1 = arith.addf %av, %bt : tensor<2xf32>
    %ci = arith.mulf %c, %i : tensor<2xf32>
    %y = etrace.matmul %x, %w
        : tensor<3xf32>, tensor<3x2xf32> -> tensor<2xf32>
    %driven = arith.addf %ci, %y : tensor<2xf32>
    %vv = arith.mulf %v, %v : tensor<2xf32>
    %dv = arith.mulf %d, %vv : tensor<2xf32>
    %i1 = arith.subf %driven, %dv : tensor<2xf32>
    etrace.set @s::@V, %v1 : tensor<2xf32>
    etrace.set @s::@I, %i1 : tensor<2xf32>
    %v2 = etrace.get @s::@V : tensor<2xf32>
    etrace.yield %v2 : tensor<2xf32>
  }
  etrace.loss @squared_error(%out: tensor<2xf32>, %target: tensor<2xf32>) -> f32 {
    %d = arith.subf %out, %target : tensor<2xf32>
    %s = arith.mulf %d, %d : tensor<2xf32>
    %zero = arith.constant dense<0.0> : tensor<f32>
    %sum = linalg.reduce { arith.addf } ins(%s : tensor<2xf32>)
        outs(%zero : tensor<f32>) dimensions = [0]
    %loss = tensor.extract %sum[] : tensor<f32>
    etrace.yield %loss : f32
  }
}
