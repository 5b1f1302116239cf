//===- Passes.td - Transformations of models ---------------*- tablegen -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_TRANSFORMS_PASSES_TD
#define ETRACE_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def FunctionalizePass : Pass<"etrace-functionalize", "::etrace::ModelOp"> {
  let summary = "Turn gets and sets into arguments and results of the step";
  let description = [{
    Brings `etrace.step` into functional form: states and parameters become
    arguments, new states become results, each with its path. A `get` is the value
    of the last `set` before it; a state that is not set keeps its value. A `set`
    in `scf.if` or `scf.for` becomes a yielded value. A `get` after a `set`
    becomes `etrace.fresh`. ETP primitives without an id get one.

    ```mlir
    etrace.step @update(%x: tensor<3xf32>) -> tensor<3xf32> {
      %h = etrace.get @h : tensor<3xf32>
      %n = arith.addf %x, %h : tensor<3xf32>
      etrace.set @h, %n : tensor<3xf32>
      etrace.yield %n : tensor<3xf32>
    }
    // becomes
    etrace.step @update(%x: tensor<3xf32>, %h: tensor<3xf32> {etrace.hidden = "h"})
        -> (tensor<3xf32>, tensor<3xf32> {etrace.hidden = "h"}) {
      %n = arith.addf %x, %h : tensor<3xf32>
      etrace.yield %n, %n : tensor<3xf32>, tensor<3xf32>
    }
    ```
  }];
  let dependentDialects = ["::mlir::scf::SCFDialect"];
}

#endif // ETRACE_TRANSFORMS_PASSES_TD
