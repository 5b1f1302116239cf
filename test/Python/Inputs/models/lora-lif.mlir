etrace.model @Wrapped {
  etrace.param @layers.0.weight.lora_a : tensor<3x2xf64>
  etrace.param @layers.0.weight.lora_b : tensor<2x4xf64>
  etrace.hidden @layers.1.neu.V : tensor<4xf64> {unit = "mV"}
  etrace.step @update(%x0: tensor<3xf64>) -> tensor<4xf64> {
    %1 = etrace.get @layers.0.weight.lora_a : tensor<3x2xf64>
    %2 = etrace.get @layers.0.weight.lora_b : tensor<2x4xf64>
    %3 = etrace.get @layers.1.neu.V : tensor<4xf64>
    %4 = etrace.lora_matmul %x0, %1, %2 alpha 0.5 : tensor<3xf64>, tensor<3x2xf64>, tensor<2x4xf64> -> tensor<4xf64> loc("Wrapped.update"("Parity/catalogue.py":49:17))
    %5 = arith.constant dense<1.0> : tensor<4xf64> loc("Wrapped.update"("Parity/catalogue.py":49:17))
    %6 = arith.mulf %4, %5 : tensor<4xf64> loc("Wrapped.update"("Parity/catalogue.py":49:17))
    %7 = arith.constant dense<3.0> : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:25))
    %8 = arith.mulf %7, %6 : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:25))
    %9 = arith.constant dense<1.0> : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %10 = arith.subf %3, %9 : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %11 = arith.constant dense<1.0> : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %12 = arith.divf %10, %11 : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %13 = etrace.stop_gradient %12 : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %14 = math.absf %13 : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %15 = arith.constant dense<0.3> : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %16 = arith.mulf %14, %15 : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %17 = arith.constant dense<0.3> : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %18 = arith.subf %17, %16 : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %19 = arith.constant dense<0.0> : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %20 = arith.maximumf %18, %19 : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %21 = etrace.spike %12 derivative(%20) : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %22 = arith.constant dense<1.0> : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %23 = arith.mulf %22, %21 : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %24 = arith.subf %3, %23 : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %25 = arith.negf %24 : tensor<4xf64> loc("LIF.update.<locals>.<lambda>"("brainpy_state/_brainpy/lif.py":289:25))
    %26 = arith.constant dense<0.0> : tensor<4xf64> loc("LIF.update.<locals>.<lambda>"("brainpy_state/_brainpy/lif.py":289:25))
    %27 = arith.addf %25, %26 : tensor<4xf64> loc("LIF.update.<locals>.<lambda>"("brainpy_state/_brainpy/lif.py":289:25))
    %28 = arith.constant dense<1.0> : tensor<4xf64> loc("LIF.update.<locals>.<lambda>"("brainpy_state/_brainpy/lif.py":289:44))
    %29 = arith.mulf %28, %8 : tensor<4xf64> loc("LIF.update.<locals>.<lambda>"("brainpy_state/_brainpy/lif.py":289:44))
    %30 = arith.addf %27, %29 : tensor<4xf64> loc("LIF.update.<locals>.<lambda>"("brainpy_state/_brainpy/lif.py":289:25))
    %31 = arith.constant dense<5.0> : tensor<4xf64> loc("LIF.update.<locals>.<lambda>"("brainpy_state/_brainpy/lif.py":289:24))
    %32 = arith.divf %30, %31 : tensor<4xf64> loc("LIF.update.<locals>.<lambda>"("brainpy_state/_brainpy/lif.py":289:24))
    %33 = arith.constant dense<0.9063462346100907> : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %34 = arith.mulf %33, %32 : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %35 = arith.addf %24, %34 : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %36 = arith.constant dense<1.0> : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %37 = arith.subf %35, %36 : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %38 = arith.constant dense<1.0> : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %39 = arith.divf %37, %38 : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %40 = etrace.stop_gradient %39 : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %41 = math.absf %40 : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %42 = arith.constant dense<0.3> : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %43 = arith.mulf %41, %42 : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %44 = arith.constant dense<0.3> : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %45 = arith.subf %44, %43 : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %46 = arith.constant dense<0.0> : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %47 = arith.maximumf %45, %46 : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %48 = etrace.spike %39 derivative(%47) : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    etrace.set @layers.1.neu.V, %35 : tensor<4xf64>
    etrace.yield %48 : tensor<4xf64>
  }
  etrace.loss @loss(%out0: tensor<4xf64>, %target0: tensor<4xf64>) -> f64 {
    %49 = arith.subf %out0, %target0 : tensor<4xf64> loc("loss_of"("Parity/check.py":68:14))
    %50 = arith.mulf %49, %49 : tensor<4xf64> loc("loss_of"("Parity/check.py":68:13))
    %51 = arith.constant 0.0 : f64 loc("loss_of"("Parity/check.py":68:12))
    %52 = tensor.empty() : tensor<f64> loc("loss_of"("Parity/check.py":68:12))
    %53 = linalg.fill ins(%51 : f64) outs(%52 : tensor<f64>) -> tensor<f64> loc("loss_of"("Parity/check.py":68:12))
    %54 = linalg.reduce { arith.addf } ins(%50 : tensor<4xf64>) outs(%53 : tensor<f64>) dimensions = [0] loc("loss_of"("Parity/check.py":68:12))
    %55 = arith.constant dense<0.0> : tensor<f64> loc("loss_of"("Parity/check.py":68:12))
    %56 = arith.addf %54, %55 : tensor<f64> loc("loss_of"("Parity/check.py":68:12))
    %57 = tensor.extract %56[] : tensor<f64>
    etrace.yield %57 : f64
  }
}
