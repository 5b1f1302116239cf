//===- DifferentiationInterfaces.td - Three questions ------*- tablegen -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_INTERFACES_DIFFERENTIATIONINTERFACES_TD
#define ETRACE_INTERFACES_DIFFERENTIATIONINTERFACES_TD

include "mlir/IR/OpBase.td"

def LinearizableOpInterface : OpInterface<"LinearizableOpInterface"> {
  let cppNamespace = "::etrace";
  let description = [{
    *What is the tangent of the results, given tangents of what the operation reads?*

    `linearize` looks up tangents of operands **and of values captured by regions**
    in `tangents`; an absent tangent is a symbolic zero. It emits operations that
    are linear in the tangents and returns one value for each result (null: zero).
    Operations whose results are pointwise functions of their operands implement
    `buildPartial` only.
  }];
  let methods = [
    InterfaceMethod<[{Builds the local partial derivative of a result with respect to
      an operand, pointwise, with the type of the result; null if there is none.}],
      "::mlir::Value", "buildPartial",
      (ins "::mlir::OpBuilder &":$builder, "unsigned":$result, "unsigned":$operand),
      [{}], [{ return {}; }]>,
    InterfaceMethod<[{Emits the tangents of all results. Fails with a located error if
      the operation has no derivative for the tangents it is given.}],
      "::llvm::LogicalResult", "linearize",
      (ins "::mlir::OpBuilder &":$builder, "const ::etrace::TangentMap &":$tangents,
           "::llvm::SmallVectorImpl<::mlir::Value> &":$resultTangents),
      [{}], [{ return ::etrace::linearizeByPartials($_op, builder, tangents, resultTangents); }]>,
  ];
}

def LinearTransposeOpInterface : OpInterface<"LinearTransposeOpInterface"> {
  let cppNamespace = "::etrace";
  let description = [{
    *What do cotangents of the results send to the operands in which the operation is linear?*

    Asked of linear programs only: `cotangents.isLinear(value)` says which operands
    (and captured values) depend on the linear inputs.
  }];
  let methods = [
    InterfaceMethod<"Whether the operation is linear in these operands and captures jointly.",
      "bool", "isLinearIn", (ins "::llvm::function_ref<bool(::mlir::Value)>":$linear)>,
    InterfaceMethod<[{Accumulates into `cotangents` what the cotangents of the results
      (null: zero) send to every linear operand and captured value.}],
      "::llvm::LogicalResult", "transpose",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::ValueRange":$resultCotangents,
           "::etrace::CotangentMap &":$cotangents)>,
  ];
}

def PositionRelationOpInterface : OpInterface<"PositionRelationOpInterface"> {
  let cppNamespace = "::etrace";
  let description = [{
    *Which positions of a result may read which positions of an operand?*

    For an (operand, result) pair the relation is an iteration box with two maps:
    `result[resultMap(it)]` may read `operand[operandMap(it)]` for every `it` in the
    box. Dimensions of the box that are absent from `resultMap` mix along it. Asked
    of tangent programs.
  }];
  let methods = [
    InterfaceMethod<"The relation; failure means every position may read every position.",
      "::llvm::FailureOr<::etrace::PositionRelation>", "getPositionRelation",
      (ins "unsigned":$operand, "unsigned":$result)>,
  ];
}

#endif // ETRACE_INTERFACES_DIFFERENTIATIONINTERFACES_TD
