// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --etrace-block-traces | FileCheck %s
// RUN: etrace-opt %s --etrace-block-traces="cache=128" | FileCheck %s --check-prefix=SMALL

// e[b, i, o] becomes e[o / 16][b][i][o % 16]: a row of a block is a line of the cache; all four samples
// and three rows fit one block. The other state lies between the samples and the rows of the
// same array. The gradient keeps its shape and is reached through a composed map; what the
// update reads is packed first.
// CHECK-DAG: #[[PACK:.*]] = affine_map<(d0, d1, d2) -> (d1, d0 * 16 + d2)>
// CHECK-DAG: #[[X:.*]] = affine_map<(d0, d1, d2, d3) -> (d1, d2)>
// CHECK-DAG: #[[V:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>
// CHECK-DAG: #[[E:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
// CHECK-DAG: #[[G:.*]] = affine_map<(d0, d1, d2, d3) -> (d2, d0 * 16 + d3)>
// CHECK: etrace.buffer @trace.e
// CHECK-SAME: tensor<8x4x3x16xf32>
// CHECK-SAME: array = @trace.e, block_strides = array<i64: 0, 0, 384>, blocks = array<i64: 4, 3, 16>, members = 2 : i64
// CHECK-SAME: shape = array<i64: 4, 3, 128>, start = 0 : i64, stored_strides = array<i64: 384, 96, 16, 1>, strides = array<i64: 96, 16, 1>
// CHECK: func.func @m_learn({{.*}}%[[TRACE:.*]]: tensor<8x4x3x16xf32> {etrace.buffer = "trace.e"}
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel"]}
// CHECK: linalg.generic {indexing_maps = [#[[PACK]], #{{.*}}], iterator_types = ["parallel", "parallel", "parallel"]}
// CHECK: linalg.generic {indexing_maps = [#[[X]], #[[V]], #[[E]], #[[G]]]
// CHECK-SAME: iterator_types = ["parallel", "reduction", "parallel", "parallel"]
// CHECK: func.func @m_reset
// CHECK: linalg.fill {{.*}} tensor<8x4x3x16xf32>
// CHECK: etrace.buffer @trace.f
// CHECK-SAME: array = @trace.e,
// CHECK-SAME: start = 48 : i64

// A cache that holds the vectors of one sample only: blocks of one.
// SMALL: etrace.buffer @trace.e
// SMALL-SAME: tensor<8x4x3x16xf32>
// SMALL-SAME: blocks = array<i64: 1, 3, 16>

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
// CHECK: %[[EMPTY:.*]] = tensor.empty() : tensor<8x4x3x16xf32>
// CHECK: linalg.generic {{.*}} outs(%{{.*}}, %[[EMPTY]] : tensor<8x4x3x16xf32>, tensor<8x4x3x16xf32>)
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
// CHECK: func.func @m_init() -> (tensor<8x4x3x16xf32> {etrace.buffer = "trace.e"}, tensor<8x4x3x16xf32>
// CHECK-DAG: %[[E:.*]] = arith.constant dense<0.{{.*}}> : tensor<8x4x3x16xf32>
// CHECK-DAG: %[[F:.*]] = linalg.fill {{.*}} : tensor<8x4x3x16xf32>
// CHECK: return %[[E]], %[[F]]
func.func @m_init() -> (tensor<4x3x128xf32> {etrace.buffer = "trace.e"},
    tensor<4x3x128xf32> {etrace.buffer = "trace.f"}) attributes {etrace.entry = "init"} {
  %c = arith.constant dense<0.0> : tensor<4x3x128xf32>
  %z = arith.constant 0.0 : f32
  %n = tensor.empty() : tensor<4x3x128xf32>
  %f = linalg.fill ins(%z : f32) outs(%n : tensor<4x3x128xf32>) -> tensor<4x3x128xf32>
  return %c, %f : tensor<4x3x128xf32>, tensor<4x3x128xf32>
}

