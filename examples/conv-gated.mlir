// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Gated units at the places of a line, which see their neighbours through kernels that all places
// share: h <- (1 - z) h + z c, with z = logistic(conv([x; h], kz) + bz), c = tanh(conv([x; h], kc) + bc).
etrace.model @conv_gated {
  etrace.param @kz : tensor<3x5x3xf32> init #etrace.xavier
  etrace.param @bz : tensor<3xf32>
  etrace.param @kc : tensor<3x5x3xf32> init #etrace.xavier
  etrace.param @bc : tensor<3xf32>
  etrace.hidden @h : tensor<6x3xf32>
  etrace.step @update(%x: tensor<6x2xf32>) -> tensor<6x3xf32> {
    %h = etrace.get @h : tensor<6x3xf32>
    %kz = etrace.get @kz : tensor<3x5x3xf32>
    %bz = etrace.get @bz : tensor<3xf32>
    %kc = etrace.get @kc : tensor<3x5x3xf32>
    %bc = etrace.get @bc : tensor<3xf32>
    %xh = tensor.concat dim(1) %x, %h : (tensor<6x2xf32>, tensor<6x3xf32>) -> tensor<6x5xf32>
    %yz = etrace.conv "Li,Lio->Lo" %xh, %kz bias %bz low [1] high [1]
        : tensor<6x5xf32>, tensor<3x5x3xf32>, tensor<3xf32> -> tensor<6x3xf32>
    %z = etrace.logistic %yz : tensor<6x3xf32>
    %yc = etrace.conv "Li,Lio->Lo" %xh, %kc bias %bc low [1] high [1]
        : tensor<6x5xf32>, tensor<3x5x3xf32>, tensor<3xf32> -> tensor<6x3xf32>
    %c = math.tanh %yc : tensor<6x3xf32>
    %one = arith.constant dense<1.0> : tensor<6x3xf32>
    %keep = arith.subf %one, %z : tensor<6x3xf32>
    %kept = arith.mulf %keep, %h : tensor<6x3xf32>
    %new = arith.mulf %z, %c : tensor<6x3xf32>
    %h1 = arith.addf %kept, %new : tensor<6x3xf32>
    etrace.set @h, %h1 : tensor<6x3xf32>
    etrace.yield %h1 : tensor<6x3xf32>
  }
  etrace.loss @squared_error(%out: tensor<6x3xf32>, %target: tensor<6x3xf32>) -> f32 {
    %d = arith.subf %out, %target : tensor<6x3xf32>
    %s = arith.mulf %d, %d : tensor<6x3xf32>
    %zero = arith.constant dense<0.0> : tensor<f32>
    %sum = linalg.reduce { arith.addf } ins(%s : tensor<6x3xf32>)
        outs(%zero : tensor<f32>) dimensions = [0, 1]
    %loss = tensor.extract %sum[] : tensor<f32>
    etrace.yield %loss : f32
  }
}
