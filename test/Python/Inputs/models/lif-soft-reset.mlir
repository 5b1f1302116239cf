etrace.model @Spiking {
  etrace.hidden @neu.V : tensor<4xf64> {unit = "mV"}
  etrace.param @syn.weight.bias : tensor<4xf64>
  etrace.param @syn.weight.weight : tensor<7x4xf64>
  etrace.step @update(%x0: tensor<3xf64>) -> tensor<4xf64> {
    %1 = etrace.get @neu.V : tensor<4xf64>
    %2 = etrace.get @syn.weight.bias : tensor<4xf64>
    %3 = etrace.get @syn.weight.weight : tensor<7x4xf64>
    %4 = arith.constant dense<1.0> : tensor<4xf64> loc("Spiking.spikes"("Parity/catalogue.py":62:16))
    %5 = arith.subf %1, %4 : tensor<4xf64> loc("Spiking.spikes"("Parity/catalogue.py":62:16))
    %6 = arith.constant dense<1.0> : tensor<4xf64> loc("Spiking.spikes"("Parity/catalogue.py":62:16))
    %7 = arith.divf %5, %6 : tensor<4xf64> loc("Spiking.spikes"("Parity/catalogue.py":62:16))
    %8 = etrace.stop_gradient %7 : tensor<4xf64> loc("Spiking.spikes"("Parity/catalogue.py":62:16))
    %9 = math.absf %8 : tensor<4xf64> loc("Spiking.spikes"("Parity/catalogue.py":62:16))
    %10 = arith.constant dense<0.3> : tensor<4xf64> loc("Spiking.spikes"("Parity/catalogue.py":62:16))
    %11 = arith.mulf %9, %10 : tensor<4xf64> loc("Spiking.spikes"("Parity/catalogue.py":62:16))
    %12 = arith.constant dense<0.3> : tensor<4xf64> loc("Spiking.spikes"("Parity/catalogue.py":62:16))
    %13 = arith.subf %12, %11 : tensor<4xf64> loc("Spiking.spikes"("Parity/catalogue.py":62:16))
    %14 = arith.constant dense<0.0> : tensor<4xf64> loc("Spiking.spikes"("Parity/catalogue.py":62:16))
    %15 = arith.maximumf %13, %14 : tensor<4xf64> loc("Spiking.spikes"("Parity/catalogue.py":62:16))
    %16 = etrace.spike %7 derivative(%15) : tensor<4xf64> loc("Spiking.spikes"("Parity/catalogue.py":62:16))
    %17 = tensor.concat dim(0) %x0, %16 : (tensor<3xf64>, tensor<4xf64>) -> tensor<7xf64> loc("Spiking.update"("Parity/catalogue.py":65:34))
    %18 = etrace.matmul %17, %3 bias %2 : tensor<7xf64>, tensor<7x4xf64>, tensor<4xf64> -> tensor<4xf64> loc("Spiking.update"("Parity/catalogue.py":65:25))
    %19 = arith.constant dense<1.0> : tensor<4xf64> loc("Spiking.update"("Parity/catalogue.py":65:25))
    %20 = arith.mulf %18, %19 : tensor<4xf64> loc("Spiking.update"("Parity/catalogue.py":65:25))
    %21 = arith.constant dense<3.0> : tensor<4xf64> loc("Spiking.update"("Parity/catalogue.py":65:25))
    %22 = arith.mulf %21, %20 : tensor<4xf64> loc("Spiking.update"("Parity/catalogue.py":65:25))
    %23 = arith.constant dense<1.0> : tensor<4xf64> loc("Spiking.update"("Parity/catalogue.py":65:16))
    %24 = arith.subf %1, %23 : tensor<4xf64> loc("Spiking.update"("Parity/catalogue.py":65:16))
    %25 = arith.constant dense<1.0> : tensor<4xf64> loc("Spiking.update"("Parity/catalogue.py":65:16))
    %26 = arith.divf %24, %25 : tensor<4xf64> loc("Spiking.update"("Parity/catalogue.py":65:16))
    %27 = etrace.stop_gradient %26 : tensor<4xf64> loc("Spiking.update"("Parity/catalogue.py":65:16))
    %28 = math.absf %27 : tensor<4xf64> loc("Spiking.update"("Parity/catalogue.py":65:16))
    %29 = arith.constant dense<0.3> : tensor<4xf64> loc("Spiking.update"("Parity/catalogue.py":65:16))
    %30 = arith.mulf %28, %29 : tensor<4xf64> loc("Spiking.update"("Parity/catalogue.py":65:16))
    %31 = arith.constant dense<0.3> : tensor<4xf64> loc("Spiking.update"("Parity/catalogue.py":65:16))
    %32 = arith.subf %31, %30 : tensor<4xf64> loc("Spiking.update"("Parity/catalogue.py":65:16))
    %33 = arith.constant dense<0.0> : tensor<4xf64> loc("Spiking.update"("Parity/catalogue.py":65:16))
    %34 = arith.maximumf %32, %33 : tensor<4xf64> loc("Spiking.update"("Parity/catalogue.py":65:16))
    %35 = etrace.spike %26 derivative(%34) : tensor<4xf64> loc("Spiking.update"("Parity/catalogue.py":65:16))
    %36 = arith.constant dense<1.0> : tensor<4xf64> loc("Spiking.update"("Parity/catalogue.py":65:16))
    %37 = arith.mulf %36, %35 : tensor<4xf64> loc("Spiking.update"("Parity/catalogue.py":65:16))
    %38 = arith.subf %1, %37 : tensor<4xf64> loc("Spiking.update"("Parity/catalogue.py":65:16))
    %39 = arith.negf %38 : tensor<4xf64> loc("LIF.update.<locals>.<lambda>"("brainpy_state/_brainpy/lif.py":289:25))
    %40 = arith.constant dense<0.0> : tensor<4xf64> loc("LIF.update.<locals>.<lambda>"("brainpy_state/_brainpy/lif.py":289:25))
    %41 = arith.addf %39, %40 : tensor<4xf64> loc("LIF.update.<locals>.<lambda>"("brainpy_state/_brainpy/lif.py":289:25))
    %42 = arith.constant dense<1.0> : tensor<4xf64> loc("LIF.update.<locals>.<lambda>"("brainpy_state/_brainpy/lif.py":289:44))
    %43 = arith.mulf %42, %22 : tensor<4xf64> loc("LIF.update.<locals>.<lambda>"("brainpy_state/_brainpy/lif.py":289:44))
    %44 = arith.addf %41, %43 : tensor<4xf64> loc("LIF.update.<locals>.<lambda>"("brainpy_state/_brainpy/lif.py":289:25))
    %45 = arith.constant dense<5.0> : tensor<4xf64> loc("LIF.update.<locals>.<lambda>"("brainpy_state/_brainpy/lif.py":289:24))
    %46 = arith.divf %44, %45 : tensor<4xf64> loc("LIF.update.<locals>.<lambda>"("brainpy_state/_brainpy/lif.py":289:24))
    %47 = arith.constant dense<0.9063462346100907> : tensor<4xf64> loc("Spiking.update"("Parity/catalogue.py":65:16))
    %48 = arith.mulf %47, %46 : tensor<4xf64> loc("Spiking.update"("Parity/catalogue.py":65:16))
    %49 = arith.addf %38, %48 : tensor<4xf64> loc("Spiking.update"("Parity/catalogue.py":65:16))
    %50 = arith.constant dense<1.0> : tensor<4xf64> loc("Spiking.update"("Parity/catalogue.py":65:16))
    %51 = arith.subf %49, %50 : tensor<4xf64> loc("Spiking.update"("Parity/catalogue.py":65:16))
    %52 = arith.constant dense<1.0> : tensor<4xf64> loc("Spiking.update"("Parity/catalogue.py":65:16))
    %53 = arith.divf %51, %52 : tensor<4xf64> loc("Spiking.update"("Parity/catalogue.py":65:16))
    %54 = etrace.stop_gradient %53 : tensor<4xf64> loc("Spiking.update"("Parity/catalogue.py":65:16))
    %55 = math.absf %54 : tensor<4xf64> loc("Spiking.update"("Parity/catalogue.py":65:16))
    %56 = arith.constant dense<0.3> : tensor<4xf64> loc("Spiking.update"("Parity/catalogue.py":65:16))
    %57 = arith.mulf %55, %56 : tensor<4xf64> loc("Spiking.update"("Parity/catalogue.py":65:16))
    %58 = arith.constant dense<0.3> : tensor<4xf64> loc("Spiking.update"("Parity/catalogue.py":65:16))
    %59 = arith.subf %58, %57 : tensor<4xf64> loc("Spiking.update"("Parity/catalogue.py":65:16))
    %60 = arith.constant dense<0.0> : tensor<4xf64> loc("Spiking.update"("Parity/catalogue.py":65:16))
    %61 = arith.maximumf %59, %60 : tensor<4xf64> loc("Spiking.update"("Parity/catalogue.py":65:16))
    %62 = etrace.spike %53 derivative(%61) : tensor<4xf64> loc("Spiking.update"("Parity/catalogue.py":65:16))
    etrace.set @neu.V, %49 : tensor<4xf64>
    etrace.yield %62 : tensor<4xf64>
  }
  etrace.loss @loss(%out0: tensor<4xf64>, %target0: tensor<4xf64>) -> f64 {
    %63 = arith.subf %out0, %target0 : tensor<4xf64> loc("loss_of"("Parity/check.py":68:14))
    %64 = arith.mulf %63, %63 : tensor<4xf64> loc("loss_of"("Parity/check.py":68:13))
    %65 = arith.constant 0.0 : f64 loc("loss_of"("Parity/check.py":68:12))
    %66 = tensor.empty() : tensor<f64> loc("loss_of"("Parity/check.py":68:12))
    %67 = linalg.fill ins(%65 : f64) outs(%66 : tensor<f64>) -> tensor<f64> loc("loss_of"("Parity/check.py":68:12))
    %68 = linalg.reduce { arith.addf } ins(%64 : tensor<4xf64>) outs(%67 : tensor<f64>) dimensions = [0] loc("loss_of"("Parity/check.py":68:12))
    %69 = arith.constant dense<0.0> : tensor<f64> loc("loss_of"("Parity/check.py":68:12))
    %70 = arith.addf %68, %69 : tensor<f64> loc("loss_of"("Parity/check.py":68:12))
    %71 = tensor.extract %70[] : tensor<f64>
    etrace.yield %71 : f64
  }
}
