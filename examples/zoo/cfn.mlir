// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Chaos-free network: f = logistic([x; h] wf + bf), i = logistic([x; h] wi + bi),
// h <- f tanh(h) + i tanh(x wh + bh).
etrace.model @cfn {
  etrace.param @wf : tensor<8x5xf32> init #etrace.xavier
  etrace.param @bf : tensor<5xf32>
  etrace.param @wi : tensor<8x5xf32> init #etrace.xavier
  etrace.param @bi : tensor<5xf32>
  etrace.param @wh : tensor<3x5xf32> init #etrace.xavier
  etrace.param @bh : tensor<5xf32>
  etrace.hidden @h : tensor<5xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<5xf32> {
    %h = etrace.get @h : tensor<5xf32>
    %wf = etrace.get @wf : tensor<8x5xf32>
    %bf = etrace.get @bf : tensor<5xf32>
    %wi = etrace.get @wi : tensor<8x5xf32>
    %bi = etrace.get @bi : tensor<5xf32>
    %wh = etrace.get @wh : tensor<3x5xf32>
    %bh = etrace.get @bh : tensor<5xf32>
    %xh = tensor.concat dim(0) %x, %h : (tensor<3xf32>, tensor<5xf32>) -> tensor<8xf32>
    %af = etrace.matmul %xh, %wf bias %bf
        : tensor<8xf32>, tensor<8x5xf32>, tensor<5xf32> -> tensor<5xf32>
    %f = etrace.logistic %af : tensor<5xf32>
    %ai = etrace.matmul %xh, %wi bias %bi
        : tensor<8xf32>, tensor<8x5xf32>, tensor<5xf32> -> tensor<5xf32>
    %i = etrace.logistic %ai : tensor<5xf32>
    %ah = etrace.matmul %x, %wh bias %bh
        : tensor<3xf32>, tensor<3x5xf32>, tensor<5xf32> -> tensor<5xf32>
    %c = math.tanh %ah : tensor<5xf32>
    %th = math.tanh %h : tensor<5xf32>
    %kept = arith.mulf %f, %th : tensor<5xf32>
    %fresh = arith.mulf %i, %c : tensor<5xf32>
    %h1 = arith.addf %kept, %fresh : tensor<5xf32>
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
