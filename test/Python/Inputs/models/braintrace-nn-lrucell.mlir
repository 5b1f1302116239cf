etrace.model @LRUCell {
  etrace.param @nu_log : tensor<4xf64>
  etrace.param @theta_log : tensor<4xf64>
  etrace.param @gamma_log : tensor<4xf64>
  etrace.hidden @h_re : tensor<4xf64>
  etrace.hidden @h_im : tensor<4xf64>
  etrace.param @B_re.weight.weight : tensor<3x4xf64>
  etrace.param @B_im.weight.weight : tensor<3x4xf64>
  etrace.param @C_re.weight.weight : tensor<4x3xf64>
  etrace.param @C_im.weight.weight : tensor<4x3xf64>
  etrace.param @D : tensor<3xf64>
  etrace.step @update(%x0: tensor<3xf64>) -> tensor<3xf64> {
    %1 = etrace.get @nu_log : tensor<4xf64>
    %2 = etrace.get @theta_log : tensor<4xf64>
    %3 = etrace.get @gamma_log : tensor<4xf64>
    %4 = etrace.get @h_re : tensor<4xf64>
    %5 = etrace.get @h_im : tensor<4xf64>
    %6 = etrace.get @B_re.weight.weight : tensor<3x4xf64>
    %7 = etrace.get @B_im.weight.weight : tensor<3x4xf64>
    %8 = etrace.get @C_re.weight.weight : tensor<4x3xf64>
    %9 = etrace.get @C_im.weight.weight : tensor<4x3xf64>
    %10 = etrace.get @D : tensor<3xf64>
    %11 = etrace.elementwise %1 : tensor<4xf64> loc("element_wise"("braintrace/_op/elemwise.py":522:9))
    %12 = math.exp %11 : tensor<4xf64> loc("LRUCell.update"("braintrace/nn/_rnn.py":1152:25))
    %13 = arith.negf %12 : tensor<4xf64> loc("LRUCell.update"("braintrace/nn/_rnn.py":1152:24))
    %14 = math.exp %13 : tensor<4xf64> loc("LRUCell.update"("braintrace/nn/_rnn.py":1152:13))
    %15 = etrace.elementwise %2 : tensor<4xf64> loc("element_wise"("braintrace/_op/elemwise.py":522:9))
    %16 = math.exp %15 : tensor<4xf64> loc("LRUCell.update"("braintrace/nn/_rnn.py":1153:13))
    %17 = etrace.elementwise %3 : tensor<4xf64> loc("element_wise"("braintrace/_op/elemwise.py":522:9))
    %18 = math.exp %17 : tensor<4xf64> loc("LRUCell.update"("braintrace/nn/_rnn.py":1154:13))
    %19 = math.cos %16 : tensor<4xf64> loc("LRUCell.update"("braintrace/nn/_rnn.py":1155:23))
    %20 = arith.mulf %14, %19 : tensor<4xf64> loc("LRUCell.update"("braintrace/nn/_rnn.py":1155:19))
    %21 = math.sin %16 : tensor<4xf64> loc("LRUCell.update"("braintrace/nn/_rnn.py":1156:23))
    %22 = arith.mulf %14, %21 : tensor<4xf64> loc("LRUCell.update"("braintrace/nn/_rnn.py":1156:19))
    %23 = arith.mulf %20, %4 : tensor<4xf64> loc("LRUCell.update"("braintrace/nn/_rnn.py":1159:20))
    %24 = arith.mulf %22, %5 : tensor<4xf64> loc("LRUCell.update"("braintrace/nn/_rnn.py":1159:48))
    %25 = arith.subf %23, %24 : tensor<4xf64> loc("LRUCell.update"("braintrace/nn/_rnn.py":1159:20))
    %26 = etrace.matmul %x0, %6 : tensor<3xf64>, tensor<3x4xf64> -> tensor<4xf64> loc("matmul"("braintrace/_op/dense.py":836:13))
    %27 = arith.constant dense<1.0> : tensor<4xf64> loc("matmul"("braintrace/_op/dense.py":838:28))
    %28 = arith.mulf %26, %27 : tensor<4xf64> loc("matmul"("braintrace/_op/dense.py":838:28))
    %29 = arith.mulf %18, %28 : tensor<4xf64> loc("LRUCell.update"("braintrace/nn/_rnn.py":1159:76))
    %30 = arith.addf %25, %29 : tensor<4xf64> loc("LRUCell.update"("braintrace/nn/_rnn.py":1159:20))
    %31 = arith.mulf %22, %4 : tensor<4xf64> loc("LRUCell.update"("braintrace/nn/_rnn.py":1160:20))
    %32 = arith.mulf %20, %5 : tensor<4xf64> loc("LRUCell.update"("braintrace/nn/_rnn.py":1160:48))
    %33 = arith.addf %31, %32 : tensor<4xf64> loc("LRUCell.update"("braintrace/nn/_rnn.py":1160:20))
    %34 = etrace.matmul %x0, %7 : tensor<3xf64>, tensor<3x4xf64> -> tensor<4xf64> loc("matmul"("braintrace/_op/dense.py":836:13))
    %35 = arith.constant dense<1.0> : tensor<4xf64> loc("matmul"("braintrace/_op/dense.py":838:28))
    %36 = arith.mulf %34, %35 : tensor<4xf64> loc("matmul"("braintrace/_op/dense.py":838:28))
    %37 = arith.mulf %18, %36 : tensor<4xf64> loc("LRUCell.update"("braintrace/nn/_rnn.py":1160:76))
    %38 = arith.addf %33, %37 : tensor<4xf64> loc("LRUCell.update"("braintrace/nn/_rnn.py":1160:20))
    %39 = etrace.matmul %30, %8 : tensor<4xf64>, tensor<4x3xf64> -> tensor<3xf64> loc("matmul"("braintrace/_op/dense.py":836:13))
    %40 = arith.constant dense<1.0> : tensor<3xf64> loc("matmul"("braintrace/_op/dense.py":838:28))
    %41 = arith.mulf %39, %40 : tensor<3xf64> loc("matmul"("braintrace/_op/dense.py":838:28))
    %42 = etrace.matmul %38, %9 : tensor<4xf64>, tensor<4x3xf64> -> tensor<3xf64> loc("matmul"("braintrace/_op/dense.py":836:13))
    %43 = arith.constant dense<1.0> : tensor<3xf64> loc("matmul"("braintrace/_op/dense.py":838:28))
    %44 = arith.mulf %42, %43 : tensor<3xf64> loc("matmul"("braintrace/_op/dense.py":838:28))
    %45 = arith.subf %41, %44 : tensor<3xf64> loc("LRUCell.update"("braintrace/nn/_rnn.py":1163:13))
    %46 = etrace.elementwise %10 : tensor<3xf64> loc("element_wise"("braintrace/_op/elemwise.py":522:9))
    %47 = arith.mulf %x0, %46 : tensor<3xf64> loc("LRUCell.update"("braintrace/nn/_rnn.py":1163:71))
    %48 = arith.addf %45, %47 : tensor<3xf64> loc("LRUCell.update"("braintrace/nn/_rnn.py":1163:13))
    etrace.set @h_re, %30 : tensor<4xf64>
    etrace.set @h_im, %38 : tensor<4xf64>
    etrace.yield %48 : tensor<3xf64>
  }
  etrace.loss @loss(%out0: tensor<3xf64>, %target0: tensor<3xf64>) -> f64 {
    %49 = arith.subf %out0, %target0 : tensor<3xf64> loc("loss_of"("Parity/check.py":68:14))
    %50 = arith.mulf %49, %49 : tensor<3xf64> loc("loss_of"("Parity/check.py":68:13))
    %51 = arith.constant 0.0 : f64 loc("loss_of"("Parity/check.py":68:12))
    %52 = tensor.empty() : tensor<f64> loc("loss_of"("Parity/check.py":68:12))
    %53 = linalg.fill ins(%51 : f64) outs(%52 : tensor<f64>) -> tensor<f64> loc("loss_of"("Parity/check.py":68:12))
    %54 = linalg.reduce { arith.addf } ins(%50 : tensor<3xf64>) outs(%53 : tensor<f64>) dimensions = [0] loc("loss_of"("Parity/check.py":68:12))
    %55 = arith.constant dense<0.0> : tensor<f64> loc("loss_of"("Parity/check.py":68:12))
    %56 = arith.addf %54, %55 : tensor<f64> loc("loss_of"("Parity/check.py":68:12))
    %57 = tensor.extract %56[] : tensor<f64>
    etrace.yield %57 : f64
  }
}
