// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --pass-pipeline='builtin.module(etrace-lower-to-linalg,etrace-to-cuda{emit=nvvm})' \
// RUN:   | FileCheck %s --check-prefix=NVVM
// RUN: etrace-opt %s --pass-pipeline='builtin.module(etrace-lower-to-linalg,etrace-to-cuda{chip=sm_90})' \
// RUN:   | FileCheck %s --check-prefix=PTX
// RUN: not etrace-opt %s --pass-pipeline='builtin.module(etrace-lower-to-linalg,etrace-to-cuda{chip=sm_1})' \
// RUN:   2>&1 | FileCheck %s --check-prefix=CHIP

// A learner of h' = tanh(k h + x w) with the trace e = k (1 - h'^2) e + (1 - h'^2) x; the
// update is scaled by 1 / sqrt(calls).

// CHIP: error: unknown GPU 'sm_1'; expected the name of an NVIDIA chip {{.*}} [gpu-unknown-chip]

// No allocation, no library; one exact square root; the host launches through its queue.
// NVVM-NOT: llvm.call @malloc
// NVVM-NOT: memref.
// NVVM: gpu.module @etrace_kernels
// NVVM-NOT: __nv_
// NVVM: llvm.func @leaky_learn_body_0({{.*}}nvvm.kernel
// NVVM: llvm.func {{.*}}@leaky_learn.body(%[[QUEUE:.*]]: !llvm.ptr,
// NVVM: %[[LAUNCH:.*]] = llvm.load %[[QUEUE]] : !llvm.ptr -> !llvm.ptr
// NVVM: llvm.call %[[LAUNCH]](%[[QUEUE]], %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) : !llvm.ptr, (!llvm.ptr, !llvm.ptr, i64, i64, !llvm.ptr) -> ()
// NVVM: llvm.func @leaky_learn(%{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr) -> i32

// PTX-NOT: gpu.binary
// PTX-NOT: gpu.module
// PTX: llvm.mlir.global external constant @etrace_device_code
// PTX-SAME: .target sm_90
// PTX-NOT: .extern .func
// PTX-SAME: .visible .entry leaky_learn_body_0
// PTX-NOT: sqrt.approx
// PTX-SAME: sqrt.rn.f32

#bi = affine_map<(b, i, o) -> (b, i)>
#bo = affine_map<(b, i, o) -> (b, o)>
#io = affine_map<(b, i, o) -> (i, o)>
#bio = affine_map<(b, i, o) -> (b, i, o)>
#all = affine_map<(b, o) -> (b, o)>
#none = affine_map<(b, o) -> ()>
#sums = affine_map<(i, o) -> (i, o)>

etrace.buffer @"param.w" kind(param) path "w" : tensor<3x5xf32> init #etrace.orthogonal
etrace.buffer @"hidden.h" kind(hidden) path "h" : tensor<2x5xf32>
etrace.buffer @"trace.w" kind(trace) path "w" : tensor<2x3x5xf32>
etrace.buffer @"gradient.w" kind(gradient) path "w" : tensor<3x5xf32>
etrace.buffer @"counter.calls" kind(counter) path "calls" : tensor<f32>

