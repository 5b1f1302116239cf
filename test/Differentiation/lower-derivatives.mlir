// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --etrace-lower-derivatives -canonicalize -cse | FileCheck %s
// RUN: etrace-opt %s --etrace-lower-derivatives -remarks-filter=etrace-derivatives -remark-policy=all 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK
// RUN: etrace-opt %s --etrace-differentiate="function=distance wrt=1,0 return-value" --etrace-lower-derivatives | FileCheck %s --check-prefix=ONCE
// RUN: etrace-opt %s | etrace-opt | FileCheck %s --check-prefix=ROUND
// RUN: etrace-opt %s -canonicalize -cse | FileCheck %s --check-prefix=EFFECT

// EFFECT-LABEL: func.func @unused_result(
// EFFECT: etrace.grad @stateful(%{{.*}}) states []

// The same derivative is one function, whoever asks: an operation twice, or another pass before.
// ONCE-LABEL: func.func @distance(
// ONCE: func.func @distance.grad_1_0_value(
// ONCE-NOT: func.func {{.*}}@distance
// CHECK-LABEL: func.func @distance(
// CHECK: func.func private @distance.grad_1_0_value(
// CHECK-NOT: func.func private @distance
// CHECK-LABEL: func.func @twice(
// CHECK-SAME: %[[X:[a-z0-9]+]]: f64, %[[Y:[a-z0-9]+]]: f64)
// CHECK: %[[R:.*]]:3 = call @distance.grad_1_0_value(%[[X]], %[[Y]])
// CHECK: call @distance.grad_1_0_value(%[[R]]#0, %[[Y]])
// ROUND-LABEL: func.func @twice(
// ROUND: %{{.*}}:3 = etrace.grad @distance(%{{.*}}, %{{.*}}) wrt [1, 0] return_value : (f64, f64) -> (f64, f64, f64)
func.func @distance(%x: f64, %y: f64) -> f64 {
  %d = arith.subf %x, %y : f64
  %0 = arith.mulf %d, %d : f64
  return %0 : f64
}
func.func @twice(%x: f64, %y: f64) -> (f64, f64) {
  %0:3 = etrace.grad @distance(%x, %y) wrt [1, 0] return_value : (f64, f64) -> (f64, f64, f64)
  %1:3 = etrace.grad @distance(%0#0, %y) wrt [1, 0] return_value : (f64, f64) -> (f64, f64, f64)
  return %1#1, %1#2 : f64, f64
}

// A Jacobian is a loop over the basis, whatever the extents; what the function keeps (here
// cos x) is computed once, in front.
// CHECK: func.func private @sines.jacrev_0(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<900xf64>) -> tensor<900x900xf64>
// CHECK: %[[C:.*]] = math.cos %[[X]]
// CHECK: scf.for %[[I:.*]] = %{{.*}} to %{{.*}} step %{{.*}} iter_args(%[[J:.*]] = %{{.*}}) -> (tensor<900x900xf64>)
// CHECK: %[[E:.*]] = tensor.insert %{{.*}} into %{{.*}}[%[[I]]]
// CHECK: %[[R:.*]] = arith.mulf %[[C]], %[[E]]
// CHECK: tensor.insert_slice %[[R]] into %[[J]][%[[I]], 0] [1, 900] [1, 1]
// CHECK-NOT: math
// CHECK: return
// ROUND: etrace.jacrev @sines(%{{.*}}) : (tensor<900xf64>) -> tensor<900x900xf64>
func.func @sines(%x: tensor<900xf64>) -> tensor<900xf64> {
  %0 = math.sin %x : tensor<900xf64>
  return %0 : tensor<900xf64>
}
func.func @rows(%x: tensor<900xf64>) -> tensor<900x900xf64> {
  %0 = etrace.jacrev @sines(%x) : (tensor<900xf64>) -> tensor<900x900xf64>
  return %0 : tensor<900x900xf64>
}

// Columns in forward mode; a remark says what either mode takes (S003-22).
// REMARK: lower-derivatives.mlir:[[#]]:{{.*}} jacobian-passes {{.*}}Function=products.jacfwd_0 {{.*}}takes 3 forward passes; 'jacrev' takes 2 reverse passes
// CHECK: func.func private @sines.jacfwd_0(
// CHECK: tensor.insert_slice %{{.*}} into %{{.*}}[0, %{{.*}}] [900, 1] [1, 1]
// CHECK: func.func private @sines.jvp_0(%{{.*}}: tensor<900xf64>, %{{.*}}: tensor<900xf64>) -> tensor<900xf64>
// CHECK: func.func private @sines.vjp_0_value(%{{.*}}: tensor<900xf64>, %{{.*}}: tensor<900xf64>) -> (tensor<900xf64>, tensor<900xf64>)
func.func @columns(%x: tensor<900xf64>) -> tensor<900x900xf64> {
  %0 = etrace.jacfwd @sines(%x) : (tensor<900xf64>) -> tensor<900x900xf64>
  return %0 : tensor<900x900xf64>
}

// CHECK: func.func private @products.jacrev_0(
func.func @products(%x: tensor<3xf64>) -> tensor<2xf64> {
  %a = tensor.extract_slice %x[0] [2] [1] : tensor<3xf64> to tensor<2xf64>
  %b = tensor.extract_slice %x[1] [2] [1] : tensor<3xf64> to tensor<2xf64>
  %0 = arith.mulf %a, %b : tensor<2xf64>
  return %0 : tensor<2xf64>
}
func.func @few(%x: tensor<3xf64>) -> tensor<2x3xf64> {
  %0 = etrace.jacfwd @products(%x) : (tensor<3xf64>) -> tensor<2x3xf64>
  return %0 : tensor<2x3xf64>
}

// Blocks without elements.
// CHECK: func.func private @empty.jacrev_0_1(%[[X:.*]]: tensor<0xf64>, %{{.*}}: f64) -> (tensor<0x0xf64>, tensor<0xf64>, tensor<0xf64>, f64)
func.func @empty(%x: tensor<0xf64>, %y: f64) -> (tensor<0xf64>, f64) {
  return %x, %y : tensor<0xf64>, f64
}
func.func @ask_empty(%x: tensor<0xf64>, %y: f64) -> (tensor<0x0xf64>, f64) {
  %0:4 = etrace.jacrev @empty(%x, %y) wrt [0, 1]
      : (tensor<0xf64>, f64) -> (tensor<0x0xf64>, tensor<0xf64>, tensor<0xf64>, f64)
  return %0#0, %0#3 : tensor<0x0xf64>, f64
}

// Only what is on the way to a differentiated result is differentiated; auxiliary results pass,
// by operations without a rule as well.
// CHECK: func.func private @beside.grad_0_aux(
// CHECK-SAME: %[[X:[a-z0-9]+]]: f64) -> (f64, f64)
// CHECK-NOT: math.cos
// CHECK: math.sin %[[X]]
// CHECK-NOT: math.cos
// CHECK: return
// ROUND: etrace.grad @beside(%{{.*}}) has_aux : (f64) -> (f64, f64)
func.func @beside(%x: f64) -> (f64, f64) {
  %0 = arith.mulf %x, %x : f64
  %1 = math.sin %x : f64
  %2 = vector.broadcast %1 : f64 to vector<1xf64>
  %3 = vector.extract %2[0] : f64 from vector<1xf64>
  %4 = arith.addf %3, %0 : f64
  return %0, %4 : f64, f64
}
func.func @ask(%x: f64) -> (f64, f64) {
  %0:2 = etrace.grad @beside(%x) has_aux : (f64) -> (f64, f64)
  return %0#0, %0#1 : f64, f64
}

// A zero because nothing depends on an argument: right, but a remark says so.
// CHECK: func.func private @first.grad_1(
// CHECK: %[[Z:.*]] = arith.constant 0.000000e+00
// CHECK: return %[[Z]]
// REMARK: lower-derivatives.mlir:[[#@LINE+1]]:{{.*}} independent-argument {{.*}}no differentiated result depends on argument 1 in a differentiable way: its derivative is zero
func.func @first(%x: f64, %y: f64) -> f64 {
  return %x : f64
}
func.func @zero(%x: f64) -> f64 {
  %0 = etrace.grad @first(%x, %x) wrt [1] : (f64, f64) -> f64
  return %0 : f64
}

// ROUND: etrace.jvp @sines(%{{.*}}) tangents(%{{.*}}) : (tensor<900xf64>), (tensor<900xf64>) -> (tensor<900xf64>)
// ROUND: etrace.vjp @sines(%{{.*}}) cotangents(%{{.*}}) return_value : (tensor<900xf64>), (tensor<900xf64>) -> (tensor<900xf64>, tensor<900xf64>)
func.func @directions(%x: tensor<900xf64>, %t: tensor<900xf64>) -> tensor<900xf64> {
  %0 = etrace.jvp @sines(%x) tangents(%t) : (tensor<900xf64>), (tensor<900xf64>) -> (tensor<900xf64>)
  %1:2 = etrace.vjp @sines(%x) cotangents(%0) return_value
      : (tensor<900xf64>), (tensor<900xf64>) -> (tensor<900xf64>, tensor<900xf64>)
  return %1#0 : tensor<900xf64>
}

// S003-22: the mode with fewer passes; as named where both take as many or an extent is not known.
// REMARK: {{.*}} jacobian-passes {{.*}}Function=products.jacrev_0 {{.*}}chosen: takes 2 reverse passes; 'jacfwd' takes 3 forward passes
// CHECK: func.func private @growing.jacfwd_0(
// REMARK: {{.*}} jacobian-passes {{.*}}Function=growing.jacfwd_0 {{.*}}chosen: takes 2 forward passes; 'jacrev' takes 4 reverse passes
// CHECK: func.func private @unknown.jacrev_0(
// ROUND: etrace.jacfwd automatic @products(%{{.*}}) : (tensor<3xf64>) -> tensor<2x3xf64>
func.func @growing(%x: tensor<2xf64>) -> tensor<2x2xf64> {
  %e = tensor.empty() : tensor<2x2xf64>
  %b = linalg.broadcast ins(%x : tensor<2xf64>) outs(%e : tensor<2x2xf64>) dimensions = [0]
  %0 = math.sin %b : tensor<2x2xf64>
  return %0 : tensor<2x2xf64>
}
func.func @unknown(%x: tensor<?xf64>) -> tensor<?xf64> {
  %0 = math.sin %x : tensor<?xf64>
  return %0 : tensor<?xf64>
}
func.func @choose(%x: tensor<3xf64>, %y: tensor<2xf64>, %z: tensor<?xf64>)
    -> (tensor<2x3xf64>, tensor<2x2x2xf64>, tensor<?x?xf64>) {
  %0 = etrace.jacfwd automatic @products(%x) : (tensor<3xf64>) -> tensor<2x3xf64>
  %1 = etrace.jacrev automatic @growing(%y) : (tensor<2xf64>) -> tensor<2x2x2xf64>
  %2 = etrace.jacrev automatic @unknown(%z) : (tensor<?xf64>) -> tensor<?x?xf64>
  return %0, %1, %2 : tensor<2x3xf64>, tensor<2x2x2xf64>, tensor<?x?xf64>
}

// States: read in front of the call, written behind it; a derivative may have effects, so
// none is dropped or moved.
// CHECK-LABEL: func.func @with_states(
// CHECK: %[[S:.*]] = etrace.get @store::@scale
// CHECK: %[[R:.*]]:2 = call @stateful.functional.grad_0_aux(%[[S]],
// CHECK: etrace.set @store::@last, %[[R]]#1
// CHECK: return %[[R]]#0
// ROUND: etrace.grad @stateful(%{{.*}}) states [@store::@scale] : (tensor<f64>) -> tensor<f64>
// ROUND: etrace.grad @stateful(%{{.*}}) states [] transforms [#etrace.scale<factor = 5.000000e-01>] : (tensor<f64>) -> tensor<f64>
// ROUND: etrace.random_normal like %{{.*}} seed(7) stream("s") counter(%{{.*}}) : tensor<f64>
etrace.model @store {
  etrace.param @scale : tensor<f64>
  etrace.state @last : tensor<f64>
}
func.func @stateful(%x: tensor<f64>) -> tensor<f64> {
  %s = etrace.get @store::@scale : tensor<f64>
  %0 = arith.mulf %x, %s : tensor<f64>
  etrace.set @store::@last, %0 : tensor<f64>
  return %0 : tensor<f64>
}
func.func @with_states(%x: tensor<f64>) -> tensor<f64> {
  %0 = etrace.grad @stateful(%x) states [@store::@scale] : (tensor<f64>) -> tensor<f64>
  return %0 : tensor<f64>
}
func.func @unused_result(%x: tensor<f64>, %n: i64) -> tensor<f64> {
  %0 = etrace.grad @stateful(%x) states [] transforms [#etrace.scale<factor = 0.5>]
      : (tensor<f64>) -> tensor<f64>
  %1 = etrace.random_normal like %x seed(7) stream("s") counter(%n) : tensor<f64>
  return %1 : tensor<f64>
}
