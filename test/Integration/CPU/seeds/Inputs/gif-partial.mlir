// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Of a tree state V alone is written, V <- V + x w; the others are read.
etrace.model @gif_partial {
  etrace.param @w : tensor<3x3xf32>
  etrace.tree_state @state {
    etrace.component @I1 : tensor<3xf32>
    etrace.component @I2 : tensor<3xf32>
    etrace.component @V : tensor<3xf32>
    etrace.component @V_th : tensor<3xf32> init #etrace.constant<value = 1.0>
  }
  etrace.step @update(%x: tensor<3xf32>) -> tensor<9xf32> {
    %v = etrace.get @state::@V : tensor<3xf32>
    %w = etrace.get @w : tensor<3x3xf32>
    %y = etrace.matmul %x, %w : tensor<3xf32>, tensor<3x3xf32> -> tensor<3xf32>
    %v1 = arith.addf %v, %y : tensor<3xf32>
    etrace.set @state::@V, %v1 : tensor<3xf32>
    %th = etrace.get @state::@V_th : tensor<3xf32>
    %i1 = etrace.get @state::@I1 : tensor<3xf32>
    %i2 = etrace.get @state::@I2 : tensor<3xf32>
    %out = tensor.concat dim(0) %th, %i1, %i2
        : (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<9xf32>
    etrace.yield %out : tensor<9xf32>
  }
  etrace.loss @squared_error(%out: tensor<9xf32>, %target: tensor<9xf32>) -> f32 {
    %d = arith.subf %out, %target : tensor<9xf32>
    %s = arith.mulf %d, %d : tensor<9xf32>
    %zero = arith.constant dense<0.0> : tensor<f32>
    %sum = linalg.reduce { arith.addf } ins(%s : tensor<9xf32>)
        outs(%zero : tensor<f32>) dimensions = [0]
    %loss = tensor.extract %sum[] : tensor<f32>
    etrace.yield %loss : f32
  }
}
