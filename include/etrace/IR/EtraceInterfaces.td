//===- EtraceInterfaces.td - Interfaces of the dialect -----*- tablegen -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_IR_ETRACEINTERFACES_TD
#define ETRACE_IR_ETRACEINTERFACES_TD

include "mlir/IR/OpBase.td"

def ETPOpInterface : OpInterface<"ETPOpInterface"> {
  let cppNamespace = "::etrace";
  let description = [{
    An ETP (eligibility-trace propagation) primitive: the only way in which a
    parameter takes part in online learning. Every primitive is one multilinear
    formula over an iteration space `it`,

        y[map_y(it)] = sum_it  prod_k  operand_k[map_k(it)]   +  additive operands,

    described by indexing maps. Integer operands may give dimensions of the iteration space: of
    the product then only the points with it[dim] = index[map(it)] count. Analysis, derivation
    and lowering read only this description; adding a primitive touches none of them.

    Maps of trainable operands, of additive operands and of the result are projected
    permutations. The map of another operand may have any affine expressions (a window that moves
    over x); it leads to the operand with the zeros of `getPadding` around its elements.
  }];
  let methods = [
    InterfaceMethod<[{One affine map for each operand, then one for the result, all from
      the same iteration space.}],
      "::llvm::SmallVector<::mlir::AffineMap>", "getIndexingMapsArray">,
    InterfaceMethod<[{The zeros around and between the elements of an operand, through which its
      map leads; nothing if there are none.}],
      "::std::optional<::etrace::ZeroPadding>", "getPadding",
      (ins "::mlir::OpOperand &":$operand), [{}], [{ return ::std::nullopt; }]>,
    InterfaceMethod<"Operands whose product is summed over the iteration space.",
      "::llvm::SmallVector<::mlir::OpOperand *>", "getProductOperands">,
    InterfaceMethod<"The dimensions of the product's iteration space that integer operands give.",
      "::llvm::SmallVector<::etrace::DimIndex>", "getDimIndices", (ins), [{}],
      [{ return {}; }]>,
    InterfaceMethod<"Operands added to the result (biases); each has the factor 1.",
      "::llvm::SmallVector<::mlir::OpOperand *>", "getAdditiveOperands">,
    InterfaceMethod<"The trainable operands, in order; `getLeafName` names them.",
      "::llvm::SmallVector<::mlir::OpOperand *>", "getTrainableOperands">,
    InterfaceMethod<"The key of a trainable operand, such as `weight` or `bias`.",
      "::llvm::StringRef", "getLeafName", (ins "::mlir::OpOperand &":$operand)>,
    InterfaceMethod<"The name of the family, such as `matmul`.",
      "::llvm::StringRef", "getFamilyName">,
    InterfaceMethod<[{Whether analysis passes through the operation as through an
      ordinary pointwise one (true for `elementwise` only).}],
      "bool", "isTransparent", (ins), [{}], [{ return false; }]>,
    InterfaceMethod<"The inherent identifier, unique in a step after `etrace-functionalize`.",
      "::mlir::StringAttr", "getPrimitiveId">,
    InterfaceMethod<"Sets the identifier.", "void", "setPrimitiveId", (ins "::mlir::StringAttr":$id)>,
  ];
  let verify = [{ return ::etrace::detail::verifyETPOp($_op); }];
}

def DeclarationOpInterface : OpInterface<"DeclarationOpInterface"> {
  let cppNamespace = "::etrace";
  let description = [{
    An operation that declares a state or a parameter of a model: its name is the symbol, behind
    those of the containers that it stands in.
  }];
  let methods = [
    InterfaceMethod<"`etrace.hidden`, `etrace.state` or `etrace.param`.",
      "::llvm::StringRef", "getRole">,
    InterfaceMethod<"The type, as written; a ranked tensor if the operation is valid.",
      "::mlir::Type", "getType">,
    InterfaceMethod<"Where the value starts.", "::etrace::InitializerAttrInterface", "getInitAttr">,
  ];
}

def StateContainerOpInterface : OpInterface<"StateContainerOpInterface"> {
  let cppNamespace = "::etrace";
  let description = [{
    An operation that declares several states under its own name: a symbol table of declarations,
    which may hold containers again. All that reads the declarations of a model goes through this
    interface, so every kind of container means the same to it.
  }];
  let methods = [
    InterfaceMethod<"The declarations, in one block.", "::mlir::Region &", "getBody">,
    InterfaceMethod<"What people call it, such as `group state`.",
      "::llvm::StringRef", "getContainerKind">,
  ];
}

