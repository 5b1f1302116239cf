// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: split-file %s %t
// RUN: etrace-opt %t/entries.mlir -etrace-analyze -etrace-derive-pipeline | FileCheck %s --check-prefix=ENTRIES
// RUN: etrace-opt %t/entries.mlir -etrace-analyze -etrace-derive-pipeline=rule=pp-prop | FileCheck %s --check-prefix=FACTORS
// RUN: sed 's/%%kept)/%%x)/' %t/entries.mlir > %t/changing.mlir
// RUN: etrace-opt %t/changing.mlir -etrace-analyze -etrace-derive-pipeline | FileCheck %s --check-prefix=CHANGING
// RUN: etrace-opt %t/rows.mlir -etrace-analyze -etrace-derive-pipeline | FileCheck %s --check-prefix=ROWS
// RUN: etrace-opt %t/rows.mlir -etrace-analyze -etrace-print-graph -o /dev/null | FileCheck %s --check-prefix=GRAPH
// RUN: etrace-opt %t/cut.mlir -etrace-analyze -remarks-filter=etrace-graph -remark-policy=all -o /dev/null 2>&1 | FileCheck %s --check-prefix=CUT

// A trace holds a number for each sample and stored entry, where the columns stay as they are: a
// state that no step writes gives them.
// ENTRIES: etrace.buffer @"trace.relation0/weight/group0/0" {{.*}} : tensor<2x5xf32>
// ENTRIES: etrace.buffer @"trace.relation0/bias/group0/0" {{.*}} : tensor<2x4xf32>

// pp-prop low-passes x itself.
// FACTORS: etrace.buffer @"trace.relation0/x" {{.*}} : tensor<2x4xf32>
// FACTORS: etrace.buffer @"trace.relation0/f/group0/0" {{.*}} : tensor<2x4xf32>

// Where columns change an entry has met every position of its sample.
// CHANGING: etrace.buffer @"trace.relation0/weight/group0/0" {{.*}} : tensor<2x4x5xf32>

// A row of the unit matrix stands for x: 1 is added at index[b] in row b of zeros.
// ROWS: etrace.buffer @"trace.relation0/weight/group0/0" {{.*}} : tensor<2x7x4xf32>
// ROWS: func.func private @rows_forward(%[[I:.*]]: tensor<2xi32>,
// ROWS: etrace.indexed_contraction factors() indices(%[[I]] : tensor<2xi32>) dims [1] {{.*}} : tensor<2x7xf32>
// GRAPH: Weight 0: t  is associated with hidden group 0  (embedding0, exact)

// A user's own sum through indices is a product, which the transition leaves out.
// CUT: cut.mlir:8:10: remark: [Missed] recurrence-through-product {{.*}}"D leaves out the path of 'h' through this product

//--- entries.mlir
etrace.model @entries {
  etrace.param @w : tensor<5xf32>
  etrace.param @b : tensor<4xf32>
  etrace.state @cols : tensor<5xi32>
  etrace.hidden @h : tensor<2x4xf32>
  etrace.step @update(%x: tensor<5xi32>) -> tensor<2x4xf32> {
    %h = etrace.get @h : tensor<2x4xf32>
    %w = etrace.get @w : tensor<5xf32>
    %b = etrace.get @b : tensor<4xf32>
    %kept = etrace.get @cols : tensor<5xi32>
    %rows = arith.constant dense<[0, 0, 1, 3, 3]> : tensor<5xi32>
    %y = etrace.sparse_matmul %h, %w at(%rows, %kept) bias %b : tensor<2x4xf32>, tensor<5xf32>, tensor<5xi32>, tensor<5xi32>, tensor<4xf32> -> tensor<2x4xf32>
    %k = arith.constant dense<0.5> : tensor<2x4xf32>
    %kh = arith.mulf %k, %h : tensor<2x4xf32>
    %h1 = arith.addf %kh, %y : tensor<2x4xf32>
    etrace.set @h, %h1 : tensor<2x4xf32>
    etrace.yield %h1 : tensor<2x4xf32>
  }
  etrace.loss @first(%out: tensor<2x4xf32>) -> f32 {
    %c0 = arith.constant 0 : index
    %loss = tensor.extract %out[%c0, %c0] : tensor<2x4xf32>
    etrace.yield %loss : f32
  }
}

//--- rows.mlir
etrace.model @rows {
  etrace.param @t : tensor<7x4xf32>
  etrace.hidden @h : tensor<2x4xf32>
  etrace.step @update(%x: tensor<2xi32>) -> tensor<2x4xf32> {
    %h = etrace.get @h : tensor<2x4xf32>
    %t = etrace.get @t : tensor<7x4xf32>
    %y = etrace.embedding %x, %t : tensor<2xi32>, tensor<7x4xf32> -> tensor<2x4xf32>
    %k = arith.constant dense<0.5> : tensor<2x4xf32>
    %kh = arith.mulf %k, %h : tensor<2x4xf32>
    %h1 = arith.addf %kh, %y : tensor<2x4xf32>
    etrace.set @h, %h1 : tensor<2x4xf32>
    etrace.yield %h1 : tensor<2x4xf32>
  }
  etrace.loss @first(%out: tensor<2x4xf32>) -> f32 {
    %c0 = arith.constant 0 : index
    %loss = tensor.extract %out[%c0, %c0] : tensor<2x4xf32>
    etrace.yield %loss : f32
  }
}

//--- cut.mlir
etrace.model @cut {
  etrace.hidden @h : tensor<4xf32>
  etrace.step @update(%i: tensor<4xi32>) -> tensor<4xf32> {
    %h = etrace.get @h : tensor<4xf32>
    %k = arith.constant dense<0.5> : tensor<4xf32>
    %kh = arith.mulf %k, %h : tensor<4xf32>
    // h1[p] = 0.5 h[p] + h[i[p]]
    %g = etrace.indexed_contraction factors(%h : tensor<4xf32>) indices(%i : tensor<4xi32>) dims [1] maps [affine_map<(p, q) -> (q)>, affine_map<(p, q) -> (p)>, affine_map<(p, q) -> (p)>] init(%kh) : tensor<4xf32>
    etrace.set @h, %g : tensor<4xf32>
    etrace.yield %g : tensor<4xf32>
  }
}
