// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Resonate-and-fire units, a damped rotation by 0.6: s = spike(im - 0.5), r = im - s,
// re <- exp(-0.1) (cos(0.6) re - sin(0.6) r) + [x; s] w + b,
// im <- exp(-0.1) (sin(0.6) re + cos(0.6) r) with the old re, output spike(im - 0.5).
etrace.model @resonate_and_fire {
  etrace.param @w : tensor<7x4xf32> init #etrace.kaiming
  etrace.param @b : tensor<4xf32>
  etrace.hidden @re : tensor<4xf32>
  etrace.hidden @im : tensor<4xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<4xf32> {
    %re = etrace.get @re : tensor<4xf32>
    %im = etrace.get @im : tensor<4xf32>
    %w = etrace.get @w : tensor<7x4xf32>
    %b = etrace.get @b : tensor<4xf32>
    %threshold = arith.constant dense<0.5> : tensor<4xf32>
    %cosine = arith.constant dense<0.7467945468079943> : tensor<4xf32>
    %sine = arith.constant dense<0.5109096377402018> : tensor<4xf32>
    %over = arith.subf %im, %threshold : tensor<4xf32>
    %s = etrace.spike %over surrogate(#etrace.nonzero_sign_log<alpha = 1.5>) : tensor<4xf32>
    %xs = tensor.concat dim(0) %x, %s : (tensor<3xf32>, tensor<4xf32>) -> tensor<7xf32>
    %y = etrace.matmul %xs, %w bias %b
        : tensor<7xf32>, tensor<7x4xf32>, tensor<4xf32> -> tensor<4xf32>
    %r = arith.subf %im, %s : tensor<4xf32>
    %0 = arith.mulf %cosine, %re : tensor<4xf32>
    %1 = arith.mulf %sine, %r : tensor<4xf32>
    %2 = arith.subf %0, %1 : tensor<4xf32>
    %re1 = arith.addf %2, %y : tensor<4xf32>
    etrace.set @re, %re1 : tensor<4xf32>
    %3 = arith.mulf %sine, %re : tensor<4xf32>
    %4 = arith.mulf %cosine, %r : tensor<4xf32>
    %im1 = arith.addf %3, %4 : tensor<4xf32>
    etrace.set @im, %im1 : tensor<4xf32>
    %over1 = arith.subf %im1, %threshold : tensor<4xf32>
    %out = etrace.spike %over1 surrogate(#etrace.nonzero_sign_log<alpha = 1.5>) : tensor<4xf32>
    etrace.yield %out : tensor<4xf32>
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
