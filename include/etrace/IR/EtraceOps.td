//===- EtraceOps.td - Operations of the etrace dialect -----*- tablegen -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_IR_ETRACEOPS_TD
#define ETRACE_IR_ETRACEOPS_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/CallInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/FunctionInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "etrace/IR/EtraceAttrs.td"
include "etrace/IR/EtraceDialect.td"
include "etrace/IR/EtraceInterfaces.td"

class Etrace_Op<string mnemonic, list<Trait> traits = []>
    : Op<Etrace_Dialect, mnemonic, traits>;

/// A float, or a tensor of floats.
def Etrace_FloatLike : AnyTypeOf<[AnyFloat, RankedTensorOf<[AnyFloat]>],
                                 "float or ranked tensor of floats">;
/// An attribute known by its interface, with a C++ expression as default.
class Etrace_InterfaceAttr<AttrInterface interface, string description>
    : Attr<CPred<"::llvm::isa<" # interface.cppNamespace # "::" # interface.cppInterfaceName # ">($_self)">, description> {
  let storageType = interface.cppNamespace # "::" # interface.cppInterfaceName;
  let returnType = storageType;
  let convertFromStorage = "$_self";
  let constBuilderCall = "$0";
}
def Etrace_InitializerAttr : Etrace_InterfaceAttr<InitializerAttrInterface,
    "initialiser such as #etrace.zeros">;
def Etrace_SurrogateAttr : Etrace_InterfaceAttr<SurrogateAttrInterface,
    "surrogate gradient such as #etrace.relu_grad">;
def Etrace_FloatTensor : RankedTensorOf<[AnyFloat]>;

//===----------------------------------------------------------------------===//
// Model IR: declarations
//===----------------------------------------------------------------------===//

