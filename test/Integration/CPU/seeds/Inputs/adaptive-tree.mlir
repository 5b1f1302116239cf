// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Adaptive neuron: V <- 0.9 V + x + V w - I, I <- 0.95 I + 0.1 V.
// One tree state; the step returns the new V from a local name.
etrace.model @adaptive_tree {
  etrace.param @w : tensor<4x4xf32>
  etrace.tree_state @state {
    etrace.component @V : tensor<4xf32>
    etrace.component @I : tensor<4xf32>
  }
  etrace.step @update(%x: tensor<4xf32>) -> tensor<4xf32> {
    %v = etrace.get @state::@V : tensor<4xf32>
    %i = etrace.get @state::@I : tensor<4xf32>
    %w = etrace.get @w : tensor<4x4xf32>
    %a = arith.constant dense<0.9> : tensor<4xf32>
    %b = arith.constant dense<0.95> : tensor<4xf32>
    %c = arith.constant dense<0.1> : tensor<4xf32>
    %av = arith.mulf %a, %v : tensor<4xf32>
    %avx = arith.addf %av, %x : tensor<4xf32>
    %y = etrace.matmul %v, %w
        : tensor<4xf32>, tensor<4x4xf32> -> tensor<4xf32>
    %driven = arith.addf %avx, %y : tensor<4xf32>
    %v1 = arith.subf %driven, %i : tensor<4xf32>
    %bi = arith.mulf %b, %i : tensor<4xf32>
    %cv = arith.mulf %c, %v : tensor<4xf32>
    %i1 = arith.addf %bi, %cv : tensor<4xf32>
    etrace.set @state::@V, %v1 : tensor<4xf32>
    etrace.set @state::@I, %i1 : tensor<4xf32>
    etrace.yield %v1 : tensor<4xf32>
  }
  etrace.loss @mean_squared_error(%out: tensor<4xf32>, %target: tensor<4xf32>) -> f32 {
    %d = arith.subf %out, %target : tensor<4xf32>
    %s = arith.mulf %d, %d : tensor<4xf32>
    %zero = arith.constant dense<0.0> : tensor<f32>
    %sum = linalg.reduce { arith.addf } ins(%s : tensor<4xf32>)
        outs(%zero : tensor<f32>) dimensions = [0]
    %loss = tensor.extract %sum[] : tensor<f32>
    %k = arith.constant 0.25 : f32
    %mean = arith.mulf %k, %loss : f32
    etrace.yield %mean : f32
  }
}
