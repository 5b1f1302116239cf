// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A trace of a convolution has an element for each position of y and element of the kernel; x is
// read through its window, with the zeros put around it where it is read.
// RUN: etrace-opt %s -etrace-analyze -etrace-print-graph -o /dev/null | FileCheck %s --check-prefix=GRAPH
// RUN: etrace-opt %s -etrace-analyze -etrace-derive-pipeline | FileCheck %s --check-prefixes=TRACE,WINDOW
// RUN: etrace-opt %s -etrace-analyze -etrace-derive-pipeline="window=single-step" | FileCheck %s --check-prefixes=TRACE,SINGLE
// RUN: etrace-opt %s -etrace-analyze -etrace-derive-pipeline="rule=pp-prop" | FileCheck %s --check-prefix=PROP
// RUN: etrace-opt %s -etrace-analyze -etrace-derive-pipeline="rule=pp-prop window=single-step" | FileCheck %s --check-prefix=PROP-SINGLE

// GRAPH: Group 0: [h]  positions 4x5, 1 state
// GRAPH: Weight 0: k, b  is associated with hidden group 0  (conv0, exact)
// GRAPH-NEXT: to h: math.tanh [[#@LINE+55]]:10, arith.addf [[#@LINE+58]]:11

// TRACE-DAG: #[[X:.*]] = affine_map<(d0, d1, d2, d3) -> (d0 * 2 + d1, d2)>
// TRACE-DAG: #[[Y:.*]] = affine_map<(d0, d1, d2, d3) -> (d3, d0)>
// TRACE-DAG: #[[E:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
// TRACE-DAG: #[[K:.*]] = affine_map<(d0, d1, d2, d3) -> (d1, d2, d3)>
// TRACE: etrace.buffer @"trace.relation0/weight/group0/0" kind(trace) path "relation0/weight/group0/0" : tensor<5x3x2x4xf32>
// TRACE-NEXT: etrace.buffer @"trace.relation0/bias/group0/0" kind(trace) path "relation0/bias/group0/0" : tensor<5x4xf32>
// TRACE: func.func private @windows_backward
// WINDOW: linalg.generic {indexing_maps = [#[[K]], #[[Y]], #[[X]]], iterator_types = ["reduction", "reduction", "parallel", "reduction"]}
// WINDOW: tensor.extract_slice %{{.*}}[1, 0] [9, 2] [1, 1] : tensor<11x2xf32> to tensor<9x2xf32>
// TRACE: %[[P:.*]] = tensor.insert_slice %{{.*}} into %{{.*}}[1, 0] [9, 2] [1, 1] : tensor<9x2xf32> into tensor<11x2xf32>
// The old trace and the direct term under window(1).
// WINDOW: linalg.generic {indexing_maps = [#[[X]], #[[Y]], #[[Y]], #[[Y]], #[[Y]], #[[E]], #[[K]]], iterator_types = ["reduction", "parallel", "parallel", "parallel"]} ins(%[[P]],
// WINDOW-NEXT: ^bb0(%[[XI:.*]]: f32, %[[DELTA:.*]]: f32, %[[D:.*]]: f32, %[[F:.*]]: f32, %[[G:.*]]: f32, %[[T:.*]]: f32, %[[DK:.*]]: f32):
// WINDOW-NEXT: %[[DT:.*]] = arith.mulf %[[D]], %[[T]]
// WINDOW-NEXT: %[[FX:.*]] = arith.mulf %[[F]], %[[XI]]
// WINDOW-NEXT: %[[T1:.*]] = arith.addf %[[DT]], %[[FX]]
// WINDOW-NEXT: %[[GT:.*]] = arith.mulf %[[G]], %[[T]]
// WINDOW-NEXT: %[[DX:.*]] = arith.mulf %[[DELTA]], %[[XI]]
// The new trace under single-step.
// SINGLE: linalg.generic {indexing_maps = [#[[X]], #[[Y]], #[[Y]], #[[Y]], #[[E]], #[[K]]], iterator_types = ["reduction", "parallel", "parallel", "parallel"]} ins(%[[P]],
// SINGLE-NEXT: ^bb0(%[[XI:.*]]: f32, %[[D:.*]]: f32, %[[F:.*]]: f32, %[[G:.*]]: f32, %[[T:.*]]: f32, %[[DK:.*]]: f32):
// SINGLE-NEXT: %[[DT:.*]] = arith.mulf %[[D]], %[[T]]
// SINGLE-NEXT: %[[FX:.*]] = arith.mulf %[[F]], %[[XI]]
// SINGLE-NEXT: %[[T1:.*]] = arith.addf %[[DT]], %[[FX]]
// SINGLE-NEXT: %[[GT:.*]] = arith.mulf %[[G]], %[[T1]]