def DerivativeOpInterface : OpInterface<"DerivativeOpInterface"> {
  let cppNamespace = "::etrace";
  let description = [{
    An operation that stands for a derivative of a function at a point: what the call of the
    derived function would return. `etrace-lower-derivatives` makes that function.
  }];
  let methods = [
    InterfaceMethod<"Which derivative.", "::etrace::Derivative", "getDerivative">,
    InterfaceMethod<"The function.", "::mlir::FlatSymbolRefAttr", "getCalleeAttr">,
    InterfaceMethod<"The point: one operand for each argument of the function.",
      "::mlir::OperandRange", "getPoint">,
    InterfaceMethod<"Tangents of the arguments or cotangents of the results.",
      "::mlir::ValueRange", "getSeeds", (ins), [{}], [{ return {}; }]>,
    InterfaceMethod<[{The states and parameters with respect to which the function is
      differentiated; null if the function uses none.}], "::mlir::ArrayAttr", "getStatesAttr">,
    InterfaceMethod<[{The arguments with respect to which the function is differentiated; null:
      the first, or none beside states.}], "::mlir::DenseI64ArrayAttr", "getWrtAttr">,
    InterfaceMethod<"Whether a state that the function does not read has the derivative zero.",
      "bool", "getAllowUnused">,
    InterfaceMethod<"Whether a Jacobian is derived in the mode that takes fewer passes.",
      "bool", "getAutomatic", (ins), [{}], [{ return false; }]>,
    InterfaceMethod<"Functions of the derivatives, applied in this order; or null.",
      "::mlir::ArrayAttr", "getTransformsAttr">,
    InterfaceMethod<"Whether the results behind the first are auxiliary.", "bool", "getHasAux">,
    InterfaceMethod<"Whether the value of the function is returned too.",
      "bool", "getReturnValue">,
    InterfaceMethod<"What to do where positions of states mix.", "::etrace::MixingPolicy",
      "getMixing", (ins), [{}], [{ return ::etrace::MixingPolicy::error; }]>,
  ];
}

def InitializerAttrInterface : AttrInterface<"InitializerAttrInterface"> {
  let cppNamespace = "::etrace";
  let description = [{How the initial value of a state or parameter is made.}];
  let methods = [
    InterfaceMethod<"True if every element has one value known at compile time (`getConstant`).",
      "bool", "isConstant", (ins), [{}], [{ return false; }]>,
    InterfaceMethod<"The value of every element of a constant initialiser.",
      "double", "getConstant", (ins), [{}], [{ return 0.0; }]>,
    InterfaceMethod<"The smallest rank of a tensor for which the initialiser has a meaning.",
      "int64_t", "getMinimumRank", (ins), [{}], [{ return 0; }]>,
  ];
}

def SurrogateAttrInterface : AttrInterface<"SurrogateAttrInterface"> {
  let cppNamespace = "::etrace";
  let description = [{
    The surrogate gradient of a spike: the derivative g'(u) that stands for the
    derivative of the Heaviside function H(u) = 1[u >= 0].
  }];
  let methods = [
    InterfaceMethod<"Builds g'(u), pointwise, with the type of `u` (a float or a tensor of floats).",
      "::mlir::Value", "buildDerivative",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc, "::mlir::Value":$u)>,
  ];
}

def GradientTransformAttrInterface : AttrInterface<"GradientTransformAttrInterface"> {
  let cppNamespace = "::etrace";
  let description = [{
    A function of derivatives, applied to all that a derivative operation returns, together.
  }];
  let methods = [
    InterfaceMethod<[{Whether it applies to derivatives of these types at `scope`; `emitError`
      starts an error whose text goes on with a verb.}],
      "::llvm::LogicalResult", "verifyTransform",
      (ins "::mlir::Operation *":$scope, "::mlir::TypeRange":$gradients,
           "::llvm::function_ref<::mlir::InFlightDiagnostic()>":$emitError),
      [{}], [{ return ::mlir::success(); }]>,
    InterfaceMethod<"Builds the transformed derivatives, of the same types.",
      "::llvm::SmallVector<::mlir::Value>", "buildTransform",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc,
           "::mlir::ValueRange":$gradients)>,
  ];
}

#endif // ETRACE_IR_ETRACEINTERFACES_TD
