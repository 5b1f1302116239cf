// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s -split-input-file -etrace-functionalize -verify-diagnostics -o /dev/null

etrace.model @while_loop {
  etrace.hidden @h : tensor<3xf32>
  etrace.step @update(%x: tensor<3xf32>, %c: tensor<i1>) {
    %b = tensor.extract %c[] : tensor<i1>
    // expected-note @+1 {{only scf.if and scf.for return what they set; return the value from this operation and set it outside}}
    %r = scf.while (%a = %x) : (tensor<3xf32>) -> tensor<3xf32> {
      scf.condition(%b) %a : tensor<3xf32>
    } do {
    ^bb0(%a: tensor<3xf32>):
      // expected-error @+1 {{cannot be carried out of 'scf.while' [set-in-region]}}
      etrace.set @h, %a : tensor<3xf32>
      scf.yield %a : tensor<3xf32>
    }
    etrace.yield
  }
}

// -----

// S000-10: written twice; neither value is lost in silence.
etrace.model @twice {
  etrace.tree_state @n {
    etrace.component @V : tensor<3xf32>
  }
  etrace.step @update(%x: tensor<3xf32>) -> tensor<3xf32> {
    %y = arith.addf %x, %x : tensor<3xf32>
    // expected-note @+1 {{written first here}}
    etrace.set @n::@V, %x : tensor<3xf32>
    // expected-error @+1 {{writes 'n.V' a second time in a step, and nothing reads the value written before; write it once [state-set-twice]}}
    etrace.set @n::@V, %y : tensor<3xf32>
    etrace.yield %x : tensor<3xf32>
  }
}

// -----

// The same inside a branch. A value that a branch may replace is no slip, nor one that is read.
etrace.model @twice_in_branch {
  etrace.hidden @h : tensor<3xf32>
  etrace.step @update(%x: tensor<3xf32>, %c: tensor<i1>) -> tensor<3xf32> {
    %b = tensor.extract %c[] : tensor<i1>
    etrace.set @h, %x : tensor<3xf32>
    scf.if %b {
      %h = etrace.get @h : tensor<3xf32>
      etrace.set @h, %h : tensor<3xf32>
      %again = etrace.get @h : tensor<3xf32>
      // expected-note @+1 {{written first here}}
      etrace.set @h, %again : tensor<3xf32>
      // expected-error @+1 {{writes 'h' a second time}}
      etrace.set @h, %x : tensor<3xf32>
    }
    etrace.yield %x : tensor<3xf32>
  }
}

// -----

etrace.model @body {
  etrace.hidden @h : tensor<f32>
  etrace.step @update(%x: tensor<3xf32>, %s: tensor<f32>) -> tensor<3xf32> {
    %e = tensor.empty() : tensor<3xf32>
    // expected-note @+1 {{only scf.if and scf.for return what they set}}
    %r = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>],
        iterator_types = ["parallel"]} ins(%x : tensor<3xf32>) outs(%e : tensor<3xf32>) {
    ^bb0(%a: f32, %o: f32):
      // expected-error @+1 {{cannot be carried out of 'linalg.generic' [set-in-region]}}
      etrace.set @h, %s : tensor<f32>
      linalg.yield %a : f32
    } -> tensor<3xf32>
    etrace.yield %r : tensor<3xf32>
  }
}

// -----

// The innermost operation that cannot carry it is named, through those that can.
etrace.model @nested {
  etrace.hidden @h : tensor<3xf32>
  etrace.step @update(%x: tensor<3xf32>, %c: tensor<i1>) {
    %b = tensor.extract %c[] : tensor<i1>
    scf.if %b {
      // expected-note @+1 {{only scf.if and scf.for}}
      scf.execute_region {
        // expected-error @+1 {{cannot be carried out of 'scf.execute_region' [set-in-region]}}
        etrace.set @h, %x : tensor<3xf32>
        scf.yield
      }
    }
    etrace.yield
  }
}

// -----

etrace.model @ids {
  etrace.param @w : tensor<3x3xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<3xf32> {
    %w = etrace.get @w : tensor<3x3xf32>
    // expected-note @+1 {{first used here}}
    %0 = etrace.matmul %x, %w id "cell" : tensor<3xf32>, tensor<3x3xf32> -> tensor<3xf32>
    // expected-error @+1 {{uses the id 'cell' a second time}}
    %1 = etrace.matmul %0, %w id "cell" : tensor<3xf32>, tensor<3x3xf32> -> tensor<3xf32>
    etrace.yield %1 : tensor<3xf32>
  }
}

// -----

etrace.model @mixed {
  etrace.hidden @h : tensor<3xf32>
  etrace.hidden @g : tensor<3xf32>
  // expected-error @+1 {{mixes functional form with 'etrace.get' or 'etrace.set'}}
  etrace.step @update(%h: tensor<3xf32> {etrace.hidden = "h"})
      -> (tensor<3xf32> {etrace.hidden = "h"}) {
    %g = etrace.get @g : tensor<3xf32>
    etrace.yield %g : tensor<3xf32>
  }
}
