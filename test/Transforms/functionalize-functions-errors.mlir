// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --etrace-functionalize-functions -split-input-file -verify-diagnostics

etrace.model @cell {
  etrace.state @h : tensor<f64>
}
func.func @store(%x: tensor<f64>) {
  etrace.set @cell::@h, %x : tensor<f64>
  return
}
func.func @until(%x: tensor<f64>, %c: i1) {
  // expected-note@+1 {{only scf.if and scf.for return what they set; return the value from this operation and set it outside}}
  scf.while : () -> () {
    scf.condition(%c)
  } do {
    // expected-error@+1 {{'func.call' op writes states, which cannot be carried out of 'scf.while' [set-in-region]}}
    func.call @store(%x) : (tensor<f64>) -> ()
    scf.yield
  }
  return
}

// -----

etrace.model @cell {
  etrace.state @h : tensor<f64>
}
// expected-error@+1 {{uses states and branches between blocks; use 'scf' for control flow [state-blocks]}}
func.func @blocks(%x: tensor<f64>) {
  cf.br ^next
^next:
  etrace.set @cell::@h, %x : tensor<f64>
  return
}

// -----

etrace.model @cell {
  etrace.state @h : tensor<f64>
}
// expected-error@+1 {{uses states and calls itself; a recursive function has no form without access to states [state-recursion]}}
func.func @even(%x: tensor<f64>) {
  etrace.set @cell::@h, %x : tensor<f64>
  call @odd(%x) : (tensor<f64>) -> ()
  return
}
func.func @odd(%x: tensor<f64>) {
  call @even(%x) : (tensor<f64>) -> ()
  return
}