// The trace of x has no zeros; they come with the contraction.
// PROP-DAG: #[[X:.*]] = affine_map<(d0, d1, d2, d3) -> (d0 * 2 + d1, d2)>
// PROP-DAG: #[[Y:.*]] = affine_map<(d0, d1, d2, d3) -> (d3, d0)>
// PROP-DAG: #[[K:.*]] = affine_map<(d0, d1, d2, d3) -> (d1, d2, d3)>
// PROP: etrace.buffer @"trace.relation0/x" kind(trace) path "relation0/x" : tensor<9x2xf32>
// PROP: etrace.buffer @"trace.relation0/f/group0/0" kind(trace) path "relation0/f/group0/0" : tensor<4x5xf32>
// PROP: func.func private @windows_backward
// PROP: %[[OLD:.*]] = tensor.insert_slice %{{.*}} into %{{.*}}[1, 0] [9, 2] [1, 1]
// PROP: %[[NOW:.*]] = tensor.insert_slice %{{.*}} into %{{.*}}[1, 0] [9, 2] [1, 1]
// PROP: linalg.generic {indexing_maps = [#[[X]], #[[Y]], #[[X]], #[[Y]], #[[K]]], iterator_types = ["reduction", "parallel", "parallel", "parallel"]} ins(%[[OLD]], %{{.*}}, %[[NOW]],
// PROP-SINGLE-DAG: #[[X:.*]] = affine_map<(d0, d1, d2, d3) -> (d0 * 2 + d1, d2)>
// PROP-SINGLE-DAG: #[[Y:.*]] = affine_map<(d0, d1, d2, d3) -> (d3, d0)>
// PROP-SINGLE-DAG: #[[K:.*]] = affine_map<(d0, d1, d2, d3) -> (d1, d2, d3)>
// PROP-SINGLE: func.func private @windows_backward
// PROP-SINGLE: %[[EX:.*]] = arith.addf %{{.*}} : tensor<9x2xf32>
// PROP-SINGLE: %[[P:.*]] = tensor.insert_slice %[[EX]] into %{{.*}}[1, 0] [9, 2] [1, 1]
// PROP-SINGLE: linalg.generic {indexing_maps = [#[[X]], #[[Y]], #[[K]]], iterator_types = ["reduction", "parallel", "parallel", "parallel"]} ins(%[[P]],
etrace.model @windows {
  etrace.param @k : tensor<3x2x4xf32>
  etrace.param @b : tensor<4xf32>
  etrace.hidden @h : tensor<4x5xf32>
  etrace.step @update(%x: tensor<9x2xf32>) -> tensor<4x5xf32> {
    %h = etrace.get @h : tensor<4x5xf32>
    %k = etrace.get @k : tensor<3x2x4xf32>
    %b = etrace.get @b : tensor<4xf32>
    %y = etrace.conv "Hi,Hio->oH" %x, %k bias %b strides [2] low [1] high [1]
        : tensor<9x2xf32>, tensor<3x2x4xf32>, tensor<4xf32> -> tensor<4x5xf32>
    %t = math.tanh %y : tensor<4x5xf32>
    %leak = arith.constant dense<0.5> : tensor<4x5xf32>
    %kept = arith.mulf %leak, %h : tensor<4x5xf32>
    %h1 = arith.addf %kept, %t : tensor<4x5xf32>
    etrace.set @h, %h1 : tensor<4x5xf32>
    etrace.yield %h1 : tensor<4x5xf32>
  }
  etrace.loss @squared_error(%out: tensor<4x5xf32>, %target: tensor<4x5xf32>) -> f32 {
    %d = arith.subf %out, %target : tensor<4x5xf32>
    %s = arith.mulf %d, %d : tensor<4x5xf32>
    %zero = arith.constant dense<0.0> : tensor<f32>
    %sum = linalg.reduce { arith.addf } ins(%s : tensor<4x5xf32>)
        outs(%zero : tensor<f32>) dimensions = [0, 1]
    %loss = tensor.extract %sum[] : tensor<f32>
    etrace.yield %loss : f32
  }
}
