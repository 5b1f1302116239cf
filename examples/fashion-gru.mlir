// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Row-sequential Fashion-MNIST: an image is a sequence of 28 rows of 28 pixels. A gated recurrent
// unit of 128 reads them one by one; after every row an affine readout names the class.
etrace.model @fashion_gru attributes {batch_dim = 0} {
  etrace.param @wz : tensor<156x128xf32> init #etrace.orthogonal
  etrace.param @bz : tensor<128xf32>
  etrace.param @wr : tensor<156x128xf32> init #etrace.orthogonal
  etrace.param @br : tensor<128xf32>
  etrace.param @wc : tensor<156x128xf32> init #etrace.orthogonal
  etrace.param @bc : tensor<128xf32>
  etrace.param @wo : tensor<128x10xf32> init #etrace.kaiming<scale = 2.0>
  etrace.param @bo : tensor<10xf32>
  etrace.hidden @h : tensor<32x128xf32>
  etrace.step @update(%x: tensor<32x28xf32>) -> tensor<32x10xf32> {
    %h = etrace.get @h : tensor<32x128xf32>
    %wz = etrace.get @wz : tensor<156x128xf32>
    %bz = etrace.get @bz : tensor<128xf32>
    %wr = etrace.get @wr : tensor<156x128xf32>
    %br = etrace.get @br : tensor<128xf32>
    %wc = etrace.get @wc : tensor<156x128xf32>
    %bc = etrace.get @bc : tensor<128xf32>
    %xh = tensor.concat dim(1) %x, %h
        : (tensor<32x28xf32>, tensor<32x128xf32>) -> tensor<32x156xf32>
    %az = etrace.matmul %xh, %wz bias %bz
        : tensor<32x156xf32>, tensor<156x128xf32>, tensor<128xf32> -> tensor<32x128xf32>
    %z = etrace.logistic %az : tensor<32x128xf32>
    %ar = etrace.matmul %xh, %wr bias %br
        : tensor<32x156xf32>, tensor<156x128xf32>, tensor<128xf32> -> tensor<32x128xf32>
    %r = etrace.logistic %ar : tensor<32x128xf32>
    %rh = arith.mulf %r, %h : tensor<32x128xf32>
    %xrh = tensor.concat dim(1) %x, %rh
        : (tensor<32x28xf32>, tensor<32x128xf32>) -> tensor<32x156xf32>
    %ac = etrace.matmul %xrh, %wc bias %bc
        : tensor<32x156xf32>, tensor<156x128xf32>, tensor<128xf32> -> tensor<32x128xf32>
    %c = math.tanh %ac : tensor<32x128xf32>
    %one = arith.constant dense<1.0> : tensor<32x128xf32>
    %keep = arith.subf %one, %z : tensor<32x128xf32>
    %old = arith.mulf %keep, %h : tensor<32x128xf32>
    %fresh = arith.mulf %z, %c : tensor<32x128xf32>
    %h1 = arith.addf %old, %fresh : tensor<32x128xf32>
    etrace.set @h, %h1 : tensor<32x128xf32>
    %wo = etrace.get @wo : tensor<128x10xf32>
    %bo = etrace.get @bo : tensor<10xf32>
    %logits = etrace.matmul %h1, %wo bias %bo
        : tensor<32x128xf32>, tensor<128x10xf32>, tensor<10xf32> -> tensor<32x10xf32>
    etrace.yield %logits : tensor<32x10xf32>
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
