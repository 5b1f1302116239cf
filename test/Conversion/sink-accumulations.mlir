// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --etrace-sink-accumulations --canonicalize --cse -remarks-filter=etrace-lowering \
// RUN:   -remark-policy=all 2> %t.remarks | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK --input-file=%t.remarks

// The gradient of a weight in reverse mode: one operand is read in slices, from the last to the
// first; the other is stored in that order.
// CHECK-DAG: #[[LEFT:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
// CHECK-DAG: #[[RIGHT:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>
// CHECK-DAG: #[[SUM:.*]] = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
#left = affine_map<(b, i, o) -> (b, i)>
#right = affine_map<(b, i, o) -> (b, o)>
#sum = affine_map<(b, i, o) -> (i, o)>
// REMARK: carried values that are summed behind this loop: 1; it stores 1200 bytes for them [accumulation-sunk]
// CHECK-LABEL: func @reverse(
// CHECK-SAME: %[[XS:[a-z0-9]+]]: tensor<5x2x20xf32>, %[[D:[a-z0-9]+]]: tensor<2x30xf32>, %[[G:[a-z0-9]+]]: tensor<20x30xf32>
// CHECK: %[[E:.*]] = tensor.empty() : tensor<5x2x30xf32>
// CHECK: %[[R:.*]]:2 = scf.for {{.*}} iter_args(%[[C:.*]] = %[[D]], %[[STACK:.*]] = %[[E]])
// CHECK-DAG:   %[[T:.*]] = arith.subi
// CHECK-DAG:   %[[N:.*]] = math.tanh %[[C]]
// CHECK-NOT: linalg.generic
// CHECK:   %[[S:.*]] = tensor.insert_slice %[[N]] into %[[STACK]][%[[T]], 0, 0] [1, 2, 30] [1, 1, 1]
// CHECK:   scf.yield %[[N]], %[[S]]
// CHECK: %[[P:.*]] = linalg.generic {indexing_maps = [#[[LEFT]], #[[RIGHT]], #[[SUM]]], iterator_types = ["reduction", "reduction", "parallel", "parallel"]}
// CHECK-SAME: ins(%[[XS]], %[[R]]#1 : tensor<5x2x20xf32>, tensor<5x2x30xf32>) outs(%[[G]] : tensor<20x30xf32>)
// CHECK: return %[[P]], %[[R]]#0
func.func @reverse(%xs: tensor<5x2x20xf32>, %d: tensor<2x30xf32>, %g: tensor<20x30xf32>) -> (tensor<20x30xf32>, tensor<2x30xf32>) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %last = arith.constant 4 : index
  %steps = arith.constant 5 : index
  %r:2 = scf.for %k = %zero to %steps step %one iter_args(%acc = %g, %c = %d) -> (tensor<20x30xf32>, tensor<2x30xf32>) {
    %t = arith.subi %last, %k : index
    %x = tensor.extract_slice %xs[%t, 0, 0] [1, 2, 20] [1, 1, 1] : tensor<5x2x20xf32> to tensor<2x20xf32>
    %n = math.tanh %c : tensor<2x30xf32>
    %s = linalg.generic {indexing_maps = [#left, #right, #sum], iterator_types = ["reduction", "parallel", "parallel"]} ins(%x, %n : tensor<2x20xf32>, tensor<2x30xf32>) outs(%acc : tensor<20x30xf32>) {
    ^bb0(%a: f32, %b: f32, %out: f32):
      %p = arith.mulf %a, %b : f32
      %q = arith.addf %out, %p : f32
      linalg.yield %q : f32
    } -> tensor<20x30xf32>
    scf.yield %s, %n : tensor<20x30xf32>, tensor<2x30xf32>
  }
  return %r#0, %r#1 : tensor<20x30xf32>, tensor<2x30xf32>
}

