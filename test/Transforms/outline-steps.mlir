// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --etrace-outline-steps | FileCheck %s
// RUN: etrace-opt %s -pass-pipeline='builtin.module(etrace.model(etrace-functionalize),etrace-outline-steps)' | FileCheck %s
// RUN: etrace-opt %s --etrace-outline-steps --etrace-differentiate="function=cell.update states=@cell::@w,@cell::@neuron::@V transform=jacrev" --etrace-functionalize-functions -canonicalize -cse | FileCheck %s --check-prefix=DERIVED

// The step and the loss as functions, whichever form the step has; states by their models.
// CHECK-LABEL: func.func @cell.update(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<3xf64> {etrace.name = "x"}) -> tensor<3xf64> {
// CHECK-DAG: %[[V:.*]] = etrace.get @cell::@neuron::@V : tensor<3xf64>
// CHECK-DAG: %[[W:.*]] = etrace.get @cell::@w : tensor<3x3xf64>
// CHECK: %[[Y:.*]] = etrace.matmul %[[X]], %[[W]]
// CHECK: %[[N:.*]] = arith.addf %[[Y]], %[[V]]
// CHECK: etrace.set @cell::@neuron::@V, %[[N]]
// CHECK: return %[[N]]
// CHECK-LABEL: func.func @cell.first(
// CHECK-SAME: %{{.*}}: tensor<3xf64> {etrace.name = "o"}) -> f64
// DERIVED: func.func @cell.update.jacrev_cell.w_cell.neuron.V(%{{.*}}: tensor<3xf64> {etrace.hidden = "cell.neuron.V"}, %{{.*}}: tensor<3x3xf64> {etrace.param = "cell.w"},
// DERIVED-SAME: -> (tensor<3x3x3xf64> {etrace.result = {kind = "derivative", wrt = ["cell.w"]}}, tensor<3x3xf64> {etrace.result = {kind = "derivative", wrt = ["cell.neuron.V"]}}, tensor<3xf64> {etrace.hidden = "cell.neuron.V"})
etrace.model @cell {
  etrace.param @w : tensor<3x3xf64>
  etrace.group_state @neuron {
    etrace.component @V : tensor<3xf64>
  }
  etrace.step @update(%x: tensor<3xf64>) -> tensor<3xf64> {
    %v = etrace.get @neuron::@V : tensor<3xf64>
    %w = etrace.get @w : tensor<3x3xf64>
    %y = etrace.matmul %x, %w : tensor<3xf64>, tensor<3x3xf64> -> tensor<3xf64>
    %n = arith.addf %y, %v : tensor<3xf64>
    etrace.set @neuron::@V, %n : tensor<3xf64>
    etrace.yield %n : tensor<3xf64>
  }
  etrace.loss @first(%o: tensor<3xf64>) -> f64 {
    %c0 = arith.constant 0 : index
    %0 = tensor.extract %o[%c0] : tensor<3xf64>
    etrace.yield %0 : f64
  }
}
