etrace.model @GRUCell {
  etrace.hidden @h : tensor<4xf64>
  etrace.param @Wz.weight.bias : tensor<4xf64>
  etrace.param @Wz.weight.weight : tensor<7x4xf64>
  etrace.param @Wr.weight.bias : tensor<4xf64>
  etrace.param @Wr.weight.weight : tensor<7x4xf64>
  etrace.param @Wh.weight.bias : tensor<4xf64>
  etrace.param @Wh.weight.weight : tensor<7x4xf64>
  etrace.step @update(%x0: tensor<3xf64>) -> tensor<4xf64> {
    %1 = etrace.get @h : tensor<4xf64>
    %2 = etrace.get @Wz.weight.bias : tensor<4xf64>
    %3 = etrace.get @Wz.weight.weight : tensor<7x4xf64>
    %4 = etrace.get @Wr.weight.bias : tensor<4xf64>
    %5 = etrace.get @Wr.weight.weight : tensor<7x4xf64>
    %6 = etrace.get @Wh.weight.bias : tensor<4xf64>
    %7 = etrace.get @Wh.weight.weight : tensor<7x4xf64>
    %8 = tensor.concat dim(0) %x0, %1 : (tensor<3xf64>, tensor<4xf64>) -> tensor<7xf64> loc("GRUCell.update"("braintrace/nn/_rnn.py":233:14))
    %9 = etrace.matmul %8, %3 bias %2 : tensor<7xf64>, tensor<7x4xf64>, tensor<4xf64> -> tensor<4xf64> loc("matmul"("braintrace/_op/dense.py":833:13))
    %10 = arith.constant dense<1.0> : tensor<4xf64> loc("matmul"("braintrace/_op/dense.py":838:28))
    %11 = arith.mulf %9, %10 : tensor<4xf64> loc("matmul"("braintrace/_op/dense.py":838:28))
    %12 = etrace.logistic %11 : tensor<4xf64> loc("sigmoid"("brainstate/nn/_activations.py":477:12))
    %13 = etrace.matmul %8, %5 bias %4 : tensor<7xf64>, tensor<7x4xf64>, tensor<4xf64> -> tensor<4xf64> loc("matmul"("braintrace/_op/dense.py":833:13))
    %14 = arith.constant dense<1.0> : tensor<4xf64> loc("matmul"("braintrace/_op/dense.py":838:28))
    %15 = arith.mulf %13, %14 : tensor<4xf64> loc("matmul"("braintrace/_op/dense.py":838:28))
    %16 = etrace.logistic %15 : tensor<4xf64> loc("sigmoid"("brainstate/nn/_activations.py":477:12))
    %17 = arith.mulf %16, %1 : tensor<4xf64> loc("GRUCell.update"("braintrace/nn/_rnn.py":236:14))
    %18 = tensor.concat dim(0) %x0, %17 : (tensor<3xf64>, tensor<4xf64>) -> tensor<7xf64> loc("GRUCell.update"("braintrace/nn/_rnn.py":237:37))
    %19 = etrace.matmul %18, %7 bias %6 : tensor<7xf64>, tensor<7x4xf64>, tensor<4xf64> -> tensor<4xf64> loc("matmul"("braintrace/_op/dense.py":833:13))
    %20 = arith.constant dense<1.0> : tensor<4xf64> loc("matmul"("braintrace/_op/dense.py":838:28))
    %21 = arith.mulf %19, %20 : tensor<4xf64> loc("matmul"("braintrace/_op/dense.py":838:28))
    %22 = math.tanh %21 : tensor<4xf64> loc("tanh"("brainstate/nn/_activations.py":89:12))
    %23 = arith.constant dense<1.0> : tensor<4xf64> loc("GRUCell.update"("braintrace/nn/_rnn.py":238:14))
    %24 = arith.subf %23, %12 : tensor<4xf64> loc("GRUCell.update"("braintrace/nn/_rnn.py":238:14))
    %25 = arith.mulf %24, %1 : tensor<4xf64> loc("GRUCell.update"("braintrace/nn/_rnn.py":238:13))
    %26 = arith.mulf %12, %22 : tensor<4xf64> loc("GRUCell.update"("braintrace/nn/_rnn.py":238:31))
    %27 = arith.addf %25, %26 : tensor<4xf64> loc("GRUCell.update"("braintrace/nn/_rnn.py":238:13))
    etrace.set @h, %27 : tensor<4xf64>
    etrace.yield %27 : tensor<4xf64>
  }
  etrace.loss @loss(%out0: tensor<4xf64>, %target0: tensor<4xf64>) -> f64 {
    %28 = arith.subf %out0, %target0 : tensor<4xf64> loc("loss_of"("Parity/check.py":68:14))
    %29 = arith.mulf %28, %28 : tensor<4xf64> loc("loss_of"("Parity/check.py":68:13))
    %30 = arith.constant 0.0 : f64 loc("loss_of"("Parity/check.py":68:12))
    %31 = tensor.empty() : tensor<f64> loc("loss_of"("Parity/check.py":68:12))
    %32 = linalg.fill ins(%30 : f64) outs(%31 : tensor<f64>) -> tensor<f64> loc("loss_of"("Parity/check.py":68:12))
    %33 = linalg.reduce { arith.addf } ins(%29 : tensor<4xf64>) outs(%32 : tensor<f64>) dimensions = [0] loc("loss_of"("Parity/check.py":68:12))
    %34 = arith.constant dense<0.0> : tensor<f64> loc("loss_of"("Parity/check.py":68:12))
    %35 = arith.addf %33, %34 : tensor<f64> loc("loss_of"("Parity/check.py":68:12))
    %36 = tensor.extract %35[] : tensor<f64>
    etrace.yield %36 : f64
  }
}
