// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --etrace-analyze=strict=missed -verify-diagnostics
// RUN: sed '/expected-error/d' %s > %t.mlir
// RUN: not etrace-opt %t.mlir --etrace-analyze=strict=relation-excluded-ordinary -o /dev/null 2>&1 | FileCheck %s --check-prefix=ONE
// RUN: etrace-opt %t.mlir --etrace-analyze=strict=position-mixing,relation-partial-path -o /dev/null
// RUN: not etrace-opt %t.mlir --etrace-analyze=strict=ordinary -o /dev/null 2>&1 | FileCheck %s --check-prefix=UNKNOWN

// ONE-NOT: recurrence-through-product
// ONE: error: weight 'r' is only used by operations that are not ETP{{.*}} [relation-excluded-ordinary]
// ONE-NOT: error:
// UNKNOWN: has no kind of decision 'ordinary' that could be an error; kinds are 'missed', 'hidden-group-merged', {{.*}} [unknown-kind]
etrace.model @m {
  etrace.param @w : tensor<3x4xf32>
  // expected-error @+1 {{weight 'r' is only used by operations that are not ETP; it learns by its instantaneous gradient [relation-excluded-ordinary]}}
  etrace.param @r : tensor<4x4xf32>
  etrace.hidden @h : tensor<4xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<4xf32> {
    %h = etrace.get @h : tensor<4xf32>
    %w = etrace.get @w : tensor<3x4xf32>
    %r = etrace.get @r : tensor<4x4xf32>
    %y = etrace.matmul %x, %w : tensor<3xf32>, tensor<3x4xf32> -> tensor<4xf32>
    // expected-error @+1 {{[recurrence-through-product]}}
    %h1 = linalg.vecmat ins(%h, %r : tensor<4xf32>, tensor<4x4xf32>) outs(%y : tensor<4xf32>) -> tensor<4xf32>
    etrace.set @h, %h1 : tensor<4xf32>
    etrace.yield %h1 : tensor<4xf32>
  }
}
