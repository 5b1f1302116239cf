// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s -split-input-file -etrace-functionalize | FileCheck %s

// A product with a weight of low rank becomes the product of its factors and an ETP primitive.
// CHECK-LABEL: etrace.model @scaled
// CHECK: etrace.step @update(%[[X:[^:]*]]: tensor<2x3xf32> {{.*}}, %[[B:[^:]*]]: tensor<3x1xf32> {{.*}}, %[[A:[^:]*]]: tensor<1x5xf32> {{.*}}, %[[C:[^:]*]]: tensor<5xf32>
// CHECK: %[[P:.*]] = linalg.generic {{.*}} ins(%[[B]], %[[A]] : tensor<3x1xf32>, tensor<1x5xf32>) {{.*}} attrs =  {etrace.within_primitive}
// CHECK: %[[ALPHA:.*]] = arith.constant {etrace.within_primitive} dense<5.000000e-01> : tensor<3x5xf32>
// CHECK: %[[W:.*]] = arith.mulf %[[P]], %[[ALPHA]] {etrace.within_primitive}
// CHECK: %[[Y:.*]] = etrace.matmul %[[X]], %[[W]] bias %[[C]] id "mine" {etrace.within_primitive} : tensor<2x3xf32>, tensor<3x5xf32>, tensor<5xf32> -> tensor<2x5xf32>
// CHECK: etrace.yield %[[Y]]
etrace.model @scaled {
  etrace.param @b : tensor<3x1xf32>
  etrace.param @a : tensor<1x5xf32>
  etrace.param @c : tensor<5xf32>
  etrace.step @update(%x: tensor<2x3xf32>) -> tensor<2x5xf32> {
    %b = etrace.get @b : tensor<3x1xf32>
    %a = etrace.get @a : tensor<1x5xf32>
    %c = etrace.get @c : tensor<5xf32>
    %y = etrace.lora_matmul %x, %b, %a alpha 0.5 bias %c id "mine" : tensor<2x3xf32>, tensor<3x1xf32>, tensor<1x5xf32>, tensor<5xf32> -> tensor<2x5xf32>
    etrace.yield %y : tensor<2x5xf32>
  }
}

// -----

// In a step that is in functional form already, too; without a scale; an id by number.
// CHECK-LABEL: etrace.model @functional
// CHECK: %[[P:.*]] = linalg.generic
// CHECK-NOT: arith.mulf %[[P]]
// CHECK: etrace.matmul %{{.*}}, %[[P]] id "matmul0"
etrace.model @functional {
  etrace.param @b : tensor<3x1xf32>
  etrace.param @a : tensor<1x5xf32>
  etrace.step @update(%x: tensor<3xf32>, %b: tensor<3x1xf32> {etrace.param = "b"}, %a: tensor<1x5xf32> {etrace.param = "a"}) -> tensor<5xf32> {
    %y = etrace.lora_matmul %x, %b, %a : tensor<3xf32>, tensor<3x1xf32>, tensor<1x5xf32> -> tensor<5xf32>
    etrace.yield %y : tensor<5xf32>
  }
}
