// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// S000-11: a hidden value is a ranked tensor of floats; the components of a group have one shape,
// with at least one position axis. An extent may be unknown until a learner is derived.
// RUN: etrace-opt %s --split-input-file --verify-diagnostics

etrace.model @scalar {
  // expected-error @+1 {{must be a ranked tensor, found 'f32'}}
  etrace.hidden @h : f32
  etrace.step @update(%x: tensor<3xf32>) -> tensor<3xf32> {
    etrace.yield %x : tensor<3xf32>
  }
}

// -----

etrace.model @unranked {
  // expected-error @+1 {{must be a ranked tensor, found 'tensor<*xf32>'}}
  etrace.hidden @h : tensor<*xf32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<3xf32> {
    etrace.yield %x : tensor<3xf32>
  }
}

// -----

etrace.model @integers {
  // expected-error @+1 {{must hold floats, found 'tensor<3xi32>'}}
  etrace.hidden @h : tensor<3xi32>
  etrace.step @update(%x: tensor<3xf32>) -> tensor<3xf32> {
    etrace.yield %x : tensor<3xf32>
  }
}

// -----

etrace.model @empty {
  // expected-error @+1 {{has no components}}
  etrace.group_state @neuron {
  }
  etrace.step @update(%x: tensor<3xf32>) -> tensor<3xf32> {
    etrace.yield %x : tensor<3xf32>
  }
}

// -----

etrace.model @unequal {
  etrace.group_state @neuron {
    // expected-note @+1 {{'V' has 'tensor<3xf32>'}}
    etrace.component @V : tensor<3xf32>
    // expected-error @+1 {{the components of a group state have one type}}
    etrace.component @I : tensor<4xf32>
  }
  etrace.step @update(%x: tensor<3xf32>) -> tensor<3xf32> {
    etrace.yield %x : tensor<3xf32>
  }
}

// -----

etrace.model @no_positions {
  etrace.group_state @neuron {
    // expected-error @+1 {{has no position axis; the components of a group state have one or more, a single number is an 'etrace.hidden'}}
    etrace.component @V : tensor<f32>
    etrace.component @I : tensor<f32>
  }
  etrace.step @update(%x: tensor<3xf32>) -> tensor<3xf32> {
    etrace.yield %x : tensor<3xf32>
  }
}

// -----

etrace.model @no_tensor {
  etrace.group_state @neuron {
    // expected-error @+1 {{must be a ranked tensor, found 'f32'}}
    etrace.component @V : f32
  }
  etrace.step @update(%x: tensor<3xf32>) -> tensor<3xf32> {
    etrace.yield %x : tensor<3xf32>
  }
}
