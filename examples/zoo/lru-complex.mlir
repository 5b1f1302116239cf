// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Linear recurrent unit in complex numbers: z = re + i im,
// z <- exp(-exp(nu) + i exp(theta)) z + exp(gamma) (x b), b = b_re + i b_im,
// output Re(z c) + d x with c = c_re + i c_im. The same function as lru.mlir.
#unit = affine_map<(n) -> (n)>
etrace.model @lru_complex {
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
    %theta1 = etrace.elementwise %theta : tensor<5xf32>
    %gamma1 = etrace.elementwise %gamma : tensor<5xf32>
    %xre = etrace.matmul %x, %b_re : tensor<3xf32>, tensor<3x5xf32> -> tensor<5xf32>
    %xim = etrace.matmul %x, %b_im : tensor<3xf32>, tensor<3x5xf32> -> tensor<5xf32>
    %empty = tensor.empty() : tensor<5xf32>
    %z:2 = linalg.generic {
        indexing_maps = [#unit, #unit, #unit, #unit, #unit, #unit, #unit, #unit, #unit],
        iterator_types = ["parallel"]}
        ins(%re, %im, %nu1, %theta1, %gamma1, %xre, %xim : tensor<5xf32>, tensor<5xf32>,
            tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>)
        outs(%empty, %empty : tensor<5xf32>, tensor<5xf32>) {
    ^bb0(%a: f32, %b: f32, %n: f32, %t: f32, %g: f32, %u: f32, %v: f32, %o: f32, %p: f32):
      %en = math.exp %n : f32
      %decay = arith.negf %en : f32
      %phase = math.exp %t : f32
      %exponent = complex.create %decay, %phase : complex<f32>
      %lambda = complex.exp %exponent : complex<f32>
      %old = complex.create %a, %b : complex<f32>
      %turned = complex.mul %lambda, %old : complex<f32>
      %scale = math.exp %g : f32
      %zero = arith.constant 0.0 : f32
      %norm = complex.create %scale, %zero : complex<f32>
      %input = complex.create %u, %v : complex<f32>
      %scaled = complex.mul %norm, %input : complex<f32>
      %new = complex.add %turned, %scaled : complex<f32>
      %r = complex.re %new : complex<f32>
      %i = complex.im %new : complex<f32>
      linalg.yield %r, %i : f32, f32
    } -> (tensor<5xf32>, tensor<5xf32>)
    etrace.set @re, %z#0 : tensor<5xf32>
    etrace.set @im, %z#1 : tensor<5xf32>
    %yre = etrace.matmul %z#0, %c_re : tensor<5xf32>, tensor<5x3xf32> -> tensor<3xf32>
    %yim = etrace.matmul %z#1, %c_im : tensor<5xf32>, tensor<5x3xf32> -> tensor<3xf32>
    %d1 = etrace.elementwise %d : tensor<3xf32>
    %skip = arith.mulf %d1, %x : tensor<3xf32>
    %0 = arith.subf %yre, %yim : tensor<3xf32>
    %y = arith.addf %0, %skip : tensor<3xf32>
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
