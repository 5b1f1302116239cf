// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// S000-37: the document's first model at n = 8.

etrace.model @simple_neuron {
  etrace.param @w : tensor<8x8xf32>
  etrace.hidden @h : tensor<8xf32>
  etrace.step @update(%x: tensor<8xf32>) -> tensor<8xf32> {
    %h = etrace.get @h : tensor<8xf32>
    %w = etrace.get @w : tensor<8x8xf32>
    %y = etrace.matmul %h, %w : tensor<8xf32>, tensor<8x8xf32> -> tensor<8xf32>
    %s = arith.addf %x, %y : tensor<8xf32>
    %h1 = math.tanh %s : tensor<8xf32>
    etrace.set @h, %h1 : tensor<8xf32>
    etrace.yield %h1 : tensor<8xf32>
  }
}
