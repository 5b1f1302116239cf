// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: split-file %s %t
// RUN: etrace-opt %t/chain.mlir -etrace-analyze=compat=braintrace -etrace-derive-pipeline -remarks-filter=etrace-derive -remark-policy=all 2>&1 | FileCheck %s --check-prefix=CHAIN
// RUN: etrace-opt %t/old.mlir -etrace-analyze -etrace-derive-pipeline=window=single-step -remarks-filter=etrace-derive -remark-policy=all -o /dev/null 2>&1 | FileCheck %s --check-prefix=OLD
// RUN: etrace-opt %t/old.mlir -etrace-analyze -etrace-derive-pipeline=window=1 -remarks-filter=etrace-derive -remark-policy=all -o /dev/null 2>&1 | FileCheck %s --check-prefix=NONE --allow-empty
// RUN: etrace-opt %t/bias.mlir -etrace-analyze=compat=braintrace -etrace-derive-pipeline="rule=pp-prop" -remarks-filter=etrace-derive -remark-policy=all -o /dev/null 2>&1 | FileCheck %s --check-prefix=BIAS
// RUN: etrace-opt %t/bias.mlir -etrace-analyze -etrace-derive-pipeline="rule=pp-prop" -remarks-filter=etrace-derive -remark-policy=all -o /dev/null 2>&1 | FileCheck %s --check-prefix=NONE --allow-empty
// RUN: etrace-opt %t/bias.mlir -etrace-analyze=compat=braintrace -etrace-derive-pipeline -remarks-filter=etrace-derive -remark-policy=all -o /dev/null 2>&1 | FileCheck %s --check-prefix=NONE --allow-empty

// Where compat = braintrace would have to put a gradient of the operand's shape into a
// parameter of another shape, the reference raises; the default's gradient is taken.
// CHAIN: chain.mlir:8:10: remark: [Missed] compat-operand-chain {{.*}}their gradient is taken [compat-operand-chain]
// CHAIN: etrace.buffer @gradient.w kind(gradient) path "w" : tensor<4x3xf32>

// RUN: etrace-opt %t/factors.mlir -etrace-analyze=compat=braintrace -etrace-derive-pipeline -remarks-filter=etrace-derive -remark-policy=all -o /dev/null 2>&1 | FileCheck %s --check-prefix=FACTORS
// What a primitive of low rank does between its factors and its product is no such operation; a
// mask in front of a factor is one.
// FACTORS-NOT: :7:
// FACTORS: factors.mlir:9:10: remark: [Missed] compat-operand-chain {{.*}}[compat-operand-chain]
// FACTORS-NOT: compat-operand-chain

// The output reads g before the step, h after it.
// OLD: remark: [Missed] old-state-read {{.*}}"the output 'out' reads 'g' as it was before the step; single-step gives that no credit, the window 1 does [old-state-read]"
// OLD-NOT: 'h'
// NONE-NOT: old-state-read
// NONE-NOT: compat-bias-axes

// A bias along the first axis of y.
// BIAS: bias.mlir:10:10: remark: [Missed] compat-bias-axes {{.*}}the reference refuses pp-prop for a bias that does not lie along the last axes of the result; its gradient is taken [compat-bias-axes]

//--- chain.mlir
etrace.model @transposed {
  etrace.param @w : tensor<4x3xf32>
  etrace.hidden @h : tensor<4xf32>
  etrace.step @update(%x: tensor<3xf32>, %h: tensor<4xf32> {etrace.hidden = "h"}, %w: tensor<4x3xf32> {etrace.param = "w"})
      -> (tensor<4xf32>, tensor<4xf32> {etrace.hidden = "h"}) {
    %e = tensor.empty() : tensor<3x4xf32>
    %t = linalg.transpose ins(%w : tensor<4x3xf32>) outs(%e : tensor<3x4xf32>) permutation = [1, 0]
    %y = etrace.matmul %x, %t : tensor<3xf32>, tensor<3x4xf32> -> tensor<4xf32>
    %h1 = arith.addf %h, %y : tensor<4xf32>
    etrace.yield %h1, %h1 : tensor<4xf32>, tensor<4xf32>
  }
  etrace.loss @first(%out: tensor<4xf32>) -> f32 {
    %c0 = arith.constant 0 : index
    %loss = tensor.extract %out[%c0] : tensor<4xf32>
    etrace.yield %loss : f32
  }
}

