//===- EtraceDialect.td - The etrace dialect ---------------*- tablegen -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_IR_ETRACEDIALECT_TD
#define ETRACE_IR_ETRACEDIALECT_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/EnumAttr.td"

def Etrace_Dialect : Dialect {
  let name = "etrace";
  let cppNamespace = "::etrace";
  let summary = "One-step programs of recurrent and spiking networks, and how they learn online";
  let description = [{
    The dialect has three layers, each legal and printable:

    * *model IR*: `etrace.model` with states, parameters, a `step` and a `loss`;
    * *graph IR*: `etrace.group`, `etrace.relation` and `etrace.excluded` beside
      the step, the analysis made visible;
    * *learner IR*: `etrace.buffer` declarations and plain functions over tensors.

    A function-like operation in functional form names the roles of its arguments
    and results by the attributes `etrace.hidden`, `etrace.state` and `etrace.param`
    (the path of the state, a string). The same attributes on a `func.func` let
    other compilers enter.
  }];
  let useDefaultAttributePrinterParser = 1;
  let hasOperationAttrVerify = 1;
  let hasRegionArgAttrVerify = 1;
  let hasRegionResultAttrVerify = 1;
  let extraClassDeclaration = "void registerAttributes();";
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
                           "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def Etrace_Compat : I32EnumAttr<"Compat", "whose numbers the learner reproduces", [
    I32EnumAttrCase<"none", 0>, I32EnumAttrCase<"braintrace", 1>]> {
  let cppNamespace = "::etrace";
  let genSpecializedAttr = 0;
}
def Etrace_CompatAttr : EnumAttr<Etrace_Dialect, Etrace_Compat, "compat"> {
  let assemblyFormat = "`<` $value `>`";
}

def Etrace_RelationKind : I32EnumAttr<"RelationKind", "how a weight reaches a hidden group", [
    I32EnumAttrCase<"direct", 0>, I32EnumAttrCase<"mixed", 1>]> {
  let cppNamespace = "::etrace";
  let genSpecializedAttr = 0;
}
def Etrace_RelationKindAttr : EnumAttr<Etrace_Dialect, Etrace_RelationKind, "relation_kind"> {
  let assemblyFormat = "`<` $value `>`";
}

def Etrace_StateWrite : I32EnumAttr<"StateWrite", "on which paths a step writes a state", [
    I32EnumAttrCase<"never", 0>, I32EnumAttrCase<"sometimes", 1>, I32EnumAttrCase<"always", 2>]> {
  let cppNamespace = "::etrace";
  let genSpecializedAttr = 0;
}
def Etrace_StateWriteAttr : EnumAttr<Etrace_Dialect, Etrace_StateWrite, "state_write"> {
  let assemblyFormat = "`<` $value `>`";
}

def Etrace_BufferKind : I32EnumAttr<"BufferKind", "what a buffer of a learner holds", [
    I32EnumAttrCase<"param", 0>, I32EnumAttrCase<"hidden", 1>, I32EnumAttrCase<"state", 2>,
    I32EnumAttrCase<"trace", 3>, I32EnumAttrCase<"gradient", 4>, I32EnumAttrCase<"optimizer", 5>,
    I32EnumAttrCase<"counter", 6>, I32EnumAttrCase<"query", 7>]> {
  let cppNamespace = "::etrace";
  let genSpecializedAttr = 0;
}
def Etrace_BufferKindAttr : EnumAttr<Etrace_Dialect, Etrace_BufferKind, "buffer_kind"> {
  let assemblyFormat = "`<` $value `>`";
}

def Etrace_CheckpointPolicy : I32EnumAttr<"CheckpointPolicy", "what the reverse pass of a loop keeps", [
    I32EnumAttrCase<"all", 0>, I32EnumAttrCase<"sqrt", 1>, I32EnumAttrCase<"none", 2>]> {
  let description = [{
    Of the values that a loop carries and its derivative reads, the reverse pass keeps
    those of all iterations (`all`), those of every sqrt(n)-th iteration, from which it
    computes the others again (`sqrt`: memory of 2 sqrt(n) iterations, work of one more
    pass), or none, computing each from the start (`none`: work that grows with n^2).
  }];
  let cppNamespace = "::etrace";
  let genSpecializedAttr = 0;
}
def Etrace_CheckpointPolicyAttr : EnumAttr<Etrace_Dialect, Etrace_CheckpointPolicy, "checkpoint"> {
  let assemblyFormat = "`<` $value `>`";
}

def Etrace_Derivative : I32EnumAttr<"Derivative", "a derivative of a function", [
    I32EnumAttrCase<"grad", 0>, I32EnumAttrCase<"vector_grad", 1>, I32EnumAttrCase<"jacrev", 2>,
    I32EnumAttrCase<"jacfwd", 3>, I32EnumAttrCase<"hessian", 4>, I32EnumAttrCase<"vjp", 5>,
    I32EnumAttrCase<"jvp", 6>, I32EnumAttrCase<"block_jacobian", 7>,
    I32EnumAttrCase<"full_jacobian", 8>]> {
  let cppNamespace = "::etrace";
  let genSpecializedAttr = 0;
}

def Etrace_MixingPolicy : I32EnumAttr<"MixingPolicy", "what to do where positions mix", [
    I32EnumAttrCase<"error", 0>, I32EnumAttrCase<"drop", 1>, I32EnumAttrCase<"full", 2>]> {
  let description = [{
    Where a position reaches itself by way of several points of one value, a block Jacobian is
    not a matter of single positions. Then it is refused (`error`), or the edges through the
    operation that mixes are left out and named in a remark (`drop`), or the block is taken
    from the full Jacobian (`full`: a forward pass for each element of the states).
  }];
  let cppNamespace = "::etrace";
  let genSpecializedAttr = 0;
}
def Etrace_MixingPolicyAttr : EnumAttr<Etrace_Dialect, Etrace_MixingPolicy, "mixing"> {
  let assemblyFormat = "`<` $value `>`";
}

#endif // ETRACE_IR_ETRACEDIALECT_TD
