// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Leaky units of 6 read rows of 4; a readout names one of 3 classes. A batch of 4 samples.
etrace.model @classify attributes {batch_dim = 0} {
  etrace.param @w : tensor<4x6xf32> init #etrace.orthogonal
  etrace.param @wo : tensor<6x3xf32> init #etrace.kaiming
  etrace.param @bo : tensor<3xf32>
  etrace.hidden @h : tensor<4x6xf32>
  etrace.step @update(%x: tensor<4x4xf32>) -> tensor<4x3xf32> {
    %h = etrace.get @h : tensor<4x6xf32>
    %w = etrace.get @w : tensor<4x6xf32>
    %y = etrace.matmul %x, %w : tensor<4x4xf32>, tensor<4x6xf32> -> tensor<4x6xf32>
    %drive = math.tanh %y : tensor<4x6xf32>
    %leak = arith.constant dense<0.8> : tensor<4x6xf32>
    %kept = arith.mulf %leak, %h : tensor<4x6xf32>
    %h1 = arith.addf %kept, %drive : tensor<4x6xf32>
    etrace.set @h, %h1 : tensor<4x6xf32>
    %wo = etrace.get @wo : tensor<6x3xf32>
    %bo = etrace.get @bo : tensor<3xf32>
    %logits = etrace.matmul %h1, %wo bias %bo
        : tensor<4x6xf32>, tensor<6x3xf32>, tensor<3xf32> -> tensor<4x3xf32>
    etrace.yield %logits : tensor<4x3xf32>
  }
  // The mean of log(sum_k exp(o_k)) - o_target. The outputs stay small enough for exp.
  etrace.loss @cross_entropy(%logits: tensor<4x3xf32>,
                             %target: tensor<4xi32> {etrace.single_step}) -> f32 {
    %zeros = arith.constant dense<0.0> : tensor<4xf32>
    %e = math.exp %logits : tensor<4x3xf32>
    %sum = linalg.reduce { arith.addf } ins(%e : tensor<4x3xf32>)
        outs(%zeros : tensor<4xf32>) dimensions = [1]
    %log = math.log %sum : tensor<4xf32>
    %chosen = linalg.generic {
        indexing_maps = [affine_map<(b, k) -> (b, k)>, affine_map<(b, k) -> (b)>, affine_map<(b, k) -> (b)>],
        iterator_types = ["parallel", "reduction"]}
        ins(%logits, %target : tensor<4x3xf32>, tensor<4xi32>) outs(%zeros : tensor<4xf32>) {
    ^bb0(%value: f32, %label: i32, %sofar: f32):
      %k = linalg.index 1 : index
      %class = arith.index_cast %k : index to i32
      %hit = arith.cmpi eq, %class, %label : i32
      %zero = arith.constant 0.0 : f32
      %picked = arith.select %hit, %value, %zero : f32
      %next = arith.addf %sofar, %picked : f32
      linalg.yield %next : f32
    } -> tensor<4xf32>
    %each = arith.subf %log, %chosen : tensor<4xf32>
    %none = arith.constant dense<0.0> : tensor<f32>
    %total = linalg.reduce { arith.addf } ins(%each : tensor<4xf32>)
        outs(%none : tensor<f32>) dimensions = [0]
    %all = tensor.extract %total[] : tensor<f32>
    %quarter = arith.constant 0.25 : f32
    %loss = arith.mulf %quarter, %all : f32
    etrace.yield %loss : f32
  }
}
