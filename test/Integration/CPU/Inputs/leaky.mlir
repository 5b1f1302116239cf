// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A learner written by hand: h <- 0.9 h + tanh(x w), loss sum (h - t)^2 / 2, with the trace
// e[b,i,o] = dh[b,o]/dw[i,o]: e <- 0.9 e + x (1 - tanh^2), gradient += (h - t) e.
#bio = affine_map<(b, i, o) -> (b, i, o)>
#bi = affine_map<(b, i, o) -> (b, i)>
#bo = affine_map<(b, i, o) -> (b, o)>
#io = affine_map<(b, i, o) -> (i, o)>

etrace.buffer @"param.w" kind(param) path "w" : tensor<3x8xf32> init #etrace.orthogonal
etrace.buffer @"hidden.h" kind(hidden) path "h" : tensor<4x8xf32> init #etrace.zeros
etrace.buffer @"trace.e" kind(trace) path "e" : tensor<4x3x8xf32> init #etrace.zeros
etrace.buffer @"gradient.w" kind(gradient) path "w" : tensor<3x8xf32> init #etrace.zeros
etrace.buffer @"counter.steps" kind(counter) path "steps" : tensor<i64> init #etrace.zeros

func.func @leaky_reset() -> (tensor<4x8xf32> {etrace.buffer = "hidden.h"},
    tensor<4x3x8xf32> {etrace.buffer = "trace.e"}, tensor<i64> {etrace.buffer = "counter.steps"})
    attributes {etrace.entry = "reset"} {
  %h = arith.constant dense<0.0> : tensor<4x8xf32>
  %e = arith.constant dense<0.0> : tensor<4x3x8xf32>
  %n = arith.constant dense<0> : tensor<i64>
  return %h, %e, %n : tensor<4x8xf32>, tensor<4x3x8xf32>, tensor<i64>
}

func.func @leaky_init() -> (tensor<3x8xf32> {etrace.buffer = "param.w"},
    tensor<4x8xf32> {etrace.buffer = "hidden.h"}, tensor<4x3x8xf32> {etrace.buffer = "trace.e"},
    tensor<3x8xf32> {etrace.buffer = "gradient.w"}, tensor<i64> {etrace.buffer = "counter.steps"})
    attributes {etrace.entry = "init"} {
  %h, %e, %n = call @leaky_reset() : () -> (tensor<4x8xf32>, tensor<4x3x8xf32>, tensor<i64>)
  %w = arith.constant dense<0.0> : tensor<3x8xf32>
  return %w, %h, %e, %w, %n
      : tensor<3x8xf32>, tensor<4x8xf32>, tensor<4x3x8xf32>, tensor<3x8xf32>, tensor<i64>
}

func.func private @leaky_forward(%x: tensor<4x3xf32>, %h: tensor<4x8xf32>, %w: tensor<3x8xf32>)
    -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %y = etrace.matmul %x, %w : tensor<4x3xf32>, tensor<3x8xf32> -> tensor<4x8xf32>
  %t = math.tanh %y : tensor<4x8xf32>
  %leak = arith.constant dense<0.9> : tensor<4x8xf32>
  %kept = arith.mulf %leak, %h : tensor<4x8xf32>
  %h1 = arith.addf %kept, %t : tensor<4x8xf32>
  %one = arith.constant dense<1.0> : tensor<4x8xf32>
  %tt = arith.mulf %t, %t : tensor<4x8xf32>
  %f = arith.subf %one, %tt : tensor<4x8xf32>
  return %h1, %f : tensor<4x8xf32>, tensor<4x8xf32>
}

func.func @leaky_step(%x: tensor<4x3xf32> {etrace.name = "x"},
    %w: tensor<3x8xf32> {etrace.buffer = "param.w"}, %h: tensor<4x8xf32> {etrace.buffer = "hidden.h"})
    -> (tensor<4x8xf32> {etrace.name = "h"}, tensor<4x8xf32> {etrace.buffer = "hidden.h"})
    attributes {etrace.entry = "step"} {
  %h1, %f = call @leaky_forward(%x, %h, %w)
      : (tensor<4x3xf32>, tensor<4x8xf32>, tensor<3x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>)
  return %h1, %h1 : tensor<4x8xf32>, tensor<4x8xf32>
}

