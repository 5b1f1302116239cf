// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The output is the states at the start of the step, before they halve and take x w in.
etrace.model @clock {
  etrace.param @w : tensor<2x2xf32> init #etrace.constant<value = 0.25>
  etrace.hidden @h : tensor<2xf32> init #etrace.constant<value = -65.0>
  etrace.group_state @neuron {
    etrace.component @V : tensor<2xf32> init #etrace.constant<value = 1.0>
    etrace.component @I : tensor<2xf32>
  }
  etrace.step @update(%x: tensor<2xf32>) -> tensor<6xf32> {
    %h = etrace.get @h : tensor<2xf32>
    %v = etrace.get @neuron::@V : tensor<2xf32>
    %i = etrace.get @neuron::@I : tensor<2xf32>
    %w = etrace.get @w : tensor<2x2xf32>
    %y = etrace.matmul %x, %w
        : tensor<2xf32>, tensor<2x2xf32> -> tensor<2xf32>
    %half = arith.constant dense<0.5> : tensor<2xf32>
    %kh = arith.mulf %half, %h : tensor<2xf32>
    %h1 = arith.addf %kh, %y : tensor<2xf32>
    etrace.set @h, %h1 : tensor<2xf32>
    %kv = arith.mulf %half, %v : tensor<2xf32>
    %v1 = arith.addf %kv, %y : tensor<2xf32>
    etrace.set @neuron::@V, %v1 : tensor<2xf32>
    %ki = arith.mulf %half, %i : tensor<2xf32>
    %i1 = arith.addf %ki, %y : tensor<2xf32>
    etrace.set @neuron::@I, %i1 : tensor<2xf32>
    %all = tensor.concat dim(0) %h, %v, %i : (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>)
        -> tensor<6xf32>
    etrace.yield %all : tensor<6xf32>
  }
  etrace.loss @squared_error(%out: tensor<6xf32>, %target: tensor<6xf32>) -> f32 {
    %d = arith.subf %out, %target : tensor<6xf32>
    %s = arith.mulf %d, %d : tensor<6xf32>
    %zero = arith.constant dense<0.0> : tensor<f32>
    %sum = linalg.reduce { arith.addf } ins(%s : tensor<6xf32>)
        outs(%zero : tensor<f32>) dimensions = [0]
    %loss = tensor.extract %sum[] : tensor<f32>
    etrace.yield %loss : f32
  }
}
