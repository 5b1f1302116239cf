// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s -split-input-file -etrace-analyze -remarks-filter=etrace-graph -remark-policy=all 2>%t.remarks | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK --input-file=%t.remarks
// RUN: etrace-opt %s -split-input-file -etrace-analyze -etrace-build-graph | FileCheck %s
// RUN: etrace-opt %s -split-input-file -etrace-analyze=compat=braintrace | FileCheck %s --check-prefix=COMPAT

// Gates: r reaches h only through another primitive, z and c directly.
// CHECK-LABEL: etrace.model @gru
// CHECK: etrace.group @group0 members ["h"] positions [5] edges [0, 0]
// CHECK-NEXT: etrace.relation @relation0 primitive "z" groups [@group0] reach [array<i64: 0>]
// CHECK-SAME: leaves ["weight"] params {{\[\[}}"wz"]] chains {{\[\[}}]] tails {{\[\[}}"etrace.logistic", "arith.subf", "arith.mulf", "arith.mulf", "arith.addf"]] direct reason "'h' recurs through a product of weights"
// CHECK-NEXT: etrace.relation @relation1 primitive "c" {{.*}} params {{\[\[}}"wc"]] {{.*}} tails {{\[\[}}"math.tanh", "arith.mulf", "arith.addf"]]
// CHECK-NEXT: etrace.excluded @wr reason "relation-excluded-weight-to-weight"
// REMARK: [[#@LINE+15]]:11: remark: [Missed] recurrence-through-primitive {{.*}}"D leaves out the path of 'h' through this ETP primitive [recurrence-through-primitive]"
// REMARK: :11: remark: [Passed] relation-included {{.*}}"weight 'wz' is associated with group0; approximate: 'h' recurs through a product of weights [relation-included]"
// REMARK: :11: remark: [Missed] relation-excluded-weight-to-weight {{.*}}"weight 'wr' of 'r' has no trace; it reaches hidden states through another primitive only; learns by its gradient within a step (a trace: its product kept in a hidden state) [relation-excluded-weight-to-weight]"
// COMPAT: etrace.model @gru attributes {compat = #etrace.compat<braintrace>}
etrace.model @gru {
  etrace.param @wz : tensor<8x5xf32>
  etrace.param @wr : tensor<8x5xf32>
  etrace.param @wc : tensor<8x5xf32>
  etrace.hidden @h : tensor<5xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<5xf32> {
    %h = etrace.get @h : tensor<5xf32>
    %wz = etrace.get @wz : tensor<8x5xf32>
    %wr = etrace.get @wr : tensor<8x5xf32>
    %wc = etrace.get @wc : tensor<8x5xf32>
    %xh = tensor.concat dim(0) %x, %h : (tensor<3xf32>, tensor<5xf32>) -> tensor<8xf32>
    %az = etrace.matmul %xh, %wz id "z" : tensor<8xf32>, tensor<8x5xf32> -> tensor<5xf32>
    %z = etrace.logistic %az : tensor<5xf32>
    %ar = etrace.matmul %xh, %wr id "r" : tensor<8xf32>, tensor<8x5xf32> -> tensor<5xf32>
    %r = etrace.logistic %ar : tensor<5xf32>
    %rh = arith.mulf %r, %h : tensor<5xf32>
    %xrh = tensor.concat dim(0) %x, %rh : (tensor<3xf32>, tensor<5xf32>) -> tensor<8xf32>
    %ac = etrace.matmul %xrh, %wc id "c" : tensor<8xf32>, tensor<8x5xf32> -> tensor<5xf32>
    %c = math.tanh %ac : tensor<5xf32>
    %one = arith.constant dense<1.0> : tensor<5xf32>
    %keep = arith.subf %one, %z : tensor<5xf32>
    %old = arith.mulf %keep, %h : tensor<5xf32>
    %fresh = arith.mulf %z, %c : tensor<5xf32>
    %h1 = arith.addf %old, %fresh : tensor<5xf32>
    etrace.set @h, %h1 : tensor<5xf32>
    etrace.yield %h1 : tensor<5xf32>
  }
}

// -----

