// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Leaky integrate-and-fire units that integrate their membrane in three sub-steps, with a reset in
// each and a kick in the second: what the sub-steps read from outside is differentiated too.
etrace.model @lif_substeps {
  etrace.param @w : tensor<7x4xf32> init #etrace.kaiming
  etrace.param @b : tensor<4xf32>
  etrace.hidden @V : tensor<4xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<4xf32> {
    %v = etrace.get @V : tensor<4xf32>
    %w = etrace.get @w : tensor<7x4xf32>
    %b = etrace.get @b : tensor<4xf32>
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c3 = arith.constant 3 : index
    %threshold = arith.constant dense<1.0> : tensor<4xf32>
    %dt = arith.constant dense<0.2> : tensor<4xf32>
    %half = arith.constant dense<0.5> : tensor<4xf32>
    %u = arith.subf %v, %threshold : tensor<4xf32>
    %s = etrace.spike %u : tensor<4xf32>
    %xs = tensor.concat dim(0) %x, %s : (tensor<3xf32>, tensor<4xf32>) -> tensor<7xf32>
    %y = etrace.matmul %xs, %w bias %b
        : tensor<7xf32>, tensor<7x4xf32>, tensor<4xf32> -> tensor<4xf32>
    %v1 = scf.for %k = %c0 to %c3 step %c1 iter_args(%a = %v) -> (tensor<4xf32>) {
      %t = math.tanh %a : tensor<4xf32>
      %g = arith.mulf %half, %t : tensor<4xf32>
      %l = arith.subf %g, %a : tensor<4xf32>
      %i = arith.addf %l, %y : tensor<4xf32>
      %d = arith.mulf %dt, %i : tensor<4xf32>
      %e = arith.addf %a, %d : tensor<4xf32>
      %second = arith.cmpi eq, %k, %c1 : index
      %f = scf.if %second -> (tensor<4xf32>) {
        %m = arith.mulf %e, %y : tensor<4xf32>
        %n = arith.mulf %half, %m : tensor<4xf32>
        %o = arith.addf %e, %n : tensor<4xf32>
        scf.yield %o : tensor<4xf32>
      } else {
        scf.yield %e : tensor<4xf32>
      }
      %p = arith.subf %f, %threshold : tensor<4xf32>
      %r = etrace.spike %p : tensor<4xf32>
      %q = arith.subf %f, %r : tensor<4xf32>
      scf.yield %q : tensor<4xf32>
    }
    etrace.set @V, %v1 : tensor<4xf32>
    %u1 = arith.subf %v1, %threshold : tensor<4xf32>
    %out = etrace.spike %u1 : tensor<4xf32>
    etrace.yield %out : tensor<4xf32>
  }
  etrace.loss @squared_error(%out: tensor<4xf32>, %target: tensor<4xf32>) -> f32 {
    %d = arith.subf %out, %target : tensor<4xf32>
    %s = arith.mulf %d, %d : tensor<4xf32>
    %zero = arith.constant dense<0.0> : tensor<f32>
    %sum = linalg.reduce { arith.addf } ins(%s : tensor<4xf32>)
        outs(%zero : tensor<f32>) dimensions = [0]
    %loss = tensor.extract %sum[] : tensor<f32>
    etrace.yield %loss : f32
  }
}
