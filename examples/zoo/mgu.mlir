// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Minimal gated unit: f = logistic([x; h] wf + bf), c = tanh([x; f h] wh + bh),
// h <- (1 - f) h + f c. wf reaches h directly and through the second product.
etrace.model @mgu {
  etrace.param @wf : tensor<6x4xf32>
  etrace.param @bf : tensor<4xf32>
  etrace.param @wh : tensor<6x4xf32>
  etrace.param @bh : tensor<4xf32>
  etrace.hidden @h : tensor<4xf32>
  etrace.step @update(%x: tensor<2xf32>) -> tensor<4xf32> {
    %h = etrace.get @h : tensor<4xf32>
    %wf = etrace.get @wf : tensor<6x4xf32>
    %bf = etrace.get @bf : tensor<4xf32>
    %wh = etrace.get @wh : tensor<6x4xf32>
    %bh = etrace.get @bh : tensor<4xf32>
    %xh = tensor.concat dim(0) %x, %h : (tensor<2xf32>, tensor<4xf32>) -> tensor<6xf32>
    %af = etrace.matmul %xh, %wf bias %bf
        : tensor<6xf32>, tensor<6x4xf32>, tensor<4xf32> -> tensor<4xf32>
    %f = etrace.logistic %af : tensor<4xf32>
    %fh = arith.mulf %f, %h : tensor<4xf32>
    %xfh = tensor.concat dim(0) %x, %fh : (tensor<2xf32>, tensor<4xf32>) -> tensor<6xf32>
    %ac = etrace.matmul %xfh, %wh bias %bh
        : tensor<6xf32>, tensor<6x4xf32>, tensor<4xf32> -> tensor<4xf32>
    %c = math.tanh %ac : tensor<4xf32>
    %one = arith.constant dense<1.0> : tensor<4xf32>
    %keep = arith.subf %one, %f : tensor<4xf32>
    %old = arith.mulf %keep, %h : tensor<4xf32>
    %new = arith.mulf %f, %c : tensor<4xf32>
    %h1 = arith.addf %old, %new : tensor<4xf32>
    etrace.set @h, %h1 : tensor<4xf32>
    etrace.yield %h1 : tensor<4xf32>
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
