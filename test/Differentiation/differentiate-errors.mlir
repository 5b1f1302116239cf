// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: split-file %s %t
// RUN: etrace-opt %t/vector.mlir --etrace-differentiate=function=vector -verify-diagnostics
// RUN: etrace-opt %t/unknown.mlir --etrace-differentiate=function=g -verify-diagnostics
// RUN: etrace-opt %t/transform.mlir --etrace-differentiate="function=f transform=gradient" -verify-diagnostics
// RUN: etrace-opt %t/range.mlir --etrace-differentiate="function=f wrt=0,3" -verify-diagnostics
// RUN: etrace-opt %t/aux.mlir --etrace-differentiate="function=f has-aux" -verify-diagnostics
// RUN: etrace-opt %t/state.mlir --etrace-differentiate="function=f states=weight" -verify-diagnostics
// RUN: etrace-opt %t/kind.mlir --etrace-differentiate="function=f find-states=leaf" -verify-diagnostics
// RUN: etrace-opt %t/usage.mlir --etrace-differentiate="function=f find-states=any usage=both" -verify-diagnostics
// RUN: etrace-opt %t/transforms.mlir --etrace-differentiate="function=f transforms=half" -verify-diagnostics
// RUN: etrace-opt %t/negative.mlir --etrace-differentiate="function=f wrt=-1" -verify-diagnostics
// RUN: not etrace-opt %t/negative.mlir --etrace-differentiate="function=f wrt=true" 2>&1 | FileCheck %s --check-prefix=BOOL
// BOOL: for the --wrt option: 'true' value invalid

//--- vector.mlir
// expected-error@+1 {{etrace-differentiate needs one scalar result, but '@vector' returns 'tensor<3xf64>'; use 'etrace.vector_grad'}}
func.func @vector(%x: tensor<3xf64>) -> tensor<3xf64> {
  return %x : tensor<3xf64>
}

//--- unknown.mlir
// expected-error@+1 {{the module has no function '@g' to differentiate [derivative-callee]}}
module {
  func.func @f(%x: f64) -> f64 {
    return %x : f64
  }
}

//--- transform.mlir
// expected-error@+1 {{unknown transform 'gradient', expected grad, vector_grad, jacrev, jacobian, jacfwd, hessian, block_jacobian, full_jacobian, vjp or jvp [derivative-transform]}}
module {
  func.func @f(%x: f64) -> f64 {
    return %x : f64
  }
}

//--- range.mlir
// expected-error@+1 {{etrace-differentiate names argument 3 in wrt, but '@f' has 1 arguments, counted from 0 [derivative-wrt]}}
func.func @f(%x: f64) -> f64 {
  return %x : f64
}

//--- aux.mlir
// expected-error@+1 {{etrace-differentiate has 'has_aux', but '@f' returns nothing behind its first result}}
func.func @f(%x: f64) -> f64 {
  return %x : f64
}

//--- state.mlir
// expected-error@+1 {{expected a state such as @model::@state, found 'weight' [derivative-states]}}
module {
  func.func @f(%x: f64) -> f64 {
    return %x : f64
  }
}

//--- kind.mlir
// expected-error@+1 {{invalid kind 'leaf', expected param, hidden, group, tree, plain or any [unknown-option]}}
module {
  func.func @f(%x: f64) -> f64 {
    return %x : f64
  }
}

//--- usage.mlir
// expected-error@+1 {{invalid usage 'both', expected all, read or write [unknown-option]}}
module {
  func.func @f(%x: f64) -> f64 {
    return %x : f64
  }
}

//--- transforms.mlir
// expected-error@+1 {{expected a list such as [#etrace.scale<factor = 0.5>], found 'half' [derivative-transforms]}}
module {
  func.func @f(%x: f64) -> f64 {
    return %x : f64
  }
}

//--- negative.mlir
// expected-error@+1 {{names argument -1 in wrt, but '@f' has 1 arguments, counted from 0 [derivative-wrt]}}
func.func @f(%x: f64) -> f64 {
  return %x : f64
}
