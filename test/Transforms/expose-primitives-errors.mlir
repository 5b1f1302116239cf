// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s -split-input-file -verify-diagnostics -etrace-analyze=unroll-limit=4 -o /dev/null

etrace.model @long {
  etrace.param @w : tensor<3x3xf32>
  etrace.hidden @h : tensor<3xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<3xf32> {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c5 = arith.constant 5 : index
    %w = etrace.get @w : tensor<3x3xf32>
    %h = etrace.get @h : tensor<3xf32>
    // expected-note @+2 {{set unroll-limit=5 for a trace of every turn, or move the primitive out of the loop}}
    // expected-error @+1 {{'scf.for' of 5 turns contains an ETP primitive; loops of at most 4 turns are unrolled [primitive-in-long-loop]}}
    %h1 = scf.for %k = %c0 to %c5 step %c1 iter_args(%a = %h) -> (tensor<3xf32>) {
      %y = etrace.matmul %x, %w : tensor<3xf32>, tensor<3x3xf32> -> tensor<3xf32>
      %s = arith.addf %a, %y : tensor<3xf32>
      scf.yield %s : tensor<3xf32>
    }
    etrace.set @h, %h1 : tensor<3xf32>
    etrace.yield %h1 : tensor<3xf32>
  }
}

// -----

etrace.model @unbounded {
  etrace.param @w : tensor<3x3xf32>
  etrace.hidden @h : tensor<3xf32>
  etrace.step @update(%x: tensor<3xf32>, %n: tensor<index>) -> tensor<3xf32> {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %w = etrace.get @w : tensor<3x3xf32>
    %h = etrace.get @h : tensor<3xf32>
    %m = tensor.extract %n[] : tensor<index>
    // expected-note @+2 {{promise at most n turns by etrace.max_trips = n : i64, give the loop constant bounds, or move the primitive out}}
    // expected-error @+1 {{'scf.for' of unknown length contains an ETP primitive, which has a trace only where it runs once in every step [primitive-in-unbounded-loop]}}
    %h1 = scf.for %k = %c0 to %m step %c1 iter_args(%a = %h) -> (tensor<3xf32>) {
      %y = etrace.matmul %x, %w : tensor<3xf32>, tensor<3x3xf32> -> tensor<3xf32>
      %s = arith.addf %a, %y : tensor<3xf32>
      scf.yield %s : tensor<3xf32>
    }
    etrace.set @h, %h1 : tensor<3xf32>
    etrace.yield %h1 : tensor<3xf32>
  }
}

// -----

etrace.model @while {
  etrace.param @w : tensor<3x3xf32>
  etrace.hidden @h : tensor<3xf32>
  etrace.step @update(%x: tensor<3xf32>, %c: tensor<i1>) -> tensor<3xf32> {
    %w = etrace.get @w : tensor<3x3xf32>
    %h = etrace.get @h : tensor<3xf32>
    %b = tensor.extract %c[] : tensor<i1>
    // expected-note @+2 {{promise at most n turns}}
    // expected-error @+1 {{'scf.while' of unknown length contains an ETP primitive, which has a trace only where it runs once in every step [primitive-in-unbounded-loop]}}
    %h1 = scf.while (%a = %h) : (tensor<3xf32>) -> tensor<3xf32> {
      %y = etrace.matmul %x, %w : tensor<3xf32>, tensor<3x3xf32> -> tensor<3xf32>
      %s = arith.addf %a, %y : tensor<3xf32>
      scf.condition(%b) %s : tensor<3xf32>
    } do {
    ^bb0(%a: tensor<3xf32>):
      scf.yield %a : tensor<3xf32>
    }
    etrace.set @h, %h1 : tensor<3xf32>
    etrace.yield %h1 : tensor<3xf32>
  }
}

// -----

// The weight would be computed where it is not wanted.
etrace.model @weight {
  etrace.param @w : tensor<3x3xf32>
  etrace.hidden @h : tensor<3xf32>
  etrace.step @update(%x: tensor<3xf32>, %c: tensor<i1>) -> tensor<3xf32> {
    %w = etrace.get @w : tensor<3x3xf32>
    %h = etrace.get @h : tensor<3xf32>
    %b = tensor.extract %c[] : tensor<i1>
    // expected-note @+1 {{compute the weight in front of this branch}}
    %h1 = scf.if %b -> tensor<3xf32> {
      // expected-error @+1 {{'scf.while' leads to the weight of an ETP primitive in a branch, and cannot run where the branch is not taken [primitive-in-branch]}}
      %v = scf.while (%a = %w) : (tensor<3x3xf32>) -> tensor<3x3xf32> {
        %d = arith.mulf %a, %w : tensor<3x3xf32>
        scf.condition(%b) %d : tensor<3x3xf32>
      } do {
      ^bb0(%a: tensor<3x3xf32>):
        scf.yield %a : tensor<3x3xf32>
      }
      %y = etrace.matmul %x, %v : tensor<3xf32>, tensor<3x3xf32> -> tensor<3xf32>
      scf.yield %y : tensor<3xf32>
    } else {
      scf.yield %h : tensor<3xf32>
    }
    etrace.set @h, %h1 : tensor<3xf32>
    etrace.yield %h1 : tensor<3xf32>
  }
}

// -----

// A value of unknown extents has no zero.
etrace.model @dynamic {
  etrace.param @w : tensor<3x3xf32>
  etrace.hidden @h : tensor<3xf32>
  etrace.step @update(%x: tensor<3xf32>, %c: tensor<i1>, %n: tensor<index>) -> tensor<3xf32> {
    %c3 = arith.constant 3 : index
    %w = etrace.get @w : tensor<3x3xf32>
    %h = etrace.get @h : tensor<3xf32>
    %b = tensor.extract %c[] : tensor<i1>
    %m = tensor.extract %n[] : tensor<index>
    // expected-note @+1 {{compute it in front of this branch}}
    %h1 = scf.if %b -> tensor<3xf32> {
      // expected-error @+1 {{value of type 'tensor<?xf32>' is read in a branch behind an ETP primitive, and has no zero for where the branch is not taken [primitive-in-branch]}}
      %s = tensor.extract_slice %x[0] [%m] [1] : tensor<3xf32> to tensor<?xf32>
      %r = tensor.cast %s : tensor<?xf32> to tensor<3xf32>
      %y = etrace.matmul %r, %w : tensor<3xf32>, tensor<3x3xf32> -> tensor<3xf32>
      %t = tensor.cast %s : tensor<?xf32> to tensor<3xf32>
      %z = arith.addf %t, %y : tensor<3xf32>
      scf.yield %z : tensor<3xf32>
    } else {
      scf.yield %h : tensor<3xf32>
    }
    etrace.set @h, %h1 : tensor<3xf32>
    etrace.yield %h1 : tensor<3xf32>
  }
}

// -----

// Other regions run as they like.
etrace.model @region {
  etrace.param @w : tensor<3x3xf32>
  etrace.hidden @h : tensor<3xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<3xf32> {
    %w = etrace.get @w : tensor<3x3xf32>
    %h = etrace.get @h : tensor<3xf32>
    // expected-note @+1 {{move the primitive out of this operation}}
    %h1 = scf.execute_region -> tensor<3xf32> {
      // expected-error @+1 {{is in a region of 'scf.execute_region', where it cannot have a trace [primitive-in-region]}}
      %y = etrace.matmul %x, %w : tensor<3xf32>, tensor<3x3xf32> -> tensor<3xf32>
      scf.yield %y : tensor<3xf32>
    }
    etrace.set @h, %h1 : tensor<3xf32>
    etrace.yield %h1 : tensor<3xf32>
  }
}
