// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// conv2d-valid-leaky.mlir as another compiler writes it: functions, and marks on their operations.
func.func @conv2d(%x: tensor<1x5x3x2xf32> {etrace.name = "x"},
                  %h: tensor<1x2x2x3xf32> {etrace.hidden = "h"},
                  %k: tensor<3x2x2x3xf32> {etrace.param = "k"}, %b: tensor<3xf32> {etrace.param = "b"})
    -> (tensor<1x2x2x3xf32> {etrace.name = "out"}, tensor<1x2x2x3xf32> {etrace.hidden = "h"})
    attributes {etrace.batch_dim = 0} {
  %empty = tensor.empty() : tensor<1x2x2x3xf32>
  %bias = linalg.broadcast ins(%b : tensor<3xf32>) outs(%empty : tensor<1x2x2x3xf32>)
      dimensions = [0, 1, 2]
  %y = linalg.conv_2d_nhwc_hwcf
      {etrace.primitive = "conv", strides = dense<[2, 1]> : tensor<2xi64>,
       dilations = dense<1> : tensor<2xi64>}
      ins(%x, %k : tensor<1x5x3x2xf32>, tensor<3x2x2x3xf32>)
      outs(%bias : tensor<1x2x2x3xf32>) -> tensor<1x2x2x3xf32>
  %leak = arith.constant dense<0.8> : tensor<1x2x2x3xf32>
  %kept = arith.mulf %leak, %h : tensor<1x2x2x3xf32>
  %drive = math.tanh %y : tensor<1x2x2x3xf32>
  %h1 = arith.addf %kept, %drive : tensor<1x2x2x3xf32>
  return %h1, %h1 : tensor<1x2x2x3xf32>, tensor<1x2x2x3xf32>
}
func.func @loss(%out: tensor<1x2x2x3xf32>, %target: tensor<1x2x2x3xf32> {etrace.name = "target"})
    -> tensor<f32> attributes {etrace.loss} {
  %d = arith.subf %out, %target : tensor<1x2x2x3xf32>
  %s = arith.mulf %d, %d : tensor<1x2x2x3xf32>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %sum = linalg.reduce { arith.addf } ins(%s : tensor<1x2x2x3xf32>) outs(%zero : tensor<f32>)
      dimensions = [0, 1, 2, 3]
  return %sum : tensor<f32>
}
