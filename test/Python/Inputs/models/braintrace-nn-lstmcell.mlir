etrace.model @LSTMCell {
  etrace.hidden @h : tensor<4xf64>
  etrace.hidden @c : tensor<4xf64>
  etrace.param @Wi.weight.bias : tensor<4xf64>
  etrace.param @Wi.weight.weight : tensor<7x4xf64>
  etrace.param @Wg.weight.bias : tensor<4xf64>
  etrace.param @Wg.weight.weight : tensor<7x4xf64>
  etrace.param @Wf.weight.bias : tensor<4xf64>
  etrace.param @Wf.weight.weight : tensor<7x4xf64>
  etrace.param @Wo.weight.bias : tensor<4xf64>
  etrace.param @Wo.weight.weight : tensor<7x4xf64>
  etrace.step @update(%x0: tensor<3xf64>) -> tensor<4xf64> {
    %1 = etrace.get @h : tensor<4xf64>
    %2 = etrace.get @c : tensor<4xf64>
    %3 = etrace.get @Wi.weight.bias : tensor<4xf64>
    %4 = etrace.get @Wi.weight.weight : tensor<7x4xf64>
    %5 = etrace.get @Wg.weight.bias : tensor<4xf64>
    %6 = etrace.get @Wg.weight.weight : tensor<7x4xf64>
    %7 = etrace.get @Wf.weight.bias : tensor<4xf64>
    %8 = etrace.get @Wf.weight.weight : tensor<7x4xf64>
    %9 = etrace.get @Wo.weight.bias : tensor<4xf64>
    %10 = etrace.get @Wo.weight.weight : tensor<7x4xf64>
    %11 = tensor.concat dim(0) %x0, %1 : (tensor<3xf64>, tensor<4xf64>) -> tensor<7xf64> loc("LSTMCell.update"("braintrace/nn/_rnn.py":593:14))
    %12 = etrace.matmul %11, %4 bias %3 : tensor<7xf64>, tensor<7x4xf64>, tensor<4xf64> -> tensor<4xf64> loc("matmul"("braintrace/_op/dense.py":833:13))
    %13 = arith.constant dense<1.0> : tensor<4xf64> loc("matmul"("braintrace/_op/dense.py":838:28))
    %14 = arith.mulf %12, %13 : tensor<4xf64> loc("matmul"("braintrace/_op/dense.py":838:28))
    %15 = etrace.matmul %11, %6 bias %5 : tensor<7xf64>, tensor<7x4xf64>, tensor<4xf64> -> tensor<4xf64> loc("matmul"("braintrace/_op/dense.py":833:13))
    %16 = arith.constant dense<1.0> : tensor<4xf64> loc("matmul"("braintrace/_op/dense.py":838:28))
    %17 = arith.mulf %15, %16 : tensor<4xf64> loc("matmul"("braintrace/_op/dense.py":838:28))
    %18 = etrace.matmul %11, %8 bias %7 : tensor<7xf64>, tensor<7x4xf64>, tensor<4xf64> -> tensor<4xf64> loc("matmul"("braintrace/_op/dense.py":833:13))
    %19 = arith.constant dense<1.0> : tensor<4xf64> loc("matmul"("braintrace/_op/dense.py":838:28))
    %20 = arith.mulf %18, %19 : tensor<4xf64> loc("matmul"("braintrace/_op/dense.py":838:28))
    %21 = etrace.matmul %11, %10 bias %9 : tensor<7xf64>, tensor<7x4xf64>, tensor<4xf64> -> tensor<4xf64> loc("matmul"("braintrace/_op/dense.py":833:13))
    %22 = arith.constant dense<1.0> : tensor<4xf64> loc("matmul"("braintrace/_op/dense.py":838:28))
    %23 = arith.mulf %21, %22 : tensor<4xf64> loc("matmul"("braintrace/_op/dense.py":838:28))
    %24 = arith.constant dense<1.0> : tensor<4xf64> loc("LSTMCell.update"("braintrace/nn/_rnn.py":598:35))
    %25 = arith.addf %20, %24 : tensor<4xf64> loc("LSTMCell.update"("braintrace/nn/_rnn.py":598:35))
    %26 = etrace.logistic %25 : tensor<4xf64> loc("sigmoid"("brainstate/nn/_activations.py":477:12))
    %27 = arith.mulf %26, %2 : tensor<4xf64> loc("LSTMCell.update"("braintrace/nn/_rnn.py":598:13))
    %28 = etrace.logistic %14 : tensor<4xf64> loc("sigmoid"("brainstate/nn/_activations.py":477:12))
    %29 = math.tanh %17 : tensor<4xf64> loc("tanh"("brainstate/nn/_activations.py":89:12))
    %30 = arith.mulf %28, %29 : tensor<4xf64> loc("LSTMCell.update"("braintrace/nn/_rnn.py":598:49))
    %31 = arith.addf %27, %30 : tensor<4xf64> loc("LSTMCell.update"("braintrace/nn/_rnn.py":598:13))
    %32 = etrace.logistic %23 : tensor<4xf64> loc("sigmoid"("brainstate/nn/_activations.py":477:12))
    %33 = math.tanh %31 : tensor<4xf64> loc("tanh"("brainstate/nn/_activations.py":89:12))
    %34 = arith.mulf %32, %33 : tensor<4xf64> loc("LSTMCell.update"("braintrace/nn/_rnn.py":599:13))
    etrace.set @h, %34 : tensor<4xf64>
    etrace.set @c, %31 : tensor<4xf64>
    etrace.yield %34 : tensor<4xf64>
  }
  etrace.loss @loss(%out0: tensor<4xf64>, %target0: tensor<4xf64>) -> f64 {
    %35 = arith.subf %out0, %target0 : tensor<4xf64> loc("loss_of"("Parity/check.py":68:14))
    %36 = arith.mulf %35, %35 : tensor<4xf64> loc("loss_of"("Parity/check.py":68:13))
    %37 = arith.constant 0.0 : f64 loc("loss_of"("Parity/check.py":68:12))
    %38 = tensor.empty() : tensor<f64> loc("loss_of"("Parity/check.py":68:12))
    %39 = linalg.fill ins(%37 : f64) outs(%38 : tensor<f64>) -> tensor<f64> loc("loss_of"("Parity/check.py":68:12))
    %40 = linalg.reduce { arith.addf } ins(%36 : tensor<4xf64>) outs(%39 : tensor<f64>) dimensions = [0] loc("loss_of"("Parity/check.py":68:12))
    %41 = arith.constant dense<0.0> : tensor<f64> loc("loss_of"("Parity/check.py":68:12))
    %42 = arith.addf %40, %41 : tensor<f64> loc("loss_of"("Parity/check.py":68:12))
    %43 = tensor.extract %42[] : tensor<f64>
    etrace.yield %43 : f64
  }
}