// From 1 to 9 by 2: slices 3, 7, 11, 15 of the one, and of the other in the opposite order 12, 10,
// 8, 6, which is stored. The carried value itself is an operand, too.
// REMARK: carried values that are summed behind this loop: 2; it stores 960 bytes for them [accumulation-sunk]
// REMARK-NOT: accumulation-sunk
// CHECK-LABEL: func @strides(
// CHECK-SAME: %[[XS:[a-z0-9]+]]: tensor<16x14x3xf32>, %[[YS:[a-z0-9]+]]: tensor<13x30xf32>
// CHECK: %[[R:.*]]:3 = scf.for %[[I:.*]] = %{{.*}} to %{{.*}} step %{{.*}} iter_args
// CHECK-DAG: %[[B:.*]] = arith.subi %[[I]], %c1
// CHECK-DAG: %[[K:.*]] = arith.divui %[[B]], %c2
// CHECK-DAG: tensor.insert_slice %{{.*}} into %{{.*}}[%[[K]], 0] [1, 30] [1, 1] : tensor<30xf32> into tensor<4x30xf32>
// CHECK: %[[ALL:.*]] = tensor.extract_slice %[[XS]][3, 0, 1] [4, 14, 1] [4, 1, 1] : tensor<16x14x3xf32> to tensor<4x14xf32>
// CHECK-DAG: linalg.generic {{.*}} ins(%[[ALL]], %[[R]]#1 : tensor<4x14xf32>, tensor<4x30xf32>)
// CHECK-DAG: linalg.generic {{.*}} ins(%[[ALL]], %[[R]]#2 : tensor<4x14xf32>, tensor<4x30xf32>)
#l = affine_map<(i, o) -> (i)>
#r = affine_map<(i, o) -> (o)>
#s = affine_map<(i, o) -> (i, o)>
func.func @strides(%xs: tensor<16x14x3xf32>, %ys: tensor<13x30xf32>, %g: tensor<14x30xf32>, %h: tensor<30xf32>) -> (tensor<14x30xf32>, tensor<14x30xf32>, tensor<30xf32>) {
  %one = arith.constant 1 : index
  %two = arith.constant 2 : index
  %nine = arith.constant 9 : index
  %thirteen = arith.constant 13 : index
  %r:3 = scf.for %i = %one to %nine step %two iter_args(%acc = %g, %other = %g, %c = %h) -> (tensor<14x30xf32>, tensor<14x30xf32>, tensor<30xf32>) {
    %double = arith.muli %i, %two : index
    %at = arith.addi %double, %one : index
    %back = arith.subi %thirteen, %i : index
    %x = tensor.extract_slice %xs[%at, 0, 1] [1, 14, 1] [1, 1, 1] : tensor<16x14x3xf32> to tensor<14xf32>
    %y = tensor.extract_slice %ys[%back, 0] [1, 30] [1, 1] : tensor<13x30xf32> to tensor<30xf32>
    %s = linalg.generic {indexing_maps = [#l, #r, #s], iterator_types = ["parallel", "parallel"]} ins(%x, %y : tensor<14xf32>, tensor<30xf32>) outs(%acc : tensor<14x30xf32>) {
    ^bb0(%a: f32, %b: f32, %out: f32):
      %p = arith.mulf %a, %b : f32
      %q = arith.addf %p, %out : f32
      linalg.yield %q : f32
    } -> tensor<14x30xf32>
    %u = linalg.generic {indexing_maps = [#l, #r, #s], iterator_types = ["parallel", "parallel"]} ins(%x, %c : tensor<14xf32>, tensor<30xf32>) outs(%other : tensor<14x30xf32>) {
    ^bb0(%a: f32, %b: f32, %out: f32):
      %p = arith.mulf %a, %b : f32
      %q = arith.addf %out, %p : f32
      linalg.yield %q : f32
    } -> tensor<14x30xf32>
    %n = math.tanh %c : tensor<30xf32>
    scf.yield %s, %u, %n : tensor<14x30xf32>, tensor<14x30xf32>, tensor<30xf32>
  }
  return %r#0, %r#1, %r#2 : tensor<14x30xf32>, tensor<14x30xf32>, tensor<30xf32>
}

// In the loop stay: what is not only added to; what somebody else reads; what
// would have to be stored where little was kept; what the number of the iteration decides on.
// CHECK-LABEL: func @stay
// CHECK: scf.for
// CHECK-COUNT-4: linalg.generic
// CHECK: scf.yield
// CHECK-NOT: linalg.generic
// CHECK: return
func.func @stay(%xs: tensor<5x1x9xf32>, %d: tensor<1x60xf32>, %g: tensor<9x9xf32>, %h: tensor<60x60xf32>) -> (tensor<9x9xf32>, tensor<60x60xf32>, tensor<60x60xf32>, tensor<1x60xf32>, tensor<60x60xf32>) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %steps = arith.constant 5 : index
  %r:5 = scf.for %t = %zero to %steps step %one iter_args(%a0 = %g, %a1 = %h, %a2 = %h, %c = %d, %a3 = %h) -> (tensor<9x9xf32>, tensor<60x60xf32>, tensor<60x60xf32>, tensor<1x60xf32>, tensor<60x60xf32>) {
    %x = tensor.extract_slice %xs[%t, 0, 0] [1, 1, 9] [1, 1, 1] : tensor<5x1x9xf32> to tensor<1x9xf32>
    %w = linalg.generic {indexing_maps = [#left, #right, #sum], iterator_types = ["reduction", "parallel", "parallel"]} ins(%x, %x : tensor<1x9xf32>, tensor<1x9xf32>) outs(%a0 : tensor<9x9xf32>) {
    ^bb0(%a: f32, %b: f32, %out: f32):
      %k = arith.subf %out, %a : f32
      %q = arith.addf %k, %b : f32
      linalg.yield %q : f32
    } -> tensor<9x9xf32>
    %m = math.exp %a1 : tensor<60x60xf32>
    %row = tensor.extract_slice %m[0, 0] [1, 60] [1, 1] : tensor<60x60xf32> to tensor<60xf32>
    %s1 = linalg.generic {indexing_maps = [#l, #r, #s], iterator_types = ["parallel", "parallel"]} ins(%row, %row : tensor<60xf32>, tensor<60xf32>) outs(%a1 : tensor<60x60xf32>) {
    ^bb0(%a: f32, %b: f32, %out: f32):
      %p = arith.mulf %a, %b : f32
      %q = arith.addf %out, %p : f32
      linalg.yield %q : f32
    } -> tensor<60x60xf32>
    %n = math.tanh %c : tensor<1x60xf32>
    %s2 = linalg.generic {indexing_maps = [#left, #right, #sum], iterator_types = ["reduction", "parallel", "parallel"]} ins(%n, %n : tensor<1x60xf32>, tensor<1x60xf32>) outs(%a2 : tensor<60x60xf32>) {
    ^bb0(%a: f32, %b: f32, %out: f32):
      %p = arith.mulf %a, %b : f32
      %q = arith.addf %out, %p : f32
      linalg.yield %q : f32
    } -> tensor<60x60xf32>
    %s3 = linalg.generic {indexing_maps = [#s], iterator_types = ["parallel", "parallel"]} outs(%a3 : tensor<60x60xf32>) {
    ^bb0(%out: f32):
      %i = linalg.index 0 : index
      %v = arith.index_cast %i : index to i32
      %f = arith.sitofp %v : i32 to f32
      %q = arith.addf %out, %f : f32
      linalg.yield %q : f32
    } -> tensor<60x60xf32>
    scf.yield %w, %s1, %s2, %n, %s3 : tensor<9x9xf32>, tensor<60x60xf32>, tensor<60x60xf32>, tensor<1x60xf32>, tensor<60x60xf32>
  }
  return %r#0, %r#1, %r#2, %r#3, %r#4 : tensor<9x9xf32>, tensor<60x60xf32>, tensor<60x60xf32>, tensor<1x60xf32>, tensor<60x60xf32>
}

// Three times as many numbers as the operands have are too few.
// CHECK-LABEL: func @few
// CHECK: scf.for
// CHECK: linalg.generic
// CHECK: scf.yield
func.func @few(%xs: tensor<5x6xf32>, %g: tensor<6x6xf32>) -> tensor<6x6xf32> {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %steps = arith.constant 5 : index
  %r = scf.for %t = %zero to %steps step %one iter_args(%acc = %g) -> (tensor<6x6xf32>) {
    %x = tensor.extract_slice %xs[%t, 0] [1, 6] [1, 1] : tensor<5x6xf32> to tensor<6xf32>
    %s = linalg.generic {indexing_maps = [#l, #r, #s], iterator_types = ["parallel", "parallel"]} ins(%x, %x : tensor<6xf32>, tensor<6xf32>) outs(%acc : tensor<6x6xf32>) {
    ^bb0(%a: f32, %b: f32, %out: f32):
      %p = arith.mulf %a, %b : f32
      %q = arith.addf %out, %p : f32
      linalg.yield %q : f32
    } -> tensor<6x6xf32>
    scf.yield %s : tensor<6x6xf32>
  }
  return %r : tensor<6x6xf32>
}

// How often it runs is not known.
// CHECK-LABEL: func @unknown
// CHECK: scf.for
// CHECK: linalg.generic
// CHECK: scf.yield
func.func @unknown(%n: index, %xs: tensor<5x14xf32>, %ys: tensor<5x30xf32>, %g: tensor<14x30xf32>) -> tensor<14x30xf32> {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %r = scf.for %t = %zero to %n step %one iter_args(%acc = %g) -> (tensor<14x30xf32>) {
    %x = tensor.extract_slice %xs[%t, 0] [1, 14] [1, 1] : tensor<5x14xf32> to tensor<14xf32>
    %y = tensor.extract_slice %ys[%t, 0] [1, 30] [1, 1] : tensor<5x30xf32> to tensor<30xf32>
    %s = linalg.generic {indexing_maps = [#l, #r, #s], iterator_types = ["parallel", "parallel"]} ins(%x, %y : tensor<14xf32>, tensor<30xf32>) outs(%acc : tensor<14x30xf32>) {
    ^bb0(%a: f32, %b: f32, %out: f32):
      %p = arith.mulf %a, %b : f32
      %q = arith.addf %out, %p : f32
      linalg.yield %q : f32
    } -> tensor<14x30xf32>
    scf.yield %s : tensor<14x30xf32>
  }
  return %r : tensor<14x30xf32>
}
