// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: mlir-opt %s --load-dialect-plugin=%etrace_plugin --load-pass-plugin=%etrace_plugin \
// RUN:   --pass-pipeline='builtin.module(etrace-convert-float{to=f64})' | FileCheck %s
// RUN: not mlir-opt %s 2>&1 | FileCheck %s --check-prefix=WITHOUT

// The stock tool knows the dialect and its passes only through the plugin.
// WITHOUT: Dialect `etrace' not found

// CHECK-LABEL: etrace.model @leaky
// CHECK: etrace.set @h, %{{.*}} : tensor<3xf64>
etrace.model @leaky {
  etrace.hidden @h : tensor<3xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<3xf32> {
    %h = etrace.get @h : tensor<3xf32>
    %n = arith.addf %x, %h : tensor<3xf32>
    etrace.set @h, %n : tensor<3xf32>
    etrace.yield %n : tensor<3xf32>
  }
}
