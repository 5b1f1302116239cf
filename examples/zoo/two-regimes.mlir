// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Units with two regimes. While all are above 1/4: r = sqrt(h - 1/4),
// h <- 0.6 h + log(1.5 + tanh([x; r] w + b)). Otherwise h <- 0.8 h + 0.3 logistic(x v).
// A root of negative numbers in the branch that is not taken harms no gradient.
etrace.model @two_regimes {
  etrace.param @w : tensor<8x5xf32> init #etrace.xavier
  etrace.param @b : tensor<5xf32>
  etrace.param @v : tensor<3x5xf32> init #etrace.xavier
  etrace.hidden @h : tensor<5xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<5xf32> {
    %floor = arith.constant 0.25 : f32
    %most = arith.constant dense<1.0e9> : tensor<f32>
    %h = etrace.get @h : tensor<5xf32>
    %w = etrace.get @w : tensor<8x5xf32>
    %b = etrace.get @b : tensor<5xf32>
    %v = etrace.get @v : tensor<3x5xf32>
    %least = linalg.reduce { arith.minimumf } ins(%h : tensor<5xf32>)
        outs(%most : tensor<f32>) dimensions = [0]
    %m = tensor.extract %least[] : tensor<f32>
    %above = arith.cmpf ogt, %m, %floor : f32
    %h1 = scf.if %above -> (tensor<5xf32>) {
      %quarter = arith.constant dense<0.25> : tensor<5xf32>
      %keep = arith.constant dense<0.6> : tensor<5xf32>
      %shift = arith.constant dense<1.5> : tensor<5xf32>
      %s = arith.subf %h, %quarter : tensor<5xf32>
      %r = math.sqrt %s : tensor<5xf32>
      %xr = tensor.concat dim(0) %x, %r : (tensor<3xf32>, tensor<5xf32>) -> tensor<8xf32>
      %y = etrace.matmul %xr, %w bias %b
          : tensor<8xf32>, tensor<8x5xf32>, tensor<5xf32> -> tensor<5xf32>
      %u = math.tanh %y : tensor<5xf32>
      %p = arith.addf %shift, %u : tensor<5xf32>
      %l = math.log %p : tensor<5xf32>
      %k = arith.mulf %keep, %h : tensor<5xf32>
      %n = arith.addf %k, %l : tensor<5xf32>
      scf.yield %n : tensor<5xf32>
    } else {
      %keep = arith.constant dense<0.8> : tensor<5xf32>
      %gain = arith.constant dense<0.3> : tensor<5xf32>
      %y = etrace.matmul %x, %v : tensor<3xf32>, tensor<3x5xf32> -> tensor<5xf32>
      %u = etrace.logistic %y : tensor<5xf32>
      %i = arith.mulf %gain, %u : tensor<5xf32>
      %k = arith.mulf %keep, %h : tensor<5xf32>
      %n = arith.addf %k, %i : tensor<5xf32>
      scf.yield %n : tensor<5xf32>
    }
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
