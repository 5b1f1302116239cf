// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Leaky units behind a layer normalisation: a = [x; h] w, m = mean(a), v = mean((a - m)^2),
// h <- 0.8 h + tanh(gain (a - m) / sqrt(v + 1e-5) + b), gain and b used position by position.
// The normalisation mixes positions: w has no trace and learns by its instantaneous gradient.
etrace.model @layer_norm {
  etrace.param @w : tensor<8x5xf32> init #etrace.xavier
  etrace.param @gain : tensor<5xf32> init #etrace.constant<value = 1.0>
  etrace.param @b : tensor<5xf32>
  etrace.hidden @h : tensor<5xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<5xf32> {
    %h = etrace.get @h : tensor<5xf32>
    %w = etrace.get @w : tensor<8x5xf32>
    %gain = etrace.get @gain : tensor<5xf32>
    %b = etrace.get @b : tensor<5xf32>
    %share = arith.constant dense<0.2> : tensor<5xf32>
    %tiny = arith.constant dense<1.0e-05> : tensor<5xf32>
    %leak = arith.constant dense<0.8> : tensor<5xf32>
    %xh = tensor.concat dim(0) %x, %h : (tensor<3xf32>, tensor<5xf32>) -> tensor<8xf32>
    %a = etrace.matmul %xh, %w : tensor<8xf32>, tensor<8x5xf32> -> tensor<5xf32>
    %nothing = arith.constant dense<0.0> : tensor<f32>
    %empty = tensor.empty() : tensor<5xf32>
    %sum = linalg.reduce { arith.addf } ins(%a : tensor<5xf32>)
        outs(%nothing : tensor<f32>) dimensions = [0]
    %sums = linalg.broadcast ins(%sum : tensor<f32>) outs(%empty : tensor<5xf32>)
        dimensions = [0]
    %m = arith.mulf %share, %sums : tensor<5xf32>
    %centred = arith.subf %a, %m : tensor<5xf32>
    %squares = arith.mulf %centred, %centred : tensor<5xf32>
    %power = linalg.reduce { arith.addf } ins(%squares : tensor<5xf32>)
        outs(%nothing : tensor<f32>) dimensions = [0]
    %powers = linalg.broadcast ins(%power : tensor<f32>) outs(%empty : tensor<5xf32>)
        dimensions = [0]
    %v = arith.mulf %share, %powers : tensor<5xf32>
    %guarded = arith.addf %v, %tiny : tensor<5xf32>
    %inverse = math.rsqrt %guarded : tensor<5xf32>
    %gain1 = etrace.elementwise %gain : tensor<5xf32>
    %b1 = etrace.elementwise %b : tensor<5xf32>
    %normal = arith.mulf %centred, %inverse : tensor<5xf32>
    %0 = arith.mulf %normal, %gain1 : tensor<5xf32>
    %drive = arith.addf %0, %b1 : tensor<5xf32>
    %td = math.tanh %drive : tensor<5xf32>
    %1 = arith.mulf %leak, %h : tensor<5xf32>
    %h1 = arith.addf %1, %td : tensor<5xf32>
    etrace.set @h, %h1 : tensor<5xf32>
    etrace.yield %h1 : tensor<5xf32>
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