func.func @leaky_learn(%x: tensor<4x3xf32> {etrace.name = "x"},
    %target: tensor<4x8xf32> {etrace.name = "target"},
    %w: tensor<3x8xf32> {etrace.buffer = "param.w"}, %h: tensor<4x8xf32> {etrace.buffer = "hidden.h"},
    %e: tensor<4x3x8xf32> {etrace.buffer = "trace.e"}, %g: tensor<3x8xf32> {etrace.buffer = "gradient.w"},
    %n: tensor<i64> {etrace.buffer = "counter.steps"})
    -> (f32 {etrace.name = "loss"}, tensor<4x8xf32> {etrace.name = "h"},
        tensor<4x8xf32> {etrace.buffer = "hidden.h"}, tensor<4x3x8xf32> {etrace.buffer = "trace.e"},
        tensor<3x8xf32> {etrace.buffer = "gradient.w"}, tensor<i64> {etrace.buffer = "counter.steps"})
    attributes {etrace.entry = "learn"} {
  %h1, %f = call @leaky_forward(%x, %h, %w)
      : (tensor<4x3xf32>, tensor<4x8xf32>, tensor<3x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>)
  %d = arith.subf %h1, %target : tensor<4x8xf32>
  %s = arith.mulf %d, %d : tensor<4x8xf32>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %sum = linalg.reduce { arith.addf } ins(%s : tensor<4x8xf32>) outs(%zero : tensor<f32>)
      dimensions = [0, 1]
  %twice = tensor.extract %sum[] : tensor<f32>
  %half = arith.constant 0.5 : f32
  %loss = arith.mulf %half, %twice : f32
  %leak = arith.constant 0.9 : f32
  %e1, %g1 = linalg.generic {indexing_maps = [#bi, #bo, #bo, #bio, #io],
      iterator_types = ["reduction", "parallel", "parallel"]}
      ins(%x, %f, %d : tensor<4x3xf32>, tensor<4x8xf32>, tensor<4x8xf32>)
      outs(%e, %g : tensor<4x3x8xf32>, tensor<3x8xf32>) {
  ^bb0(%xi: f32, %fo: f32, %l: f32, %old: f32, %sofar: f32):
    %kept = arith.mulf %leak, %old : f32
    %fresh = arith.mulf %xi, %fo : f32
    %new = arith.addf %kept, %fresh : f32
    %part = arith.mulf %l, %new : f32
    %total = arith.addf %sofar, %part : f32
    linalg.yield %new, %total : f32, f32
  } -> (tensor<4x3x8xf32>, tensor<3x8xf32>)
  %count = tensor.extract %n[] : tensor<i64>
  %c1 = arith.constant 1 : i64
  %next = arith.addi %count, %c1 : i64
  %n1 = tensor.insert %next into %n[] : tensor<i64>
  return %loss, %h1, %h1, %e1, %g1, %n1 : f32, tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x3x8xf32>,
      tensor<3x8xf32>, tensor<i64>
}

func.func @leaky_learn_sequence(%steps: index {etrace.name = "steps"},
    %xs: tensor<?x4x3xf32> {etrace.name = "x"}, %targets: tensor<?x4x8xf32> {etrace.name = "target"},
    %w: tensor<3x8xf32> {etrace.buffer = "param.w"}, %h: tensor<4x8xf32> {etrace.buffer = "hidden.h"},
    %e: tensor<4x3x8xf32> {etrace.buffer = "trace.e"}, %g: tensor<3x8xf32> {etrace.buffer = "gradient.w"},
    %n: tensor<i64> {etrace.buffer = "counter.steps"})
    -> (tensor<?xf32> {etrace.name = "loss"}, tensor<?x4x8xf32> {etrace.name = "h"},
        tensor<4x8xf32> {etrace.buffer = "hidden.h"}, tensor<4x3x8xf32> {etrace.buffer = "trace.e"},
        tensor<3x8xf32> {etrace.buffer = "gradient.w"}, tensor<i64> {etrace.buffer = "counter.steps"})
    attributes {etrace.entry = "learn_sequence"} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %losses = tensor.empty(%steps) : tensor<?xf32>
  %outs = tensor.empty(%steps) : tensor<?x4x8xf32>
  %r:6 = scf.for %t = %c0 to %steps step %c1
      iter_args(%ls = %losses, %os = %outs, %h0 = %h, %e0 = %e, %g0 = %g, %n0 = %n)
      -> (tensor<?xf32>, tensor<?x4x8xf32>, tensor<4x8xf32>, tensor<4x3x8xf32>, tensor<3x8xf32>,
          tensor<i64>) {
    %x = tensor.extract_slice %xs[%t, 0, 0] [1, 4, 3] [1, 1, 1]
        : tensor<?x4x3xf32> to tensor<4x3xf32>
    %target = tensor.extract_slice %targets[%t, 0, 0] [1, 4, 8] [1, 1, 1]
        : tensor<?x4x8xf32> to tensor<4x8xf32>
    %loss, %out, %h1, %e1, %g1, %n1 = func.call @leaky_learn(%x, %target, %w, %h0, %e0, %g0, %n0)
        : (tensor<4x3xf32>, tensor<4x8xf32>, tensor<3x8xf32>, tensor<4x8xf32>, tensor<4x3x8xf32>,
           tensor<3x8xf32>, tensor<i64>)
        -> (f32, tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x3x8xf32>, tensor<3x8xf32>, tensor<i64>)
    %ls1 = tensor.insert %loss into %ls[%t] : tensor<?xf32>
    %os1 = tensor.insert_slice %out into %os[%t, 0, 0] [1, 4, 8] [1, 1, 1]
        : tensor<4x8xf32> into tensor<?x4x8xf32>
    scf.yield %ls1, %os1, %h1, %e1, %g1, %n1 : tensor<?xf32>, tensor<?x4x8xf32>, tensor<4x8xf32>,
        tensor<4x3x8xf32>, tensor<3x8xf32>, tensor<i64>
  }
  return %r#0, %r#1, %r#2, %r#3, %r#4, %r#5 : tensor<?xf32>, tensor<?x4x8xf32>, tensor<4x8xf32>,
      tensor<4x3x8xf32>, tensor<3x8xf32>, tensor<i64>
}

func.func @leaky_apply(%scale: f32 {etrace.name = "scale"}, %rate: f32 {etrace.name = "rate"},
    %w: tensor<3x8xf32> {etrace.buffer = "param.w"}, %g: tensor<3x8xf32> {etrace.buffer = "gradient.w"})
    -> (tensor<3x8xf32> {etrace.buffer = "param.w"}, tensor<3x8xf32> {etrace.buffer = "gradient.w"})
    attributes {etrace.entry = "apply"} {
  %factor = arith.mulf %scale, %rate : f32
  %factors = tensor.splat %factor : tensor<3x8xf32>
  %step = arith.mulf %factors, %g : tensor<3x8xf32>
  %w1 = arith.subf %w, %step : tensor<3x8xf32>
  %zero = arith.constant dense<0.0> : tensor<3x8xf32>
  return %w1, %zero : tensor<3x8xf32>, tensor<3x8xf32>
}
