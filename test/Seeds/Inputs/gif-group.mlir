// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// S000-15: I1 <- 0.9 I1, I2 <- 0.95 I2, V <- 0.8 V + x + V w + I1 + I2,
// V_th <- 0.99 V_th + 0.01 V. Four components of one group state.
etrace.model @gif_group {
  etrace.param @w : tensor<3x3xf32>
  etrace.group_state @state {
    etrace.component @I1 : tensor<3xf32>
    etrace.component @I2 : tensor<3xf32>
    etrace.component @V : tensor<3xf32>
    etrace.component @V_th : tensor<3xf32> init #etrace.constant<value = 1.0>
  }
  etrace.step @update(%x: tensor<3xf32>) -> tensor<3xf32> {
    %i1 = etrace.get @state::@I1 : tensor<3xf32>
    %i2 = etrace.get @state::@I2 : tensor<3xf32>
    %v = etrace.get @state::@V : tensor<3xf32>
    %th = etrace.get @state::@V_th : tensor<3xf32>
    %w = etrace.get @w : tensor<3x3xf32>
    %k1 = arith.constant dense<0.9> : tensor<3xf32>
    %k2 = arith.constant dense<0.95> : tensor<3xf32>
    %kv = arith.constant dense<0.8> : tensor<3xf32>
    %kt = arith.constant dense<0.99> : tensor<3xf32>
    %kc = arith.constant dense<0.01> : tensor<3xf32>
    %n1 = arith.mulf %k1, %i1 : tensor<3xf32>
    %n2 = arith.mulf %k2, %i2 : tensor<3xf32>
    %leak = arith.mulf %kv, %v : tensor<3xf32>
    %driven = arith.addf %leak, %x : tensor<3xf32>
    %y = etrace.matmul %v, %w : tensor<3xf32>, tensor<3x3xf32> -> tensor<3xf32>
    %recurrent = arith.addf %driven, %y : tensor<3xf32>
    %one = arith.addf %recurrent, %i1 : tensor<3xf32>
    %nv = arith.addf %one, %i2 : tensor<3xf32>
    %slow = arith.mulf %kt, %th : tensor<3xf32>
    %raise = arith.mulf %kc, %v : tensor<3xf32>
    %nt = arith.addf %slow, %raise : tensor<3xf32>
    etrace.set @state::@I1, %n1 : tensor<3xf32>
    etrace.set @state::@I2, %n2 : tensor<3xf32>
    etrace.set @state::@V, %nv : tensor<3xf32>
    etrace.set @state::@V_th, %nt : tensor<3xf32>
    etrace.yield %nv : tensor<3xf32>
  }
  etrace.loss @mean_squared_error(%out: tensor<3xf32>, %target: tensor<3xf32>) -> f32 {
    %d = arith.subf %out, %target : tensor<3xf32>
    %s = arith.mulf %d, %d : tensor<3xf32>
    %zero = arith.constant dense<0.0> : tensor<f32>
    %sum = linalg.reduce { arith.addf } ins(%s : tensor<3xf32>)
        outs(%zero : tensor<f32>) dimensions = [0]
    %loss = tensor.extract %sum[] : tensor<f32>
    %n = arith.constant 3.0 : f32
    %mean = arith.divf %loss, %n : f32
    etrace.yield %mean : f32
  }
}