// Two states of one neuron: the current drives the voltage within the step.
// CHECK-LABEL: etrace.model @lif_exp
// CHECK: etrace.group @group0 members ["v", "i"] positions [5] edges [0, 0, 0, 1, 1, 1]
// CHECK-NEXT: etrace.relation @relation0 {{.*}} reach [array<i64: 0, 1>] {{.*}} direct exact
// REMARK: remark: [Analysis] hidden-group-merged {{.*}}"states exchange information position by position: v, i [hidden-group-merged]"
// REMARK: remark: [Passed] relation-included {{.*}}the trace is exact [relation-included]"
etrace.model @lif_exp {
  etrace.param @w : tensor<3x5xf32>
  etrace.hidden @v : tensor<5xf32>
  etrace.hidden @i : tensor<5xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<5xf32> {
    %v = etrace.get @v : tensor<5xf32>
    %i = etrace.get @i : tensor<5xf32>
    %w = etrace.get @w : tensor<3x5xf32>
    %y = etrace.matmul %x, %w : tensor<3xf32>, tensor<3x5xf32> -> tensor<5xf32>
    %k = arith.constant dense<0.9> : tensor<5xf32>
    %ki = arith.mulf %k, %i : tensor<5xf32>
    %i1 = arith.addf %ki, %y : tensor<5xf32>
    %s = etrace.spike %v surrogate(#etrace.relu_grad<alpha = 0.3>) : tensor<5xf32>
    %kv = arith.mulf %k, %v : tensor<5xf32>
    %a = arith.addf %kv, %i1 : tensor<5xf32>
    %v1 = arith.subf %a, %s : tensor<5xf32>
    etrace.set @i, %i1 : tensor<5xf32>
    etrace.set @v, %v1 : tensor<5xf32>
    etrace.yield %v1 : tensor<5xf32>
  }
}

// -----

// One primitive drives two groups that know nothing of each other; states of different
// extents cannot be one group; one parameter serves two primitives.
// CHECK-LABEL: etrace.model @fan_out
// CHECK: etrace.group @group0 members ["a"] positions [4] edges [0, 0]
// CHECK-NEXT: etrace.group @group1 members ["b"] positions [4] edges [0, 0]
// CHECK-NEXT: etrace.group @group2 members ["c"] positions [2, 4] edges [0, 0]
// CHECK-NEXT: etrace.relation @relation0 primitive "shared" groups [@group0, @group1] reach [array<i64: 0>, array<i64: 0>] leaves ["weight"] params {{\[\[}}"w"]] {{.*}} tails {{\[\[}}"arith.addf"], ["arith.mulf"]] direct exact
// CHECK-NEXT: etrace.relation @relation1 primitive "tied" groups [@group2] reach [array<i64: 0>] leaves ["weight"] params {{\[\[}}"w"]] {{.*}} direct exact
// REMARK: "weight 'w' is associated with group0, group1; the trace is exact
// REMARK: "weight 'w' is associated with group2; the trace is exact
etrace.model @fan_out {
  etrace.param @w : tensor<4x4xf32>
  etrace.hidden @a : tensor<4xf32>
  etrace.hidden @b : tensor<4xf32>
  etrace.hidden @c : tensor<2x4xf32>
  etrace.step @update(%x: tensor<4xf32>, %xs: tensor<2x4xf32>) -> tensor<4xf32> {
    %a = etrace.get @a : tensor<4xf32>
    %b = etrace.get @b : tensor<4xf32>
    %c = etrace.get @c : tensor<2x4xf32>
    %w = etrace.get @w : tensor<4x4xf32>
    %y = etrace.matmul %x, %w id "shared" : tensor<4xf32>, tensor<4x4xf32> -> tensor<4xf32>
    %a1 = arith.addf %a, %y : tensor<4xf32>
    %b1 = arith.mulf %b, %y : tensor<4xf32>
    %z = etrace.matmul %xs, %w id "tied" : tensor<2x4xf32>, tensor<4x4xf32> -> tensor<2x4xf32>
    %c1 = arith.addf %c, %z : tensor<2x4xf32>
    etrace.set @a, %a1 : tensor<4xf32>
    etrace.set @b, %b1 : tensor<4xf32>
    etrace.set @c, %c1 : tensor<2x4xf32>
    etrace.yield %a1 : tensor<4xf32>
  }
}

// -----

// Every reason to have no trace.
// CHECK-LABEL: etrace.model @excluded
// CHECK: etrace.group @group0 members ["h"] positions [5] edges []
// CHECK-NEXT: etrace.relation @relation0 primitive "cell"
// CHECK-NEXT: etrace.excluded @up reason "relation-excluded-weight-to-weight"
// CHECK-NEXT: etrace.excluded @out reason "relation-excluded-non-temporal"
// CHECK-NEXT: etrace.excluded @plain reason "relation-excluded-ordinary"
// CHECK-NEXT: etrace.excluded @stopped reason "relation-excluded-non-temporal"
// REMARK: [Missed] recurrence-through-product {{.*}}"D leaves out the path of 'h' through this product
// REMARK: [Missed] relation-excluded-weight-to-weight {{.*}}"weight 'up' of '{{.*}}' has no trace
// REMARK: [Missed] relation-excluded-non-temporal {{.*}}"weight 'stopped' of '{{.*}}' has no trace
// REMARK: [Missed] relation-excluded-non-temporal {{.*}}"weight 'out' of '{{.*}}' has no trace
// REMARK: [Missed] relation-excluded-ordinary {{.*}}"weight 'plain' is only used by operations that are not ETP; it learns by its instantaneous gradient
etrace.model @excluded {
  etrace.param @up : tensor<3x4xf32>
  etrace.param @cell : tensor<4x5xf32>
  etrace.param @out : tensor<5x2xf32>
  etrace.param @plain : tensor<5x5xf32>
  etrace.param @stopped : tensor<3x5xf32>
  etrace.hidden @h : tensor<5xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<2xf32> {
    %h = etrace.get @h : tensor<5xf32>
    %up = etrace.get @up : tensor<3x4xf32>
    %cell = etrace.get @cell : tensor<4x5xf32>
    %out = etrace.get @out : tensor<5x2xf32>
    %plain = etrace.get @plain : tensor<5x5xf32>
    %stopped = etrace.get @stopped : tensor<3x5xf32>
    %u = etrace.matmul %x, %up id "up" : tensor<3xf32>, tensor<3x4xf32> -> tensor<4xf32>
    %y = etrace.matmul %u, %cell id "cell" : tensor<4xf32>, tensor<4x5xf32> -> tensor<5xf32>
    %e = arith.constant dense<0.0> : tensor<5xf32>
    %p = linalg.vecmat ins(%h, %plain : tensor<5xf32>, tensor<5x5xf32>)
        outs(%e : tensor<5xf32>) -> tensor<5xf32>
    %s = etrace.matmul %x, %stopped id "stopped" : tensor<3xf32>, tensor<3x5xf32> -> tensor<5xf32>
    %s0 = etrace.stop_gradient %s : tensor<5xf32>
    %yp = arith.addf %y, %p : tensor<5xf32>
    %h1 = arith.addf %yp, %s0 : tensor<5xf32>
    etrace.set @h, %h1 : tensor<5xf32>
    %o = etrace.matmul %h1, %out id "out" : tensor<5xf32>, tensor<5x2xf32> -> tensor<2xf32>
    etrace.yield %o : tensor<2xf32>
  }
}

// -----

// h - mean(h): the transition keeps its own-position part, the mean is dropped and said so.
// CHECK-LABEL: etrace.model @mean
// CHECK: etrace.group @group0 members ["h"] positions [4] edges [0, 0]
// CHECK-NEXT: etrace.relation @relation0 {{.*}} direct reason "positions of 'h' mix"
// REMARK: [Missed] position-mixing {{.*}}"'linalg.reduce' mixes positions of 'h'; D leaves this edge out (diagonal approximation) [position-mixing]"
etrace.model @mean {
  etrace.param @w : tensor<3x4xf32>
  etrace.hidden @h : tensor<4xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<4xf32> {
    %h = etrace.get @h : tensor<4xf32>
    %w = etrace.get @w : tensor<3x4xf32>
    %y = etrace.matmul %x, %w : tensor<3xf32>, tensor<3x4xf32> -> tensor<4xf32>
    %zero = arith.constant dense<0.0> : tensor<f32>
    %sum = linalg.reduce { arith.addf } ins(%h : tensor<4xf32>) outs(%zero : tensor<f32>)
        dimensions = [0]
    %quarter = arith.constant dense<0.25> : tensor<f32>
    %mean = arith.mulf %sum, %quarter : tensor<f32>
    %e = tensor.empty() : tensor<4xf32>
    %all = linalg.broadcast ins(%mean : tensor<f32>) outs(%e : tensor<4xf32>) dimensions = [0]
    %c = arith.subf %h, %all : tensor<4xf32>
    %h1 = arith.addf %c, %y : tensor<4xf32>
    etrace.set @h, %h1 : tensor<4xf32>
    etrace.yield %h1 : tensor<4xf32>
  }
}

// -----

// Taken apart and put together again: every position is proved to read itself only.
// CHECK-LABEL: etrace.model @pieces
// CHECK: etrace.group @group0 members ["h"] positions [4] edges [0, 0]
// CHECK-NEXT: etrace.relation @relation0 {{.*}} direct exact
etrace.model @pieces {
  etrace.param @w : tensor<3x4xf32>
  etrace.hidden @h : tensor<4xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<4xf32> {
    %h = etrace.get @h : tensor<4xf32>
    %w = etrace.get @w : tensor<3x4xf32>
    %y = etrace.matmul %x, %w : tensor<3xf32>, tensor<3x4xf32> -> tensor<4xf32>
    %lo = tensor.extract_slice %h[0] [1] [1] : tensor<4xf32> to tensor<1xf32>
    %hi = tensor.extract_slice %h[1] [3] [1] : tensor<4xf32> to tensor<3xf32>
    %t = math.tanh %lo : tensor<1xf32>
    %whole = tensor.concat dim(0) %t, %hi : (tensor<1xf32>, tensor<3xf32>) -> tensor<4xf32>
    %h1 = arith.addf %whole, %y : tensor<4xf32>
    etrace.set @h, %h1 : tensor<4xf32>
    etrace.yield %h1 : tensor<4xf32>
  }
}

// -----

// The same pieces the other way round shift positions: not diagonal.
// CHECK-LABEL: etrace.model @swapped
// CHECK: etrace.group @group0 members ["h"] positions [4] edges []
// CHECK-NEXT: etrace.relation @relation0 {{.*}} direct reason "positions of 'h' mix"
// REMARK: [Missed] position-mixing {{.*}}"'tensor.extract_slice' mixes positions of 'h'
etrace.model @swapped {
  etrace.param @w : tensor<3x4xf32>
  etrace.hidden @h : tensor<4xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<4xf32> {
    %h = etrace.get @h : tensor<4xf32>
    %w = etrace.get @w : tensor<3x4xf32>
    %y = etrace.matmul %x, %w : tensor<3xf32>, tensor<3x4xf32> -> tensor<4xf32>
    %lo = tensor.extract_slice %h[0] [1] [1] : tensor<4xf32> to tensor<1xf32>
    %hi = tensor.extract_slice %h[1] [3] [1] : tensor<4xf32> to tensor<3xf32>
    %whole = tensor.concat dim(0) %hi, %lo : (tensor<3xf32>, tensor<1xf32>) -> tensor<4xf32>
    %h1 = arith.addf %whole, %y : tensor<4xf32>
    etrace.set @h, %h1 : tensor<4xf32>
    etrace.yield %h1 : tensor<4xf32>
  }
}

// -----

// A group state: compat compares y with the buffer of both components, V x S.
// CHECK-LABEL: etrace.model @filter
// CHECK: etrace.group @group0 members ["n.V", "n.A"] positions [4] edges [0, 0, 0, 1, 1, 1]
// CHECK-NEXT: etrace.relation @relation0 {{.*}} reach [array<i64: 0>] {{.*}} direct exact
// COMPAT: etrace.model @filter
// COMPAT: etrace.group @group0
// COMPAT-NEXT: etrace.excluded @w reason "relation-excluded-shape-mismatch"
etrace.model @filter {
  etrace.param @w : tensor<3x4xf32>
  etrace.group_state @n {
    etrace.component @V : tensor<4xf32>
    etrace.component @A : tensor<4xf32>
  }
  etrace.step @update(%x: tensor<3xf32>) -> tensor<4xf32> {
    %v = etrace.get @n::@V : tensor<4xf32>
    %a = etrace.get @n::@A : tensor<4xf32>
    %w = etrace.get @w : tensor<3x4xf32>
    %y = etrace.matmul %x, %w : tensor<3xf32>, tensor<3x4xf32> -> tensor<4xf32>
    %va = arith.subf %v, %a : tensor<4xf32>
    %v1 = arith.addf %va, %y : tensor<4xf32>
    %a1 = math.tanh %a : tensor<4xf32>
    etrace.set @n::@V, %v1 : tensor<4xf32>
    etrace.set @n::@A, %a1 : tensor<4xf32>
    etrace.yield %v1 : tensor<4xf32>
  }
}

// -----

// One result of a product drives a row of positions; operations before it are its chain.
// CHECK-LABEL: etrace.model @broadcast
// CHECK: etrace.group @group0 members ["h"] positions [2, 4] edges [0, 0]
// CHECK-NEXT: etrace.relation @relation0 {{.*}} params {{\[\[}}"w"]] chains {{\[\[}}"math.absf", "linalg.transpose"]] tails {{\[\[}}"linalg.broadcast", "arith.addf"]] direct exact
etrace.model @broadcast {
  etrace.param @w : tensor<4x3xf32>
  etrace.hidden @h : tensor<2x4xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<2x4xf32> {
    %h = etrace.get @h : tensor<2x4xf32>
    %w = etrace.get @w : tensor<4x3xf32>
    %p = math.absf %w : tensor<4x3xf32>
    %et = tensor.empty() : tensor<3x4xf32>
    %wt = linalg.transpose ins(%p : tensor<4x3xf32>) outs(%et : tensor<3x4xf32>) permutation = [1, 0]
    %y = etrace.matmul %x, %wt : tensor<3xf32>, tensor<3x4xf32> -> tensor<4xf32>
    %e = tensor.empty() : tensor<2x4xf32>
    %rows = linalg.broadcast ins(%y : tensor<4xf32>) outs(%e : tensor<2x4xf32>) dimensions = [0]
    %h1 = arith.addf %h, %rows : tensor<2x4xf32>
    etrace.set @h, %h1 : tensor<2x4xf32>
    etrace.yield %h1 : tensor<2x4xf32>
  }
}

// -----

// A readout of the state takes nothing from its recurrence.
// CHECK-LABEL: etrace.model @readout
// CHECK: etrace.relation @relation0 primitive "cell" {{.*}} direct exact
// CHECK-NEXT: etrace.excluded @out reason "relation-excluded-non-temporal"
// REMARK-NOT: recurrence-through-primitive
// REMARK: "weight 'cell' is associated with group0; the trace is exact
etrace.model @readout {
  etrace.param @cell : tensor<3x4xf32>
  etrace.param @out : tensor<4x2xf32>
  etrace.hidden @h : tensor<4xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<2xf32> {
    %h = etrace.get @h : tensor<4xf32>
    %cell = etrace.get @cell : tensor<3x4xf32>
    %out = etrace.get @out : tensor<4x2xf32>
    %y = etrace.matmul %x, %cell id "cell" : tensor<3xf32>, tensor<3x4xf32> -> tensor<4xf32>
    %t = math.tanh %h : tensor<4xf32>
    %h1 = arith.addf %t, %y : tensor<4xf32>
    etrace.set @h, %h1 : tensor<4xf32>
    %o = etrace.matmul %h1, %out id "out" : tensor<4xf32>, tensor<4x2xf32> -> tensor<2xf32>
    etrace.yield %o : tensor<2xf32>
  }
}

// -----

// All gates in one product: a position of h reads three of y, each of these is read by it
// alone. The reference asks for y and h of one shape.
// CHECK-LABEL: etrace.model @fused
// CHECK: etrace.relation @relation0 primitive "gates" groups [@group0] reach [array<i64: 0>] {{.*}} direct exact
// COMPAT: etrace.model @fused
// COMPAT: etrace.excluded @w reason "relation-excluded-shape-mismatch"
etrace.model @fused {
  etrace.param @w : tensor<3x8xf32>
  etrace.hidden @h : tensor<4xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<4xf32> {
    %h = etrace.get @h : tensor<4xf32>
    %w = etrace.get @w : tensor<3x8xf32>
    %y = etrace.matmul %x, %w id "gates" : tensor<3xf32>, tensor<3x8xf32> -> tensor<8xf32>
    %z = tensor.extract_slice %y[0] [4] [1] : tensor<8xf32> to tensor<4xf32>
    %c = tensor.extract_slice %y[4] [4] [1] : tensor<8xf32> to tensor<4xf32>
    %zh = arith.mulf %z, %h : tensor<4xf32>
    %h1 = arith.addf %zh, %c : tensor<4xf32>
    etrace.set @h, %h1 : tensor<4xf32>
    etrace.yield %h1 : tensor<4xf32>
  }
}

// -----

// Slices that overlap: a position of y is read by two positions of h.
// CHECK-LABEL: etrace.model @overlapping
// CHECK: etrace.excluded @w reason "relation-excluded-mixing-tail"
// REMARK: [Missed] relation-excluded-mixing-tail {{.*}}"weight 'w' of '{{.*}}' has no trace to 'h'; it reaches hidden states across positions; learns by its gradient within a step (a trace: its product kept in a hidden state) [relation-excluded-mixing-tail]"
etrace.model @overlapping {
  etrace.param @w : tensor<3x6xf32>
  etrace.hidden @h : tensor<4xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<4xf32> {
    %h = etrace.get @h : tensor<4xf32>
    %w = etrace.get @w : tensor<3x6xf32>
    %y = etrace.matmul %x, %w : tensor<3xf32>, tensor<3x6xf32> -> tensor<6xf32>
    %z = tensor.extract_slice %y[0] [4] [1] : tensor<6xf32> to tensor<4xf32>
    %c = tensor.extract_slice %y[2] [4] [1] : tensor<6xf32> to tensor<4xf32>
    %zh = arith.mulf %z, %h : tensor<4xf32>
    %h1 = arith.addf %zh, %c : tensor<4xf32>
    etrace.set @h, %h1 : tensor<4xf32>
    etrace.yield %h1 : tensor<4xf32>
  }
}