//--- factors.mlir
etrace.model @factors {
  etrace.param @b : tensor<3x2xf32>
  etrace.param @a : tensor<2x4xf32>
  etrace.hidden @h : tensor<4xf32>
  etrace.step @update(%x: tensor<3xf32>, %h: tensor<4xf32> {etrace.hidden = "h"}, %b: tensor<3x2xf32> {etrace.param = "b"}, %a: tensor<2x4xf32> {etrace.param = "a"})
      -> (tensor<4xf32>, tensor<4xf32> {etrace.hidden = "h"}) {
    %y = etrace.lora_matmul %x, %b, %a : tensor<3xf32>, tensor<3x2xf32>, tensor<2x4xf32> -> tensor<4xf32>
    %m = math.absf %b : tensor<3x2xf32>
    %z = etrace.lora_matmul %x, %m, %a : tensor<3xf32>, tensor<3x2xf32>, tensor<2x4xf32> -> tensor<4xf32>
    %yz = arith.addf %y, %z : tensor<4xf32>
    %h1 = arith.addf %h, %yz : tensor<4xf32>
    etrace.yield %h1, %h1 : tensor<4xf32>, tensor<4xf32>
  }
  etrace.loss @first(%out: tensor<4xf32>) -> f32 {
    %c0 = arith.constant 0 : index
    %loss = tensor.extract %out[%c0] : tensor<4xf32>
    etrace.yield %loss : f32
  }
}

//--- old.mlir
etrace.model @old {
  etrace.param @w : tensor<3x4xf32>
  etrace.hidden @h : tensor<4xf32>
  etrace.hidden @g : tensor<4xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<4xf32> {
    %h = etrace.get @h : tensor<4xf32>
    %g = etrace.get @g : tensor<4xf32>
    %w = etrace.get @w : tensor<3x4xf32>
    %y = etrace.matmul %x, %w : tensor<3xf32>, tensor<3x4xf32> -> tensor<4xf32>
    %h1 = arith.addf %h, %y : tensor<4xf32>
    %g1 = math.tanh %y : tensor<4xf32>
    etrace.set @h, %h1 : tensor<4xf32>
    etrace.set @g, %g1 : tensor<4xf32>
    %o = arith.mulf %g, %h1 : tensor<4xf32>
    etrace.yield %o : tensor<4xf32>
  }
  etrace.loss @first(%out: tensor<4xf32>) -> f32 {
    %c0 = arith.constant 0 : index
    %loss = tensor.extract %out[%c0] : tensor<4xf32>
    etrace.yield %loss : f32
  }
}

//--- bias.mlir
etrace.model @channels_first {
  etrace.param @k : tensor<3x2x2xf32>
  etrace.param @b : tensor<3xf32>
  etrace.hidden @h : tensor<3x4xf32>
  etrace.step @update(%x: tensor<2x5xf32>) -> tensor<3x4xf32> {
    %h = etrace.get @h : tensor<3x4xf32>
    %k = etrace.get @k : tensor<3x2x2xf32>
    %b = etrace.get @b : tensor<3xf32>
    // With 3 positions its gradient would be that of the positions instead.
    %y = etrace.conv "iW,oiW->oW" %x, %k bias %b
        : tensor<2x5xf32>, tensor<3x2x2xf32>, tensor<3xf32> -> tensor<3x4xf32>
    %h1 = arith.addf %h, %y : tensor<3x4xf32>
    etrace.set @h, %h1 : tensor<3x4xf32>
    etrace.yield %h1 : tensor<3x4xf32>
  }
  etrace.loss @first(%out: tensor<3x4xf32>) -> f32 {
    %c0 = arith.constant 0 : index
    %loss = tensor.extract %out[%c0, %c0] : tensor<3x4xf32>
    etrace.yield %loss : f32
  }
}
