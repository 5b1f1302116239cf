// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Units whose mode the input names, m = trunc(3 x[0]):
//   0: two sub-steps h <- h + (tanh(x w) - h) / 2, the second only if x[1] > 1/2;
//   1: h <- 0.7 h + tanh([x; h] v);
//   otherwise h stays. Every step ends with h <- h + c.
// A loop in a branch and a branch in a loop.
etrace.model @modes {
  etrace.param @w : tensor<3x5xf32> init #etrace.xavier
  etrace.param @v : tensor<8x5xf32> init #etrace.xavier
  etrace.param @c : tensor<5xf32>
  etrace.hidden @h : tensor<5xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<5xf32> {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %three = arith.constant 3.0 : f32
    %threshold = arith.constant 0.5 : f32
    %half = arith.constant dense<0.5> : tensor<5xf32>
    %keep = arith.constant dense<0.7> : tensor<5xf32>
    %h = etrace.get @h : tensor<5xf32>
    %w = etrace.get @w : tensor<3x5xf32>
    %v = etrace.get @v : tensor<8x5xf32>
    %c = etrace.get @c : tensor<5xf32>
    %x0 = tensor.extract %x[%c0] : tensor<3xf32>
    %x1 = tensor.extract %x[%c1] : tensor<3xf32>
    %thrice = arith.mulf %three, %x0 : f32
    %m = arith.fptosi %thrice : f32 to i64
    %mode = arith.index_cast %m : i64 to index
    %again = arith.cmpf ogt, %x1, %threshold : f32
    %h1 = scf.index_switch %mode -> tensor<5xf32>
    case 0 {
      %r = scf.for %k = %c0 to %c2 step %c1 iter_args(%a = %h) -> (tensor<5xf32>) {
        %first = arith.cmpi eq, %k, %c0 : index
        %runs = arith.ori %first, %again : i1
        %n = scf.if %runs -> (tensor<5xf32>) {
          %y = etrace.matmul %x, %w : tensor<3xf32>, tensor<3x5xf32> -> tensor<5xf32>
          %u = math.tanh %y : tensor<5xf32>
          %e = arith.subf %u, %a : tensor<5xf32>
          %i = arith.mulf %half, %e : tensor<5xf32>
          %s = arith.addf %a, %i : tensor<5xf32>
          scf.yield %s : tensor<5xf32>
        } else {
          scf.yield %a : tensor<5xf32>
        }
        scf.yield %n : tensor<5xf32>
      }
      scf.yield %r : tensor<5xf32>
    }
    case 1 {
      %xh = tensor.concat dim(0) %x, %h : (tensor<3xf32>, tensor<5xf32>) -> tensor<8xf32>
      %y = etrace.matmul %xh, %v : tensor<8xf32>, tensor<8x5xf32> -> tensor<5xf32>
      %u = math.tanh %y : tensor<5xf32>
      %k = arith.mulf %keep, %h : tensor<5xf32>
      %n = arith.addf %k, %u : tensor<5xf32>
      scf.yield %n : tensor<5xf32>
    }
    default {
      scf.yield %h : tensor<5xf32>
    }
    %bias = etrace.elementwise %c : tensor<5xf32>
    %h2 = arith.addf %h1, %bias : tensor<5xf32>
    etrace.set @h, %h2 : tensor<5xf32>
    etrace.yield %h2 : tensor<5xf32>
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
