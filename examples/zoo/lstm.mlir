// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Long short-term memory: c <- logistic(f + 1) c + logistic(i) tanh(g), h <- logistic(o) tanh(c)
// with the new c: an edge inside the step, from c to h.
etrace.model @lstm {
  etrace.param @wi : tensor<7x4xf32>
  etrace.param @bi : tensor<4xf32>
  etrace.param @wg : tensor<7x4xf32>
  etrace.param @bg : tensor<4xf32>
  etrace.param @wf : tensor<7x4xf32>
  etrace.param @bf : tensor<4xf32>
  etrace.param @wo : tensor<7x4xf32>
  etrace.param @bo : tensor<4xf32>
  etrace.hidden @h : tensor<4xf32>
  etrace.hidden @c : tensor<4xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<4xf32> {
    %h = etrace.get @h : tensor<4xf32>
    %c = etrace.get @c : tensor<4xf32>
    %wi = etrace.get @wi : tensor<7x4xf32>
    %bi = etrace.get @bi : tensor<4xf32>
    %wg = etrace.get @wg : tensor<7x4xf32>
    %bg = etrace.get @bg : tensor<4xf32>
    %wf = etrace.get @wf : tensor<7x4xf32>
    %bf = etrace.get @bf : tensor<4xf32>
    %wo = etrace.get @wo : tensor<7x4xf32>
    %bo = etrace.get @bo : tensor<4xf32>
    %xh = tensor.concat dim(0) %x, %h : (tensor<3xf32>, tensor<4xf32>) -> tensor<7xf32>
    %ai = etrace.matmul %xh, %wi bias %bi
        : tensor<7xf32>, tensor<7x4xf32>, tensor<4xf32> -> tensor<4xf32>
    %ag = etrace.matmul %xh, %wg bias %bg
        : tensor<7xf32>, tensor<7x4xf32>, tensor<4xf32> -> tensor<4xf32>
    %af = etrace.matmul %xh, %wf bias %bf
        : tensor<7xf32>, tensor<7x4xf32>, tensor<4xf32> -> tensor<4xf32>
    %ao = etrace.matmul %xh, %wo bias %bo
        : tensor<7xf32>, tensor<7x4xf32>, tensor<4xf32> -> tensor<4xf32>
    %one = arith.constant dense<1.0> : tensor<4xf32>
    %af1 = arith.addf %af, %one : tensor<4xf32>
    %f = etrace.logistic %af1 : tensor<4xf32>
    %i = etrace.logistic %ai : tensor<4xf32>
    %g = math.tanh %ag : tensor<4xf32>
    %o = etrace.logistic %ao : tensor<4xf32>
    %kept = arith.mulf %f, %c : tensor<4xf32>
    %in = arith.mulf %i, %g : tensor<4xf32>
    %c1 = arith.addf %kept, %in : tensor<4xf32>
    etrace.set @c, %c1 : tensor<4xf32>
    %tc = math.tanh %c1 : tensor<4xf32>
    %h1 = arith.mulf %o, %tc : tensor<4xf32>
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
