// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Simple recurrent unit: f = logistic(x wf + vf c + bf), r = logistic(x wr + vr c + br),
// c <- f c + (1 - f) x w, h = r c + (1 - r) x. Nothing but c recurs, unit by unit.
etrace.model @sru {
  etrace.param @w : tensor<5x5xf32> init #etrace.xavier
  etrace.param @wf : tensor<5x5xf32> init #etrace.xavier
  etrace.param @bf : tensor<5xf32>
  etrace.param @vf : tensor<5xf32> init #etrace.normal<std = 0.5>
  etrace.param @wr : tensor<5x5xf32> init #etrace.xavier
  etrace.param @br : tensor<5xf32>
  etrace.param @vr : tensor<5xf32> init #etrace.normal<std = 0.5>
  etrace.hidden @c : tensor<5xf32>
  etrace.step @update(%x: tensor<5xf32>) -> tensor<5xf32> {
    %c = etrace.get @c : tensor<5xf32>
    %w = etrace.get @w : tensor<5x5xf32>
    %wf = etrace.get @wf : tensor<5x5xf32>
    %bf = etrace.get @bf : tensor<5xf32>
    %vf = etrace.get @vf : tensor<5xf32>
    %wr = etrace.get @wr : tensor<5x5xf32>
    %br = etrace.get @br : tensor<5xf32>
    %vr = etrace.get @vr : tensor<5xf32>
    %one = arith.constant dense<1.0> : tensor<5xf32>
    %y = etrace.matmul %x, %w : tensor<5xf32>, tensor<5x5xf32> -> tensor<5xf32>
    %yf = etrace.matmul %x, %wf bias %bf
        : tensor<5xf32>, tensor<5x5xf32>, tensor<5xf32> -> tensor<5xf32>
    %vf1 = etrace.elementwise %vf : tensor<5xf32>
    %0 = arith.mulf %vf1, %c : tensor<5xf32>
    %af = arith.addf %yf, %0 : tensor<5xf32>
    %f = etrace.logistic %af : tensor<5xf32>
    %yr = etrace.matmul %x, %wr bias %br
        : tensor<5xf32>, tensor<5x5xf32>, tensor<5xf32> -> tensor<5xf32>
    %vr1 = etrace.elementwise %vr : tensor<5xf32>
    %1 = arith.mulf %vr1, %c : tensor<5xf32>
    %ar = arith.addf %yr, %1 : tensor<5xf32>
    %r = etrace.logistic %ar : tensor<5xf32>
    %open = arith.subf %one, %f : tensor<5xf32>
    %2 = arith.mulf %f, %c : tensor<5xf32>
    %3 = arith.mulf %open, %y : tensor<5xf32>
    %c1 = arith.addf %2, %3 : tensor<5xf32>
    etrace.set @c, %c1 : tensor<5xf32>
    %skip = arith.subf %one, %r : tensor<5xf32>
    %4 = arith.mulf %r, %c1 : tensor<5xf32>
    %5 = arith.mulf %skip, %x : tensor<5xf32>
    %h = arith.addf %4, %5 : tensor<5xf32>
    etrace.yield %h : tensor<5xf32>
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