func.func private @leaky_forward(%x: tensor<2x3xf32>, %h: tensor<2x5xf32>, %w: tensor<3x5xf32>)
    -> tensor<2x5xf32> {
  %zero = arith.constant 0.0 : f32
  %k = arith.constant 0.9 : f32
  %e = tensor.empty() : tensor<2x5xf32>
  %init = linalg.fill ins(%zero : f32) outs(%e : tensor<2x5xf32>) -> tensor<2x5xf32>
  %y = linalg.generic {indexing_maps = [#bi, #io, #bo],
                       iterator_types = ["parallel", "reduction", "parallel"]}
      ins(%x, %w : tensor<2x3xf32>, tensor<3x5xf32>) outs(%init : tensor<2x5xf32>) {
  ^bb0(%a: f32, %b: f32, %s: f32):
    %p = arith.mulf %a, %b : f32
    %q = arith.addf %s, %p : f32
    linalg.yield %q : f32
  } -> tensor<2x5xf32>
  %n = linalg.generic {indexing_maps = [#all, #all, #all], iterator_types = ["parallel", "parallel"]}
      ins(%h, %y : tensor<2x5xf32>, tensor<2x5xf32>) outs(%e : tensor<2x5xf32>) {
  ^bb0(%a: f32, %b: f32, %s: f32):
    %p = arith.mulf %a, %k : f32
    %q = arith.addf %p, %b : f32
    %t = math.tanh %q : f32
    linalg.yield %t : f32
  } -> tensor<2x5xf32>
  return %n : tensor<2x5xf32>
}

func.func @leaky_step(%x: tensor<2x3xf32> {etrace.name = "x"},
                      %h: tensor<2x5xf32> {etrace.buffer = "hidden.h"},
                      %w: tensor<3x5xf32> {etrace.buffer = "param.w"})
    -> (tensor<2x5xf32> {etrace.name = "out"}, tensor<2x5xf32> {etrace.buffer = "hidden.h"})
    attributes {etrace.entry = "step"} {
  %n = call @leaky_forward(%x, %h, %w)
      : (tensor<2x3xf32>, tensor<2x5xf32>, tensor<3x5xf32>) -> tensor<2x5xf32>
  return %n, %n : tensor<2x5xf32>, tensor<2x5xf32>
}

func.func @leaky_learn(%x: tensor<2x3xf32> {etrace.name = "x"},
                       %h: tensor<2x5xf32> {etrace.buffer = "hidden.h"},
                       %w: tensor<3x5xf32> {etrace.buffer = "param.w"},
                       %trace: tensor<2x3x5xf32> {etrace.buffer = "trace.w"},
                       %gradient: tensor<3x5xf32> {etrace.buffer = "gradient.w"},
                       %calls: tensor<f32> {etrace.buffer = "counter.calls"})
    -> (f32 {etrace.name = "loss"},
        tensor<2x5xf32> {etrace.buffer = "hidden.h"},
        tensor<2x3x5xf32> {etrace.buffer = "trace.w"},
        tensor<3x5xf32> {etrace.buffer = "gradient.w"},
        tensor<f32> {etrace.buffer = "counter.calls"})
    attributes {etrace.entry = "learn"} {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %k = arith.constant 0.9 : f32
  %n = call @leaky_forward(%x, %h, %w)
      : (tensor<2x3xf32>, tensor<2x5xf32>, tensor<3x5xf32>) -> tensor<2x5xf32>
  %c = tensor.extract %calls[] : tensor<f32>
  %c1 = arith.addf %c, %one : f32
  %calls1 = tensor.insert %c1 into %calls[] : tensor<f32>
  %scale = math.rsqrt %c1 : f32
  %l0 = tensor.empty() : tensor<f32>
  %l1 = linalg.fill ins(%zero : f32) outs(%l0 : tensor<f32>) -> tensor<f32>
  %l2 = linalg.generic {indexing_maps = [#all, #none], iterator_types = ["reduction", "reduction"]}
      ins(%n : tensor<2x5xf32>) outs(%l1 : tensor<f32>) {
  ^bb0(%a: f32, %s: f32):
    %p = arith.mulf %a, %a : f32
    %q = arith.addf %s, %p : f32
    linalg.yield %q : f32
  } -> tensor<f32>
  %loss = tensor.extract %l2[] : tensor<f32>
  %trace1, %gradient1 = linalg.generic {indexing_maps = [#bi, #bo, #bio, #io],
          iterator_types = ["reduction", "parallel", "parallel"]}
      ins(%x, %n : tensor<2x3xf32>, tensor<2x5xf32>)
      outs(%trace, %gradient : tensor<2x3x5xf32>, tensor<3x5xf32>) {
  ^bb0(%a: f32, %b: f32, %e: f32, %g: f32):
    %bb = arith.mulf %b, %b : f32
    %f = arith.subf %one, %bb : f32
    %d = arith.mulf %k, %f : f32
    %de = arith.mulf %d, %e : f32
    %fx = arith.mulf %f, %a : f32
    %next = arith.addf %de, %fx : f32
    %p = arith.mulf %b, %next : f32
    %ps = arith.mulf %p, %scale : f32
    %sum = arith.addf %g, %ps : f32
    linalg.yield %next, %sum : f32, f32
  } -> (tensor<2x3x5xf32>, tensor<3x5xf32>)
  return %loss, %n, %trace1, %gradient1, %calls1
      : f32, tensor<2x5xf32>, tensor<2x3x5xf32>, tensor<3x5xf32>, tensor<f32>
}

func.func @leaky_learn_sequence(%steps: index {etrace.name = "steps"},
                                %xs: tensor<?x2x3xf32> {etrace.name = "x"},
                                %h: tensor<2x5xf32> {etrace.buffer = "hidden.h"},
                                %w: tensor<3x5xf32> {etrace.buffer = "param.w"},
                                %outs: tensor<2x5xf32> {etrace.name = "unused"})
    -> (tensor<2x5xf32> {etrace.buffer = "hidden.h"})
    attributes {etrace.entry = "learn_sequence"} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %last = scf.for %t = %c0 to %steps step %c1 iter_args(%s = %h) -> tensor<2x5xf32> {
    %x = tensor.extract_slice %xs[%t, 0, 0] [1, 2, 3] [1, 1, 1]
        : tensor<?x2x3xf32> to tensor<2x3xf32>
    %n = func.call @leaky_forward(%x, %s, %w)
        : (tensor<2x3xf32>, tensor<2x5xf32>, tensor<3x5xf32>) -> tensor<2x5xf32>
    scf.yield %n : tensor<2x5xf32>
  }
  return %last : tensor<2x5xf32>
}

func.func @leaky_apply(%rate: f32 {etrace.name = "rate"},
                       %w: tensor<3x5xf32> {etrace.buffer = "param.w"},
                       %gradient: tensor<3x5xf32> {etrace.buffer = "gradient.w"})
    -> (tensor<3x5xf32> {etrace.buffer = "param.w"},
        tensor<3x5xf32> {etrace.buffer = "gradient.w"})
    attributes {etrace.entry = "apply"} {
  %zero = arith.constant 0.0 : f32
  %w1 = linalg.generic {indexing_maps = [#sums, #sums], iterator_types = ["parallel", "parallel"]}
      ins(%gradient : tensor<3x5xf32>) outs(%w : tensor<3x5xf32>) {
  ^bb0(%g: f32, %a: f32):
    %p = arith.mulf %g, %rate : f32
    %q = arith.subf %a, %p : f32
    linalg.yield %q : f32
  } -> tensor<3x5xf32>
  %g1 = linalg.fill ins(%zero : f32) outs(%gradient : tensor<3x5xf32>) -> tensor<3x5xf32>
  return %w1, %g1 : tensor<3x5xf32>, tensor<3x5xf32>
}

func.func @leaky_reset(%h: tensor<2x5xf32> {etrace.buffer = "hidden.h"},
                       %trace: tensor<2x3x5xf32> {etrace.buffer = "trace.w"},
                       %calls: tensor<f32> {etrace.buffer = "counter.calls"})
    -> (tensor<2x5xf32> {etrace.buffer = "hidden.h"},
        tensor<2x3x5xf32> {etrace.buffer = "trace.w"},
        tensor<f32> {etrace.buffer = "counter.calls"})
    attributes {etrace.entry = "reset"} {
  %h0 = arith.constant dense<0.0> : tensor<2x5xf32>
  %t0 = arith.constant dense<0.0> : tensor<2x3x5xf32>
  %c0 = arith.constant dense<0.0> : tensor<f32>
  return %h0, %t0, %c0 : tensor<2x5xf32>, tensor<2x3x5xf32>, tensor<f32>
}
