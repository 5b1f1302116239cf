// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Three excitatory and two inhibitory adaptive units with conductances of their own, and a current
// from the input: s = spike(V - 1 - 0.4 a), r = V - s, ge <- exp(-1/3) ge + s[0:3] |we|,
// gi <- exp(-1/6) gi + s[3:5] |wi|, gx <- exp(-1/3) gx + x wx,
// V <- k r + (1 - k) (ge (1.5 - r) + gi (-0.5 - r) + gx) with the new conductances, k = exp(-1/5),
// a <- exp(-1/20) (a + s), output spike(V - 1 - 0.4 a).
etrace.model @alif_ei_coba {
  etrace.param @we : tensor<3x5xf32> init #etrace.kaiming
  etrace.param @wi : tensor<2x5xf32> init #etrace.kaiming
  etrace.param @wx : tensor<3x5xf32> init #etrace.kaiming
  etrace.hidden @V : tensor<5xf32>
  etrace.hidden @a : tensor<5xf32>
  etrace.hidden @ge : tensor<5xf32>
  etrace.hidden @gi : tensor<5xf32>
  etrace.hidden @gx : tensor<5xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<5xf32> {
    %V = etrace.get @V : tensor<5xf32>
    %a = etrace.get @a : tensor<5xf32>
    %ge = etrace.get @ge : tensor<5xf32>
    %gi = etrace.get @gi : tensor<5xf32>
    %gx = etrace.get @gx : tensor<5xf32>
    %we = etrace.get @we : tensor<3x5xf32>
    %wi = etrace.get @wi : tensor<2x5xf32>
    %wx = etrace.get @wx : tensor<3x5xf32>
    %threshold = arith.constant dense<1.0> : tensor<5xf32>
    %beta = arith.constant dense<0.4> : tensor<5xf32>
    %excitation = arith.constant dense<0.7165313105737893> : tensor<5xf32>
    %inhibition = arith.constant dense<0.8464817248906141> : tensor<5xf32>
    %upper = arith.constant dense<1.5> : tensor<5xf32>
    %lower = arith.constant dense<-0.5> : tensor<5xf32>
    %decay = arith.constant dense<0.8187307530779818> : tensor<5xf32>
    %rest = arith.constant dense<0.18126924692201818> : tensor<5xf32>
    %adapt = arith.constant dense<0.951229424500714> : tensor<5xf32>
    %0 = arith.subf %V, %threshold : tensor<5xf32>
    %1 = arith.mulf %beta, %a : tensor<5xf32>
    %over = arith.subf %0, %1 : tensor<5xf32>
    %s = etrace.spike %over surrogate(#etrace.inv_square_grad<alpha = 5.0>) : tensor<5xf32>
    %se = tensor.extract_slice %s[0] [3] [1] : tensor<5xf32> to tensor<3xf32>
    %si = tensor.extract_slice %s[3] [2] [1] : tensor<5xf32> to tensor<2xf32>
    %size_e = math.absf %we : tensor<3x5xf32>
    %size_i = math.absf %wi : tensor<2x5xf32>
    %ye = etrace.matmul %se, %size_e : tensor<3xf32>, tensor<3x5xf32> -> tensor<5xf32>
    %yi = etrace.matmul %si, %size_i : tensor<2xf32>, tensor<2x5xf32> -> tensor<5xf32>
    %yx = etrace.matmul %x, %wx : tensor<3xf32>, tensor<3x5xf32> -> tensor<5xf32>
    %2 = arith.mulf %excitation, %ge : tensor<5xf32>
    %ge1 = arith.addf %2, %ye : tensor<5xf32>
    etrace.set @ge, %ge1 : tensor<5xf32>
    %3 = arith.mulf %inhibition, %gi : tensor<5xf32>
    %gi1 = arith.addf %3, %yi : tensor<5xf32>
    etrace.set @gi, %gi1 : tensor<5xf32>
    %4 = arith.mulf %excitation, %gx : tensor<5xf32>
    %gx1 = arith.addf %4, %yx : tensor<5xf32>
    etrace.set @gx, %gx1 : tensor<5xf32>
    %r = arith.subf %V, %s : tensor<5xf32>
    %5 = arith.subf %upper, %r : tensor<5xf32>
    %6 = arith.mulf %ge1, %5 : tensor<5xf32>
    %7 = arith.subf %lower, %r : tensor<5xf32>
    %8 = arith.mulf %gi1, %7 : tensor<5xf32>
    %9 = arith.addf %6, %8 : tensor<5xf32>
    %current = arith.addf %9, %gx1 : tensor<5xf32>
    %10 = arith.mulf %decay, %r : tensor<5xf32>
    %11 = arith.mulf %rest, %current : tensor<5xf32>
    %v1 = arith.addf %10, %11 : tensor<5xf32>
    etrace.set @V, %v1 : tensor<5xf32>
    %12 = arith.addf %a, %s : tensor<5xf32>
    %raised = arith.mulf %adapt, %12 : tensor<5xf32>
    etrace.set @a, %raised : tensor<5xf32>
    %13 = arith.subf %v1, %threshold : tensor<5xf32>
    %14 = arith.mulf %beta, %raised : tensor<5xf32>
    %over1 = arith.subf %13, %14 : tensor<5xf32>
    %out = etrace.spike %over1 surrogate(#etrace.inv_square_grad<alpha = 5.0>) : tensor<5xf32>
    etrace.yield %out : tensor<5xf32>
  }
  etrace.loss @squared_error(%out: tensor<5xf32>, %target: tensor<5xf32>) -> f32 {
    %d = arith.subf %out, %target : tensor<5xf32>
    %s = arith.mulf %d, %d : tensor<5xf32>
    %zero = arith.constant dense<0.0> : tensor<f32>
    %sum = linalg.reduce { arith.addf } ins(%s : tensor<5xf32>)
        outs(%zero : tensor<f32>) dimensions = [0]
    %loss = tensor.extract %sum[] : tensor<f32>
    etrace.yield %loss : f32
  }
}
