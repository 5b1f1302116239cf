// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// S002-10: a state and two components that flow makes one group:
// a <- 0.5 a + 0.1 V, V <- 0.9 V - I + 0.2 a + x w, I <- 0.95 I + 0.1 V.
etrace.model @mixed_members {
  etrace.param @w : tensor<2x3xf32>
  etrace.group_state @n {
    etrace.component @V : tensor<3xf32>
    etrace.component @I : tensor<3xf32>
  }
  etrace.hidden @a : tensor<3xf32>
  etrace.step @update(%x: tensor<2xf32>) -> tensor<3xf32> {
    %a = etrace.get @a : tensor<3xf32>
    %v = etrace.get @n::@V : tensor<3xf32>
    %i = etrace.get @n::@I : tensor<3xf32>
    %w = etrace.get @w : tensor<2x3xf32>
    %k5 = arith.constant dense<0.5> : tensor<3xf32>
    %k1 = arith.constant dense<0.1> : tensor<3xf32>
    %k9 = arith.constant dense<0.9> : tensor<3xf32>
    %k2 = arith.constant dense<0.2> : tensor<3xf32>
    %k95 = arith.constant dense<0.95> : tensor<3xf32>
    %ka = arith.mulf %k5, %a : tensor<3xf32>
    %kv = arith.mulf %k1, %v : tensor<3xf32>
    %a1 = arith.addf %ka, %kv : tensor<3xf32>
    %y = etrace.matmul %x, %w : tensor<2xf32>, tensor<2x3xf32> -> tensor<3xf32>
    %leak = arith.mulf %k9, %v : tensor<3xf32>
    %minus = arith.subf %leak, %i : tensor<3xf32>
    %pull = arith.mulf %k2, %a : tensor<3xf32>
    %plus = arith.addf %minus, %pull : tensor<3xf32>
    %v1 = arith.addf %plus, %y : tensor<3xf32>
    %slow = arith.mulf %k95, %i : tensor<3xf32>
    %i1 = arith.addf %slow, %kv : tensor<3xf32>
    etrace.set @a, %a1 : tensor<3xf32>
    etrace.set @n::@V, %v1 : tensor<3xf32>
    etrace.set @n::@I, %i1 : tensor<3xf32>
    etrace.yield %v1 : tensor<3xf32>
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
