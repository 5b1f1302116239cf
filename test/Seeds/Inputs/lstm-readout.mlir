// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// S002-28: long short-term memory and a readout. The new h reads the new c within the step.
etrace.model @lstm_readout {
  etrace.param @rnn.Wi.weight.weight : tensor<7x4xf32>
  etrace.param @rnn.Wi.weight.bias : tensor<4xf32>
  etrace.param @rnn.Wg.weight.weight : tensor<7x4xf32>
  etrace.param @rnn.Wg.weight.bias : tensor<4xf32>
  etrace.param @rnn.Wf.weight.weight : tensor<7x4xf32>
  etrace.param @rnn.Wf.weight.bias : tensor<4xf32>
  etrace.param @rnn.Wo.weight.weight : tensor<7x4xf32>
  etrace.param @rnn.Wo.weight.bias : tensor<4xf32>
  etrace.hidden @rnn.h : tensor<4xf32>
  etrace.hidden @rnn.c : tensor<4xf32>
  etrace.param @out.weight.weight : tensor<4x2xf32>
  etrace.param @out.weight.bias : tensor<2xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<2xf32> {
    %h = etrace.get @rnn.h : tensor<4xf32>
    %c = etrace.get @rnn.c : tensor<4xf32>
    %wi = etrace.get @rnn.Wi.weight.weight : tensor<7x4xf32>
    %bi = etrace.get @rnn.Wi.weight.bias : tensor<4xf32>
    %wg = etrace.get @rnn.Wg.weight.weight : tensor<7x4xf32>
    %bg = etrace.get @rnn.Wg.weight.bias : tensor<4xf32>
    %wf = etrace.get @rnn.Wf.weight.weight : tensor<7x4xf32>
    %bf = etrace.get @rnn.Wf.weight.bias : tensor<4xf32>
    %wo = etrace.get @rnn.Wo.weight.weight : tensor<7x4xf32>
    %bo = etrace.get @rnn.Wo.weight.bias : tensor<4xf32>
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
    etrace.set @rnn.c, %c1 : tensor<4xf32>
    %tc = math.tanh %c1 : tensor<4xf32>
    %h1 = arith.mulf %o, %tc : tensor<4xf32>
    etrace.set @rnn.h, %h1 : tensor<4xf32>
    %wout = etrace.get @out.weight.weight : tensor<4x2xf32>
    %bout = etrace.get @out.weight.bias : tensor<2xf32>
    %y = etrace.matmul %h1, %wout bias %bout
        : tensor<4xf32>, tensor<4x2xf32>, tensor<2xf32> -> tensor<2xf32>
    etrace.yield %y : tensor<2xf32>
  }
  etrace.loss @mean_squared_error(%out: tensor<2xf32>, %target: tensor<2xf32>) -> f32 {
    %d = arith.subf %out, %target : tensor<2xf32>
    %s = arith.mulf %d, %d : tensor<2xf32>
    %zero = arith.constant dense<0.0> : tensor<f32>
    %sum = linalg.reduce { arith.addf } ins(%s : tensor<2xf32>)
        outs(%zero : tensor<f32>) dimensions = [0]
    %loss = tensor.extract %sum[] : tensor<f32>
    %n = arith.constant 2.0 : f32
    %mean = arith.divf %loss, %n : f32
    etrace.yield %mean : f32
  }
}
