//===- EtraceDerivativeOps.td - Derivatives of functions ---*- tablegen -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each stands for a derivative of a `func.func` f(x_0, ..., x_n) -> (y..., aux...) at the
// point of its operands. All have in common:
//
// * `wrt`: the arguments with respect to which f is differentiated; without it the first.
//   Derivatives come in the order of this list.
// * `has_aux`: the results of f behind the first are auxiliary; they are not differentiated.
// * `return_value`: the value y is returned too.
// * Results: derivatives, then the value, then the auxiliary results.
//===----------------------------------------------------------------------===//
#ifndef ETRACE_IR_ETRACEDERIVATIVEOPS_TD
#define ETRACE_IR_ETRACEDERIVATIVEOPS_TD

class Etrace_DerivativeOp<string mnemonic, list<Trait> traits = []>
    : Etrace_Op<mnemonic, !listconcat([
        Pure, DerivativeOpInterface, DeclareOpInterfaceMethods<SymbolUserOpInterface>], traits)> {
  dag commonArguments = (ins FlatSymbolRefAttr:$callee, Variadic<AnyType>:$point,
                             DefaultValuedAttr<DenseI64ArrayAttr, "{0}">:$wrt,
                             UnitAttr:$has_aux, UnitAttr:$return_value);
  let arguments = commonArguments;
  let results = (outs Variadic<AnyType>:$results);
  let assemblyFormat = [{
    $callee `(` $point `)` (`wrt` $wrt^)? (`has_aux` $has_aux^)? (`return_value` $return_value^)?
    attr-dict `:` functional-type($point, $results)
  }];
  let extraClassDeclaration = [{
    ::etrace::Derivative getDerivative() { return ::etrace::Derivative::}] # mnemonic # [{; }
  }];
  let extraClassDefinition = [{
    ::llvm::LogicalResult $cppClass::verifySymbolUses(::mlir::SymbolTableCollection &tables) {
      return ::etrace::detail::verifyDerivativeOp(*this, tables);
    }
  }];
}

def Etrace_GradOp : Etrace_DerivativeOp<"grad"> {
  let summary = "gradient of a function with one scalar result, by reverse mode";
  let description = [{
    One gradient for each argument in `wrt`, of its type.

    ```mlir
    func.func @distance(%x: tensor<3xf64>, %y: tensor<3xf64>) -> f64 {
      %d = arith.subf %x, %y : tensor<3xf64>
      %z = arith.constant dense<0.0> : tensor<f64>
      %s = linalg.dot ins(%d, %d : tensor<3xf64>, tensor<3xf64>) outs(%z : tensor<f64>)
          -> tensor<f64>
      %v = tensor.extract %s[] : tensor<f64>
      return %v : f64
    }
    func.func @main(%x: tensor<3xf64>, %y: tensor<3xf64>) -> (tensor<3xf64>, tensor<3xf64>, f64) {
      %dx, %dy, %v = etrace.grad @distance(%x, %y) wrt [0, 1] return_value
          : (tensor<3xf64>, tensor<3xf64>) -> (tensor<3xf64>, tensor<3xf64>, f64)
      return %dx, %dy, %v : tensor<3xf64>, tensor<3xf64>, f64
    }
    ```
  }];
}

def Etrace_VectorGradOp : Etrace_DerivativeOp<"vector_grad"> {
  let summary = "gradient of the sum of all elements of the results, by reverse mode";
  let description = [{
    The sum of the rows of the Jacobian; the value is that of the function, not summed.

    ```mlir
    func.func @squares(%x: tensor<3xf64>) -> tensor<3xf64> {
      %0 = arith.mulf %x, %x : tensor<3xf64>
      return %0 : tensor<3xf64>
    }
    func.func @main(%x: tensor<3xf64>) -> tensor<3xf64> {
      %0 = etrace.vector_grad @squares(%x) : (tensor<3xf64>) -> tensor<3xf64>
      return %0 : tensor<3xf64>
    }
    ```
  }];
}

def Etrace_JacRevOp : Etrace_DerivativeOp<"jacrev"> {
  let summary = "Jacobian of a function, one reverse pass for each element of the results";
  let description = [{
    A block for each differentiated result and argument in `wrt`, the blocks of the first
    result first. A block has the axes of the result, then those of the argument, and
    the element type of the argument. To be preferred for few results.

    ```mlir
    func.func @products(%x: tensor<3xf64>) -> tensor<2xf64> {
      %a = tensor.extract_slice %x[0] [2] [1] : tensor<3xf64> to tensor<2xf64>
      %b = tensor.extract_slice %x[1] [2] [1] : tensor<3xf64> to tensor<2xf64>
      %0 = arith.mulf %a, %b : tensor<2xf64>
      return %0 : tensor<2xf64>
    }
    func.func @main(%x: tensor<3xf64>) -> tensor<2x3xf64> {
      %0 = etrace.jacrev @products(%x) : (tensor<3xf64>) -> tensor<2x3xf64>
      return %0 : tensor<2x3xf64>
    }
    ```
  }];
}

