// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --etrace-block-traces | FileCheck %s
// RUN: etrace-opt %s --etrace-block-traces="cache=256" | FileCheck %s --check-prefix=SMALL

// e[b, i, o] becomes e[o / 64][i][b][o % 64]; the gradient keeps its shape and
// is reached through a composed map; what depends on b is packed first.
// CHECK-DAG: #[[TURN:.*]] = affine_map<(d0, d1) -> (d1, d0)>
// CHECK-DAG: #[[X:.*]] = affine_map<(d0, d1, d2, d3) -> (d1, d2)>
// CHECK-DAG: #[[PACK:.*]] = affine_map<(d0, d1, d2) -> (d1, d0 * 64 + d2)>
// CHECK-DAG: #[[V:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d2, d3)>
// CHECK-DAG: #[[E:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
// CHECK-DAG: #[[G:.*]] = affine_map<(d0, d1, d2, d3) -> (d1, d0 * 64 + d3)>
// CHECK: etrace.buffer @trace.e
// CHECK-SAME: tensor<2x3x4x64xf32>
// CHECK-SAME: etrace.layout = {axis = 2 : i64, block = 64 : i64, order = array<i64: 2, 1, 0, 3>, shape = array<i64: 4, 3, 128>}
// CHECK: func.func @m_learn({{.*}}%[[TRACE:.*]]: tensor<2x3x4x64xf32> {etrace.buffer = "trace.e"}
// CHECK: linalg.generic {indexing_maps = [#[[TURN]], #{{.*}}], iterator_types = ["parallel", "parallel"]}
// CHECK: linalg.generic {indexing_maps = [#[[PACK]], #{{.*}}], iterator_types = ["parallel", "parallel", "parallel"]}
// CHECK: linalg.generic {indexing_maps = [#[[X]], #[[V]], #[[E]], #[[G]]]
// CHECK-SAME: iterator_types = ["parallel", "parallel", "reduction", "parallel"]
// CHECK: func.func @m_reset
// CHECK: linalg.fill {{.*}} tensor<2x3x4x64xf32>

// A cache too small for any block keeps the natural order.
// SMALL: etrace.buffer @trace.e
// SMALL-SAME: tensor<4x3x128xf32>
// SMALL-NOT: etrace.layout

#x = affine_map<(b, i, o) -> (b, i)>
#v = affine_map<(b, i, o) -> (b, o)>
#e = affine_map<(b, i, o) -> (b, i, o)>
#g = affine_map<(b, i, o) -> (i, o)>
etrace.buffer @trace.e kind(trace) path "e" : tensor<4x3x128xf32>
etrace.buffer @gradient.w kind(gradient) path "w" : tensor<3x128xf32>
func.func @m_learn(%x: tensor<4x3xf32> {etrace.name = "x"}, %d: tensor<4x128xf32> {etrace.name = "d"},
    %e: tensor<4x3x128xf32> {etrace.buffer = "trace.e"},
    %g: tensor<3x128xf32> {etrace.buffer = "gradient.w"})
    -> (tensor<4x3x128xf32> {etrace.buffer = "trace.e"},
        tensor<3x128xf32> {etrace.buffer = "gradient.w"}) attributes {etrace.entry = "learn"} {
  %r:2 = linalg.generic {indexing_maps = [#x, #v, #e, #g],
                         iterator_types = ["reduction", "parallel", "parallel"]}
      ins(%x, %d : tensor<4x3xf32>, tensor<4x128xf32>)
      outs(%e, %g : tensor<4x3x128xf32>, tensor<3x128xf32>) {
  ^bb0(%xx: f32, %dd: f32, %ee: f32, %gg: f32):
    %0 = arith.addf %gg, %ee : f32
    %1 = arith.mulf %dd, %ee : f32
    %2 = arith.addf %1, %xx : f32
    linalg.yield %2, %0 : f32, f32
  } -> (tensor<4x3x128xf32>, tensor<3x128xf32>)
  return %r#0, %r#1 : tensor<4x3x128xf32>, tensor<3x128xf32>
}
func.func @m_reset(%e: tensor<4x3x128xf32> {etrace.buffer = "trace.e"})
    -> (tensor<4x3x128xf32> {etrace.buffer = "trace.e"}) attributes {etrace.entry = "reset"} {
  %z = arith.constant 0.0 : f32
  %r = linalg.fill ins(%z : f32) outs(%e : tensor<4x3x128xf32>) -> tensor<4x3x128xf32>
  return %r : tensor<4x3x128xf32>
}

// A trace that is written but not read has an empty tensor as destination; it lies like the
// trace it is written with.
// CHECK: func.func @m_advance
// CHECK: %[[EMPTY:.*]] = tensor.empty() : tensor<2x3x4x64xf32>
// CHECK: linalg.generic {{.*}} outs(%{{.*}}, %[[EMPTY]] : tensor<2x3x4x64xf32>, tensor<2x3x4x64xf32>)
etrace.buffer @trace.f kind(trace) path "f" : tensor<4x3x128xf32>
func.func @m_advance(%e: tensor<4x3x128xf32> {etrace.buffer = "trace.e"},
    %f: tensor<4x3x128xf32> {etrace.buffer = "trace.f"})
    -> (tensor<4x3x128xf32> {etrace.buffer = "trace.e"},
        tensor<4x3x128xf32> {etrace.buffer = "trace.f"}) attributes {etrace.entry = "advance"} {
  %n = tensor.empty() : tensor<4x3x128xf32>
  %r:2 = linalg.generic {indexing_maps = [#e, #e],
                         iterator_types = ["reduction", "parallel", "parallel"]}
      outs(%e, %n : tensor<4x3x128xf32>, tensor<4x3x128xf32>) {
  ^bb0(%ee: f32, %ff: f32):
    %0 = arith.addf %ee, %ee : f32
    linalg.yield %0, %ee : f32, f32
  } -> (tensor<4x3x128xf32>, tensor<4x3x128xf32>)
  return %r#0, %r#1 : tensor<4x3x128xf32>, tensor<4x3x128xf32>
}

// Constants as new contents of a trace take its layout, too.
// CHECK: func.func @m_init() -> (tensor<2x3x4x64xf32> {etrace.buffer = "trace.e"}, tensor<2x3x4x64xf32>
// CHECK-DAG: %[[E:.*]] = arith.constant dense<0.{{.*}}> : tensor<2x3x4x64xf32>
// CHECK-DAG: %[[F:.*]] = linalg.fill {{.*}} : tensor<2x3x4x64xf32>
// CHECK: return %[[E]], %[[F]]
func.func @m_init() -> (tensor<4x3x128xf32> {etrace.buffer = "trace.e"},
    tensor<4x3x128xf32> {etrace.buffer = "trace.f"}) attributes {etrace.entry = "init"} {
  %c = arith.constant dense<0.0> : tensor<4x3x128xf32>
  %z = arith.constant 0.0 : f32
  %n = tensor.empty() : tensor<4x3x128xf32>
  %f = linalg.fill ins(%z : f32) outs(%n : tensor<4x3x128xf32>) -> tensor<4x3x128xf32>
  return %c, %f : tensor<4x3x128xf32>, tensor<4x3x128xf32>
}
