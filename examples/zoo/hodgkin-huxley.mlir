// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Hodgkin-Huxley units in millivolts and milliseconds, Euler steps of 0.02:
// V <- V + dt (120 m^3 h (50 - V) + 36 n^4 (-77 - V) + 0.3 (-54.4 - V) + 10 (x w + b)) and
// p <- p + dt (alpha_p (1 - p) - beta_p p) for p = m, h, n with the old V, where
// alpha_m = 0.1 (V + 40) / (1 - exp(-(V + 40) / 10)), beta_m = 4 exp(-(V + 65) / 18),
// alpha_h = 0.07 exp(-(V + 65) / 20), beta_h = logistic((V + 35) / 10),
// alpha_n = 0.01 (V + 55) / (1 - exp(-(V + 55) / 10)), beta_n = 0.125 exp(-(V + 65) / 80).
// Output (V + 65) / 100.
etrace.model @hodgkin_huxley {
  etrace.param @w : tensor<3x4xf32> init #etrace.kaiming
  etrace.param @b : tensor<4xf32>
  etrace.hidden @V : tensor<4xf32> init #etrace.constant<value = -65.0>
  etrace.hidden @m : tensor<4xf32> init #etrace.constant<value = 0.0529>
  etrace.hidden @h : tensor<4xf32> init #etrace.constant<value = 0.5961>
  etrace.hidden @n : tensor<4xf32> init #etrace.constant<value = 0.3177>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<4xf32> {
    %V = etrace.get @V : tensor<4xf32>
    %m = etrace.get @m : tensor<4xf32>
    %h = etrace.get @h : tensor<4xf32>
    %n = etrace.get @n : tensor<4xf32>
    %w = etrace.get @w : tensor<3x4xf32>
    %b = etrace.get @b : tensor<4xf32>
    %rest = arith.constant dense<65.0> : tensor<4xf32>
    %m_half = arith.constant dense<40.0> : tensor<4xf32>
    %minus_tenth = arith.constant dense<-0.1> : tensor<4xf32>
    %one = arith.constant dense<1.0> : tensor<4xf32>
    %m_rate = arith.constant dense<0.1> : tensor<4xf32>
    %m_slope = arith.constant dense<-0.05555555555555555> : tensor<4xf32>
    %m_scale = arith.constant dense<4.0> : tensor<4xf32>
    %h_slope = arith.constant dense<-0.05> : tensor<4xf32>
    %h_scale = arith.constant dense<0.07> : tensor<4xf32>
    %h_half = arith.constant dense<35.0> : tensor<4xf32>
    %n_half = arith.constant dense<55.0> : tensor<4xf32>
    %n_rate = arith.constant dense<0.01> : tensor<4xf32>
    %n_slope = arith.constant dense<-0.0125> : tensor<4xf32>
    %n_scale = arith.constant dense<0.125> : tensor<4xf32>
    %g_sodium = arith.constant dense<120.0> : tensor<4xf32>
    %e_sodium = arith.constant dense<50.0> : tensor<4xf32>
    %g_potassium = arith.constant dense<36.0> : tensor<4xf32>
    %e_potassium = arith.constant dense<-77.0> : tensor<4xf32>
    %e_leak = arith.constant dense<-54.4> : tensor<4xf32>
    %g_leak = arith.constant dense<0.3> : tensor<4xf32>
    %gain = arith.constant dense<10.0> : tensor<4xf32>
    %dt = arith.constant dense<0.02> : tensor<4xf32>
    %y = etrace.matmul %x, %w bias %b
        : tensor<3xf32>, tensor<3x4xf32>, tensor<4xf32> -> tensor<4xf32>
    %from_rest = arith.addf %V, %rest : tensor<4xf32>
    %um = arith.addf %V, %m_half : tensor<4xf32>
    %0 = arith.mulf %minus_tenth, %um : tensor<4xf32>
    %1 = math.exp %0 : tensor<4xf32>
    %fm = arith.subf %one, %1 : tensor<4xf32>
    %2 = arith.mulf %m_rate, %um : tensor<4xf32>
    %alpha_m = arith.divf %2, %fm : tensor<4xf32>
    %3 = arith.mulf %m_slope, %from_rest : tensor<4xf32>
    %4 = math.exp %3 : tensor<4xf32>
    %beta_m = arith.mulf %m_scale, %4 : tensor<4xf32>
    %5 = arith.mulf %h_slope, %from_rest : tensor<4xf32>
    %6 = math.exp %5 : tensor<4xf32>
    %alpha_h = arith.mulf %h_scale, %6 : tensor<4xf32>
    %7 = arith.addf %V, %h_half : tensor<4xf32>
    %8 = arith.mulf %m_rate, %7 : tensor<4xf32>
    %beta_h = etrace.logistic %8 : tensor<4xf32>
    %un = arith.addf %V, %n_half : tensor<4xf32>
    %9 = arith.mulf %minus_tenth, %un : tensor<4xf32>
    %10 = math.exp %9 : tensor<4xf32>
    %fn = arith.subf %one, %10 : tensor<4xf32>
    %11 = arith.mulf %n_rate, %un : tensor<4xf32>
    %alpha_n = arith.divf %11, %fn : tensor<4xf32>
    %12 = arith.mulf %n_slope, %from_rest : tensor<4xf32>
    %13 = math.exp %12 : tensor<4xf32>
    %beta_n = arith.mulf %n_scale, %13 : tensor<4xf32>
    %14 = arith.mulf %m, %m : tensor<4xf32>
    %15 = arith.mulf %14, %m : tensor<4xf32>
    %open_sodium = arith.mulf %15, %h : tensor<4xf32>
    %16 = arith.mulf %g_sodium, %open_sodium : tensor<4xf32>
    %17 = arith.subf %e_sodium, %V : tensor<4xf32>
    %sodium = arith.mulf %16, %17 : tensor<4xf32>
    %nn = arith.mulf %n, %n : tensor<4xf32>
    %18 = arith.mulf %nn, %nn : tensor<4xf32>
    %19 = arith.mulf %g_potassium, %18 : tensor<4xf32>
    %20 = arith.subf %e_potassium, %V : tensor<4xf32>
    %potassium = arith.mulf %19, %20 : tensor<4xf32>
    %21 = arith.subf %e_leak, %V : tensor<4xf32>
    %leak = arith.mulf %g_leak, %21 : tensor<4xf32>
    %22 = arith.addf %sodium, %potassium : tensor<4xf32>
    %23 = arith.addf %22, %leak : tensor<4xf32>
    %24 = arith.mulf %gain, %y : tensor<4xf32>
    %slope = arith.addf %23, %24 : tensor<4xf32>
    %25 = arith.mulf %dt, %slope : tensor<4xf32>
    %v1 = arith.addf %V, %25 : tensor<4xf32>
    %26 = arith.subf %one, %m : tensor<4xf32>
    %27 = arith.mulf %alpha_m, %26 : tensor<4xf32>
    %28 = arith.mulf %beta_m, %m : tensor<4xf32>
    %29 = arith.subf %27, %28 : tensor<4xf32>
    %30 = arith.mulf %dt, %29 : tensor<4xf32>
    %m1 = arith.addf %m, %30 : tensor<4xf32>
    %31 = arith.subf %one, %h : tensor<4xf32>
    %32 = arith.mulf %alpha_h, %31 : tensor<4xf32>
    %33 = arith.mulf %beta_h, %h : tensor<4xf32>
    %34 = arith.subf %32, %33 : tensor<4xf32>
    %35 = arith.mulf %dt, %34 : tensor<4xf32>
    %h1 = arith.addf %h, %35 : tensor<4xf32>
    %36 = arith.subf %one, %n : tensor<4xf32>
    %37 = arith.mulf %alpha_n, %36 : tensor<4xf32>
    %38 = arith.mulf %beta_n, %n : tensor<4xf32>
    %39 = arith.subf %37, %38 : tensor<4xf32>
    %40 = arith.mulf %dt, %39 : tensor<4xf32>
    %n1 = arith.addf %n, %40 : tensor<4xf32>
    etrace.set @V, %v1 : tensor<4xf32>
    etrace.set @m, %m1 : tensor<4xf32>
    etrace.set @h, %h1 : tensor<4xf32>
    etrace.set @n, %n1 : tensor<4xf32>
    %41 = arith.addf %v1, %rest : tensor<4xf32>
    %out = arith.mulf %n_rate, %41 : tensor<4xf32>
    etrace.yield %out : tensor<4xf32>
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
