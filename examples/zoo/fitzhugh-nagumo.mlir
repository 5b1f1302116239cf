// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// FitzHugh-Nagumo units: v <- v + 0.25 (v - v^3 / 3 - u + x w + b),
// u <- u + 0.25 * 0.08 (v + 0.7 - 0.8 u) with the old v, output v. Nothing mixes units.
etrace.model @fitzhugh_nagumo {
  etrace.param @w : tensor<3x4xf32> init #etrace.kaiming
  etrace.param @b : tensor<4xf32>
  etrace.hidden @v : tensor<4xf32>
  etrace.hidden @u : tensor<4xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<4xf32> {
    %v = etrace.get @v : tensor<4xf32>
    %u = etrace.get @u : tensor<4xf32>
    %w = etrace.get @w : tensor<3x4xf32>
    %b = etrace.get @b : tensor<4xf32>
    %third = arith.constant dense<0.3333333333333333> : tensor<4xf32>
    %dt = arith.constant dense<0.25> : tensor<4xf32>
    %offset = arith.constant dense<0.7> : tensor<4xf32>
    %damping = arith.constant dense<0.8> : tensor<4xf32>
    %rate = arith.constant dense<0.02> : tensor<4xf32>
    %y = etrace.matmul %x, %w bias %b
        : tensor<3xf32>, tensor<3x4xf32>, tensor<4xf32> -> tensor<4xf32>
    %0 = arith.mulf %v, %v : tensor<4xf32>
    %cube = arith.mulf %0, %v : tensor<4xf32>
    %1 = arith.mulf %third, %cube : tensor<4xf32>
    %2 = arith.subf %v, %1 : tensor<4xf32>
    %3 = arith.subf %2, %u : tensor<4xf32>
    %slope = arith.addf %3, %y : tensor<4xf32>
    %4 = arith.mulf %dt, %slope : tensor<4xf32>
    %v1 = arith.addf %v, %4 : tensor<4xf32>
    etrace.set @v, %v1 : tensor<4xf32>
    %5 = arith.addf %v, %offset : tensor<4xf32>
    %6 = arith.mulf %damping, %u : tensor<4xf32>
    %7 = arith.subf %5, %6 : tensor<4xf32>
    %8 = arith.mulf %rate, %7 : tensor<4xf32>
    %u1 = arith.addf %u, %8 : tensor<4xf32>
    etrace.set @u, %u1 : tensor<4xf32>
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
