// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Two gated recurrent layers and an affine readout; the second layer reads the fresh state of
// the first.
etrace.model @two_layer {
  etrace.param @first_wz : tensor<5x3xf32> init #etrace.orthogonal
  etrace.param @first_bz : tensor<3xf32>
  etrace.param @first_wr : tensor<5x3xf32> init #etrace.orthogonal
  etrace.param @first_br : tensor<3xf32>
  etrace.param @first_wc : tensor<5x3xf32> init #etrace.orthogonal
  etrace.param @first_bc : tensor<3xf32>
  etrace.hidden @first_h : tensor<3xf32>
  etrace.param @second_wz : tensor<7x4xf32> init #etrace.orthogonal
  etrace.param @second_bz : tensor<4xf32>
  etrace.param @second_wr : tensor<7x4xf32> init #etrace.orthogonal
  etrace.param @second_br : tensor<4xf32>
  etrace.param @second_wc : tensor<7x4xf32> init #etrace.orthogonal
  etrace.param @second_bc : tensor<4xf32>
  etrace.hidden @second_h : tensor<4xf32>
  etrace.param @wo : tensor<4x2xf32> init #etrace.kaiming
  etrace.param @bo : tensor<2xf32>
  etrace.step @update(%x: tensor<2xf32>) -> tensor<2xf32> {
    %first_h = etrace.get @first_h : tensor<3xf32>
    %first_wz = etrace.get @first_wz : tensor<5x3xf32>
    %first_bz = etrace.get @first_bz : tensor<3xf32>
    %first_wr = etrace.get @first_wr : tensor<5x3xf32>
    %first_br = etrace.get @first_br : tensor<3xf32>
    %first_wc = etrace.get @first_wc : tensor<5x3xf32>
    %first_bc = etrace.get @first_bc : tensor<3xf32>
    %first_xh = tensor.concat dim(0) %x, %first_h : (tensor<2xf32>, tensor<3xf32>) -> tensor<5xf32>
    %first_az = etrace.matmul %first_xh, %first_wz bias %first_bz
        : tensor<5xf32>, tensor<5x3xf32>, tensor<3xf32> -> tensor<3xf32>
    %first_z = etrace.logistic %first_az : tensor<3xf32>
    %first_ar = etrace.matmul %first_xh, %first_wr bias %first_br
        : tensor<5xf32>, tensor<5x3xf32>, tensor<3xf32> -> tensor<3xf32>
    %first_r = etrace.logistic %first_ar : tensor<3xf32>
    %first_rh = arith.mulf %first_r, %first_h : tensor<3xf32>
    %first_xrh = tensor.concat dim(0) %x, %first_rh
        : (tensor<2xf32>, tensor<3xf32>) -> tensor<5xf32>
    %first_ac = etrace.matmul %first_xrh, %first_wc bias %first_bc
        : tensor<5xf32>, tensor<5x3xf32>, tensor<3xf32> -> tensor<3xf32>
    %first_c = math.tanh %first_ac : tensor<3xf32>
    %first_one = arith.constant dense<1.0> : tensor<3xf32>
    %first_keep = arith.subf %first_one, %first_z : tensor<3xf32>
    %first_old = arith.mulf %first_keep, %first_h : tensor<3xf32>
    %first_fresh = arith.mulf %first_z, %first_c : tensor<3xf32>
    %first_h1 = arith.addf %first_old, %first_fresh : tensor<3xf32>
    etrace.set @first_h, %first_h1 : tensor<3xf32>
    %second_h = etrace.get @second_h : tensor<4xf32>
    %second_wz = etrace.get @second_wz : tensor<7x4xf32>
    %second_bz = etrace.get @second_bz : tensor<4xf32>
    %second_wr = etrace.get @second_wr : tensor<7x4xf32>
    %second_br = etrace.get @second_br : tensor<4xf32>
    %second_wc = etrace.get @second_wc : tensor<7x4xf32>
    %second_bc = etrace.get @second_bc : tensor<4xf32>
    %second_xh = tensor.concat dim(0) %first_h1, %second_h
        : (tensor<3xf32>, tensor<4xf32>) -> tensor<7xf32>
    %second_az = etrace.matmul %second_xh, %second_wz bias %second_bz
        : tensor<7xf32>, tensor<7x4xf32>, tensor<4xf32> -> tensor<4xf32>
    %second_z = etrace.logistic %second_az : tensor<4xf32>
    %second_ar = etrace.matmul %second_xh, %second_wr bias %second_br
        : tensor<7xf32>, tensor<7x4xf32>, tensor<4xf32> -> tensor<4xf32>
    %second_r = etrace.logistic %second_ar : tensor<4xf32>
    %second_rh = arith.mulf %second_r, %second_h : tensor<4xf32>
    %second_xrh = tensor.concat dim(0) %first_h1, %second_rh
        : (tensor<3xf32>, tensor<4xf32>) -> tensor<7xf32>
    %second_ac = etrace.matmul %second_xrh, %second_wc bias %second_bc
        : tensor<7xf32>, tensor<7x4xf32>, tensor<4xf32> -> tensor<4xf32>
    %second_c = math.tanh %second_ac : tensor<4xf32>
    %second_one = arith.constant dense<1.0> : tensor<4xf32>
    %second_keep = arith.subf %second_one, %second_z : tensor<4xf32>
    %second_old = arith.mulf %second_keep, %second_h : tensor<4xf32>
    %second_fresh = arith.mulf %second_z, %second_c : tensor<4xf32>
    %second_h1 = arith.addf %second_old, %second_fresh : tensor<4xf32>
    etrace.set @second_h, %second_h1 : tensor<4xf32>
    %wo = etrace.get @wo : tensor<4x2xf32>
    %bo = etrace.get @bo : tensor<2xf32>
    %out = etrace.matmul %second_h1, %wo bias %bo
        : tensor<4xf32>, tensor<4x2xf32>, tensor<2xf32> -> tensor<2xf32>
    etrace.yield %out : tensor<2xf32>
  }
  etrace.loss @mean_squared_error(%out: tensor<2xf32>, %target: tensor<2xf32>) -> f32 {
    %d = arith.subf %out, %target : tensor<2xf32>
    %s = arith.mulf %d, %d : tensor<2xf32>
    %zero = arith.constant dense<0.0> : tensor<f32>
    %sum = linalg.reduce { arith.addf } ins(%s : tensor<2xf32>)
        outs(%zero : tensor<f32>) dimensions = [0]
    %loss = tensor.extract %sum[] : tensor<f32>
    %k = arith.constant 0.5 : f32
    %mean = arith.mulf %k, %loss : f32
    etrace.yield %mean : f32
  }
}
