// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// As many sub-steps h <- h + (tanh(sin(x) w + b) - h) / 2 as the input says, trunc(3 x[0]), which
// is a promise to be at most 2.
etrace.model @counted_substeps {
  etrace.param @w : tensor<3x5xf32> init #etrace.xavier
  etrace.param @b : tensor<5xf32>
  etrace.hidden @h : tensor<5xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<5xf32> {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %three = arith.constant 3.0 : f32
    %half = arith.constant dense<0.5> : tensor<5xf32>
    %h = etrace.get @h : tensor<5xf32>
    %w = etrace.get @w : tensor<3x5xf32>
    %b = etrace.get @b : tensor<5xf32>
    %x0 = tensor.extract %x[%c0] : tensor<3xf32>
    %thrice = arith.mulf %three, %x0 : f32
    %m = arith.fptosi %thrice : f32 to i64
    %n = arith.index_cast %m : i64 to index
    %h1 = scf.for %k = %c0 to %n step %c1 iter_args(%a = %h) -> (tensor<5xf32>) {
      %r = math.sin %x : tensor<3xf32>
      %y = etrace.matmul %r, %w bias %b
          : tensor<3xf32>, tensor<3x5xf32>, tensor<5xf32> -> tensor<5xf32>
      %u = math.tanh %y : tensor<5xf32>
      %e = arith.subf %u, %a : tensor<5xf32>
      %i = arith.mulf %half, %e : tensor<5xf32>
      %s = arith.addf %a, %i : tensor<5xf32>
      scf.yield %s : tensor<5xf32>
    } {etrace.max_trips = 2 : i64}
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
