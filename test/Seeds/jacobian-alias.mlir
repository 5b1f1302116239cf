// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// S003-21: `jacobian` is another name of `jacrev`, and not of `jacfwd`.
// RUN: etrace-opt %s --etrace-differentiate="function=f transform=jacobian" -o %t.jacobian
// RUN: etrace-opt %s --etrace-differentiate="function=f transform=jacrev" -o %t.jacrev
// RUN: etrace-opt %s --etrace-differentiate="function=f transform=jacfwd" -o %t.jacfwd
// RUN: cmp %t.jacobian %t.jacrev
// RUN: not cmp %t.jacobian %t.jacfwd
// RUN: FileCheck %s --input-file=%t.jacobian

// CHECK: func.func @f.jacrev_0(%{{.*}}: tensor<2xf64>) -> (tensor<2x2xf64>
func.func @f(%x: tensor<2xf64>) -> tensor<2xf64> {
  %0 = math.exp %x : tensor<2xf64>
  return %0 : tensor<2xf64>
}
