// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// LSTM with peepholes, weights pi, pf, po of single units:
// i = logistic([x; h] wi + pi c + bi), f = logistic([x; h] wf + pf c + bf),
// c <- f c + i tanh([x; h] wg + bg), o = logistic([x; h] wo + po c + bo) with the new c,
// h <- o tanh(c).
etrace.model @peephole_lstm {
  etrace.param @wi : tensor<8x5xf32> init #etrace.xavier
  etrace.param @bi : tensor<5xf32>
  etrace.param @wf : tensor<8x5xf32> init #etrace.xavier
  etrace.param @bf : tensor<5xf32>
  etrace.param @wg : tensor<8x5xf32> init #etrace.xavier
  etrace.param @bg : tensor<5xf32>
  etrace.param @wo : tensor<8x5xf32> init #etrace.xavier
  etrace.param @bo : tensor<5xf32>
  etrace.param @pi : tensor<5xf32> init #etrace.normal<std = 0.5>
  etrace.param @pf : tensor<5xf32> init #etrace.normal<std = 0.5>
  etrace.param @po : tensor<5xf32> init #etrace.normal<std = 0.5>
  etrace.hidden @h : tensor<5xf32>
  etrace.hidden @c : tensor<5xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<5xf32> {
    %h = etrace.get @h : tensor<5xf32>
    %c = etrace.get @c : tensor<5xf32>
    %wi = etrace.get @wi : tensor<8x5xf32>
    %bi = etrace.get @bi : tensor<5xf32>
    %wf = etrace.get @wf : tensor<8x5xf32>
    %bf = etrace.get @bf : tensor<5xf32>
    %wg = etrace.get @wg : tensor<8x5xf32>
    %bg = etrace.get @bg : tensor<5xf32>
    %wo = etrace.get @wo : tensor<8x5xf32>
    %bo = etrace.get @bo : tensor<5xf32>
    %pi = etrace.get @pi : tensor<5xf32>
    %pf = etrace.get @pf : tensor<5xf32>
    %po = etrace.get @po : tensor<5xf32>
    %xh = tensor.concat dim(0) %x, %h : (tensor<3xf32>, tensor<5xf32>) -> tensor<8xf32>
    %yi = etrace.matmul %xh, %wi bias %bi
        : tensor<8xf32>, tensor<8x5xf32>, tensor<5xf32> -> tensor<5xf32>
    %pi1 = etrace.elementwise %pi : tensor<5xf32>
    %0 = arith.mulf %pi1, %c : tensor<5xf32>
    %ai = arith.addf %yi, %0 : tensor<5xf32>
    %i = etrace.logistic %ai : tensor<5xf32>
    %yf = etrace.matmul %xh, %wf bias %bf
        : tensor<8xf32>, tensor<8x5xf32>, tensor<5xf32> -> tensor<5xf32>
    %pf1 = etrace.elementwise %pf : tensor<5xf32>
    %1 = arith.mulf %pf1, %c : tensor<5xf32>
    %af = arith.addf %yf, %1 : tensor<5xf32>
    %f = etrace.logistic %af : tensor<5xf32>
    %yg = etrace.matmul %xh, %wg bias %bg
        : tensor<8xf32>, tensor<8x5xf32>, tensor<5xf32> -> tensor<5xf32>
    %g = math.tanh %yg : tensor<5xf32>
    %2 = arith.mulf %f, %c : tensor<5xf32>
    %3 = arith.mulf %i, %g : tensor<5xf32>
    %c1 = arith.addf %2, %3 : tensor<5xf32>
    etrace.set @c, %c1 : tensor<5xf32>
    %yo = etrace.matmul %xh, %wo bias %bo
        : tensor<8xf32>, tensor<8x5xf32>, tensor<5xf32> -> tensor<5xf32>
    %po1 = etrace.elementwise %po : tensor<5xf32>
    %4 = arith.mulf %po1, %c1 : tensor<5xf32>
    %ao = arith.addf %yo, %4 : tensor<5xf32>
    %o = etrace.logistic %ao : tensor<5xf32>
    %tc = math.tanh %c1 : tensor<5xf32>
    %h1 = arith.mulf %o, %tc : tensor<5xf32>
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
