etrace.model @Wrapped {
  etrace.param @layers.0.weight : tensor<7x4xf64>
  etrace.hidden @layers.1.neu.V : tensor<4xf64> {unit = "mV"}
  etrace.step @update(%x0: tensor<i32>) -> tensor<4xf64> {
    %1 = etrace.get @layers.0.weight : tensor<7x4xf64>
    %2 = etrace.get @layers.1.neu.V : tensor<4xf64>
    %3 = arith.constant dense<0> : tensor<i32> loc("Wrapped.update"("Parity/catalogue.py":49:17))
    %4 = arith.constant dense<7> : tensor<i32> loc("Wrapped.update"("Parity/catalogue.py":49:17))
    %5 = arith.cmpi slt, %x0, %3 : tensor<i32> loc("Wrapped.update"("Parity/catalogue.py":49:17))
    %6 = arith.addi %x0, %4 : tensor<i32> loc("Wrapped.update"("Parity/catalogue.py":49:17))
    %7 = arith.select %5, %6, %x0 : tensor<i1>, tensor<i32> loc("Wrapped.update"("Parity/catalogue.py":49:17))
    %8 = etrace.embedding %7, %1 : tensor<i32>, tensor<7x4xf64> -> tensor<4xf64> loc("Wrapped.update"("Parity/catalogue.py":49:17))
    %9 = arith.constant dense<3.0> : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:25))
    %10 = arith.mulf %9, %8 : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:25))
    %11 = arith.constant dense<1.0> : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %12 = arith.subf %2, %11 : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %13 = arith.constant dense<1.0> : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %14 = arith.divf %12, %13 : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %15 = etrace.stop_gradient %14 : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %16 = math.absf %15 : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %17 = arith.constant dense<0.3> : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %18 = arith.mulf %16, %17 : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %19 = arith.constant dense<0.3> : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %20 = arith.subf %19, %18 : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %21 = arith.constant dense<0.0> : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %22 = arith.maximumf %20, %21 : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %23 = etrace.spike %14 derivative(%22) : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %24 = arith.constant dense<1.0> : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %25 = arith.mulf %24, %23 : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %26 = arith.subf %2, %25 : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %27 = arith.negf %26 : tensor<4xf64> loc("LIF.update.<locals>.<lambda>"("brainpy_state/_brainpy/lif.py":289:25))
    %28 = arith.constant dense<0.0> : tensor<4xf64> loc("LIF.update.<locals>.<lambda>"("brainpy_state/_brainpy/lif.py":289:25))
    %29 = arith.addf %27, %28 : tensor<4xf64> loc("LIF.update.<locals>.<lambda>"("brainpy_state/_brainpy/lif.py":289:25))
    %30 = arith.constant dense<1.0> : tensor<4xf64> loc("LIF.update.<locals>.<lambda>"("brainpy_state/_brainpy/lif.py":289:44))
    %31 = arith.mulf %30, %10 : tensor<4xf64> loc("LIF.update.<locals>.<lambda>"("brainpy_state/_brainpy/lif.py":289:44))
    %32 = arith.addf %29, %31 : tensor<4xf64> loc("LIF.update.<locals>.<lambda>"("brainpy_state/_brainpy/lif.py":289:25))
    %33 = arith.constant dense<5.0> : tensor<4xf64> loc("LIF.update.<locals>.<lambda>"("brainpy_state/_brainpy/lif.py":289:24))
    %34 = arith.divf %32, %33 : tensor<4xf64> loc("LIF.update.<locals>.<lambda>"("brainpy_state/_brainpy/lif.py":289:24))
    %35 = arith.constant dense<0.9063462346100907> : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %36 = arith.mulf %35, %34 : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %37 = arith.addf %26, %36 : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %38 = arith.constant dense<1.0> : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %39 = arith.subf %37, %38 : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %40 = arith.constant dense<1.0> : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %41 = arith.divf %39, %40 : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %42 = etrace.stop_gradient %41 : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %43 = math.absf %42 : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %44 = arith.constant dense<0.3> : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %45 = arith.mulf %43, %44 : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %46 = arith.constant dense<0.3> : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %47 = arith.subf %46, %45 : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %48 = arith.constant dense<0.0> : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %49 = arith.maximumf %47, %48 : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    %50 = etrace.spike %41 derivative(%49) : tensor<4xf64> loc("Current.update"("Parity/catalogue.py":157:16))
    etrace.set @layers.1.neu.V, %37 : tensor<4xf64>
    etrace.yield %50 : tensor<4xf64>
  }
  etrace.loss @loss(%out0: tensor<4xf64>, %target0: tensor<4xf64>) -> f64 {
    %51 = arith.subf %out0, %target0 : tensor<4xf64> loc("loss_of"("Parity/check.py":68:14))
    %52 = arith.mulf %51, %51 : tensor<4xf64> loc("loss_of"("Parity/check.py":68:13))
    %53 = arith.constant 0.0 : f64 loc("loss_of"("Parity/check.py":68:12))
    %54 = tensor.empty() : tensor<f64> loc("loss_of"("Parity/check.py":68:12))
    %55 = linalg.fill ins(%53 : f64) outs(%54 : tensor<f64>) -> tensor<f64> loc("loss_of"("Parity/check.py":68:12))
    %56 = linalg.reduce { arith.addf } ins(%52 : tensor<4xf64>) outs(%55 : tensor<f64>) dimensions = [0] loc("loss_of"("Parity/check.py":68:12))
    %57 = arith.constant dense<0.0> : tensor<f64> loc("loss_of"("Parity/check.py":68:12))
    %58 = arith.addf %56, %57 : tensor<f64> loc("loss_of"("Parity/check.py":68:12))
    %59 = tensor.extract %58[] : tensor<f64>
    etrace.yield %59 : f64
  }
}