def Etrace_JacFwdOp : Etrace_DerivativeOp<"jacfwd"> {
  let summary = "Jacobian of a function, one forward pass for each element of the arguments";
  let description = [{
    The blocks of `etrace.jacrev`, with the element type of the result. To be preferred for
    few elements of arguments.

    ```mlir
    func.func @powers(%x: f64) -> tensor<2xf64> {
      %s = arith.mulf %x, %x : f64
      %c = arith.mulf %s, %x : f64
      %0 = tensor.from_elements %s, %c : tensor<2xf64>
      return %0 : tensor<2xf64>
    }
    func.func @main(%x: f64) -> tensor<2xf64> {
      %0 = etrace.jacfwd @powers(%x) : (f64) -> tensor<2xf64>
      return %0 : tensor<2xf64>
    }
    ```
  }];
}

def Etrace_HessianOp : Etrace_DerivativeOp<"hessian"> {
  let summary = "second derivatives of a function: `jacfwd` of `jacrev`";
  let description = [{
    A block for each differentiated result and pair of arguments in `wrt`, in the order
    (result, first argument, second argument), with the axes in the same order.

    ```mlir
    func.func @cube(%x: f64) -> f64 {
      %s = arith.mulf %x, %x : f64
      %c = arith.mulf %s, %x : f64
      return %c : f64
    }
    func.func @main(%x: f64) -> f64 {
      %0 = etrace.hessian @cube(%x) : (f64) -> f64
      return %0 : f64
    }
    ```
  }];
}

class Etrace_DirectionalOp<string mnemonic, string seeds>
    : Etrace_DerivativeOp<mnemonic, [AttrSizedOperandSegments]> {
  let arguments = !con(commonArguments, (ins Variadic<Etrace_FloatLike>:$seeds));
  let assemblyFormat = [{
    $callee `(` $point `)` `}] # seeds # [{` `(` $seeds `)` (`wrt` $wrt^)? (`has_aux` $has_aux^)?
    (`return_value` $return_value^)? attr-dict
    `:` `(` type($point) `)` `,` `(` type($seeds) `)` `->` `(` type($results) `)`
  }];
}

def Etrace_VJPOp : Etrace_DirectionalOp<"vjp", "cotangents"> {
  let summary = "cotangents of results sent to arguments, by one reverse pass";
  let description = [{
    For y = f(x) and a cotangent c of each differentiated result: the sum over the results
    of c^T dy/dx, for each argument in `wrt`.

    ```mlir
    func.func @squares(%x: tensor<3xf64>) -> tensor<3xf64> {
      %0 = arith.mulf %x, %x : tensor<3xf64>
      return %0 : tensor<3xf64>
    }
    func.func @main(%x: tensor<3xf64>, %c: tensor<3xf64>) -> tensor<3xf64> {
      %0 = etrace.vjp @squares(%x) cotangents(%c)
          : (tensor<3xf64>), (tensor<3xf64>) -> (tensor<3xf64>)
      return %0 : tensor<3xf64>
    }
    ```
  }];
}

def Etrace_JVPOp : Etrace_DirectionalOp<"jvp", "tangents"> {
  let summary = "tangents of arguments sent to results, by one forward pass";
  let description = [{
    For y = f(x) and a tangent t of each argument in `wrt`: the sum over these of dy/dx t, for
    each differentiated result.

    ```mlir
    func.func @squares(%x: tensor<3xf64>) -> tensor<3xf64> {
      %0 = arith.mulf %x, %x : tensor<3xf64>
      return %0 : tensor<3xf64>
    }
    func.func @main(%x: tensor<3xf64>, %t: tensor<3xf64>) -> tensor<3xf64> {
      %0 = etrace.jvp @squares(%x) tangents(%t)
          : (tensor<3xf64>), (tensor<3xf64>) -> (tensor<3xf64>)
      return %0 : tensor<3xf64>
    }
    ```
  }];
}

#endif // ETRACE_IR_ETRACEDERIVATIVEOPS_TD
