etrace.model @Synaptic {
  etrace.hidden @neu.V : tensor<4xf64> {unit = "mV"}
  etrace.param @lin.weight.bias : tensor<4xf64>
  etrace.param @lin.weight.weight : tensor<7x4xf64>
  etrace.hidden @syn.g : tensor<4xf64>
  etrace.hidden @out.r : tensor<2xf64>
  etrace.param @out.W : tensor<4x2xf64>
  etrace.step @update(%x0: tensor<3xf64>) -> tensor<2xf64> {
    %1 = etrace.get @neu.V : tensor<4xf64>
    %2 = etrace.get @lin.weight.bias : tensor<4xf64>
    %3 = etrace.get @lin.weight.weight : tensor<7x4xf64>
    %4 = etrace.get @syn.g : tensor<4xf64>
    %5 = etrace.get @out.r : tensor<2xf64>
    %6 = etrace.get @out.W : tensor<4x2xf64>
    %7 = arith.constant dense<1.0> : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":78:51))
    %8 = arith.subf %1, %7 : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":78:51))
    %9 = arith.constant dense<1.0> : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":78:51))
    %10 = arith.divf %8, %9 : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":78:51))
    %11 = etrace.stop_gradient %10 : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":78:51))
    %12 = math.absf %11 : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":78:51))
    %13 = arith.constant dense<0.3> : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":78:51))
    %14 = arith.mulf %12, %13 : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":78:51))
    %15 = arith.constant dense<0.3> : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":78:51))
    %16 = arith.subf %15, %14 : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":78:51))
    %17 = arith.constant dense<0.0> : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":78:51))
    %18 = arith.maximumf %16, %17 : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":78:51))
    %19 = etrace.spike %10 derivative(%18) : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":78:51))
    %20 = tensor.concat dim(0) %x0, %19 : (tensor<3xf64>, tensor<4xf64>) -> tensor<7xf64> loc("Synaptic.update"("Parity/catalogue.py":78:31))
    %21 = etrace.matmul %20, %3 bias %2 : tensor<7xf64>, tensor<7x4xf64>, tensor<4xf64> -> tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":78:22))
    %22 = arith.constant dense<1.0> : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":78:22))
    %23 = arith.mulf %21, %22 : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":78:22))
    %24 = arith.negf %4 : tensor<4xf64> loc("Expon.update.<locals>.<lambda>"("brainpy_state/_brainpy/exponential.py":120:76))
    %25 = arith.constant dense<3.0> : tensor<4xf64> loc("Expon.update.<locals>.<lambda>"("brainpy_state/_brainpy/exponential.py":120:52))
    %26 = arith.divf %24, %25 : tensor<4xf64> loc("Expon.update.<locals>.<lambda>"("brainpy_state/_brainpy/exponential.py":120:52))
    %27 = arith.constant dense<0.8504060682786322> : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":78:13))
    %28 = arith.mulf %27, %26 : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":78:13))
    %29 = arith.addf %4, %28 : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":78:13))
    %30 = arith.addf %29, %23 : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":78:13))
    %31 = arith.constant dense<3.0> : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":81:34))
    %32 = arith.mulf %31, %30 : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":81:34))
    %33 = arith.constant dense<1.0> : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":81:34))
    %34 = arith.divf %32, %33 : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":81:34))
    %35 = arith.constant dense<1.0> : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":81:25))
    %36 = arith.subf %1, %35 : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":81:25))
    %37 = arith.constant dense<1.0> : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":81:25))
    %38 = arith.divf %36, %37 : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":81:25))
    %39 = etrace.stop_gradient %38 : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":81:25))
    %40 = math.absf %39 : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":81:25))
    %41 = arith.constant dense<0.3> : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":81:25))
    %42 = arith.mulf %40, %41 : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":81:25))
    %43 = arith.constant dense<0.3> : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":81:25))
    %44 = arith.subf %43, %42 : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":81:25))
    %45 = arith.constant dense<0.0> : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":81:25))
    %46 = arith.maximumf %44, %45 : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":81:25))
    %47 = etrace.spike %38 derivative(%46) : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":81:25))
    %48 = arith.constant dense<1.0> : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":81:25))
    %49 = arith.mulf %48, %47 : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":81:25))
    %50 = arith.subf %1, %49 : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":81:25))
    %51 = arith.negf %50 : tensor<4xf64> loc("LIF.update.<locals>.<lambda>"("brainpy_state/_brainpy/lif.py":289:25))
    %52 = arith.constant dense<0.0> : tensor<4xf64> loc("LIF.update.<locals>.<lambda>"("brainpy_state/_brainpy/lif.py":289:25))
    %53 = arith.addf %51, %52 : tensor<4xf64> loc("LIF.update.<locals>.<lambda>"("brainpy_state/_brainpy/lif.py":289:25))
    %54 = arith.constant dense<1.0> : tensor<4xf64> loc("LIF.update.<locals>.<lambda>"("brainpy_state/_brainpy/lif.py":289:44))
    %55 = arith.mulf %54, %34 : tensor<4xf64> loc("LIF.update.<locals>.<lambda>"("brainpy_state/_brainpy/lif.py":289:44))
    %56 = arith.addf %53, %55 : tensor<4xf64> loc("LIF.update.<locals>.<lambda>"("brainpy_state/_brainpy/lif.py":289:25))
    %57 = arith.constant dense<5.0> : tensor<4xf64> loc("LIF.update.<locals>.<lambda>"("brainpy_state/_brainpy/lif.py":289:24))
    %58 = arith.divf %56, %57 : tensor<4xf64> loc("LIF.update.<locals>.<lambda>"("brainpy_state/_brainpy/lif.py":289:24))
    %59 = arith.constant dense<0.9063462346100907> : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":81:25))
    %60 = arith.mulf %59, %58 : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":81:25))
    %61 = arith.addf %50, %60 : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":81:25))
    %62 = arith.constant dense<1.0> : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":81:25))
    %63 = arith.subf %61, %62 : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":81:25))
    %64 = arith.constant dense<1.0> : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":81:25))
    %65 = arith.divf %63, %64 : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":81:25))
    %66 = etrace.stop_gradient %65 : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":81:25))
    %67 = math.absf %66 : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":81:25))
    %68 = arith.constant dense<0.3> : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":81:25))
    %69 = arith.mulf %67, %68 : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":81:25))
    %70 = arith.constant dense<0.3> : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":81:25))
    %71 = arith.subf %70, %69 : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":81:25))
    %72 = arith.constant dense<0.0> : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":81:25))
    %73 = arith.maximumf %71, %72 : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":81:25))
    %74 = etrace.spike %65 derivative(%73) : tensor<4xf64> loc("Synaptic.update"("Parity/catalogue.py":81:25))
    %75 = arith.constant dense<0.8187307530779818> : tensor<2xf64> loc("Synaptic.update"("Parity/catalogue.py":81:16))
    %76 = arith.mulf %75, %5 : tensor<2xf64> loc("Synaptic.update"("Parity/catalogue.py":81:16))
    %77 = etrace.matmul %74, %6 : tensor<4xf64>, tensor<4x2xf64> -> tensor<2xf64> loc("Synaptic.update"("Parity/catalogue.py":81:16))
    %78 = arith.constant dense<1.0> : tensor<2xf64> loc("Synaptic.update"("Parity/catalogue.py":81:16))
    %79 = arith.mulf %77, %78 : tensor<2xf64> loc("Synaptic.update"("Parity/catalogue.py":81:16))
    %80 = arith.addf %76, %79 : tensor<2xf64> loc("Synaptic.update"("Parity/catalogue.py":81:16))
    etrace.set @neu.V, %61 : tensor<4xf64>
    etrace.set @syn.g, %30 : tensor<4xf64>
    etrace.set @out.r, %80 : tensor<2xf64>
    etrace.yield %80 : tensor<2xf64>
  }
  etrace.loss @loss(%out0: tensor<2xf64>, %target0: tensor<2xf64>) -> f64 {
    %81 = arith.subf %out0, %target0 : tensor<2xf64> loc("loss_of"("Parity/check.py":68:14))
    %82 = arith.mulf %81, %81 : tensor<2xf64> loc("loss_of"("Parity/check.py":68:13))
    %83 = arith.constant 0.0 : f64 loc("loss_of"("Parity/check.py":68:12))
    %84 = tensor.empty() : tensor<f64> loc("loss_of"("Parity/check.py":68:12))
    %85 = linalg.fill ins(%83 : f64) outs(%84 : tensor<f64>) -> tensor<f64> loc("loss_of"("Parity/check.py":68:12))
    %86 = linalg.reduce { arith.addf } ins(%82 : tensor<2xf64>) outs(%85 : tensor<f64>) dimensions = [0] loc("loss_of"("Parity/check.py":68:12))
    %87 = arith.constant dense<0.0> : tensor<f64> loc("loss_of"("Parity/check.py":68:12))
    %88 = arith.addf %86, %87 : tensor<f64> loc("loss_of"("Parity/check.py":68:12))
    %89 = tensor.extract %88[] : tensor<f64>
    etrace.yield %89 : f64
  }
}
