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

def BuildGraphPass : Pass<"etrace-build-graph", "::etrace::ModelOp"> {
  let summary = "Find hidden groups, relations and excluded parameters; write them into the model";
  let description = [{
    Expects functional form. Adds `etrace.group`, `etrace.relation` and
    `etrace.excluded`; those that are there already are replaced. Every decision is a remark of the category `etrace-graph`.

    ```mlir
    etrace.group @group0 members ["h"] positions [5] edges [0, 0]
    etrace.relation @relation0 primitive "matmul0" groups [@group0] reach [array<i64: 0>]
        leaves ["weight"] params [["w"]] chains [[]] direct exact
    ```
  }];
  let options = [
    Option<"compat", "compat", "std::string", "\"\"",
           "sets the model's `compat`: none or braintrace; empty leaves it as it is">
  ];
}

def PrintGraphPass : Pass<"etrace-print-graph", "::mlir::ModuleOp"> {
  let summary = "Print a report of groups, relations and excluded parameters";
  let description = [{
    Expects the graph in the model (`etrace-build-graph`). Formats: `text`, `json`,
    `dot`. Without `output` the report goes to standard output.
  }];
  let options = [
    Option<"format", "format", "std::string", "\"text\"", "text, json or dot">,
    Option<"output", "output", "std::string", "\"-\"", "file to write; - is standard output">
  ];
}

def DerivePass : Pass<"etrace-derive", "::mlir::ModuleOp"> {
  let summary = "Derive a program that learns online from a model with its graph";
  let description = [{
    Replaces the model by buffers and functions (learner IR): `forward`, `backward`,
    `loss_gradient`, `update_traces`, and the entries `step`, `learn`, `advance`,
    their sequences, `apply`, `reset`, `init`. Static shapes only.
  }];
  let options = [
    Option<"rule", "rule", "std::string", "\"d-rtrl\"", "learning rule: d-rtrl or pp-prop">,
    Option<"decay", "decay", "double", "0.9", "decay of the traces of pp-prop, in [0, 1)">,
    Option<"window", "window", "std::string", "\"1\"", "gradient window: single-step or 1">,
    Option<"optimizer", "optimizer", "std::string", "\"adam\"", "sgd or adam">,
    Option<"queries", "queries", "bool", "false", "keep D, f and x of a step in buffers">
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
                           "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
                           "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"];
}

#endif // ETRACE_TRANSFORMS_PASSES_TD
