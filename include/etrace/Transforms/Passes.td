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
    becomes `etrace.fresh`. `etrace.lora_matmul` becomes the product of its factors and an
    `etrace.matmul`. ETP primitives without an id get one.

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
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"];
}

def ExposePrimitivesPass : Pass<"etrace-expose-primitives", "::etrace::ModelOp"> {
  let summary = "Move ETP primitives out of loops and branches";
  let description = [{
    Expects functional form. A primitive has a trace only where it runs once in every step.

    An `scf.for` that contains a primitive is unrolled; its primitives are then `id.0`, `id.1` and
    so on. It has constant bounds and at most `unroll-limit` turns. What is decided by the number
    of a turn is decided now. A loop of unknown length that promises at most n turns
    (`etrace.max_trips`), an `scf.while` too, becomes n branches; its results are NaN where it would
    run on.

    A primitive in an `scf.if` or `scf.index_switch` moves in front of it. Whatever it reads of
    inputs and states becomes the result of such a branch, too, and is zero where the branch is not
    taken, so that nothing that is not meant to run does, and no derivative of it is taken
    (`compat = braintrace` computes it, as the reference does). What depends on parameters alone
    is computed in every step.

    Both are remarks of the category `etrace-graph`.

    ```mlir
    etrace.step @update(%x: tensor<3xf32>, %c: tensor<i1>, %h: tensor<5xf32> {etrace.hidden = "h"},
                        %w: tensor<3x5xf32> {etrace.param = "w"})
        -> (tensor<5xf32> {etrace.hidden = "h"}) {
      %b = tensor.extract %c[] : tensor<i1>
      %h1 = scf.if %b -> tensor<5xf32> {
        %r = math.sqrt %x : tensor<3xf32>
        %y = etrace.matmul %r, %w id "y" : tensor<3xf32>, tensor<3x5xf32> -> tensor<5xf32>
        %a = arith.addf %h, %y : tensor<5xf32>
        scf.yield %a : tensor<5xf32>
      } else {
        scf.yield %h : tensor<5xf32>
      }
      etrace.yield %h1 : tensor<5xf32>
    }
    // becomes
    etrace.step @update(%x: tensor<3xf32>, %c: tensor<i1>, %h: tensor<5xf32> {etrace.hidden = "h"},
                        %w: tensor<3x5xf32> {etrace.param = "w"})
        -> (tensor<5xf32> {etrace.hidden = "h"}) {
      %b = tensor.extract %c[] : tensor<i1>
      %r = scf.if %b -> tensor<3xf32> {
        %a = math.sqrt %x : tensor<3xf32>
        scf.yield %a : tensor<3xf32>
      } else {
        %a = arith.constant dense<0.0> : tensor<3xf32>
        scf.yield %a : tensor<3xf32>
      }
      %y = etrace.matmul %r, %w id "y" : tensor<3xf32>, tensor<3x5xf32> -> tensor<5xf32>
      %h1 = scf.if %b -> tensor<5xf32> {
        %a = arith.addf %h, %y : tensor<5xf32>
        scf.yield %a : tensor<5xf32>
      } else {
        scf.yield %h : tensor<5xf32>
      }
      etrace.yield %h1 : tensor<5xf32>
    }
    ```
  }];
  let options = [
    Option<"unrollLimit", "unroll-limit", "int64_t", "16",
           "turns of a loop with primitives that are unrolled at most">,
    Option<"compat", "compat", "std::string", "\"\"",
           "sets the model's `compat`: none or braintrace; empty leaves it as it is">
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::complex::ComplexDialect",
                           "::mlir::scf::SCFDialect"];
}

