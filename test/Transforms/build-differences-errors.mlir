// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s -split-input-file -verify-diagnostics --etrace-analyze --etrace-build-differences
// RUN: not etrace-opt %s -split-input-file --etrace-analyze --etrace-build-differences=window=two 2>&1 | FileCheck %s
// CHECK: error: 'etrace.model' op cannot learn with the window 'two'; windows are 'single-step' and '1' [unknown-window]

// expected-error @+1 {{'etrace.model' op has no 'etrace.loss', so there is no gradient to take differences of [difference-loss]}}
etrace.model @m {
  etrace.hidden @h : tensor<3xf64>
  etrace.step @update(%x: tensor<3xf64>) -> tensor<3xf64> {
    %h = etrace.get @h : tensor<3xf64>
    %n = arith.addf %x, %h : tensor<3xf64>
    etrace.set @h, %n : tensor<3xf64>
    etrace.yield %n : tensor<3xf64>
  }
}

// -----

etrace.model @m {
  etrace.hidden @h : tensor<f64>
  etrace.step @update(%x: tensor<f64>) -> tensor<f64> {
    %h = etrace.get @h : tensor<f64>
    %n = arith.addf %x, %h : tensor<f64>
    %lower = arith.constant 0 : index
    %upper = arith.constant 3 : index
    %one = arith.constant 1 : index
    %m = scf.for %i = %lower to %upper step %one iter_args(%c = %n) -> (tensor<f64>) {
      // expected-error @+1 {{'etrace.stop_gradient' op stands in a region of 'scf.for', where its nominal value is not known; write it in the step itself, or out of the path of derivatives [difference-region]}}
      %d = etrace.stop_gradient %c : tensor<f64>
      %e = arith.addf %c, %d : tensor<f64>
      scf.yield %e : tensor<f64>
    }
    etrace.set @h, %m : tensor<f64>
    etrace.yield %m : tensor<f64>
  }
  etrace.loss @l(%out: tensor<f64>) -> f64 {
    %loss = tensor.extract %out[] : tensor<f64>
    etrace.yield %loss : f64
  }
}

// -----

// expected-error @+1 {{expected one 'etrace.model', found 0 [one-model]}}
module {}