def Etrace_ModelOp : Etrace_Op<"model", [
    Symbol, SymbolTable, IsolatedFromAbove, NoTerminator, SingleBlock, NoRegionArguments]> {
  let summary = "declare a recurrent network by its one-step program";
  let description = [{
    Holds the declarations of parameters and states, an `etrace.step` and at most
    one `etrace.loss`; after analysis also groups and relations. A model without a step
    holds states of functions (`etrace.get` in a `func.func`); no learner is derived from it.

    * M1: at most one `etrace.step`, at most one `etrace.loss`, and no loss without a step.
    * M2: no two declarations (components included) have the same path.
    * M3: the loss takes the results of the step, then the targets.
    * M4: every hidden state has the axis `batch_dim`.
    * M5: a `func.func` of the model is private and has a body of one block. The step, the loss and
      others of the model call it; analysis begins by inlining the calls.

    Attributes: `batch_dim`, the axis of states and inputs that counts samples;
    `compat`, whose numbers are reproduced (default: none).

    ```mlir
    etrace.model @leaky attributes {compat = #etrace.compat<none>} {
      etrace.param @w : tensor<3x5xf32> init #etrace.orthogonal
      etrace.hidden @h : tensor<5xf32> init #etrace.zeros
      etrace.step @update(%x: tensor<3xf32>) -> tensor<5xf32> {
        %h = etrace.get @h : tensor<5xf32>
        %w = etrace.get @w : tensor<3x5xf32>
        %y = etrace.matmul %x, %w : tensor<3xf32>, tensor<3x5xf32> -> tensor<5xf32>
        %t = math.tanh %y : tensor<5xf32>
        %k = arith.constant dense<0.9> : tensor<5xf32>
        %l = arith.mulf %k, %h : tensor<5xf32>
        %n = arith.addf %l, %t : tensor<5xf32>
        etrace.set @h, %n : tensor<5xf32>
        etrace.yield %n : tensor<5xf32>
      }
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name,
                       OptionalAttr<I64Attr>:$batch_dim,
                       OptionalAttr<Etrace_CompatAttr>:$compat);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name attr-dict-with-keyword $body";
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    /// The step of the model, or null.
    ::etrace::StepOp getStep();
    /// The loss, or null.
    ::etrace::LossOp getLoss();
    bool isBraintraceCompat() {
      return getCompat() && *getCompat() == ::etrace::Compat::braintrace;
    }
  }];
}

class Etrace_DeclarationOp<string mnemonic, string role, list<Trait> traits = []>
    : Etrace_Op<mnemonic, !listconcat([Symbol, DeclarationOpInterface], traits)> {
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttr:$type,
                       DefaultValuedAttr<Etrace_InitializerAttr,
                           "::etrace::ZerosAttr::get($_builder.getContext())">:$init);
  let assemblyFormat = "$sym_name `:` $type (`init` custom<Initializer>($init)^)? attr-dict";
  let hasVerifier = 1;
  let extraClassDeclaration = "::llvm::StringRef getRole() { return " # role # "; }";
}

def Etrace_ParamOp : Etrace_DeclarationOp<"param", "kParamAttr", [HasParent<"ModelOp">]> {
  let summary = "declare a trainable parameter";
  let description = [{
    Read only inside a step; the optimiser changes it between steps.

    ```mlir
    etrace.param @w : tensor<96x64xf32> init #etrace.orthogonal<gain = 1.0>
    ```
  }];
}

def Etrace_HiddenOp : Etrace_DeclarationOp<"hidden", "kHiddenAttr", [HasParent<"ModelOp">]> {
  let summary = "declare a hidden state of one array";
  let description = [{
    The shape of the tensor is the position shape; the state takes part in
    eligibility traces.

    ```mlir
    etrace.hidden @h : tensor<32x128xf32> init #etrace.zeros
    ```
  }];
}

def Etrace_StateOp : Etrace_DeclarationOp<"state", "kStateAttr", [HasParent<"ModelOp">]> {
  let summary = "declare a plain state: carried, not traced";
  let description = [{
    ```mlir
    etrace.state @clock : tensor<i32>
    ```
  }];
}

class Etrace_StateContainerOp<string mnemonic, string kind>
    : Etrace_Op<mnemonic, [
          Symbol, SymbolTable, IsolatedFromAbove, NoTerminator, SingleBlock, NoRegionArguments,
          StateContainerOpInterface, ParentOneOf<["ModelOp", "TreeStateOp"]>]> {
  let arguments = (ins SymbolNameAttr:$sym_name);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name attr-dict-with-keyword $body";
  let hasRegionVerifier = 1;
  let extraClassDeclaration =
      "::llvm::StringRef getContainerKind() { return \"" # kind # "\"; }";
}

def Etrace_GroupStateOp : Etrace_StateContainerOp<"group_state", "group state"> {
  let summary = "declare a hidden state of several components with one position shape";
  let description = [{
    * G1: at least one component; all have the same type.
    * G2: components have at least one axis, that of the positions.

    ```mlir
    etrace.group_state @neuron {
      etrace.component @V : tensor<64xf32> init #etrace.zeros
      etrace.component @a : tensor<64xf32>
    }
    ```
  }];
}

def Etrace_TreeStateOp : Etrace_StateContainerOp<"tree_state", "tree state"> {
  let summary = "declare a hidden state of named components, which may differ in shape and nest";
  let description = [{
    Holds components, group states and tree states. A name is a path, `@neuron::@syn::@g`; a
    component that is known by its position is called by it, `@neuron::@"0"`. Every component is a
    hidden state as if it stood alone: those of different position shapes are in different groups.

    * T1: at least one component.

    ```mlir
    etrace.tree_state @neuron {
      etrace.component @V : tensor<64xf32> init #etrace.constant<value = -65.0>
      etrace.component @threshold : tensor<f32> init #etrace.constant<value = 1.0>
      etrace.tree_state @syn {
        etrace.component @g : tensor<64xf32>
        etrace.component @"0" : tensor<2x64xf32>
      }
    }
    ```
  }];
}

def Etrace_ComponentOp : Etrace_DeclarationOp<"component", "kHiddenAttr", [
    ParentOneOf<["GroupStateOp", "TreeStateOp"]>]> {
  let summary = "declare a component of a group state or tree state";
  let description = [{
    ```mlir
    etrace.group_state @neuron {
      etrace.component @V : tensor<64xf32> init #etrace.constant<value = -65.0>
    }
    ```
  }];
}

//===----------------------------------------------------------------------===//
// Model IR: step and loss
//===----------------------------------------------------------------------===//

class Etrace_FunctionOp<string mnemonic, list<Trait> traits = []>
    : Etrace_Op<mnemonic, !listconcat([
        HasParent<"ModelOp">, IsolatedFromAbove, FunctionOpInterface,
        SingleBlock], traits)> {
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<FunctionType>:$function_type,
                       OptionalAttr<DictArrayAttr>:$arg_attrs,
                       OptionalAttr<DictArrayAttr>:$res_attrs);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "::llvm::StringRef":$name, "::mlir::FunctionType":$type)>];
  let extraClassDeclaration = [{
    ::llvm::ArrayRef<::mlir::Type> getArgumentTypes() { return getFunctionType().getInputs(); }
    ::llvm::ArrayRef<::mlir::Type> getResultTypes() { return getFunctionType().getResults(); }
    ::mlir::Region *getCallableRegion() { return &getBody(); }
  }];
}

def Etrace_StepOp : Etrace_FunctionOp<"step"> {
  let summary = "the program of one time step";
  let description = [{
    *Written form*: arguments are the inputs; states and parameters are read by
    `etrace.get` and written by `etrace.set`. *Functional form* (after
    `etrace-functionalize`): arguments are inputs, then states, then parameters;
    results are outputs, then new states; each state and parameter carries its
    path as `etrace.hidden`, `etrace.state` or `etrace.param`.

    * S1: the terminator yields what the signature promises.
    * S2: inputs and results are ranked tensors.
    * S3: in functional form every path names a declaration of the same type and
      kind, every state is both an argument and a result, no parameter is a result.
    * S4: the body has no side effects other than `get` and `set`.

    ```mlir
    etrace.step @update(%x: tensor<3xf32>, %h: tensor<3xf32> {etrace.hidden = "h"})
        -> (tensor<3xf32>, tensor<3xf32> {etrace.hidden = "h"}) {
      %n = arith.addf %x, %h : tensor<3xf32>
      etrace.yield %n, %n : tensor<3xf32>, tensor<3xf32>
    }
    ```

    An input with `etrace.single_step` stays constant over a sequence.
  }];
  let hasRegionVerifier = 1;
}

def Etrace_LossOp : Etrace_FunctionOp<"loss"> {
  let summary = "the loss of one time step";
  let description = [{
    Arguments: the outputs of the step, then the targets. Result: one float. A
    target with `etrace.single_step` stays constant over a sequence.

    * L1: the result is one float scalar.

    ```mlir
    etrace.loss @half_square(%out: tensor<f32>, %target: tensor<f32>) -> f32 {
      %d = arith.subf %out, %target : tensor<f32>
      %s = arith.mulf %d, %d : tensor<f32>
      %l = tensor.extract %s[] : tensor<f32>
      etrace.yield %l : f32
    }
    ```
  }];
  let hasRegionVerifier = 1;
}

def Etrace_YieldOp : Etrace_Op<"yield", [
    Pure, ReturnLike, Terminator,
    ParentOneOf<["StepOp", "LossOp", "CustomDerivativeOp", "CustomLinearOp"]>]> {
  let summary = "end a step, a loss, or a region of a custom derivative";
  let description = [{
    ```mlir
    etrace.yield %out : tensor<5xf32>
    ```
  }];
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
  let builders = [OpBuilder<(ins), [{}]>];
}

def Etrace_GetOp : Etrace_Op<"get", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "read the current value of a state or parameter";
  let description = [{
    The value of the last `set` before it in the step, or the value at the step's
    start. A `func.func` beside a model names the model first; there the value is that of
    the last `set` that was run.

    ```mlir
    %v = etrace.get @neuron::@V : tensor<64xf32>
    ```

    ```mlir
    etrace.model @store {
      etrace.param @w : tensor<64xf32>
    }
    func.func @weights() -> tensor<64xf32> {
      %w = etrace.get @store::@w : tensor<64xf32>
      return %w : tensor<64xf32>
    }
    ```
  }];
  let arguments = (ins SymbolRefAttr:$state);
  let results = (outs AnyRankedTensor:$value);
  let assemblyFormat = "$state attr-dict `:` type($value)";
}

def Etrace_SetOp : Etrace_Op<"set", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "write the new value of a state";
  let description = [{
    A state that no `set` names keeps its value. A step does not write parameters; a `func.func`
    may (`etrace.set @model::@w, %w`).

    ```mlir
    etrace.set @neuron::@V, %v : tensor<64xf32>
    ```
  }];
  let arguments = (ins SymbolRefAttr:$state, AnyRankedTensor:$value);
  let assemblyFormat = "$state `,` $value attr-dict `:` type($value)";
}

//===----------------------------------------------------------------------===//
// Operations of the step
//===----------------------------------------------------------------------===//

def Etrace_FreshOp : Etrace_Op<"fresh", [Pure, AllTypesMatch<["value", "result"]>]> {
  let summary = "mark a read of a state after its write";
  let description = [{
    An identity. It remembers that the value was read through the state, which
    decides what `compat = braintrace` perturbs.

    ```mlir
    %r = etrace.fresh %v state "neuron.V" : tensor<64xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$value, StrAttr:$state);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$value `state` $state attr-dict `:` type($value)";
}

class Etrace_PointwiseOp<string mnemonic, list<Trait> traits = []>
    : Etrace_Op<mnemonic, !listconcat([
        Pure, SameOperandsAndResultType, Elementwise, Scalarizable, Vectorizable,
        Tensorizable], traits)> {
  let results = (outs Etrace_FloatLike:$result);
}

def Etrace_SpikeOp : Etrace_PointwiseOp<"spike"> {
  let summary = "Heaviside spike H(u) = 1[u >= 0] with a surrogate gradient";
  let description = [{
    The derivative is that of `surrogate`, or the value of the operand
    `derivative`, which the spike itself does not depend on.

    * SP1: not both.

    ```mlir
    %s = etrace.spike %u surrogate(#etrace.relu_grad<alpha = 0.3>) : tensor<64xf32>
    %t = etrace.spike %u derivative(%s) : tensor<64xf32>
    ```
  }];
  let arguments = (ins Etrace_FloatLike:$input, Optional<Etrace_FloatLike>:$derivative,
                       DefaultValuedAttr<Etrace_SurrogateAttr,
                           "::etrace::ReluGradAttr::get($_builder.getContext(), 0.3, 1.0)">:$surrogate);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
}

def Etrace_RandomNormalOp : Etrace_Op<"random_normal", [
    Pure, AllTypesMatch<["like", "result"]>]> {
  let summary = "standard normal numbers, a function of seed, stream and counter";
  let description = [{
    Of the type and extents of `like`. Element e (row-major) is

        sqrt(-2 ln(1 - u(2 e))) cos(2 pi u(2 e + 1)),   u(n) = (bits(n) >> 11) / 2^53,

    where bits(n) are the two words of Threefry-2x32 (20 rounds) at (n, counter) under the
    key Threefry-2x32(seed, FNV-1a of the stream's name): for a counter of 0, which it is
    if it is left out, the numbers that the tools initialise by. Computed in f64. They are
    constants for derivatives.

    ```mlir
    %z = etrace.random_normal like %x seed(7) stream("noise") : tensor<64xf64>
    ```
  }];
  let arguments = (ins Etrace_FloatLike:$like, Optional<I64>:$counter, I64Attr:$seed,
                       StrAttr:$stream);
  let results = (outs Etrace_FloatLike:$result);
  let assemblyFormat = [{
    `like` $like `seed` `(` $seed `)` `stream` `(` $stream `)` (`counter` `(` $counter^ `)`)?
    attr-dict `:` type($result)
  }];
}

def Etrace_LogisticOp : Etrace_PointwiseOp<"logistic"> {
  let summary = "logistic function y = 1 / (1 + exp(-x)), with dy/dx = y (1 - y)";
  let description = [{
    An operation of its own because the derivative of the expansion is inf * 0
    for large negative x.

    ```mlir
    %z = etrace.logistic %a : tensor<64xf32>
    ```
  }];
  let arguments = (ins Etrace_FloatLike:$input);
  let assemblyFormat = "$input attr-dict `:` type($result)";
}

def Etrace_StopGradientOp : Etrace_Op<"stop_gradient", [Pure, SameOperandsAndResultType]> {
  let summary = "identity whose derivative is zero";
  let description = [{
    ```mlir
    %c = etrace.stop_gradient %a : tensor<64xf32>
    ```
  }];
  let arguments = (ins AnyType:$input);
  let results = (outs AnyType:$result);
  let assemblyFormat = "$input attr-dict `:` type($result)";
}

//===----------------------------------------------------------------------===//
// Custom derivatives
//===----------------------------------------------------------------------===//

def Etrace_CustomDerivativeOp : Etrace_Op<"custom_derivative", [
    IsolatedFromAbove, SingleBlock, RecursiveMemoryEffects]> {
  let summary = "compute by one program and differentiate by another";
  let description = [{
    The results are those of the first region. The region `jvp` takes the inputs,
    then a tangent for each float input, and yields a tangent for each float
    result; it must be linear in the tangents. The region `vjp` takes the inputs,
    then a cotangent for each float result, and yields a cotangent for each float
    input.

    With `jvp` alone, reverse mode is its transpose. With `vjp` alone there is no
    forward mode. With both, each mode has its own.

    * CD1: at least one of `jvp` and `vjp`.
    * CD2: the regions take and yield the types named above.

    ```mlir
    // Clipped in the forward direction, straight through in the reverse one.
    func.func @clip(%x: tensor<4xf32>) -> tensor<4xf32> {
      %y = etrace.custom_derivative(%x) {
      ^bb0(%a: tensor<4xf32>):
        %one = arith.constant dense<1.0> : tensor<4xf32>
        %m = arith.minimumf %a, %one : tensor<4xf32>
        etrace.yield %m : tensor<4xf32>
      } vjp {
      ^bb0(%a: tensor<4xf32>, %c: tensor<4xf32>):
        etrace.yield %c : tensor<4xf32>
      } : (tensor<4xf32>) -> tensor<4xf32>
      return %y : tensor<4xf32>
    }
    ```
  }];
  let arguments = (ins Variadic<AnyType>:$inputs);
  let results = (outs Variadic<AnyType>:$results);
  let regions = (region SizedRegion<1>:$body, AnyRegion:$jvp, AnyRegion:$vjp);
  let assemblyFormat = [{
    `(` $inputs `)` $body (`jvp` $jvp^)? (`vjp` $vjp^)? attr-dict
    `:` functional-type($inputs, $results)
  }];
  let hasRegionVerifier = 1;
}

def Etrace_CustomLinearOp : Etrace_Op<"custom_linear", [
    IsolatedFromAbove, SingleBlock, RecursiveMemoryEffects, AttrSizedOperandSegments]> {
  let summary = "the tangent of a custom derivative that has a vjp of its own";
  let description = [{
    A linear function of `tangents` for fixed `residuals`. The region `forward`
    takes both and yields the results; without it the operation can be transposed
    but not computed. The region `transpose` takes the residuals, then a cotangent
    for each result, and yields a cotangent for each tangent.

    * CL1: the regions take and yield the types named above.

    ```mlir
    func.func @tangent(%x: tensor<4xf32>, %dx: tensor<4xf32>) -> tensor<4xf32> {
      %dy = etrace.custom_linear(%dx) residuals(%x) transpose {
      ^bb0(%a: tensor<4xf32>, %c: tensor<4xf32>):
        etrace.yield %c : tensor<4xf32>
      } : (tensor<4xf32>), (tensor<4xf32>) -> tensor<4xf32>
      return %dy : tensor<4xf32>
    }
    ```
  }];
  let arguments = (ins Variadic<Etrace_FloatLike>:$tangents, Variadic<AnyType>:$residuals);
  let results = (outs Variadic<Etrace_FloatLike>:$results);
  let regions = (region AnyRegion:$forward, SizedRegion<1>:$transposed);
  let assemblyFormat = [{
    `(` $tangents `)` `residuals` `(` $residuals `)` (`forward` $forward^)?
    `transpose` $transposed attr-dict
    `:` `(` type($residuals) `)` `,` functional-type($tangents, $results)
  }];
  let hasRegionVerifier = 1;
}

def Etrace_ZeroTangentOp : Etrace_Op<"zero_tangent", [Pure, SameOperandsAndResultType]> {
  let summary = "the tangent of a value that is not differentiated";
  let description = [{
    Zeros with the extents of `like`, linear in anything: a region `jvp` takes one
    where it would take a tangent.

    ```mlir
    %d = etrace.zero_tangent %x : tensor<4xf32>
    ```
  }];
  let arguments = (ins Etrace_FloatLike:$like);
  let results = (outs Etrace_FloatLike:$result);
  let assemblyFormat = "$like attr-dict `:` type($result)";
}

//===----------------------------------------------------------------------===//
// ETP primitives
//===----------------------------------------------------------------------===//

class Etrace_ETPOp<string mnemonic, list<Trait> traits = [], list<string> overridden = []>
    : Etrace_Op<mnemonic, !listconcat([
        Pure, DeclareOpInterfaceMethods<ETPOpInterface, overridden>], traits)>;

/// y = sum x w (+ bias): operand 0 is x, operand 1 the weight, all others are biases.
class Etrace_ProductOp<string mnemonic, list<string> overridden = []>
    : Etrace_ETPOp<mnemonic, [], overridden> {
  let results = (outs Etrace_FloatTensor:$result);
  let extraClassDefinition = [{
    llvm::SmallVector<mlir::OpOperand *> $cppClass::getProductOperands() {
      return {&(*this)->getOpOperand(0), &(*this)->getOpOperand(1)};
    }
    llvm::SmallVector<mlir::OpOperand *> $cppClass::getAdditiveOperands() {
      return detail::getOperandsFrom(*this, 2);
    }
    llvm::SmallVector<mlir::OpOperand *> $cppClass::getTrainableOperands() {
      return detail::getOperandsFrom(*this, 1);
    }
    llvm::StringRef $cppClass::getLeafName(mlir::OpOperand &operand) {
      return operand.getOperandNumber() == 1 ? "weight" : "bias";
    }
    llvm::StringRef $cppClass::getFamilyName() { return "}] # mnemonic # [{"; }
    mlir::StringAttr $cppClass::getPrimitiveId() { return getIdAttr(); }
    void $cppClass::setPrimitiveId(mlir::StringAttr id) { setIdAttr(id); }
  }];
}

def Etrace_MatmulOp : Etrace_ProductOp<"matmul"> {
  let summary = "ETP primitive: y = x w (+ bias)";
  let description = [{
    `x` has shape (batch..., I), `w` (I, O), `bias` (O), the result (batch..., O).

    * P1: ranks and extents agree; one element type.

    ```mlir
    %y = etrace.matmul %x, %w bias %b : tensor<32x3xf32>, tensor<3x5xf32>, tensor<5xf32> -> tensor<32x5xf32>
    ```
  }];
  let arguments = (ins Etrace_FloatTensor:$x, Etrace_FloatTensor:$weight,
                       Optional<Etrace_FloatTensor>:$bias, OptionalAttr<StrAttr>:$id);
  let assemblyFormat = [{
    $x `,` $weight (`bias` $bias^)? (`id` $id^)? attr-dict
    `:` type($x) `,` type($weight) (`,` type($bias)^)? `->` type($result)
  }];
}

def Etrace_GroupedMatmulOp : Etrace_ProductOp<"grouped_matmul"> {
  let summary = "ETP primitive: a product of its own for every group";
  let description = [{
    y[b, g, n] = sum_k x[b, g, k] w[g, k, n] (+ bias[g, n]): `x` has shape (batch..., G, K), `w`
    (G, K, N), `bias` (G, N), the result (batch..., G, N).

    * P1: ranks and extents agree; one element type.

    ```mlir
    %y = etrace.grouped_matmul %x, %w bias %b : tensor<2x3xf32>, tensor<2x3x5xf32>, tensor<2x5xf32> -> tensor<2x5xf32>
    ```
  }];
  let arguments = (ins Etrace_FloatTensor:$x, Etrace_FloatTensor:$weight,
                       Optional<Etrace_FloatTensor>:$bias, OptionalAttr<StrAttr>:$id);
  let assemblyFormat = [{
    $x `,` $weight (`bias` $bias^)? (`id` $id^)? attr-dict
    `:` type($x) `,` type($weight) (`,` type($bias)^)? `->` type($result)
  }];
}

/// An equation of letters for which `holds`, an expression of `equation`, is true.
class Etrace_Equation<string holds, string description> : ConfinedAttr<StrAttr, [AttrConstraint<
    CPred<"[](::llvm::StringRef text) {"
          "  auto equation = ::etrace::EinsumEquation::parse(text);"
          "  return equation && " # holds # ";"
          "}(::llvm::cast<::mlir::StringAttr>($_self).getValue())">, description>]>;

def Etrace_EinsumEquation : Etrace_Equation<"equation->getWindows().empty()",
    "equation 'x,w->y' of lower-case letters, none twice in an operand, each in two of the three">;
def Etrace_ConvEquation : Etrace_Equation<"!equation->getWindows().empty()",
    "equation 'x,w->y' of letters, none twice in an operand: upper-case ones, at least one, in all three, lower-case ones in two of the three">;

def Etrace_EinsumOp : Etrace_ProductOp<"einsum"> {
  let summary = "ETP primitive: a product summed over the letters that the result lacks";
  let description = [{
    `equation` names the axes of x, w and y by letters. Letters of w that y has are its own for
    every position of y, the others are summed with x; letters of y that w lacks share the weight,
    and the trace keeps them apart.

    * P1: ranks and extents agree; one element type.
    * P2: the equation has lower-case letters, none twice in an operand, each in two
      of x, w and y.

    ```mlir
    %y = etrace.einsum "bsk,kn->bsn" %x, %w : tensor<2x7x3xf32>, tensor<3x5xf32> -> tensor<2x7x5xf32>
    ```
  }];
  let arguments = (ins Etrace_EinsumEquation:$equation, Etrace_FloatTensor:$x,
                       Etrace_FloatTensor:$weight, OptionalAttr<StrAttr>:$id);
  let assemblyFormat = [{
    $equation $x `,` $weight (`id` $id^)? attr-dict
    `:` type($x) `,` type($weight) `->` type($result)
  }];
}

def Etrace_Positive : ConfinedAttr<DenseI64ArrayAttr,
                                   [DenseArrayStrictlyPositive<DenseI64ArrayAttr>]>;
def Etrace_NonNegative : ConfinedAttr<DenseI64ArrayAttr,
                                      [DenseArrayNonNegative<DenseI64ArrayAttr>]>;

def Etrace_ConvOp : Etrace_ProductOp<"conv", ["getPadding"]> {
  let summary = "ETP primitive: a product summed over windows that move over x";
  let description = [{
    `equation` names the axes of x, w and y by letters, in any order. Along an upper-case letter,
    position p of y reads x at p * stride + k * kernel_dilation for every k of the weight, after
    `low` and `high` zeros were put around x and input_dilation - 1 zeros between its elements.
    Lower-case letters mean what they mean in `etrace.einsum`: samples are in x and y, channels
    that are summed in x and w, channels of the result in w and y, groups in all three. `strides`,
    `low`, `high`, `input_dilation` and `kernel_dilation` have a number for each upper-case letter
    in the order of x; without them the windows lie densely and x is taken as it is. A bias has
    the lower-case letters of the weight that y has, in the order of y.

    The weight is shared by the positions of y; the trace keeps them apart.

    * P1: ranks and extents agree; one element type.
    * C1: the equation has letters, none twice in an operand; upper-case ones, at least one, are
      in x, w and y, lower-case ones in two of these or in all.
    * C2: there is a number for each upper-case letter: strides and dilations are positive,
      `low` and `high` are not negative.
    * C3: an axis of the result has as many positions as there are windows, at least one.

    ```mlir
    %y = etrace.conv "nHWi,HWio->nHWo" %x, %k bias %b strides [2, 1] low [1, 0] high [1, 0]
        : tensor<1x5x3x2xf32>, tensor<3x2x2x4xf32>, tensor<4xf32> -> tensor<1x3x2x4xf32>
    ```
  }];
  let arguments = (ins Etrace_ConvEquation:$equation, Etrace_FloatTensor:$x,
                       Etrace_FloatTensor:$weight, Optional<Etrace_FloatTensor>:$bias,
                       OptionalAttr<Etrace_Positive>:$strides,
                       OptionalAttr<Etrace_NonNegative>:$low,
                       OptionalAttr<Etrace_NonNegative>:$high,
                       OptionalAttr<Etrace_Positive>:$input_dilation,
                       OptionalAttr<Etrace_Positive>:$kernel_dilation,
                       OptionalAttr<StrAttr>:$id);
  let assemblyFormat = [{
    $equation $x `,` $weight (`bias` $bias^)? (`strides` $strides^)? (`low` $low^)?
    (`high` $high^)? (`input_dilation` $input_dilation^)?
    (`kernel_dilation` $kernel_dilation^)? (`id` $id^)? attr-dict
    `:` type($x) `,` type($weight) (`,` type($bias)^)? `->` type($result)
  }];
  let hasVerifier = 1;
}

def Etrace_ElementwiseOp : Etrace_ETPOp<"elementwise", [SameOperandsAndResultType],
                                       ["isTransparent"]> {
  let summary = "ETP primitive: y = w, for a weight used position by position";
  let description = [{
    ```mlir
    %y = etrace.elementwise %w : tensor<5xf32>
    ```
  }];
  let arguments = (ins Etrace_FloatTensor:$weight, OptionalAttr<StrAttr>:$id);
  let results = (outs Etrace_FloatTensor:$result);
  let assemblyFormat = "$weight (`id` $id^)? attr-dict `:` type($result)";
}

def Etrace_LoraMatmulOp : Etrace_Op<"lora_matmul", [Pure]> {
  let summary = "an etrace.matmul with a weight of low rank";
  let description = [{
    y = x w (+ bias) with w = alpha b a: `x` has shape (batch..., I), `b` (I, R), `a` (R, O),
    `bias` (O), the result (batch..., O). `etrace-functionalize` writes it as that product and an
    `etrace.matmul`, so that the trace is the one of the effective matrix w, and its gradient is
    taken back to b and a.

    * P1: ranks and extents agree; one element type.
    * LM1: alpha is finite.

    ```mlir
    %y = etrace.lora_matmul %x, %b, %a alpha 0.5 bias %bias : tensor<32x8xf32>, tensor<8x2xf32>, tensor<2x5xf32>, tensor<5xf32> -> tensor<32x5xf32>
    ```
  }];
  let arguments = (ins Etrace_FloatTensor:$x, Etrace_FloatTensor:$b, Etrace_FloatTensor:$a,
                       Optional<Etrace_FloatTensor>:$bias,
                       DefaultValuedAttr<F64Attr, "1.0">:$alpha, OptionalAttr<StrAttr>:$id);
  let results = (outs Etrace_FloatTensor:$result);
  let assemblyFormat = [{
    $x `,` $b `,` $a (`alpha` $alpha^)? (`bias` $bias^)? (`id` $id^)? attr-dict
    `:` type($x) `,` type($b) `,` type($a) (`,` type($bias)^)? `->` type($result)
  }];
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Graph IR
//===----------------------------------------------------------------------===//

def Etrace_GroupOp : Etrace_Op<"group", [Symbol, HasParent<"ModelOp">]> {
  let summary = "a hidden group: states that exchange information at the same position";
  let description = [{
    `members` are paths of hidden states, in the order of first access; S is their
    number. `edges` lists the pairs (a, b), flattened, for which
    D[p, a, b] = dh_t[p, a] / dh_{t-1}[p, b] is not identically zero. An extent of
    `positions` that is not known is `?`. `assumed`
    marks a group written by hand.

    * GR1: every member is a hidden state of the position shape.
    * GR2: edges are pairs of member numbers.

    ```mlir
    etrace.group @group0 members ["neuron.V", "neuron.a"] positions [64] edges [0, 0, 0, 1, 1, 1]
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, StrArrayAttr:$members,
                       DenseI64ArrayAttr:$positions, DenseI64ArrayAttr:$edges,
                       UnitAttr:$assumed);
  let assemblyFormat = [{
    $sym_name `members` $members `positions` custom<Extents>($positions) `edges` $edges
    (`assumed` $assumed^)? attr-dict
  }];
  let hasVerifier = 1;
}

def Etrace_RelationOp : Etrace_Op<"relation", [Symbol, HasParent<"ModelOp">,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "a weight reaches hidden groups through an ETP primitive";
  let description = [{
    `primitive` is the id of the ETP operation. `leaves` names its trainable
    operands that depend on parameters, `params` the parameters behind each leaf
    and `chains` the operations between parameter and operand. `reach` lists, for
    each group, the members that y reaches without crossing another primitive or
    another group, and `tails` the operations between y and these members. `exact` says
    whether the trace is exact; if not, `reason` says why.

    * R1: groups are symbols of `etrace.group`; one entry of `reach` and `tails` for each.
    * R2: parameters are declared; one entry of `params` and `chains` for each leaf.

    ```mlir
    etrace.relation @relation0 primitive "matmul0" groups [@group0] reach [array<i64: 0>]
        leaves ["weight", "bias"] params [["w"], ["b"]] chains [[], []]
        tails [["math.tanh", "arith.addf"]] direct exact
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, StrAttr:$primitive, SymbolRefArrayAttr:$groups,
                       ArrayAttr:$reach, StrArrayAttr:$leaves, ArrayAttr:$params,
                       ArrayAttr:$chains, ArrayAttr:$tails, Etrace_RelationKindAttr:$kind,
                       UnitAttr:$exact, OptionalAttr<StrAttr>:$reason, UnitAttr:$assumed);
  let assemblyFormat = [{
    $sym_name `primitive` $primitive `groups` $groups `reach` $reach `leaves` $leaves
    `params` $params `chains` $chains `tails` $tails custom<RelationKind>($kind) (`exact` $exact^)?
    (`reason` $reason^)? (`assumed` $assumed^)? attr-dict
  }];
  let hasVerifier = 1;
}

def Etrace_RecurrenceOp : Etrace_Op<"recurrence", [HasParent<"ModelOp">,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "whether the step reads a state before it writes it";
  let description = [{
    `read`: an operation of the step uses the value of the step before. To hand it on
    unchanged as the state's own new value is no reading. `written` says whether the new
    value is a new one: `always`, `never`, or `sometimes` (on one branch of a condition).

    * RE1: the symbol is a state of the model, named by one `etrace.recurrence`.

    ```mlir
    etrace.recurrence @h read written(always)
    ```
  }];
  let arguments = (ins SymbolRefAttr:$state, UnitAttr:$read, Etrace_StateWriteAttr:$written);
  let assemblyFormat = [{
    $state (`read` $read^)? `written` `(` custom<StateWrite>($written) `)` attr-dict
  }];
  let extraClassDeclaration = [{
    /// True if the value of the step before has a part in the next one.
    bool isRecurrent() {
      return getWritten() == ::etrace::StateWrite::sometimes ||
             (getRead() && getWritten() == ::etrace::StateWrite::always);
    }
  }];
}

def Etrace_ExcludedOp : Etrace_Op<"excluded", [HasParent<"ModelOp">,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "a parameter without a trace, and the reason";
  let description = [{
    The parameter still learns by its instantaneous gradient.

    ```mlir
    etrace.excluded @wr reason "relation-excluded-weight-to-weight"
    ```
  }];
  let arguments = (ins SymbolRefAttr:$param, StrAttr:$reason);
  let assemblyFormat = "$param `reason` $reason attr-dict";
}

//===----------------------------------------------------------------------===//
// Learner IR
//===----------------------------------------------------------------------===//

def Etrace_BufferOp : Etrace_Op<"buffer", [Symbol]> {
  let summary = "declare storage that a learner keeps between calls";
  let description = [{
    Lives in the module beside the functions of a learner. An argument or result
    of an entry function with `etrace.buffer = "name"` stands for the contents of
    the buffer; a result with the same name as an argument is its new contents, in
    place. `path` is the name that users know.

    ```mlir
    etrace.buffer @"hidden.h" kind(hidden) path "h" : tensor<32x128xf32> init #etrace.zeros
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, Etrace_BufferKindAttr:$kind, StrAttr:$path,
                       TypeAttr:$type,
                       DefaultValuedAttr<Etrace_InitializerAttr,
                           "::etrace::ZerosAttr::get($_builder.getContext())">:$init);
  let assemblyFormat = [{
    $sym_name `kind` `(` custom<BufferKind>($kind) `)` `path` $path `:` $type
    (`init` custom<Initializer>($init)^)? attr-dict
  }];
  let hasVerifier = 1;
}

include "etrace/IR/EtraceDerivativeOps.td"
include "etrace/IR/EtraceIndexedOps.td"

#endif // ETRACE_IR_ETRACEOPS_TD