def BuildGraphPass : Pass<"etrace-build-graph", "::etrace::ModelOp"> {
  let summary = "Find hidden groups, relations and excluded parameters; write them into the model";
  let description = [{
    Expects functional form (`etrace-functionalize`), primitives in no region
    (`etrace-expose-primitives`). Adds `etrace.recurrence`, `etrace.group`, `etrace.relation`
    and `etrace.excluded`; those that are there already are replaced. Every decision is a
    remark of the category `etrace-graph`, or an error if `strict` has its kind: the name in brackets
    at the end of the remark, or `missed` for all that lose credit.

    ```mlir
    etrace.recurrence @h read written(always)
    etrace.group @group0 members ["h"] positions [5] edges [0, 0]
    etrace.relation @relation0 primitive "matmul0" groups [@group0] reach [array<i64: 0>]
        leaves ["weight"] params [["w"]] chains [[]] tails [["arith.addf"]] direct exact
    ```
  }];
  let options = [
    Option<"compat", "compat", "std::string", "\"\"",
           "sets the model's `compat`: none or braintrace; empty leaves it as it is">,
    ListOption<"strict", "strict", "std::string",
               "kinds of decisions that are errors, such as position-mixing; or missed">
  ];
}

def PrintGraphPass : Pass<"etrace-print-graph", "::mlir::ModuleOp"> {
  let summary = "Print a report of states, groups, relations and excluded parameters";
  let description = [{
    Expects the graph in the model (`etrace-build-graph`). For each relation it lists the
    operations from the parameter to the primitive and from there to the states, with
    their places in the source. Formats: `text`, `json`,
    `dot` (for Graphviz) and `svg`, a picture. Without `output` the report goes to standard output.
  }];
  let options = [
    Option<"format", "format", "std::string", "\"text\"", "text, json, dot or svg">,
    Option<"level", "level", "unsigned", "1",
           "of the text: 2 adds the decisions that are warnings">,
    Option<"output", "output", "std::string", "\"-\"", "file to write; - is standard output">
  ];
}

def OutlineGraphPass : Pass<"etrace-outline-graph", "::mlir::ModuleOp"> {
  let summary = "Add the parts of the graph of each model as functions";
  let description = [{
    For learning rules of one's own. Expects the graph in the model (`etrace-build-graph`). All
    functions take the arguments of the step in functional form; perturbations come behind them.

    | function | results |
    |---|---|
    | `@model.group0.transition` | the new values of the members |
    | `@model.group0.jacobian` | `D/group0/a/b` of the transition that the rules D-RTRL and pp-prop cut, one for each pair (a, b) of the group's `edges` |
    | `@model.group0.perturbed` | those of the step, with `perturbation:<member>` added to the new value of each member for all that reads it outside the group; the gradient of a loss by the perturbations is the learning signal of the window `single-step` |
    | `@model.relation0.factors` | `x/relation0`, if the primitive multiplies by a value, and `f/relation0/group/a` |

    ```
    func.func @leaky.relation0.factors(%x: tensor<3xf64> {etrace.name = "input:x"},
                                       %h: tensor<5xf64> {etrace.name = "state:h"},
                                       %w: tensor<3x5xf64> {etrace.name = "param:w"})
        -> (tensor<3xf64> {etrace.name = "x/relation0"},
            tensor<5xf64> {etrace.name = "f/relation0/group0/0"})
    ```
  }];
  let options = [
    Option<"window", "window", "std::string", "\"1\"",
           "gradient window that f is for: single-step or 1">
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
                           "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
                           "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"];
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
    Option<"slots", "slots", "std::string", "\"minimal\"",
           "traces to store: minimal (those that others do not give) or all">,
    Option<"queries", "queries", "bool", "false",
           "keep D, f, x and the learning signal of a step in buffers">
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
                           "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
                           "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"];
}

