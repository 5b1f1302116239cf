// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --verify-roundtrip | FileCheck %s
// RUN: etrace-opt %s | etrace-opt | FileCheck %s
// RUN: etrace-opt %s --mlir-print-op-generic | etrace-opt | FileCheck %s
// RUN: rm -rf %t && split-file %s %t
// RUN: etrace-opt %t/model.mlir --emit-bytecode | etrace-opt | FileCheck %t/model.mlir
// RUN: etrace-opt %t/graph.mlir --emit-bytecode | etrace-opt | FileCheck %t/graph.mlir
// RUN: etrace-opt %t/attributes.mlir --emit-bytecode | etrace-opt | FileCheck %t/attributes.mlir

//--- model.mlir
// CHECK-LABEL: etrace.model @written attributes {batch_dim = 0 : i64, compat = #etrace.compat<braintrace>} {
etrace.model @written attributes {batch_dim = 0, compat = #etrace.compat<braintrace>} {
  // CHECK-NEXT: etrace.param @w : tensor<3x5xf32> init #etrace.orthogonal{{$}}
  etrace.param @w : tensor<3x5xf32> init #etrace.orthogonal<gain = 1.0>
  // CHECK-NEXT: etrace.param @b : tensor<5xf32>{{$}}
  etrace.param @b : tensor<5xf32> init #etrace.zeros
  // CHECK-NEXT: etrace.hidden @h : tensor<2x5xf32> init #etrace.constant<value = 5.000000e-01> {note = "kept"}
  etrace.hidden @h : tensor<2x5xf32> init #etrace.constant<value = 0.5> {note = "kept"}
  // CHECK-NEXT: etrace.group_state @neuron {
  // CHECK-NEXT:   etrace.component @V : tensor<2x5xf32> init #etrace.constant<value = -6.500000e+01>
  // CHECK-NEXT:   etrace.component @a : tensor<2x5xf32>
  // CHECK-NEXT: }
  etrace.group_state @neuron {
    etrace.component @V : tensor<2x5xf32> init #etrace.constant<value = -65.0>
    etrace.component @a : tensor<2x5xf32>
  }
  // CHECK-NEXT: etrace.tree_state @tree {
  // CHECK-NEXT:   etrace.component @threshold : tensor<2xf32> init #etrace.constant<value = 1.000000e+00>
  // CHECK-NEXT:   etrace.tree_state @syn attributes {note = "kept"} {
  // CHECK-NEXT:     etrace.component @"0" : tensor<2x3xf32>
  // CHECK-NEXT:     etrace.group_state @"1" {
  // CHECK-NEXT:       etrace.component @g : tensor<2x5xf32>
  // CHECK-NEXT:     }
  // CHECK-NEXT:   }
  // CHECK-NEXT: }
  etrace.tree_state @tree {
    etrace.component @threshold : tensor<2xf32> init #etrace.constant<value = 1.0>
    etrace.tree_state @syn attributes {note = "kept"} {
      etrace.component @"0" : tensor<2x3xf32>
      etrace.group_state @"1" {
        etrace.component @g : tensor<2x5xf32>
      }
    }
  }
  // CHECK-NEXT: etrace.state @clock : tensor<i32> init #etrace.constant<value = 3.000000e+00>
  etrace.state @clock : tensor<i32> init #etrace.constant<value = 3.0>
  // CHECK-NEXT: etrace.step @update(%[[X:.*]]: tensor<2x3xf32> {etrace.name = "x"}, %{{.*}}: tensor<2xi32> {etrace.name = "mask", etrace.single_step}) -> tensor<2x5xf32> {
  etrace.step @update(%x: tensor<2x3xf32>, %mask: tensor<2xi32> {etrace.single_step}) -> tensor<2x5xf32> {
    // CHECK-NEXT: %[[W:.*]] = etrace.get @w : tensor<3x5xf32>
    %w = etrace.get @w : tensor<3x5xf32>
    %b = etrace.get @b : tensor<5xf32>
    %v = etrace.get @neuron::@V : tensor<2x5xf32>
    // CHECK: etrace.get @tree::@syn::@"1"::@g : tensor<2x5xf32>
    %g = etrace.get @tree::@syn::@"1"::@g : tensor<2x5xf32>
    // CHECK: etrace.matmul %[[X]], %[[W]] : tensor<2x3xf32>, tensor<3x5xf32> -> tensor<2x5xf32>
    %y0 = etrace.matmul %x, %w : tensor<2x3xf32>, tensor<3x5xf32> -> tensor<2x5xf32>
    // CHECK: etrace.matmul %{{.*}}, %{{.*}} bias %{{.*}} id "y" : tensor<2x3xf32>, tensor<3x5xf32>, tensor<5xf32> -> tensor<2x5xf32>
    %y1 = etrace.matmul %x, %w bias %b id "y" : tensor<2x3xf32>, tensor<3x5xf32>, tensor<5xf32> -> tensor<2x5xf32>
    // CHECK: etrace.einsum "bk,kn->bn" %{{.*}}, %{{.*}} id "z" : tensor<2x3xf32>, tensor<3x5xf32> -> tensor<2x5xf32>
    %y2 = etrace.einsum "bk,kn->bn" %x, %w id "z" : tensor<2x3xf32>, tensor<3x5xf32> -> tensor<2x5xf32>
    %n = arith.constant 4 : index
    %cx = tensor.empty() : tensor<4x5xf32>
    %ck = tensor.empty() : tensor<2x5x3xf32>
    %cb = tensor.empty() : tensor<3xf32>
    %cd = tensor.empty(%n) : tensor<3x?x2xf32>
    %cw = tensor.empty() : tensor<2x2x2xf32>
    // CHECK: etrace.conv "Hi,Hio->Ho" %{{.*}}, %{{.*}} bias %{{.*}} strides [2] low [1] high [3] input_dilation [2] kernel_dilation [3] id "c" : tensor<4x5xf32>, tensor<2x5x3xf32>, tensor<3xf32> -> tensor<4x3xf32>
    %c1 = etrace.conv "Hi,Hio->Ho" %cx, %ck bias %cb strides [2] low [1] high [3] input_dilation [2] kernel_dilation [3] id "c" : tensor<4x5xf32>, tensor<2x5x3xf32>, tensor<3xf32> -> tensor<4x3xf32>
    // CHECK: etrace.conv "HWc,HWc->cHW" %{{.*}}, %{{.*}} : tensor<3x?x2xf32>, tensor<2x2x2xf32> -> tensor<2x2x?xf32>
    %c2 = etrace.conv "HWc,HWc->cHW" %cd, %cw : tensor<3x?x2xf32>, tensor<2x2x2xf32> -> tensor<2x2x?xf32>
    // CHECK: etrace.lora_matmul %{{.*}}, %{{.*}}, %{{.*}} : tensor<2x3xf32>, tensor<3x5xf32>, tensor<5x5xf32> -> tensor<2x5xf32>
    %square = arith.constant dense<0.5> : tensor<5x5xf32>
    %y3 = etrace.lora_matmul %x, %w, %square alpha 1.0 : tensor<2x3xf32>, tensor<3x5xf32>, tensor<5x5xf32> -> tensor<2x5xf32>
    // CHECK: etrace.lora_matmul %{{.*}}, %{{.*}}, %{{.*}} alpha 5.000000e-01 bias %{{.*}} id "l" : tensor<2x3xf32>, tensor<3x5xf32>, tensor<5x5xf32>, tensor<5xf32> -> tensor<2x5xf32>
    %y4 = etrace.lora_matmul %x, %w, %square alpha 0.5 bias %b id "l" : tensor<2x3xf32>, tensor<3x5xf32>, tensor<5x5xf32>, tensor<5xf32> -> tensor<2x5xf32>
    // CHECK: etrace.elementwise %{{.*}} id "e" : tensor<5xf32>
    %e = etrace.elementwise %b id "e" : tensor<5xf32>
    // CHECK: etrace.spike %{{.*}} : tensor<2x5xf32>
    %s0 = etrace.spike %y1 : tensor<2x5xf32>
    // CHECK: etrace.spike %{{.*}} surrogate(#etrace.relu_grad<alpha = 1.000000e-01>) : tensor<2x5xf32>
    %s1 = etrace.spike %y1 surrogate(#etrace.relu_grad<alpha = 0.1>) : tensor<2x5xf32>
    // CHECK: etrace.spike %{{.*}} surrogate(#etrace.sigmoid_grad) : tensor<2x5xf32>
    %s2 = etrace.spike %y1 surrogate(#etrace.sigmoid_grad) : tensor<2x5xf32>
    // CHECK: etrace.spike %{{.*}} surrogate(#etrace.multi_gaussian<scale = 3.000000e-01>) : tensor<2x5xf32>
    %s3 = etrace.spike %y1 surrogate(#etrace.multi_gaussian<scale = 0.3>) : tensor<2x5xf32>
    // CHECK: etrace.logistic %{{.*}} : tensor<2x5xf32>
    %l = etrace.logistic %y0 : tensor<2x5xf32>
    // CHECK: etrace.stop_gradient %{{.*}} : tensor<2x5xf32>
    %c = etrace.stop_gradient %l : tensor<2x5xf32>
    // CHECK: etrace.set @neuron::@V, %{{.*}} : tensor<2x5xf32>
    etrace.set @neuron::@V, %c : tensor<2x5xf32>
    // CHECK: etrace.yield %{{.*}} : tensor<2x5xf32>
    etrace.yield %c : tensor<2x5xf32>
  }
  // CHECK: etrace.loss @first(%[[OUT:.*]]: tensor<2x5xf32> {etrace.name = "out"}, %[[T:.*]]: tensor<2xi32> {etrace.name = "target"}) -> f32 {
  etrace.loss @first(%out: tensor<2x5xf32>, %target: tensor<2xi32>) -> f32 {
    %i = arith.constant 0 : index
    %l = tensor.extract %out[%i, %i] : tensor<2x5xf32>
    // CHECK: etrace.yield %{{.*}} : f32
    etrace.yield %l : f32
  }
}
// CHECK-LABEL: etrace.model @functional {
etrace.model @functional {
  etrace.param @w : tensor<3xf64>
  etrace.hidden @h : tensor<3xf64>
  etrace.state @z : tensor<3xf64>
  // CHECK: etrace.step @update(%{{.*}}: tensor<3xf64> {etrace.name = "x"}, %{{.*}}: tensor<3xf64> {etrace.hidden = "h"}, %{{.*}}: tensor<3xf64> {etrace.state = "z"}, %{{.*}}: tensor<3xf64> {etrace.param = "w"})
  // CHECK-SAME: -> (tensor<3xf64>, tensor<3xf64> {etrace.hidden = "h"}, tensor<3xf64> {etrace.state = "z"}) {
  etrace.step @update(%x: tensor<3xf64>, %h: tensor<3xf64> {etrace.hidden = "h"},
                      %z: tensor<3xf64> {etrace.state = "z"}, %w: tensor<3xf64> {etrace.param = "w"})
      -> (tensor<3xf64>, tensor<3xf64> {etrace.hidden = "h"}, tensor<3xf64> {etrace.state = "z"}) {
    // CHECK: etrace.fresh %{{.*}} state "h" : tensor<3xf64>
    %f = etrace.fresh %h state "h" : tensor<3xf64>
    etrace.yield %f, %x, %z : tensor<3xf64>, tensor<3xf64>, tensor<3xf64>
  }
}

//--- graph.mlir
// CHECK-LABEL: etrace.model @graph
etrace.model @graph {
  etrace.param @w : tensor<3x5xf32>
  etrace.param @b : tensor<5xf32>
  etrace.hidden @h : tensor<5xf32>
  etrace.hidden @v : tensor<5xf32>
  etrace.step @update(%x: tensor<5xf32>) -> tensor<5xf32> {
    etrace.yield %x : tensor<5xf32>
  }
  // CHECK: etrace.group @group0 members ["h", "v"] positions [5] edges [0, 0, 0, 1]{{$}}
  etrace.group @group0 members ["h", "v"] positions [5] edges [0, 0, 0, 1]
  // CHECK: etrace.group @group1 members ["h"] positions [5] edges [] assumed
  etrace.group @group1 members ["h"] positions [5] edges [] assumed
  // CHECK: etrace.relation @relation0 primitive "matmul0" groups [@group0] reach [array<i64: 0, 1>] leaves ["weight"] params {{\[}}["w"]] chains {{\[}}["arith.mulf"]] tails {{\[}}["arith.addf", "math.tanh"]] direct exact{{$}}
  etrace.relation @relation0 primitive "matmul0" groups [@group0] reach [array<i64: 0, 1>]
      leaves ["weight"] params [["w"]] chains [["arith.mulf"]] tails [["arith.addf", "math.tanh"]] direct exact
  // CHECK: etrace.relation @relation1 primitive "matmul1" groups [@group1] {{.*}} mixed reason "position-mixing" assumed
  etrace.relation @relation1 primitive "matmul1" groups [@group1] reach [array<i64>]
      leaves ["weight"] params [["w"]] chains [[]] tails [[]] mixed reason "position-mixing" assumed
  // CHECK: etrace.recurrence @h read written(always){{$}}
  etrace.recurrence @h read written(always)
  // CHECK: etrace.recurrence @v written(sometimes){{$}}
  etrace.recurrence @v written(sometimes)
  // CHECK: etrace.excluded @b reason "no-path-to-hidden"
  etrace.excluded @b reason "no-path-to-hidden"
}
// CHECK: etrace.buffer @hidden.h kind(hidden) path "h" : tensor<5xf32>{{$}}
etrace.buffer @hidden.h kind(hidden) path "h" : tensor<5xf32>
// CHECK: etrace.buffer @param.w kind(param) path "w" : tensor<3x5xf32> init #etrace.kaiming{{$}}
etrace.buffer @param.w kind(param) path "w" : tensor<3x5xf32> init #etrace.kaiming

//--- attributes.mlir
// CHECK-LABEL: @attributes
func.func private @attributes() attributes {
  // CHECK-SAME: a0 = #etrace.zeros
  a0 = #etrace.zeros,
  // CHECK-SAME: a1 = #etrace.constant,
  a1 = #etrace.constant<value = 0.0>,
  // CHECK-SAME: a2 = #etrace.uniform<low = -1.000000e-01, high = 1.000000e-01>
  a2 = #etrace.uniform<low = -0.1, high = 0.1>,
  // CHECK-SAME: a3 = #etrace.normal<std = 1.000000e-01>
  a3 = #etrace.normal<std = 0.1>,
  // CHECK-SAME: a4 = #etrace.xavier<gain = 2.000000e+00>
  a4 = #etrace.xavier<gain = 2.0>,
  // CHECK-SAME: a5 = #etrace.kaiming<scale = 1.000000e+00>
  a5 = #etrace.kaiming<scale = 1.0>,
  // A double keeps all its digits.
  // CHECK-SAME: a6 = #etrace.constant<value = 0.1234567890123456{{[0-9]*}}>
  a6 = #etrace.constant<value = 0.12345678901234566>
}
