// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Row-sequential Fashion-MNIST with 128 adaptive leaky integrate-and-fire units (two states per
// unit) and a leaky readout: r <- exp(-1/5) r + s wo + bo.
etrace.model @fashion_alif attributes {batch_dim = 0} {
  etrace.param @w : tensor<156x128xf32> init #etrace.kaiming<scale = 2.0>
  etrace.param @b : tensor<128xf32>
  etrace.param @wo : tensor<128x10xf32> init #etrace.kaiming<scale = 2.0>
  etrace.param @bo : tensor<10xf32>
  etrace.hidden @V : tensor<32x128xf32>
  etrace.hidden @a : tensor<32x128xf32>
  etrace.hidden @r : tensor<32x10xf32>
  etrace.step @update(%x: tensor<32x28xf32>) -> tensor<32x10xf32> {
    %v = etrace.get @V : tensor<32x128xf32>
    %a = etrace.get @a : tensor<32x128xf32>
    %r = etrace.get @r : tensor<32x10xf32>
    %w = etrace.get @w : tensor<156x128xf32>
    %b = etrace.get @b : tensor<128xf32>
    %wo = etrace.get @wo : tensor<128x10xf32>
    %bo = etrace.get @bo : tensor<10xf32>
    %threshold = arith.constant dense<1.0> : tensor<32x128xf32>
    %beta = arith.constant dense<0.1> : tensor<32x128xf32>
    %decay = arith.constant dense<0.8187307530779818> : tensor<32x128xf32>
    %adapt = arith.constant dense<0.951229424500714> : tensor<32x128xf32>
    %leak = arith.constant dense<0.8187307530779818> : tensor<32x10xf32>
    %lift = arith.mulf %beta, %a : tensor<32x128xf32>
    %over = arith.subf %v, %threshold : tensor<32x128xf32>
    %u = arith.subf %over, %lift : tensor<32x128xf32>
    %s = etrace.spike %u surrogate(#etrace.relu_grad<alpha = 0.3, width = 1.0>) : tensor<32x128xf32>
    %xs = tensor.concat dim(1) %x, %s
        : (tensor<32x28xf32>, tensor<32x128xf32>) -> tensor<32x156xf32>
    %y = etrace.matmul %xs, %w bias %b
        : tensor<32x156xf32>, tensor<156x128xf32>, tensor<128xf32> -> tensor<32x128xf32>
    %reset = arith.subf %v, %s : tensor<32x128xf32>
    %kept = arith.mulf %decay, %reset : tensor<32x128xf32>
    %v1 = arith.addf %kept, %y : tensor<32x128xf32>
    etrace.set @V, %v1 : tensor<32x128xf32>
    %raised = arith.addf %a, %s : tensor<32x128xf32>
    %a1 = arith.mulf %adapt, %raised : tensor<32x128xf32>
    etrace.set @a, %a1 : tensor<32x128xf32>
    %lift1 = arith.mulf %beta, %a1 : tensor<32x128xf32>
    %over1 = arith.subf %v1, %threshold : tensor<32x128xf32>
    %u1 = arith.subf %over1, %lift1 : tensor<32x128xf32>
    %s1 = etrace.spike %u1 surrogate(#etrace.relu_grad<alpha = 0.3, width = 1.0>)
        : tensor<32x128xf32>
    %read = etrace.matmul %s1, %wo bias %bo
        : tensor<32x128xf32>, tensor<128x10xf32>, tensor<10xf32> -> tensor<32x10xf32>
    %rest = arith.mulf %leak, %r : tensor<32x10xf32>
    %r1 = arith.addf %rest, %read : tensor<32x10xf32>
    etrace.set @r, %r1 : tensor<32x10xf32>
    etrace.yield %r1 : tensor<32x10xf32>
  }
  // Mean over the batch of log(sum_k exp(o_k)) - o_target. The shift by the maximum is for
  // the range of exp only and has no derivative.
  etrace.loss @cross_entropy(%logits: tensor<32x10xf32>,
                             %target: tensor<32xi32> {etrace.single_step}) -> f32 {
    %lowest = arith.constant dense<-3.0e+38> : tensor<32xf32>
    %zeros = arith.constant dense<0.0> : tensor<32xf32>
    %detached = etrace.stop_gradient %logits : tensor<32x10xf32>
    %max = linalg.reduce { arith.maximumf } ins(%detached : tensor<32x10xf32>)
        outs(%lowest : tensor<32xf32>) dimensions = [1]
    %empty = tensor.empty() : tensor<32x10xf32>
    %shift = linalg.broadcast ins(%max : tensor<32xf32>)
        outs(%empty : tensor<32x10xf32>) dimensions = [1]
    %o = arith.subf %logits, %shift : tensor<32x10xf32>
    %e = math.exp %o : tensor<32x10xf32>
    %sum = linalg.reduce { arith.addf } ins(%e : tensor<32x10xf32>)
        outs(%zeros : tensor<32xf32>) dimensions = [1]
    %log = math.log %sum : tensor<32xf32>
    %chosen = linalg.generic {
        indexing_maps = [affine_map<(b, k) -> (b, k)>,
                         affine_map<(b, k) -> (b)>, affine_map<(b, k) -> (b)>],
        iterator_types = ["parallel", "reduction"]}
        ins(%o, %target : tensor<32x10xf32>, tensor<32xi32>) outs(%zeros : tensor<32xf32>) {
    ^bb0(%value: f32, %label: i32, %sofar: f32):
      %k = linalg.index 1 : index
      %class = arith.index_cast %k : index to i32
      %hit = arith.cmpi eq, %class, %label : i32
      %zero = arith.constant 0.0 : f32
      %picked = arith.select %hit, %value, %zero : f32
      %next = arith.addf %sofar, %picked : f32
      linalg.yield %next : f32
    } -> tensor<32xf32>
    %each = arith.subf %log, %chosen : tensor<32xf32>
    %none = arith.constant dense<0.0> : tensor<f32>
    %total = linalg.reduce { arith.addf } ins(%each : tensor<32xf32>)
        outs(%none : tensor<f32>) dimensions = [0]
    %all = tensor.extract %total[] : tensor<f32>
    %scale = arith.constant 0.03125 : f32
    %loss = arith.mulf %scale, %all : f32
    etrace.yield %loss : f32
  }
}