// D and f of [b, o] lie side by side in one array, slices of which the update reads. Nine samples
// fall in blocks of three, six rows in blocks of three.
// CHECK: etrace.buffer @trace.p
// CHECK-SAME: tensor<3x3x2x3x3x16xf32>
// CHECK-SAME: block_strides = array<i64: 288, 144, 864>, blocks = array<i64: 3, 3, 16>
// CHECK: func.func @m_two
// CHECK: %[[ALL:.*]] = tensor.empty() : tensor<3x3x3x2x16xf32>
// CHECK: %[[FIRST:.*]] = linalg.generic
// CHECK: %[[ONE:.*]] = tensor.insert_slice %[[FIRST]] into %[[ALL]][0, 0, 0, 0, 0] [3, 3, 3, 1, 16]
// CHECK: %[[SECOND:.*]] = linalg.generic
// CHECK: %[[BOTH:.*]] = tensor.insert_slice %[[SECOND]] into %[[ONE]][0, 0, 0, 1, 0] [3, 3, 3, 1, 16]
// CHECK-DAG: %[[D:.*]] = tensor.extract_slice %[[BOTH]][0, 0, 0, 0, 0]
// CHECK-DAG: %[[F:.*]] = tensor.extract_slice %[[BOTH]][0, 0, 0, 1, 0]
// CHECK: linalg.generic {{.*}} ins(%[[D]], %[[F]] :
etrace.buffer @trace.p kind(trace) path "p" : tensor<9x6x48xf32>
func.func @m_two(%d: tensor<9x48xf32> {etrace.name = "d"}, %f: tensor<9x48xf32> {etrace.name = "f"},
    %p: tensor<9x6x48xf32> {etrace.buffer = "trace.p"})
    -> (tensor<9x6x48xf32> {etrace.buffer = "trace.p"}) attributes {etrace.entry = "two"} {
  %r = linalg.generic {indexing_maps = [#v, #v, #e],
                       iterator_types = ["reduction", "parallel", "parallel"]}
      ins(%d, %f : tensor<9x48xf32>, tensor<9x48xf32>) outs(%p : tensor<9x6x48xf32>) {
  ^bb0(%dd: f32, %ff: f32, %ee: f32):
    %0 = arith.mulf %dd, %ee : f32
    %1 = arith.addf %0, %ff : f32
    linalg.yield %1 : f32
  } -> tensor<9x6x48xf32>
  return %r : tensor<9x6x48xf32>
}

// One sample: rows one after the other, so that the gradient is read in order. In a cache too small
// for the vectors of a row, line by line.
// CHECK: etrace.buffer @trace.q
// CHECK-SAME: tensor<3x3x2x16xf32>
// CHECK-SAME: block_strides = array<i64: 96, 32>, blocks = array<i64: 2, 16>
// SMALL: etrace.buffer @trace.q
// SMALL-SAME: block_strides = array<i64: 32, 96>, blocks = array<i64: 2, 16>
#row = affine_map<(i, o) -> (o)>
#id = affine_map<(i, o) -> (i, o)>
etrace.buffer @trace.q kind(trace) path "q" : tensor<6x48xf32>
func.func @m_one(%d: tensor<48xf32> {etrace.name = "d"},
    %q: tensor<6x48xf32> {etrace.buffer = "trace.q"})
    -> (tensor<6x48xf32> {etrace.buffer = "trace.q"}) attributes {etrace.entry = "one"} {
  %r = linalg.generic {indexing_maps = [#row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%d : tensor<48xf32>) outs(%q : tensor<6x48xf32>) {
  ^bb0(%dd: f32, %ee: f32):
    %0 = arith.mulf %dd, %ee : f32
    linalg.yield %0 : f32
  } -> tensor<6x48xf32>
  return %r : tensor<6x48xf32>
}

// Rows that are no whole lines keep their order.
// CHECK: etrace.buffer @trace.r
// CHECK-SAME: tensor<6x50xf32>
// CHECK-NOT: etrace.layout
etrace.buffer @trace.r kind(trace) path "r" : tensor<6x50xf32>
func.func @m_odd(%d: tensor<50xf32> {etrace.name = "d"},
    %q: tensor<6x50xf32> {etrace.buffer = "trace.r"})
    -> (tensor<6x50xf32> {etrace.buffer = "trace.r"}) attributes {etrace.entry = "odd"} {
  %r = linalg.generic {indexing_maps = [#row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%d : tensor<50xf32>) outs(%q : tensor<6x50xf32>) {
  ^bb0(%dd: f32, %ee: f32):
    %0 = arith.mulf %dd, %ee : f32
    linalg.yield %0 : f32
  } -> tensor<6x50xf32>
  return %r : tensor<6x50xf32>
}
