// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// S000-11: a hidden value is a ranked tensor of floats; the components of a group have one shape,
// with at least one position axis. An extent may be unknown until a learner is derived.
// S000-08, S000-10: what is no component, of another shape, nothing to write.
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

// -----

etrace.model @unknown_read {
  // expected-note @+1 {{the tree state 'neuron' has the components @neuron::@V @neuron::@syn::@"0" @neuron::@syn::@g}}
  etrace.tree_state @neuron {
    etrace.component @V : tensor<3xf32>
    etrace.tree_state @syn {
      etrace.component @"0" : tensor<3xf32>
      etrace.component @g : tensor<2xf32>
    }
  }
  etrace.step @update(%x: tensor<3xf32>) -> tensor<3xf32> {
    // expected-error @+1 {{names @neuron::@W, which the model 'unknown_read' does not declare}}
    %w = etrace.get @neuron::@W : tensor<3xf32>
    etrace.yield %x : tensor<3xf32>
  }
}

// -----

etrace.model @nothing_to_write {
  // expected-note @+1 {{the tree state 'neuron' has the components @neuron::@V @neuron::@syn::@"0" @neuron::@syn::@g}}
  etrace.tree_state @neuron {
    etrace.component @V : tensor<3xf32>
    etrace.tree_state @syn {
      etrace.component @"0" : tensor<3xf32>
      etrace.component @g : tensor<2xf32>
    }
  }
  etrace.step @update(%x: tensor<3xf32>) -> tensor<3xf32> {
    // expected-error @+1 {{names @neuron, which the model 'nothing_to_write' does not declare}}
    etrace.set @neuron, %x : tensor<3xf32>
    etrace.yield %x : tensor<3xf32>
  }
}

// -----

etrace.model @index_out_of_range {
  etrace.tree_state @neuron {
    etrace.component @V : tensor<3xf32>
    // expected-note @+1 {{the tree state 'neuron.syn' has the components @neuron::@syn::@"0" @neuron::@syn::@g}}
    etrace.tree_state @syn {
      etrace.component @"0" : tensor<3xf32>
      etrace.component @g : tensor<2xf32>
    }
  }
  etrace.step @update(%x: tensor<3xf32>) -> tensor<3xf32> {
    // expected-error @+1 {{names @neuron::@syn::@"1", which the model 'index_out_of_range' does not declare}}
    etrace.set @neuron::@syn::@"1", %x : tensor<3xf32>
    etrace.yield %x : tensor<3xf32>
  }
}

// -----

etrace.model @wrong_shape {
  etrace.tree_state @neuron {
    etrace.component @V : tensor<3xf32>
    etrace.tree_state @syn {
      etrace.component @"0" : tensor<3xf32>
      // expected-note @+1 {{declared here}}
      etrace.component @g : tensor<2xf32>
    }
  }
  etrace.step @update(%x: tensor<3xf32>) -> tensor<3xf32> {
    // expected-error @+1 {{has type 'tensor<3xf32>', but 'neuron.syn.g' has 'tensor<2xf32>'}}
    etrace.set @neuron::@syn::@g, %x : tensor<3xf32>
    etrace.yield %x : tensor<3xf32>
  }
}

// -----

// Where a function names the model, the components have its name in front.
etrace.model @store {
  // expected-note @+1 {{the tree state 'neuron' has the components @store::@neuron::@V @store::@neuron::@"0"}}
  etrace.tree_state @neuron {
    etrace.component @V : tensor<3xf32>
    etrace.component @"0" : tensor<2xf32>
  }
}
func.func @read() -> tensor<3xf32> {
  // expected-error @+1 {{names @store::@neuron::@I, which the model 'store' does not declare}}
  %v = etrace.get @store::@neuron::@I : tensor<3xf32>
  return %v : tensor<3xf32>
}
