// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Linear recurrent unit, real and imaginary part as two states: a = exp(-exp(nu)),
// phi = exp(theta), re <- a cos(phi) re - a sin(phi) im + exp(gamma) (x b_re),
// im <- a sin(phi) re + a cos(phi) im + exp(gamma) (x b_im), output re c_re - im c_im + d x.
etrace.model @lru {
  etrace.param @nu : tensor<5xf32> init #etrace.uniform<low = -3.0, high = -1.0>
  etrace.param @theta : tensor<5xf32> init #etrace.uniform<low = -3.0, high = 0.0>
  etrace.param @gamma : tensor<5xf32> init #etrace.uniform<low = -1.0, high = 0.0>
  etrace.param @b_re : tensor<3x5xf32> init #etrace.xavier
  etrace.param @b_im : tensor<3x5xf32> init #etrace.xavier
  etrace.param @c_re : tensor<5x3xf32> init #etrace.xavier
  etrace.param @c_im : tensor<5x3xf32> init #etrace.xavier
  etrace.param @d : tensor<3xf32> init #etrace.normal
  etrace.hidden @re : tensor<5xf32>
  etrace.hidden @im : tensor<5xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<3xf32> {
    %re = etrace.get @re : tensor<5xf32>
    %im = etrace.get @im : tensor<5xf32>
    %nu = etrace.get @nu : tensor<5xf32>
    %theta = etrace.get @theta : tensor<5xf32>
    %gamma = etrace.get @gamma : tensor<5xf32>
    %b_re = etrace.get @b_re : tensor<3x5xf32>
    %b_im = etrace.get @b_im : tensor<3x5xf32>
    %c_re = etrace.get @c_re : tensor<5x3xf32>
    %c_im = etrace.get @c_im : tensor<5x3xf32>
    %d = etrace.get @d : tensor<3xf32>
    %nu1 = etrace.elementwise %nu : tensor<5xf32>
    %enu = math.exp %nu1 : tensor<5xf32>
    %decay = arith.negf %enu : tensor<5xf32>
    %a = math.exp %decay : tensor<5xf32>
    %theta1 = etrace.elementwise %theta : tensor<5xf32>
    %phi = math.exp %theta1 : tensor<5xf32>
    %gamma1 = etrace.elementwise %gamma : tensor<5xf32>
    %scale = math.exp %gamma1 : tensor<5xf32>
    %cosine = math.cos %phi : tensor<5xf32>
    %sine = math.sin %phi : tensor<5xf32>
    %acos = arith.mulf %a, %cosine : tensor<5xf32>
    %asin = arith.mulf %a, %sine : tensor<5xf32>
    %xre = etrace.matmul %x, %b_re : tensor<3xf32>, tensor<3x5xf32> -> tensor<5xf32>
    %xim = etrace.matmul %x, %b_im : tensor<3xf32>, tensor<3x5xf32> -> tensor<5xf32>
    %0 = arith.mulf %acos, %re : tensor<5xf32>
    %1 = arith.mulf %asin, %im : tensor<5xf32>
    %2 = arith.subf %0, %1 : tensor<5xf32>
    %3 = arith.mulf %scale, %xre : tensor<5xf32>
    %re1 = arith.addf %2, %3 : tensor<5xf32>
    %4 = arith.mulf %asin, %re : tensor<5xf32>
    %5 = arith.mulf %acos, %im : tensor<5xf32>
    %6 = arith.addf %4, %5 : tensor<5xf32>
    %7 = arith.mulf %scale, %xim : tensor<5xf32>
    %im1 = arith.addf %6, %7 : tensor<5xf32>
    etrace.set @re, %re1 : tensor<5xf32>
    etrace.set @im, %im1 : tensor<5xf32>
    %yre = etrace.matmul %re1, %c_re : tensor<5xf32>, tensor<5x3xf32> -> tensor<3xf32>
    %yim = etrace.matmul %im1, %c_im : tensor<5xf32>, tensor<5x3xf32> -> tensor<3xf32>
    %d1 = etrace.elementwise %d : tensor<3xf32>
    %skip = arith.mulf %d1, %x : tensor<3xf32>
    %8 = arith.subf %yre, %yim : tensor<3xf32>
    %y = arith.addf %8, %skip : tensor<3xf32>
    etrace.yield %y : tensor<3xf32>
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
