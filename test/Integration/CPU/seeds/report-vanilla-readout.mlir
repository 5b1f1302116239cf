// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// S002-05, S002-27: a vanilla cell and an affine readout (10, 32, 5). The readout has no
// hidden state behind it, so it has no relation; the report says why.
// RUN: etrace-opt %s --etrace-analyze --etrace-print-graph -o /dev/null | FileCheck %s
// RUN: etrace-opt %s --etrace-analyze --etrace-print-graph=format=json -o /dev/null \
// RUN:   | FileCheck %s --check-prefix=JSON

// CHECK: The hidden groups are:
// CHECK: Group 0: [rnn.h]
// CHECK-SAME: 32
// CHECK: The weight parameters which are associated with the hidden states are:
// CHECK: Weight 0: rnn.W{{.*}} is associated with hidden group 0
// CHECK: The non-etrace weight parameters are:
// CHECK-DAG: out.W (excluded: relation-excluded-non-temporal)
// CHECK-DAG: out.b (excluded: relation-excluded-non-temporal)

// One relation with two leaves, each with its parameter.
// JSON-DAG: "key": "weight"
// JSON-DAG: "rnn.W"
// JSON-DAG: "key": "bias"
// JSON-DAG: "rnn.b"
etrace.model @vanilla_readout {
  etrace.param @rnn.W : tensor<42x32xf32>
  etrace.param @rnn.b : tensor<32xf32>
  etrace.param @out.W : tensor<32x5xf32>
  etrace.param @out.b : tensor<5xf32>
  etrace.hidden @rnn.h : tensor<32xf32>
  etrace.step @update(%x: tensor<10xf32>) -> tensor<5xf32> {
    %h = etrace.get @rnn.h : tensor<32xf32>
    %w = etrace.get @rnn.W : tensor<42x32xf32>
    %b = etrace.get @rnn.b : tensor<32xf32>
    %xh = tensor.concat dim(0) %x, %h : (tensor<10xf32>, tensor<32xf32>) -> tensor<42xf32>
    %y = etrace.matmul %xh, %w bias %b
        : tensor<42xf32>, tensor<42x32xf32>, tensor<32xf32> -> tensor<32xf32>
    %zero = arith.constant dense<0.0> : tensor<32xf32>
    %h1 = arith.maximumf %y, %zero : tensor<32xf32>
    etrace.set @rnn.h, %h1 : tensor<32xf32>
    %wo = etrace.get @out.W : tensor<32x5xf32>
    %bo = etrace.get @out.b : tensor<5xf32>
    %out = etrace.matmul %h1, %wo bias %bo
        : tensor<32xf32>, tensor<32x5xf32>, tensor<5xf32> -> tensor<5xf32>
    etrace.yield %out : tensor<5xf32>
  }
}
