// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Spiking layer and a leaky readout that is a hidden state of its own: two groups.
etrace.model @lif_leaky_readout {
  etrace.param @w : tensor<9x5xf32>
  etrace.param @b : tensor<5xf32>
  etrace.param @wo : tensor<5x3xf32>
  etrace.hidden @V : tensor<5xf32>
  etrace.hidden @r : tensor<3xf32>
  etrace.step @update(%x: tensor<4xf32>) -> tensor<3xf32> {
    %v = etrace.get @V : tensor<5xf32>
    %r = etrace.get @r : tensor<3xf32>
    %w = etrace.get @w : tensor<9x5xf32>
    %b = etrace.get @b : tensor<5xf32>
    %wo = etrace.get @wo : tensor<5x3xf32>
    %threshold = arith.constant dense<1.0> : tensor<5xf32>
    %decay = arith.constant dense<0.8464817248906141> : tensor<5xf32>
    %leak = arith.constant dense<0.7788007830714049> : tensor<3xf32>
    %u = arith.subf %v, %threshold : tensor<5xf32>
    %s = etrace.spike %u surrogate(#etrace.relu_grad<alpha = 0.3, width = 1.0>) : tensor<5xf32>
    %xs = tensor.concat dim(0) %x, %s : (tensor<4xf32>, tensor<5xf32>) -> tensor<9xf32>
    %y = etrace.matmul %xs, %w bias %b
        : tensor<9xf32>, tensor<9x5xf32>, tensor<5xf32> -> tensor<5xf32>
    %reset = arith.subf %v, %s : tensor<5xf32>
    %kept = arith.mulf %decay, %reset : tensor<5xf32>
    %v1 = arith.addf %kept, %y : tensor<5xf32>
    etrace.set @V, %v1 : tensor<5xf32>
    %u1 = arith.subf %v1, %threshold : tensor<5xf32>
    %s1 = etrace.spike %u1 surrogate(#etrace.relu_grad<alpha = 0.3, width = 1.0>) : tensor<5xf32>
    %read = etrace.matmul %s1, %wo
        : tensor<5xf32>, tensor<5x3xf32> -> tensor<3xf32>
    %rest = arith.mulf %leak, %r : tensor<3xf32>
    %r1 = arith.addf %rest, %read : tensor<3xf32>
    etrace.set @r, %r1 : tensor<3xf32>
    etrace.yield %r1 : tensor<3xf32>
  }
  // log(sum_k exp(o_k)) - o_target. The shift by the maximum is for the range of exp only and
  // has no derivative.
  etrace.loss @cross_entropy(%logits: tensor<3xf32>, %target: tensor<i32>) -> f32 {
    %lowest = arith.constant dense<-3.0e+38> : tensor<f32>
    %zero = arith.constant dense<0.0> : tensor<f32>
    %detached = etrace.stop_gradient %logits : tensor<3xf32>
    %max = linalg.reduce { arith.maximumf } ins(%detached : tensor<3xf32>)
        outs(%lowest : tensor<f32>) dimensions = [0]
    %empty = tensor.empty() : tensor<3xf32>
    %shift = linalg.broadcast ins(%max : tensor<f32>) outs(%empty : tensor<3xf32>) dimensions = [0]
    %o = arith.subf %logits, %shift : tensor<3xf32>
    %e = math.exp %o : tensor<3xf32>
    %sum = linalg.reduce { arith.addf } ins(%e : tensor<3xf32>)
        outs(%zero : tensor<f32>) dimensions = [0]
    %log = math.log %sum : tensor<f32>
    %chosen = linalg.generic {
        indexing_maps = [affine_map<(k) -> (k)>, affine_map<(k) -> ()>, affine_map<(k) -> ()>],
        iterator_types = ["reduction"]}
        ins(%o, %target : tensor<3xf32>, tensor<i32>) outs(%zero : tensor<f32>) {
    ^bb0(%value: f32, %label: i32, %sofar: f32):
      %k = linalg.index 0 : index
      %class = arith.index_cast %k : index to i32
      %hit = arith.cmpi eq, %class, %label : i32
      %none = arith.constant 0.0 : f32
      %picked = arith.select %hit, %value, %none : f32
      %next = arith.addf %sofar, %picked : f32
      linalg.yield %next : f32
    } -> tensor<f32>
    %each = arith.subf %log, %chosen : tensor<f32>
    %loss = tensor.extract %each[] : tensor<f32>
    etrace.yield %loss : f32
  }
}