def FunctionalizeFunctionsPass : Pass<"etrace-functionalize-functions", "::mlir::ModuleOp"> {
  let summary = "Turn states that functions use into arguments and results";
  let description = [{
    A `func.func` that uses states takes those that it reads in front of its arguments and
    returns those that it writes behind its results, each with its path; so do the calls of it.
    Derivatives are lowered before (`etrace-lower-derivatives`). What cannot be carried out of a
    region is an error, as in a step.

    ```mlir
    etrace.model @counter {
      etrace.state @n : tensor<f64>
      etrace.state @last : tensor<f64>
    }
    func.func @count(%x: tensor<f64>) {
      %n = etrace.get @counter::@n : tensor<f64>
      %m = arith.addf %n, %x : tensor<f64>
      etrace.set @counter::@n, %m : tensor<f64>
      etrace.set @counter::@last, %x : tensor<f64>
      return
    }
    // becomes
    etrace.model @counter {
      etrace.state @n : tensor<f64>
      etrace.state @last : tensor<f64>
    }
    func.func @count(%n: tensor<f64> {etrace.state = "counter.n"}, %x: tensor<f64>)
        -> (tensor<f64> {etrace.state = "counter.n"}, tensor<f64> {etrace.state = "counter.last"}) {
      %m = arith.addf %n, %x : tensor<f64>
      return %m, %x : tensor<f64>, tensor<f64>
    }
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
                           "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
                           "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"];
}

def BuildEntriesPass : Pass<"etrace-build-entries", "::mlir::ModuleOp"> {
  let summary = "Turn functions that use states into entries over buffers";
  let description = [{
    A module with one model of states alone and functions marked `etrace.entry`
    becomes learner IR, which compiles as it is: states become buffers, the functions take and
    return them (`etrace-functionalize-functions`), and the entries `reset` and `init` are
    made. Other arguments and results are named by `etrace.name`. A learner is left alone.

    ```mlir
    etrace.model @counter {
      etrace.state @n : tensor<f64> init #etrace.constant<value = 3.0>
    }
    func.func @counter_count(%x: tensor<f64> {etrace.name = "x"})
        attributes {etrace.entry = "count"} {
      %n = etrace.get @counter::@n : tensor<f64>
      %m = arith.addf %n, %x : tensor<f64>
      etrace.set @counter::@n, %m : tensor<f64>
      return
    }
    // becomes
    etrace.buffer @state.n kind(state) path "n" : tensor<f64> init #etrace.constant<value = 3.0>
    func.func @counter_reset(%n: tensor<f64> {etrace.buffer = "state.n"})
        -> (tensor<f64> {etrace.buffer = "state.n"}) attributes {etrace.entry = "reset"} {
      %c = arith.constant 3.0 : f64
      %m = linalg.fill ins(%c : f64) outs(%n : tensor<f64>) -> tensor<f64>
      return %m : tensor<f64>
    }
    func.func @counter_init(%n: tensor<f64> {etrace.buffer = "state.n"})
        -> (tensor<f64> {etrace.buffer = "state.n"}) attributes {etrace.entry = "init"} {
      %c = arith.constant 3.0 : f64
      %m = linalg.fill ins(%c : f64) outs(%n : tensor<f64>) -> tensor<f64>
      return %m : tensor<f64>
    }
    func.func @counter_count(%n: tensor<f64> {etrace.buffer = "state.n"},
                             %x: tensor<f64> {etrace.name = "x"})
        -> (tensor<f64> {etrace.buffer = "state.n"}) attributes {etrace.entry = "count"} {
      %m = arith.addf %n, %x : tensor<f64>
      return %m : tensor<f64>
    }
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
                           "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
                           "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"];
}

def FindStatesPass : Pass<"etrace-find-states", "::mlir::ModuleOp"> {
  let summary = "Report the states that functions use, or that a model declares";
  let description = [{
    For each function (or the one named) the states and parameters that it reads or writes, in
    order of first access, through calls and derivatives; nothing runs. `usage`: `read` lists
    what is only read, `write` what is written (read before or not), `both` one list for each.
    A `map` has the position or the name of a state as key; where a name is taken, the model's
    name is put in front. With `model` the declarations of a model, flat or nested by path.

    ```
    // --etrace-find-states="function=energy keys=name"
    States used by @energy:
       scale: @store::@scale  param  tensor<f64>  read and written
       offset: @store::@offset  param  tensor<f64>  read
       cache: @store::@cache  plain  tensor<f64>  written
    ```
  }];
  let options = [
    Option<"function", "function", "std::string", "\"\"", "a function; without it all">,
    Option<"model", "model", "std::string", "\"\"", "a model, whose states are listed instead">,
    ListOption<"kinds", "kinds", "std::string",
               "param, hidden, group or tree (components) or plain; without it all">,
    Option<"usage", "usage", "std::string", "\"all\"", "all, read, write or both">,
    Option<"container", "container", "std::string", "\"map\"", "map, list or tuple">,
    Option<"keys", "keys", "std::string", "\"position\"", "of a map: position or name">,
    Option<"form", "form", "std::string", "\"flat\"", "of a model: flat or nested">,
    Option<"format", "format", "std::string", "\"text\"", "text or json">,
    Option<"output", "output", "std::string", "\"-\"", "file to write; - is standard output">
  ];
}

def OutlineStepsPass : Pass<"etrace-outline-steps", "::mlir::ModuleOp"> {
  let summary = "Add the step and the loss of each model as functions";
  let description = [{
    `@model.step` uses the states of the model as the step does, in written or functional
    form, so it can be called and differentiated.

    ```mlir
    etrace.model @cell {
      etrace.hidden @h : tensor<3xf64>
      etrace.step @update(%x: tensor<3xf64>) -> tensor<3xf64> {
        %h = etrace.get @h : tensor<3xf64>
        %n = arith.addf %x, %h : tensor<3xf64>
        etrace.set @h, %n : tensor<3xf64>
        etrace.yield %n : tensor<3xf64>
      }
    }
    // becomes
    etrace.model @cell {
      etrace.hidden @h : tensor<3xf64>
      etrace.step @update(%x: tensor<3xf64>) -> tensor<3xf64> {
        %h = etrace.get @h : tensor<3xf64>
        %n = arith.addf %x, %h : tensor<3xf64>
        etrace.set @h, %n : tensor<3xf64>
        etrace.yield %n : tensor<3xf64>
      }
    }
    func.func @cell.update(%x: tensor<3xf64> {etrace.name = "x"}) -> tensor<3xf64> {
      %h = etrace.get @cell::@h : tensor<3xf64>
      %n = arith.addf %x, %h : tensor<3xf64>
      etrace.set @cell::@h, %n : tensor<3xf64>
      return %n : tensor<3xf64>
    }
    ```
  }];
  let dependentDialects = ["::mlir::func::FuncDialect"];
}

def BuildDifferencesPass : Pass<"etrace-build-differences", "::mlir::ModuleOp"> {
  let summary = "Turn a model with its graph into functions whose differences are derivatives";
  let description = [{
    What `etrace-run --check-gradients` compares a learner with. Replaces the model by entries
    that run the step and the loss from values that are moved by a finite `direction`, with the
    edges cut that the learning rule cuts; no derivative rule is asked. Spikes are linear about
    the nominal run and `etrace.stop_gradient` keeps its nominal value. One more entry runs each
    operation by itself, beside its derivative rules. `etrace.difference` on an entry says what
    the derivative of its results along `direction` is:

    | kind | results |
    |---|---|
    | `transition` | `D/<group>/<a>/<b>` times the direction, b the member that moves |
    | `tail` | `f/<relation>/<group>/<a>` times the result `moved`: the direction at hidden positions |
    | `injection` | what parameters add to the trace of a group in one step |
    | `loss` | the loss, where parameters and old hidden states move |
    | `fresh` | the loss, where new hidden states of one group move |
    | `operations` | the value of each operation, and its J v and J^T c |

    ```
    func.func @leaky_difference0(%x: tensor<3xf64> {etrace.name = "input:x"},
                                 %h: tensor<5xf64> {etrace.name = "state:h"},
                                 %w: tensor<3x5xf64> {etrace.name = "param:w"},
                                 %target: tensor<5xf64> {etrace.name = "target:target"},
                                 %direction: tensor<5xf64> {etrace.name = "direction"})
        -> (tensor<5xf64> {etrace.name = "D/group0/0/0"})
        attributes {etrace.difference = {group = "group0", kind = "transition", member = 0 : i64,
                                         members = ["h"]}, etrace.entry = "difference0"}
    ```
  }];
  let options = [
    Option<"window", "window", "std::string", "\"1\"", "gradient window: single-step or 1">,
    Option<"trustCustomDerivatives", "trust-custom-derivatives", "bool", "false",
           "take etrace.custom_derivative for linear about the nominal run, by its jvp">
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::complex::ComplexDialect",
                           "::mlir::func::FuncDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::math::MathDialect", "::mlir::scf::SCFDialect",
                           "::mlir::tensor::TensorDialect"];
}

def LowerDerivativesPass : Pass<"etrace-lower-derivatives", "::mlir::ModuleOp"> {
  let summary = "Derive the functions that derivatives stand for, and call them";
  let description = [{
    `etrace.grad`, `vector_grad`, `jacrev`, `jacfwd`, `hessian`, `block_jacobian`,
    `full_jacobian`, `vjp` and `jvp` become calls of functions derived by linearisation (forward mode) or linearisation and transposition
    (reverse mode). What a function asks for is lowered before the function is differentiated
    itself, so derivatives nest. The same derivative asked for twice is one function. A function
    that uses states is differentiated in its functional form (as by
    `etrace-functionalize-functions`): the call stands between reads and writes of its states.

    ```mlir
    func.func @square(%x: f64) -> f64 {
      %0 = arith.mulf %x, %x : f64
      return %0 : f64
    }
    func.func @slope(%x: f64) -> f64 {
      %0 = etrace.grad @square(%x) : (f64) -> f64
      return %0 : f64
    }
    // becomes
    func.func @square(%x: f64) -> f64 {
      %0 = arith.mulf %x, %x : f64
      return %0 : f64
    }
    func.func private @square.grad_0(%x: f64) -> f64 attributes {etrace.derived = {by = {
        arguments = array<i64: 0>, aux = 0, function = @square, mode = "grad", value = false}}} {
      %0 = arith.addf %x, %x : f64
      return %0 : f64
    }
    func.func @slope(%x: f64) -> f64 {
      %0 = call @square.grad_0(%x) : (f64) -> f64
      return %0 : f64
    }
    ```
  }];
  let options = [
    Option<"checkpoint", "checkpoint", "std::string", "\"all\"",
           "what the reverse pass keeps of a loop that does not say so itself: all, sqrt, none">
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
                           "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
                           "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"];
}

def DifferentiatePass : Pass<"etrace-differentiate", "::mlir::ModuleOp"> {
  let summary = "Add a derivative of one function to the module";
  let description = [{
    The derived function is public and takes what the function takes, then the cotangents or
    tangents of `vjp` or `jvp`. It returns the derivatives in the order of `states` and `wrt`, then
    the value (`return-value`), then the auxiliary results (`has-aux`). Its name says what it is:
    `@f.grad_0_2_value_aux`; `etrace.result` of each result says which derivative, value or
    auxiliary result that is. It uses the states that the function uses.

    ```mlir
    // --etrace-differentiate=function=square
    func.func @square(%x: f64) -> f64 {
      %0 = arith.mulf %x, %x : f64
      return %0 : f64
    }
    // becomes
    func.func @square(%x: f64) -> f64 {
      %0 = arith.mulf %x, %x : f64
      return %0 : f64
    }
    func.func @square.grad_0(%x: f64) -> (f64 {etrace.result = {kind = "derivative", wrt = [0]}})
        attributes {etrace.derived = {by = {arguments = array<i64: 0>, aux = 0, function = @square,
                                            mode = "grad", value = false}}} {
      %0 = arith.addf %x, %x : f64
      return %0 : f64
    }
    ```
  }];
  let options = [
    Option<"function", "function", "std::string", "\"\"", "the name of the function">,
    Option<"transform", "transform", "std::string", "\"grad\"",
           "grad, vector_grad, jacrev, jacobian (jacrev), jacfwd, hessian, block_jacobian, "
           "full_jacobian, vjp or jvp">,
    ListOption<"states", "states", "std::string", "states such as @model::@weight">,
    ListOption<"wrt", "wrt", "int64_t",
               "numbers of arguments; without it the first, or none beside states">,
    ListOption<"findStates", "find-states", "std::string",
               "kinds of states (or any) that are found in the function, instead of states">,
    Option<"usage", "usage", "std::string", "\"all\"", "of the states found: all, read or write">,
    Option<"allowUnused", "allow-unused", "bool", "false",
           "the derivative by a state that the function does not read is zero">,
    Option<"automatic", "automatic", "bool", "false",
           "a Jacobian is derived in the mode that takes fewer passes">,
    Option<"transforms", "transforms", "std::string", "\"\"",
           "functions of the derivatives, such as [#etrace.scale<factor = 0.5>]">,
    Option<"hasAux", "has-aux", "bool", "false",
           "the results behind the first are auxiliary: not differentiated">,
    Option<"returnValue", "return-value", "bool", "false", "return the value as well">,
    Option<"mixing", "mixing", "std::string", "\"error\"",
           "what block_jacobian does where positions mix: error, drop or full">,
    Option<"checkpoint", "checkpoint", "std::string", "\"all\"",
           "what the reverse pass keeps of a loop that does not say so itself: all, sqrt, none">
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
                           "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
                           "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"];
}

def LinearizePass : Pass<"etrace-linearize", "::mlir::ModuleOp"> {
  let summary = "Add the tangent of a function to the module";
  let description = [{
    The derived function takes what the function takes, then a tangent for each argument in
    `wrt`, and returns the tangents of the results. It is linear in the tangents. Results that
    do not depend on the arguments are left out; its attribute says which are there. Names:
    `@f_jvp`, or `@f_jvp_wrt_0` if some arguments are constants.

    ```mlir
    // --etrace-linearize=function=scaled wrt=0
    func.func @scaled(%x: f64, %a: f64) -> f64 {
      %0 = arith.mulf %x, %a : f64
      return %0 : f64
    }
    // becomes
    func.func @scaled(%x: f64, %a: f64) -> f64 {
      %0 = arith.mulf %x, %a : f64
      return %0 : f64
    }
    func.func @scaled_jvp_wrt_0(%x: f64, %a: f64, %dx: f64) -> f64 attributes {etrace.derived =
        {by = {arguments = array<i64: 0>, function = @scaled, mode = "jvp",
               of_results = array<i64>}, results = array<i64: 0>}} {
      %0 = arith.mulf %a, %dx : f64
      return %0 : f64
    }
    ```
  }];
  let options = [
    Option<"function", "function", "std::string", "\"\"", "the name of the function">,
    ListOption<"wrt", "wrt", "int64_t", "numbers of arguments; without it all of floats">
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
                           "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
                           "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"];
}

def TransposePass : Pass<"etrace-transpose", "::mlir::ModuleOp"> {
  let summary = "Add the transpose of a linear function to the module";
  let description = [{
    For a function that is linear in some arguments: a function that takes the others and a
    cotangent for each result, and returns cotangents of the linear arguments. Of a function
    that `etrace-linearize` made these are the tangents, so that the two passes after each
    other are reverse mode. Arguments that nothing reaches are left out; the attribute says
    which are there.

    ```mlir
    // --etrace-transpose=function=scaled wrt=0
    func.func @scaled(%x: f64, %a: f64) -> f64 {
      %0 = arith.mulf %x, %a : f64
      return %0 : f64
    }
    // becomes
    func.func @scaled(%x: f64, %a: f64) -> f64 {
      %0 = arith.mulf %x, %a : f64
      return %0 : f64
    }
    func.func @scaled_transpose_wrt_0(%a: f64, %c: f64) -> f64 attributes {etrace.derived =
        {by = {arguments = array<i64: 0>, function = @scaled, mode = "transpose",
               of_results = array<i64: 0>}, results = array<i64: 0>}} {
      %0 = arith.mulf %a, %c : f64
      return %0 : f64
    }
    ```
  }];
  let options = [
    Option<"function", "function", "std::string", "\"\"", "the name of the function">,
    ListOption<"wrt", "wrt", "int64_t",
               "numbers of the linear arguments; without it the tangents of a tangent function">,
    Option<"checkpoint", "checkpoint", "std::string", "\"all\"",
           "what the reverse pass keeps of a loop that does not say so itself: all, sqrt, none">
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::cf::ControlFlowDialect",
                           "::mlir::func::FuncDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::math::MathDialect", "::mlir::scf::SCFDialect",
                           "::mlir::tensor::TensorDialect"];
}

def NeighbourhoodPass : Pass<"etrace-neighbourhood", "::mlir::ModuleOp"> {
  let summary = "Add the table of positions that each position of a function's states influences";
  let description = [{
    For a function from states in `wrt` to their new values, its first results: which positions
    q of any state a change of position p of any state may reach within `hops` applications, as
    far as the operations say, whatever the values. Positions are counted in row-major order.
    The derived function returns a table and a mask: row p of the table names p, then the others
    in increasing order; rows are filled up with p where the mask is false.

    ```mlir
    // --etrace-neighbourhood=function=shift
    func.func @shift(%h: tensor<3xf64>) -> tensor<3xf64> {
      %z = arith.constant dense<0.0> : tensor<3xf64>
      %s = tensor.extract_slice %h[1] [2] [1] : tensor<3xf64> to tensor<2xf64>
      %0 = tensor.insert_slice %s into %z[0] [2] [1] : tensor<2xf64> into tensor<3xf64>
      return %0 : tensor<3xf64>
    }
    // becomes
    func.func @shift(%h: tensor<3xf64>) -> tensor<3xf64> {
      %z = arith.constant dense<0.0> : tensor<3xf64>
      %s = tensor.extract_slice %h[1] [2] [1] : tensor<3xf64> to tensor<2xf64>
      %0 = tensor.insert_slice %s into %z[0] [2] [1] : tensor<2xf64> into tensor<3xf64>
      return %0 : tensor<3xf64>
    }
    func.func @shift.neighbourhood_1() -> (tensor<3x2xi64>, tensor<3x2xi1>) {
      %table = arith.constant dense<[[0, 0], [1, 0], [2, 1]]> : tensor<3x2xi64>
      %mask = arith.constant dense<[[true, false], [true, true], [true, true]]> : tensor<3x2xi1>
      return %table, %mask : tensor<3x2xi64>, tensor<3x2xi1>
    }
    ```
  }];
  let options = [
    Option<"function", "function", "std::string", "\"\"", "the name of the function">,
    ListOption<"wrt", "wrt", "int64_t", "numbers of the states; without it the first argument">,
    Option<"hops", "hops", "int64_t", "1", "how many applications">
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::complex::ComplexDialect",
                           "::mlir::func::FuncDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::math::MathDialect", "::mlir::scf::SCFDialect",
                           "::mlir::tensor::TensorDialect"];
}

def RaiseFunctionsPass : Pass<"etrace-raise-functions", "::mlir::ModuleOp"> {
  let summary = "Turn annotated functions of other compilers into models";
  let description = [{
    A `func.func` with `etrace.hidden`, `etrace.state` or `etrace.param` (a path) on its
    arguments and results becomes an `etrace.model` of the same name with a step in
    functional form. Declarations take the types of the arguments, and their initial
    values from `etrace.init`; the components of a path such as `"neuron.V"` become a
    group state, or a tree state if their types differ. On the function, `etrace.batch_dim` and `etrace.compat` are carried over.
    A function with `etrace.loss` becomes the loss: a unit attribute where the module has
    one such step, the symbol of the step where it has several.

    `etrace.primitive` marks the ETP primitives among the operations of the body:

    * `"matmul"` on `linalg.matmul`, `linalg.vecmat` or `linalg.matvec` (whose weight is
      transposed first). What the operation accumulates into is added, a parameter there
      is the bias;
    * `"conv"` on a product summed over windows, with strides and dilations: `linalg.conv_2d` and
      its kin, or a `linalg.generic`; zeros around x are a `tensor.pad` before it. Sums and biases
      as above;
    * `"einsum"` on any other sum of products of two operands, the second the weight, such as
      `linalg.batch_matmul` or a `linalg.generic`; what it accumulates into is added;
    * `"elementwise"` on an identity (`linalg.copy`, `tensor.cast`), or on a pointwise
      operation with one operand that is a parameter.

    An argument without a role is an input (`etrace.name` names it), a result without one an
    output. A state that is not returned keeps its value, with a warning. Anything that does
    not fit is an error.

    ```mlir
    func.func @leaky(%x: tensor<3xf32> {etrace.name = "x"}, %h: tensor<5xf32> {etrace.hidden = "h"},
                     %w: tensor<3x5xf32> {etrace.param = "w", etrace.init = #etrace.orthogonal})
        -> (tensor<5xf32>, tensor<5xf32> {etrace.hidden = "h"}) {
      %y = linalg.vecmat {etrace.primitive = "matmul"}
          ins(%x, %w : tensor<3xf32>, tensor<3x5xf32>) outs(%h : tensor<5xf32>) -> tensor<5xf32>
      return %y, %y : tensor<5xf32>, tensor<5xf32>
    }
    // becomes
    etrace.model @leaky {
      etrace.hidden @h : tensor<5xf32>
      etrace.param @w : tensor<3x5xf32> init #etrace.orthogonal
      etrace.step @step(%x: tensor<3xf32>, %h: tensor<5xf32> {etrace.hidden = "h"},
                        %w: tensor<3x5xf32> {etrace.param = "w"})
          -> (tensor<5xf32>, tensor<5xf32> {etrace.hidden = "h"}) {
        %p = etrace.matmul %x, %w : tensor<3xf32>, tensor<3x5xf32> -> tensor<5xf32>
        %y = arith.addf %p, %h : tensor<5xf32>
        etrace.yield %y, %y : tensor<5xf32>, tensor<5xf32>
      }
    }
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def ConvertFloatPass : Pass<"etrace-convert-float"> {
  let summary = "Give all floats of a module one type";
  let description = [{
    Retypes values, constants, declarations and types inside attributes; casts that
    become identities go. A constant keeps its value, so the digits that f32 never had
    do not come back: a model that is to be exact in both is written in f64.

    ```mlir
    // --etrace-convert-float=to=f32
    func.func @f(%x: tensor<3xf64>) -> tensor<3xf64> {
      %k = arith.constant dense<0.9> : tensor<3xf64>
      %y = arith.mulf %k, %x : tensor<3xf64>
      return %y : tensor<3xf64>
    }
    // becomes
    func.func @f(%x: tensor<3xf32>) -> tensor<3xf32> {
      %k = arith.constant dense<0.9> : tensor<3xf32>
      %y = arith.mulf %k, %x : tensor<3xf32>
      return %y : tensor<3xf32>
    }
    ```
  }];
  let options = [Option<"to", "to", "std::string", "\"f64\"", "the float type: f32 or f64">];
}

#endif // ETRACE_TRANSFORMS_PASSES_TD
