// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Coupled oscillators: z <- z + dt (tanh([x; y; z] w + b) - gamma y - epsilon z), y <- y + dt z
// with the new z; dt = 0.25, gamma = 1.5, epsilon = 0.8.
etrace.model @cornn {
  etrace.param @w : tensor<13x5xf32> init #etrace.xavier
  etrace.param @b : tensor<5xf32>
  etrace.hidden @y : tensor<5xf32>
  etrace.hidden @z : tensor<5xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<5xf32> {
    %y = etrace.get @y : tensor<5xf32>
    %z = etrace.get @z : tensor<5xf32>
    %w = etrace.get @w : tensor<13x5xf32>
    %b = etrace.get @b : tensor<5xf32>
    %gamma = arith.constant dense<1.5> : tensor<5xf32>
    %epsilon = arith.constant dense<0.8> : tensor<5xf32>
    %dt = arith.constant dense<0.25> : tensor<5xf32>
    %xyz = tensor.concat dim(0) %x, %y, %z
        : (tensor<3xf32>, tensor<5xf32>, tensor<5xf32>) -> tensor<13xf32>
    %a = etrace.matmul %xyz, %w bias %b
        : tensor<13xf32>, tensor<13x5xf32>, tensor<5xf32> -> tensor<5xf32>
    %force = math.tanh %a : tensor<5xf32>
    %spring = arith.mulf %gamma, %y : tensor<5xf32>
    %damping = arith.mulf %epsilon, %z : tensor<5xf32>
    %0 = arith.subf %force, %spring : tensor<5xf32>
    %dz = arith.subf %0, %damping : tensor<5xf32>
    %1 = arith.mulf %dt, %dz : tensor<5xf32>
    %z1 = arith.addf %z, %1 : tensor<5xf32>
    etrace.set @z, %z1 : tensor<5xf32>
    %2 = arith.mulf %dt, %z1 : tensor<5xf32>
    %y1 = arith.addf %y, %2 : tensor<5xf32>
    etrace.set @y, %y1 : tensor<5xf32>
    etrace.yield %y1 : tensor<5xf32>
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
