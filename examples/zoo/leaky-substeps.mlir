// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A leaky integrator that takes three sub-steps in every step, each with an input of its own:
// h <- h + (tanh(x[k] w + b) - h) / 4, k = 0, 1, 2.
// The primitive stands in the loop; it becomes three, and all of them have a trace.
etrace.model @leaky_substeps {
  etrace.param @w : tensor<3x5xf32> init #etrace.xavier
  etrace.param @b : tensor<5xf32>
  etrace.hidden @h : tensor<5xf32>
  etrace.step @update(%x: tensor<3x3xf32>) -> tensor<5xf32> {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c3 = arith.constant 3 : index
    %dt = arith.constant dense<0.25> : tensor<5xf32>
    %w = etrace.get @w : tensor<3x5xf32>
    %b = etrace.get @b : tensor<5xf32>
    scf.for %k = %c0 to %c3 step %c1 {
      %h = etrace.get @h : tensor<5xf32>
      %xk = tensor.extract_slice %x[%k, 0] [1, 3] [1, 1] : tensor<3x3xf32> to tensor<3xf32>
      %y = etrace.matmul %xk, %w bias %b
          : tensor<3xf32>, tensor<3x5xf32>, tensor<5xf32> -> tensor<5xf32>
      %u = math.tanh %y : tensor<5xf32>
      %e = arith.subf %u, %h : tensor<5xf32>
      %i = arith.mulf %dt, %e : tensor<5xf32>
      %h1 = arith.addf %h, %i : tensor<5xf32>
      etrace.set @h, %h1 : tensor<5xf32>
    }
    %out = etrace.get @h : tensor<5xf32>
    etrace.yield %out : tensor<5xf32>
  }
  etrace.loss @squared_error(%out: tensor<5xf32>, %target: tensor<5xf32>) -> f32 {
    %d = arith.subf %out, %target : tensor<5xf32>
    %s = arith.mulf %d, %d : tensor<5xf32>
    %zero = arith.constant dense<0.0> : tensor<f32>
    %sum = linalg.reduce { arith.addf } ins(%s : tensor<5xf32>)
        outs(%zero : tensor<f32>) dimensions = [0]
    %loss = tensor.extract %sum[] : tensor<f32>
    etrace.yield %loss : f32
  }
}
